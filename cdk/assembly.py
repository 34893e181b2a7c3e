"""Reads a cloud assembly: the templates of each environment, by the names of their stacks."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STAGE_PREFIX = "Lifestream-"

Template = Mapping[str, Any]


class AssemblyError(Exception):
    """A folder is not a cloud assembly, or lacks the environment asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackTemplate:
    """A synthesized stack; `account` and `region` are None where the environment pins none."""

    name: str
    template: Template
    account: str | None
    region: str | None


def read_environments(folder: Path) -> dict[str, list[StackTemplate]]:
    """Return the stacks of every environment in a cloud assembly, in order of deployment.

    Raise `AssemblyError` when there is no assembly, or none with an environment.
    """
    environments = {name: list(_stacks(nested)) for name, nested in _stages(folder)}
    if not environments:
        raise AssemblyError(f"{folder} holds no stage {STAGE_PREFIX}<environment>: `make synth`")
    return environments


def _stages(folder: Path) -> Iterator[tuple[str, Path]]:
    for artifact in _artifacts(folder):
        if artifact["type"] == "cdk:cloud-assembly":
            properties = artifact["properties"]
            stage = properties["displayName"]
            if stage.startswith(STAGE_PREFIX):
                yield stage.removeprefix(STAGE_PREFIX), folder / properties["directoryName"]


def _stacks(folder: Path) -> Iterator[StackTemplate]:
    for artifact in _artifacts(folder):
        if artifact["type"] == "aws:cloudformation:stack":
            account, region = artifact["environment"].removeprefix("aws://").split("/")
            properties = artifact["properties"]
            yield StackTemplate(
                name=properties["stackName"],
                template=json.loads((folder / properties["templateFile"]).read_text()),
                account=None if account == "unknown-account" else account,
                region=None if region == "unknown-region" else region,
            )


def _artifacts(folder: Path) -> list[Mapping[str, Any]]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError:
        raise AssemblyError(f"{folder} has no manifest.json: `make synth` first") from None
    return list(manifest.get("artifacts", {}).values())


def read_templates(folder: Path) -> list[dict[str, Template]]:
    """Return the templates of each assembly in a folder by file, nested assemblies apart."""
    folders = [folder, *sorted(path for path in folder.glob("assembly-*") if path.is_dir())]
    found = [
        {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(each.glob("*.template.json"))
        }
        for each in folders
    ]
    return [templates for templates in found if templates]
