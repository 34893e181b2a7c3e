"""What deployments into the local cloud leave out changes nothing of what is deployed."""

from pathlib import Path

import pytest

from local import deploy
from local.cloud import ACCOUNT, REGION, LocalCloud
from local.deployed import ENVIRONMENT
from runtime.core.contract import Launch

pytestmark = pytest.mark.cloud


def test_should_leave_nothing_for_the_command_line_to_bootstrap(cloud: LocalCloud) -> None:
    deploy.bootstrap(cloud)
    deploy._Runner(cloud).cdk(["bootstrap", f"aws://{ACCOUNT}/{REGION}"])
    log = (cloud.state_dir / "deploy.log").read_text()
    assert "bootstrapped (no changes)." in log, log


def test_should_deploy_the_templates_that_were_checked(cloud: LocalCloud, assembly: Path) -> None:
    runner = deploy._Runner(cloud)
    context = {"environment": ENVIRONMENT, "launch": Launch.ON_DEMAND}
    unchecked = deploy.synthesize(cloud, runner, context, None)
    assert templates(unchecked) == templates(assembly)
    assert not list(unchecked.glob("**/validation-report.json"))


def templates(assembly: Path) -> dict[str, str]:
    folder = deploy.assembly_of(assembly, ENVIRONMENT)
    return {path.name: path.read_text() for path in folder.glob("*.template.json")}
