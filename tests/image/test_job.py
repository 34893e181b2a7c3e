"""Jobs in containers of the image, started by the deployed templates, against the local cloud."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from image.engines import Engine
from local.deployed import Deployed, download_results, job_store
from runtime.aws.object_store import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import (
    PROCESSOR_CONTAINER_NAME,
    UPLOADS_PREFIX,
    EnvVar,
    ExitCode,
    Output,
    Stage,
)
from runtime.core.jobs import Job, Source, State
from tests.e2e.looking import ended_tasks, tasks_of
from tests.image.helpers import (
    contents,
    contents_whatever_the_job,
    differing,
    finished,
    output_of,
    succeeded,
)

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

EXEC_TO_FIRST_STAGE_SECONDS = 60.0
"""On a quiet machine it is about 2 s; this bound is for one that is busy otherwise."""

STOP_SECONDS = 30.0
SMALL_MIB = 400
"""Enough to start with, too little for the models."""

HALF_MIB = 4096
"""Of what the dev environment's tasks have."""

BEFORE_LONGEST = {None, Stage.FETCH, Stage.PROBE, Stage.AUDIO}

REGISTERED = frozenset(
    {
        *("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions"),
        *("volumes", "requiresCompatibilities", "cpu", "memory", "runtimePlatform"),
        "ephemeralStorage",
    }
)
"""What of a described task definition may be registered again."""


@pytest.fixture(scope="session")
def in_container(inside: Deployed, video: Path) -> Job:
    return finished(inside, video)


def test_should_make_the_same_files_as_outside(
    inside: Deployed, in_container: Job, outside: Path, tmp_path: Path
) -> None:
    results = download_results(inside, in_container, tmp_path / "results")
    assert differing(contents(results), contents(outside)) == []


def test_should_start_its_first_stage_soon(
    engine: Engine, inside: Deployed, in_container: Job
) -> None:
    task = ended_tasks(inside, in_container.job_id)[0]
    first = next(
        event["timestamp"] / 1000
        for event in log_of(inside, task)
        if json.loads(event["message"]).get("action") == "job.started"
    )
    took = first - executed_at(engine, task["taskArn"])
    print(f"exec to first stage: {took:.1f} s")  # noqa: T201 - a figure worth seeing
    assert took <= EXEC_TO_FIRST_STAGE_SECONDS


def test_should_stop_in_time_and_go_on_elsewhere_with_half_the_memory(
    inside: Deployed, video: Path, outside: Path, tmp_path: Path
) -> None:
    # So short that the job is put back: with two minutes it would end by itself.
    give_memory(inside, HALF_MIB, **{EnvVar.STOP_TIMEOUT_SECONDS: "4"})
    source = upload_as(inside, video, f"stopped/{video.name}")
    task = wait_until_working(inside, source)
    inside.cloud.client("ecs").stop_task(
        cluster=inside.outputs[Output.CLUSTER], task=task["taskArn"], reason="a test"
    )
    job = succeeded(inside, source.job_id)
    first, second = sorted(ended_tasks(inside, source.job_id), key=lambda t: t["startedAt"])
    assert exit_code(first) == ExitCode.RESUMABLE
    assert (first["stoppedAt"] - first["stoppingAt"]).total_seconds() < STOP_SECONDS
    assert exit_code(second) == ExitCode.SUCCESS
    assert job.attempt == 2
    results = download_results(inside, job, tmp_path / "results")
    here, there = contents_whatever_the_job(results), contents_whatever_the_job(outside)
    assert differing(here, there) == []


def test_should_be_diagnosed_when_it_needs_more_memory_than_it_has(
    inside: Deployed, video: Path
) -> None:
    give_memory(inside, SMALL_MIB)
    tell_function(inside, Output.REAPER_FUNCTION, MAX_ATTEMPTS="1")
    source = upload_as(inside, video, f"large/{video.name}")
    jobs, clock = job_store(inside), SystemClock()
    while (job := jobs.get(source.job_id)) is None or not job.ended:
        clock.sleep(0.5)
    assert exit_code(ended_tasks(inside, source.job_id)[0]) == 137
    # Written by the reaper, which the event of the stopped task has called.
    assert job.failure is not None
    assert job.failure.code == "task.out_of_memory"


def executed_at(engine: Engine, task_arn: str) -> float:
    """Return when a task's container executed its command, as the container tool recorded it."""
    name = f"ministack-ecs-{task_arn.rsplit('/', 1)[-1][:8]}-{PROCESSOR_CONTAINER_NAME}"
    events = output_of(
        engine,
        *("events", "--stream=false", "--since", "60m", "--format", "{{json .}}"),
        *("--filter", "event=start", "--filter", f"container={name}"),
    )
    time: str = json.loads(events.splitlines()[-1])["Time"]
    # Nanoseconds are more than Python reads.
    return datetime.fromisoformat(time[: len("2026-01-01T00:00:00.000000")] + "+00:00").timestamp()


def log_of(deployed: Deployed, task: dict[str, Any]) -> list[dict[str, Any]]:
    task_id = task["taskArn"].rsplit("/", 1)[-1]
    logs = deployed.cloud.client("logs")
    events: list[dict[str, Any]] = logs.filter_log_events(
        logGroupName=deployed.outputs[Output.PROCESSOR_LOG_GROUP]
    )["events"]
    return [event for event in events if event["logStreamName"].endswith(task_id)]


def give_memory(deployed: Deployed, mib: int, **variables_of_the_task: str) -> None:
    """Deploy the task with other memory: a new revision, and the dispatcher pointed to it."""
    ecs = deployed.cloud.client("ecs")
    variables = tell_function(deployed, Output.DISPATCHER_FUNCTION)
    known = ecs.describe_task_definition(taskDefinition=variables[EnvVar.TASK_DEFINITION_ARN])
    kept = {k: v for k, v in known["taskDefinition"].items() if k in REGISTERED}
    for given in kept["containerDefinitions"][0]["environment"]:
        given["value"] = variables_of_the_task.get(given["name"], given["value"])
    made = ecs.register_task_definition(**{**kept, "memory": str(mib)})["taskDefinition"]
    tell_function(
        deployed,
        Output.DISPATCHER_FUNCTION,
        **{EnvVar.TASK_DEFINITION_ARN: made["taskDefinitionArn"]},
    )


def tell_function(deployed: Deployed, which: Output, **changed: str) -> dict[str, str]:
    """Change variables of a function and return all it has."""
    functions = deployed.cloud.client("lambda")
    name = deployed.outputs[which]
    found = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    variables: dict[str, str] = {**found, **changed}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    return variables


def upload_as(deployed: Deployed, video: Path, key: str) -> Source:
    """Upload the video under a name of its own: another job."""
    store = S3ObjectStore(deployed.cloud.client("s3"))
    store.upload(video, deployed.bucket, UPLOADS_PREFIX + key, "video/mp4")
    return store.head(deployed.bucket, UPLOADS_PREFIX + key)


def wait_until_working(deployed: Deployed, source: Source) -> dict[str, Any]:
    """Return a job's task once its longest stages have begun; fail if the job has ended."""
    jobs = job_store(deployed)
    clock = SystemClock()
    while (job := jobs.get(source.job_id)) is None or (
        job.stage in BEFORE_LONGEST and not job.ended
    ):
        clock.sleep(0.2)
    assert job.state is State.RUNNING, (job.state, job.failure)
    return tasks_of(deployed, source.job_id)[0]


def exit_code(task: dict[str, Any]) -> int | None:
    code: int | None = task["containers"][0].get("exitCode")
    return code
