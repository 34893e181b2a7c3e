"""What dies or hangs runs again by the deployed reaper, and the zombie changes nothing."""

import json
import time

import pytest

from lifestream.follow import follow
from local.run import Deployed, job_store
from runtime.aws.objects import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import ExitCode, JobsTable, Output
from runtime.core.jobs import Job, Source, State
from tests.e2e.looking import ended_tasks, messages, tasks_of
from tests.integration.cloud.waiting import until
from tests.integration.recovery.processors import Processors

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(300)]

KILLED = 128 + 9
AN_HOUR_SECONDS = 3600.0
SILENCE_SECONDS = 60.0


def put(deployed: Deployed, name: str, content: bytes) -> Source:
    key = f"uploads/{name}.mp4"
    store = S3ObjectStore(deployed.cloud.client("s3"))
    store.write_bytes(content, deployed.bucket, key, "video/mp4")
    return store.head(deployed.bucket, key)


def end_of(deployed: Deployed, source: Source) -> Job:
    jobs = job_store(deployed)
    *_, last = follow(
        lambda: jobs.get(source.job_id), clock=SystemClock(), silence_seconds=SILENCE_SECONDS
    )
    assert last.job is not None
    return last.job


def sweep(deployed: Deployed) -> None:
    """Do what the schedule does, now."""
    answer = deployed.cloud.client("lambda").invoke(
        FunctionName=deployed.outputs[Output.REAPER_FUNCTION],
        Payload=json.dumps({"source": "aws.events", "detail-type": "Scheduled Event"}),
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def let_an_hour_pass_for(deployed: Deployed, source: Source) -> None:
    deployed.cloud.client("dynamodb").update_item(
        TableName=deployed.outputs[Output.JOBS_TABLE],
        Key={JobsTable.PARTITION_KEY: {"S": source.job_id}},
        UpdateExpression="SET #at = :then",
        ExpressionAttributeNames={"#at": JobsTable.STATE_INDEX_SORT_KEY},
        ExpressionAttributeValues={":then": {"N": str(time.time() - AN_HOUR_SECONDS)}},
    )


def test_should_run_again_a_job_whose_processor_was_killed(
    deployed: Deployed, clip: bytes, processors: Processors
) -> None:
    source = put(deployed, "killed", clip)
    processors.kill(source)

    job = end_of(deployed, source)

    assert (job.state, job.attempt, job.runs) == (State.SUCCEEDED, 2, 2), job.failure
    exits = {
        task["startedBy"]: task["containers"][0]["exitCode"]
        for task in ended_tasks(deployed, job.job_id)
    }
    assert exits == {f"{job.job_id}-1": KILLED, f"{job.job_id}-2": ExitCode.SUCCESS}
    assert messages(deployed, Output.JOBS_DLQ_URL) == 0


def test_should_stop_a_processor_that_hangs_and_let_it_change_nothing_afterwards(
    deployed: Deployed, clip: bytes, processors: Processors
) -> None:
    source = put(deployed, "hanging", clip)
    zombie = processors.stop(source)
    let_an_hour_pass_for(deployed, source)
    sweep(deployed)
    job = end_of(deployed, source)
    processors.resume(zombie)

    first, second = sorted(
        ended_tasks(deployed, job.job_id), key=lambda task: str(task["startedBy"])
    )

    assert (job.state, job.attempt, job.runs) == (State.SUCCEEDED, 2, 2), job.failure
    assert first["stoppedReason"] == "lifestream: job.hung"
    assert first["containers"][0]["exitCode"] == ExitCode.LOST_CLAIM
    assert second["containers"][0]["exitCode"] == ExitCode.SUCCESS
    assert job_store(deployed).get(job.job_id) == job


def test_should_leave_a_job_alone_that_works(
    deployed: Deployed, clip: bytes, processors: Processors
) -> None:
    source = put(deployed, "working", clip)
    processors.running(source)
    sweep(deployed)

    job = end_of(deployed, source)

    assert (job.state, job.attempt) == (State.SUCCEEDED, 1), job.failure
    until(lambda: len(tasks_of(deployed, job.job_id)) == 1, "one task was started")
