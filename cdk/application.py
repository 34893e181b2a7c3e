"""The app of environments: each environment file becomes a stage, checked by cdk-nag."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations

from cdk.config import ConfigError, load_environments
from cdk.nag.environment_findings import acknowledge, packs, refuse_stale
from cdk.stage import EnvironmentStage

ENVIRONMENTS = "environments"


SWITCH = {"on": True, "off": False}
"""What the context key `service` may be; the local cloud gives a table of settings instead."""


def build(
    root: Path,
    *,
    outdir: Path | None,
    only: str | None = None,
    launch: str | None = None,
    service: Mapping[str, Any] | str | None = None,
    checked: bool = True,
) -> App:
    """Return the app with a stage for each file of `root/environments`, or for the one named.

    Without `outdir` the folder that the CDK command line chose is used. `only` overrides the
    context key `environment` (`cdk synth -c environment=dev`). `launch` overrides the context key
    of that name, which in turn overrides the files' setting (`-c launch=pool`). `service` does so
    for the service tier, as a switch (`-c service=on`) or as settings of its table. Raise
    `ConfigError` before the first construct exists if any chosen file is wrong. `app.synth()`
    fails on findings of cdk-nag that `cdk.nag.environment_findings` does not acknowledge. What is
    not `checked` has the same templates in a third of the time; `-c checks=off` does so too.
    """
    context = _context()
    checked = checked and _checked()
    environments = load_environments(
        root / ENVIRONMENTS,
        only or context.get("environment"),
        launch=launch or context.get("launch"),
        service=_service_settings(service or context.get("service")),
    )
    app = App(
        outdir=str(outdir) if outdir else None,
        analytics_reporting=False,
        tree_metadata=False,
        # The command line passes these too; read here, they also hold without it.
        context=feature_flags(root),
        builtin_cloud_formation_validation=checked,
    )
    if checked:
        Validations.of(app).add_plugins(*packs())
    for environment in environments:
        acknowledge(EnvironmentStage(app, environment=environment))
    return app


def synthesize(app: App) -> Path:
    """Write the templates and return their folder; findings and acknowledgements must match.

    Raise `RuntimeError` for a finding that is not acknowledged, and `StaleAcknowledgementError`
    for an acknowledgement without a finding.
    """
    assembly = Path(app.synth().directory)
    if not _checked():
        return assembly
    stages = [child for child in app.node.children if isinstance(child, EnvironmentStage)]
    refuse_stale(stages, assembly=assembly)
    return assembly


def _context() -> dict[str, Any]:
    """Return the context of the CDK command line, read before there is an app to ask."""
    given: dict[str, Any] = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    return given


def _checked() -> bool:
    """Return whether templates are checked, which is left out where they are not for AWS."""
    return bool(_context().get("checks") != "off")


def _service_settings(given: Mapping[str, Any] | str | None) -> Mapping[str, Any] | None:
    if not isinstance(given, str):
        return given
    if given not in SWITCH:
        raise ConfigError([f"service = {given!r} was asked for; allowed is one of: on, off"])
    return {"enabled": SWITCH[given]}


def feature_flags(root: Path) -> dict[str, Any]:
    """Return the context of `cdk.json`: behaviours of CDK that this app was written for."""
    context: dict[str, Any] = json.loads((root / "cdk.json").read_text())["context"]
    return context
