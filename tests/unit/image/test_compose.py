from typing import Any

import pytest
import yaml

from image.engines import Engine
from image.running import locked_down
from runtime.core.contract import EnvVar
from scripts.setup import ROOT

ANY_DOCKER = Engine(
    name="docker", build=("docker",), manage=("docker",), run=("docker",), mounts=False
)
JOB = (EnvVar.JOB_ID, EnvVar.JOB_ATTEMPT, EnvVar.S3_BUCKET, EnvVar.S3_KEY, EnvVar.S3_ETAG)


@pytest.fixture
def processor() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return dict(found["processor"])


def test_should_be_as_locked_down_as_tasks_are(processor: dict[str, Any]) -> None:
    options = locked_down(ANY_DOCKER)
    assert processor["read_only"] is ("--read-only" in options)
    assert processor["cap_drop"] == [options[options.index("--cap-drop") + 1]]
    assert "no-new-privileges" in options
    assert processor["security_opt"] == ["no-new-privileges:true"]
    assert f"--pids-limit={processor['pids_limit']}" in options
    assert processor["network_mode"] == options[options.index("--network") + 1]


def test_should_pass_on_which_job_it_is(processor: dict[str, Any]) -> None:
    assert [name for name in JOB if name not in processor["environment"]] == []
