"""Uploads into an account whose quota admits one task: they wait, and none fails."""

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from lifestream.follow import follow
from local import deploy, toolchain
from local.cloud import LocalCloud
from local.deployed import ENVIRONMENT, Deployed, job_store
from local.emulator.settings import Quotas
from local.variants import variant
from runtime.aws.object_store import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import Output
from runtime.core.jobs import State
from tests.e2e.looking import messages

pytestmark = pytest.mark.cloud

UPLOADS = 3


@pytest.fixture
def one_slot(assembly: Path, tmp_path: Path) -> Iterator[Deployed]:
    """The dev environment, where one on-demand task of its size may run and none on Spot."""
    quotas = Quotas(fargate_vcpus=4, fargate_spot_vcpus=0)
    with toolchain.start_cloud(state_dir=tmp_path, quotas=quotas) as cloud:
        outputs = deploy.deploy(cloud, environment=ENVIRONMENT, assembly=assembly)
        yield Deployed(cloud, outputs)


def stretches(cloud: LocalCloud, cluster: str) -> list[tuple[float, float]]:
    """Return when each task was created and when it stopped, by its creation."""
    ecs = cloud.client("ecs")
    arns = ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return sorted((t["createdAt"].timestamp(), t["stoppedAt"].timestamp()) for t in tasks)


def test_should_finish_every_upload_with_one_task_at_a_time(
    one_slot: Deployed, clip: bytes
) -> None:
    store, jobs = S3ObjectStore(one_slot.cloud.client("s3")), job_store(one_slot)
    sources = []
    for number in range(UPLOADS):
        key = f"uploads/{number}.mp4"
        content = variant(clip, str(number))
        store.write_bytes(content, one_slot.bucket, key, "video/mp4")
        sources.append(store.head(one_slot.bucket, key))

    ended = []
    for source in sources:
        *_, last = follow(
            partial(jobs.get, source.job_id), clock=SystemClock(), silence_seconds=900
        )
        assert last.job is not None
        ended.append(last.job)

    assert [job.state for job in ended] == [State.SUCCEEDED] * UPLOADS
    assert {(job.runs, job.misses) for job in ended} == {(1, 0)}
    assert messages(one_slot, Output.JOBS_DLQ_URL) == 0
    times = stretches(one_slot.cloud, one_slot.outputs[Output.CLUSTER])
    assert all(first[1] <= then[0] + 1 for first, then in itertools.pairwise(times))
    lines = one_slot.cloud.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{one_slot.outputs[Output.DISPATCHER_FUNCTION]}"
    )["events"]
    assert any("dispatch.waiting" in line["message"] for line in lines)
