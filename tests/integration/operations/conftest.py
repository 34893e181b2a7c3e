"""The dev templates, really deployed into a local cloud, and the commands run as a person does."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from lifestream import cli
from local import deploy, toolchain
from local.cloud import LocalCloud
from runtime.core.contract import Launch, Output
from tests.assemblies import app_assembly

ENVIRONMENT, POOLED = "dev", "staging"


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    notes: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Deployed:
    cloud: LocalCloud
    outputs: Mapping[str, str]
    environment: str = ENVIRONMENT

    def lifestream(self, *arguments: str) -> Ran:
        """Run `python -m lifestream` against the deployed environment, in this process.

        `deploys/test_command.py` runs it in one of its own, whose start takes a second.
        """
        out, notes = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            for name, value in self.cloud.aws_environment().items():
                patch.setenv(name, value)
            with redirect_stdout(out), redirect_stderr(notes):
                status = cli.main(["--environment", self.environment, *arguments])
        return Ran(status, out.getvalue(), notes.getvalue())

    def upload(self, key: str, body: bytes) -> str:
        """Put an object and return its key."""
        bucket = self.outputs[Output.MEDIA_BUCKET]
        self.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return key

    def bury(self, body: str) -> str:
        """Put a message straight into the dead-letter queue and return its id."""
        sent = self.cloud.client("sqs").send_message(
            QueueUrl=self.outputs[Output.JOBS_DLQ_URL], MessageBody=body
        )
        return str(sent["MessageId"])


@pytest.fixture(scope="session")
def deployed(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The dev environment with the real processor."""
    with toolchain.start_cloud(state_dir=tmp_path_factory.mktemp("operations")) as cloud:
        outputs = deploy.deploy(cloud, environment=ENVIRONMENT, assembly=assembly)
        environment = Deployed(cloud, outputs)
        assert "Closed: default security group" in environment.lifestream("protect").out
        yield environment


@pytest.fixture(scope="session")
def pooled(deployed: Deployed) -> Deployed:
    """Staging with a pool, in the same cloud."""
    cloud = deployed.cloud
    assembly = app_assembly(only=POOLED, launch=Launch.POOL)
    outputs = deploy.deploy(cloud, environment=POOLED, assembly=assembly)
    environment = Deployed(cloud, outputs, POOLED)
    assert environment.lifestream("protect").status == 0
    return environment
