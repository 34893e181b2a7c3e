"""The whole app: environment files become stages, checked by cdk-nag, the same wherever it runs."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from cdk.config import ConfigError, load_environment
from cdk.nag import acknowledge
from cdk.stage import EnvironmentStage

ENVIRONMENTS = "environments"


def build(
    root: Path, *, outdir: Path | None, only: str | None = None, launch: str | None = None
) -> App:
    """Return the app with a stage for each file of `root/environments`, or for the one named.

    Without `outdir` the place that the CDK command line chose is used. `only` overrides the
    context key `environment` (`cdk synth -c environment=dev`), and `launch` the context key of
    that name, by which jobs are launched otherwise than the files say (`-c launch=pool`). Raise
    `ConfigError` before the first construct exists if any chosen file is wrong. `app.synth()`
    fails on findings of cdk-nag that `cdk.nag` does not acknowledge.
    """
    app = App(
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
        tree_metadata=False,
        # The command line passes these too; read here, they also hold without it.
        context=feature_flags(root),
    )
    chosen = only or app.node.try_get_context("environment")
    way = launch or app.node.try_get_context("launch")
    environments = [
        load_environment(path, launch=way) for path in files(root / ENVIRONMENTS, chosen)
    ]
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    for environment in environments:
        stage = EnvironmentStage(app, environment=environment)
        acknowledge(stage, environment=environment.name)
    return app


def feature_flags(root: Path) -> dict[str, Any]:
    """Return the context of `cdk.json`: behaviours of CDK that this app was written for."""
    context: dict[str, Any] = json.loads((root / "cdk.json").read_text())["context"]
    return context


def files(folder: Path, chosen: str | None) -> list[Path]:
    """Return the environment files to use; raise `ConfigError` if there is none to choose."""
    there = sorted(folder.glob("*.toml"))
    names = ", ".join(path.stem for path in there) or "none"
    if not there:
        raise ConfigError([f"{folder.name}/ has no .toml file; add one for each environment"])
    if chosen is None:
        return there
    if chosen not in {path.stem for path in there}:
        problem = f"environment = {chosen!r} was asked for; allowed is one of: {names};"
        remedy = f"add {folder.name}/{chosen}.toml or correct `-c environment=...`"
        raise ConfigError([f"{problem} {remedy}"])
    return [folder / f"{chosen}.toml"]
