"""A local cloud of a benchmark's own, and instances of the API over it."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.api_process import AUDIENCE, ApiProcess, start_api
from local.api_resources import create_api_resources
from local.cloud import REGION, LocalCloud
from local.issuer.process import local_issuer
from local.issuer.signer import Signer, kept_key
from local.valkey import running_cache
from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.core.clock import SystemClock
from runtime.core.contract import EnvVar
from tests.emulator import empty_cloud


@contextmanager
def sdk_cloud(folder: Path) -> Iterator[LocalCloud]:
    """Run a cloud that SDK clients of this process find."""
    with empty_cloud(folder / "cloud") as cloud:
        os.environ.update(cloud.aws_environment())
        yield cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Instances of the API, their variables, and who signs tokens for them."""

    instances: Sequence[ApiProcess]
    resources: Mapping[str, str]
    signer: Signer

    def token(self, owner: str) -> str:
        """Return a token of an owner of jobs."""
        return self.signer.token(owner, audience=AUDIENCE, groups=[])

    @property
    def job_store(self) -> DynamoJobStore:
        """The jobs that the instances see."""
        return DynamoJobStore(
            clients.dynamodb(REGION),
            jobs_table=self.resources[EnvVar.JOBS_TABLE],
            idempotency_table=self.resources[EnvVar.IDEMPOTENCY_TABLE],
        )


@contextmanager
def running_service(
    *, instances: int = 1, has_cache: bool = False, before: Sequence[str] = ()
) -> Iterator[Service]:
    """Run the API over a cloud; `before` is put before the command of each instance."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        stack.enter_context(sdk_cloud(folder))
        issuer = stack.enter_context(local_issuer(folder)).url
        resources = create_api_resources(issuer=issuer, audience=AUDIENCE)
        if has_cache:
            resources[EnvVar.CACHE_URL] = stack.enter_context(running_cache(folder))
        started = []
        for number in range(instances):
            started.append(start_api(resources, folder=folder, name=f"api-{number}", before=before))
            stack.callback(started[-1].stop)
        for instance in started:
            instance.await_ready()
        signer = Signer(issuer, kept_key(folder), clock=SystemClock())
        yield Service(instances=started, resources=resources, signer=signer)
