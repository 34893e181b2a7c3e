"""A real worker process on the emulator: jobs in a row, protection around each, a clean end."""

import signal
from pathlib import Path

import pytest

from local.variants import variant
from runtime.core.contract import EnvVar, ExitCode
from runtime.core.jobs import State
from tests.integration.cloud.waiting import until
from tests.integration.pool.rig import Rig

pytestmark = pytest.mark.cloud

SELF_CHECK = ["on", "off"]
"""The calls of the self-test at a worker's start."""


def test_should_take_two_jobs_in_a_row_and_leave_at_once_when_idle(
    pool: Rig, clip: bytes, tmp_path: Path
) -> None:
    first = pool.upload("first", clip)
    with pool.worker(tmp_path) as worker:
        worker.until("job.succeeded")
        second = pool.upload("second", variant(clip, "second"))
        worker.until("job.succeeded")
        until(lambda: pool.messages() == 0, "the messages are deleted")
        until(lambda: len(worker.protection_calls()) == len(SELF_CHECK) + 4, "protection is off")
        # The agent notes a call before the worker has its answer.
        until(lambda: not worker.health()["taskProtectionActive"], "the worker knows it")
        health = worker.health()

        assert worker.end(signal.SIGTERM) == ExitCode.SUCCESS

    jobs = [pool.job(first), pool.job(second)]
    assert [(job.state, job.runs) for job in jobs] == [(State.SUCCEEDED, 1)] * 2, jobs
    assert worker.protection_calls() == [*SELF_CHECK, "on", "off", "on", "off"]
    (checked,) = [line for line in worker.lines if line["action"] == "protection.checked"]
    assert checked["passed"] is True
    assert (health["jobsTaken"], health["activeJobs"]) == (2, 0)
    started = [line for line in worker.lines if line["action"] == "worker.started"]
    assert len(started) == 1, "one process did both"
    assert list(tmp_path.iterdir()) == []
    assert [line for line in worker.lines if line.get("level") == "ERROR"] == []


def test_should_end_well_when_told_to_stop_with_a_job_that_is_soon_done(
    pool: Rig, clip: bytes, tmp_path: Path
) -> None:
    source = pool.upload("any", clip)
    waiting = pool.upload("waiting", variant(clip, "waiting"))
    with pool.worker(tmp_path) as worker:
        worker.until("job.started")
        assert worker.end(signal.SIGTERM) == ExitCode.SUCCESS
    states = {pool.job(source).state, pool.job(waiting).state}
    assert states == {State.SUCCEEDED, State.LAUNCHED}
    assert worker.protection_calls() == [*SELF_CHECK, "on", "off"]


def test_should_refuse_to_start_where_protection_is_wanted_and_cannot_be_had(
    pool: Rig, tmp_path: Path
) -> None:
    with pool.worker(tmp_path, **{EnvVar.ECS_AGENT_URI: ""}) as worker:
        line = worker.until("configuration.bad")
        assert worker.process.wait(60) == ExitCode.BAD_CONFIGURATION
    assert "ECS_ENABLE_TASK_PROTECTION" in line["reason"]
