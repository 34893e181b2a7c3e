"""The app as it is, with changed settings, and with a change that cannot be deployed."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from aws_cdk import CfnResource

from cdk.application import ENVIRONMENTS, build
from cdk.stage import EnvironmentStage
from local.kept_assemblies import digest, kept_assembly
from runtime.core.contract import Launch
from tests.infra.gpu import GPU, private

ROOT = Path(__file__).resolve().parents[3]
NAMES = tuple(sorted(path.stem for path in (ROOT / ENVIRONMENTS).glob("*.toml")))

NO_GROUP = "sg-00000000000000000"
NO_SUBNET = "subnet-00000000000000000"
CHANGED_SETTINGS = ("work_days", "job_timeout_seconds", "claim_lease_seconds")
"""Raised: a bucket's rule, the task definition, and the function that names its revision."""


def changed(sources: Path) -> Path:
    """Synthesize every environment with its settings changed; `sources` is for their files."""

    def make(folder: Path) -> None:
        copy_with_changes(sources, by=1)
        build(sources, outdir=folder, launch=Launch.ON_DEMAND, checked=False).synth()

    return _kept("changed", make)


def failing(sources: Path) -> Path:
    """Synthesize further changes, and a resource that fails once the dispatcher is updated."""

    def make(folder: Path) -> None:
        copy_with_changes(sources, by=2)
        app = build(sources, outdir=folder, launch=Launch.ON_DEMAND, checked=False)
        for stage in app.node.children:
            if isinstance(stage, EnvironmentStage):
                break_processing(stage)
        app.synth()

    return _kept("failing", make)


def _kept(variant: str, make: Callable[[Path], None]) -> Path:
    """Return an assembly that is kept until its sources or this file change."""
    of_this_file = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return kept_assembly(
        ["deploys", variant, of_this_file], sources=digest(with_image=False), make=make
    )


def break_processing(stage: EnvironmentStage) -> None:
    """Add a rule of a security group that does not exist, to be made when all else is."""
    processing = stage.processing
    broken = CfnResource(
        processing,
        "Broken",
        type="AWS::EC2::SecurityGroupEgress",
        properties={"GroupId": NO_GROUP, "IpProtocol": "-1", "CidrIp": "10.0.0.0/8"},
    )
    broken.node.add_dependency(processing.dispatcher.function)


def copy_with_changes(
    sources: Path, *, by: int, names: Sequence[str] = NAMES, table: str = "", zones: str = ""
) -> None:
    """Copy what environments are made of, with the settings raised and a table added.

    With raised settings, uploads are scanned for malware.
    """

    def raised(setting: re.Match[str]) -> str:
        return f"{setting[1]} = {int(setting[2]) + by}"

    (sources / ENVIRONMENTS).mkdir(parents=True)
    shutil.copy(ROOT / "cdk.json", sources)
    for name in names:
        text = (ROOT / ENVIRONMENTS / f"{name}.toml").read_text()
        for setting in CHANGED_SETTINGS:
            text, found = re.subn(rf"(?m)^({setting}) = (\d+)$", raised, text)
            assert found, f"{name} has no setting {setting}"
        if by:
            text = text.replace("allowed_origins = []", "allowed_origins = []\nmalware_scan = true")
        if zones:
            text = re.sub(r"(?m)^zones = \d$", zones, text)
        text = private(text) if table == GPU else text
        (sources / ENVIRONMENTS / f"{name}.toml").write_text(text + table)


def with_pool_and_gpu(
    folder: Path, environment: str, *, by: int = 0, broken: bool = False, zones: str = ""
) -> Path:
    """Synthesize one environment with every stack that it can have, its settings raised.

    `zones` replaces the line with the number of zones.
    """
    sources, assembly = folder / f"sources-{by}", folder / f"assembly-{by}"
    copy_with_changes(sources, by=by, names=[environment], table=GPU, zones=zones)
    app = build(sources, outdir=assembly, launch=Launch.POOL, checked=False)
    for stage in app.node.children:
        if broken and isinstance(stage, EnvironmentStage):
            break_processing(stage)
    app.synth()
    return assembly


def stack_paths(assembly: Path) -> list[str]:
    """Return the paths of an assembly's stacks, each after those that it depends on."""
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = {k: v for k, v in artifacts.items() if v["type"] == "aws:cloudformation:stack"}
    needed = {k: stacks.keys() & set(v.get("dependencies", ())) for k, v in stacks.items()}
    return [stacks[key]["displayName"] for key in TopologicalSorter(needed).static_order()]


def broken_at(assembly: Path, folder: Path, path: str) -> Path:
    """Copy an assembly with a resource of one stack that fails when all others are made."""
    shutil.copytree(assembly, folder)
    manifest = folder / "manifest.json"
    artifacts = json.loads(manifest.read_text())["artifacts"]
    stack = next(each for each in artifacts.values() if each.get("displayName") == path)
    file = folder / stack["properties"]["templateFile"]
    template = json.loads(file.read_text())
    template["Resources"]["Broken"] = {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {"SubnetId": NO_SUBNET},
        "DependsOn": [
            name for name, each in template["Resources"].items() if "Condition" not in each
        ],
    }
    file.write_text(json.dumps(template))
    # A template is published once under its digest: this one needs another.
    digest = re.search(r"[0-9a-f]{64}", stack["properties"]["stackTemplateAssetObjectUrl"])
    assert digest
    for described in (manifest, folder / file.name.replace("template", "assets")):
        described.write_text(described.read_text().replace(digest[0], digest[0][::-1]))
    return folder
