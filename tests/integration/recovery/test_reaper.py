"""What dies or hangs runs again by the deployed reaper, and the zombie changes nothing."""

import pytest

from local.deployed import Deployed, job_store
from runtime.core.contract import ExitCode, Output
from runtime.core.jobs import State
from tests.e2e.looking import ended_tasks, messages, tasks_of
from tests.integration.recovery.processors import Processors
from tests.integration.recovery.working import end_of, let_an_hour_pass_for, put, sweep

pytestmark = pytest.mark.cloud

KILLED = 128 + 9


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
    assert len(tasks_of(deployed, job.job_id)) == 1
