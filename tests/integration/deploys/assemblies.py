"""The app as it is, with changed settings, and with a change that cannot be deployed."""

import re
import shutil
from pathlib import Path

from aws_cdk import CfnResource

from cdk.application import ENVIRONMENTS, build
from cdk.stage import EnvironmentStage

ROOT = Path(__file__).resolve().parents[3]
NAMES = tuple(sorted(path.stem for path in (ROOT / ENVIRONMENTS).glob("*.toml")))

CHANGED_SETTINGS = ("work_days", "job_timeout_seconds", "claim_lease_seconds")
"""Raised: a bucket's rule, the task definition, and the function that names its revision."""


def changed(sources: Path, folder: Path) -> Path:
    """Synthesize every environment with its settings changed; `sources` is for their files."""
    copy_with_changes(sources, by=1)
    build(sources, outdir=folder).synth()
    return folder


def failing(sources: Path, folder: Path) -> Path:
    """Synthesize further changes, and a resource that fails once the dispatcher is updated."""
    copy_with_changes(sources, by=2)
    app = build(sources, outdir=folder)
    for stage in app.node.children:
        if isinstance(stage, EnvironmentStage):
            break_processing(stage)
    app.synth()
    return folder


def break_processing(stage: EnvironmentStage) -> None:
    """Add a rule of a security group that does not exist, to be made when all else is."""
    processing = stage.processing
    broken = CfnResource(
        processing,
        "Broken",
        type="AWS::EC2::SecurityGroupEgress",
        properties={"GroupId": "sg-00000000000000000", "IpProtocol": "-1", "CidrIp": "10.0.0.0/8"},
    )
    broken.node.add_dependency(processing.dispatcher.function)


def copy_with_changes(sources: Path, *, by: int) -> None:
    """Copy what environments are made of, with the settings raised."""

    def raised(setting: re.Match[str]) -> str:
        return f"{setting[1]} = {int(setting[2]) + by}"

    (sources / ENVIRONMENTS).mkdir(parents=True)
    shutil.copy(ROOT / "cdk.json", sources)
    for name in NAMES:
        text = (ROOT / ENVIRONMENTS / f"{name}.toml").read_text()
        for setting in CHANGED_SETTINGS:
            text, found = re.subn(rf"(?m)^({setting}) = (\d+)$", raised, text)
            assert found, f"{name} has no setting {setting}"
        (sources / ENVIRONMENTS / f"{name}.toml").write_text(text)
