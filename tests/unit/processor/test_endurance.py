"""A job outlasts outages, contention, machine faults and interruptions, and each has an owner."""

import errno
import json
from pathlib import Path

import pytest
from lxml.etree import XMLSyntaxError

from runtime.core.contract import ExitCode, ResultFile, Stage
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import MAX_INTERRUPTIONS, SETTLED_SECONDS, Job, State, report, requeue, start
from runtime.processor.supervision.error_owner import machine_fault
from tests.unit.processor.studio import Studio, raising

CONTENDED = Retryable("jobs.contended", "Another writer was changing the job.", "Again.")
SLOW_DOWN = Retryable("aws.SlowDown", "S3 is down.", "Again.")
MACHINE_FAULTS = [
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EIO, "Input/output error"),
    OSError(errno.EMFILE, "Too many open files"),
    MemoryError(),
    RuntimeError("can't start new thread"),
]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path, max_runs=3)


@pytest.mark.parametrize("max_runs", [3, 1])
@pytest.mark.parametrize("times", [1, 20])
def test_should_record_a_success_through_contention(
    studio: Studio, max_runs: int, times: int
) -> None:
    studio.max_runs = max_runs
    real, faults = studio.jobs.save, [CONTENDED] * times

    def save(before: Job, after: Job) -> None:
        if after.state is State.SUCCEEDED and faults:
            raise faults.pop()
        real(before, after)

    studio.jobs.save = save  # type: ignore[method-assign]
    assert studio.run() is ExitCode.SUCCESS
    assert studio.job.state is State.SUCCEEDED
    assert ResultFile.MANIFEST in studio.published()


def test_should_leave_a_success_unrecorded_only_when_it_must_stop(studio: Studio) -> None:
    def save(before: Job, after: Job) -> None:
        if after.state is State.SUCCEEDED:
            studio.interruption.request_stop()
            raise CONTENDED
        real(before, after)

    real = studio.jobs.save
    studio.jobs.save = save  # type: ignore[method-assign]
    assert studio.run() is ExitCode.RETRYABLE_FAILURE
    assert (studio.job.state, studio.job.runs) == (State.PENDING, 0)
    studio.jobs.save = real  # type: ignore[method-assign]
    assert studio.run() is ExitCode.SUCCESS


def test_should_wait_for_an_outage_without_spending_a_run(studio: Studio) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = raising(SLOW_DOWN)
    pauses = []
    for _ in range(10):
        assert studio.run() is ExitCode.RETRYABLE_FAILURE
        job = studio.job
        assert (job.state, job.runs, job.waiting_for) == (State.PENDING, 0, "aws.SlowDown")
        assert job.not_before is not None
        pauses.append(job.not_before - studio.clock.now())
    assert pauses[-1] > pauses[0]
    studio.meanwhile.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert studio.job.runs == 1


@pytest.mark.parametrize("fault", MACHINE_FAULTS, ids=repr)
@pytest.mark.parametrize("stage", [Stage.AUDIO, Stage.TRANSCRIBE, Stage.DIARIZE, Stage.SCENES])
def test_should_try_elsewhere_what_the_machine_failed(
    studio: Studio, stage: Stage, fault: Exception
) -> None:
    studio.meanwhile[stage] = raising(fault)
    assert studio.run() is ExitCode.RETRYABLE_FAILURE
    assert (studio.job.state, studio.job.runs) == (State.PENDING, 1)
    studio.meanwhile.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert json.loads(studio.published()["transcript.json"])["words"]


def test_should_fail_with_the_machines_fault_when_it_persists(studio: Studio) -> None:
    studio.meanwhile[Stage.TRANSCRIBE] = raising(MemoryError())
    for _ in range(3):
        studio.run()
    assert studio.job.failure is not None
    assert studio.job.failure.code == "worker.machine_fault"


def test_should_fail_at_once_what_the_video_causes(studio: Studio) -> None:
    studio.meanwhile[Stage.PROBE] = raising(Permanent("media.any", "Any.", "Any."))
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert (studio.job.state, studio.job.runs) == (State.FAILED, 1)


def test_should_find_a_machine_fault_behind_a_librarys_error() -> None:
    wrapped = ValueError("odd")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    fault = machine_fault(wrapped)
    assert fault is not None
    assert "No space left" in fault.summary
    assert machine_fault(OSError(errno.ENOENT, "No such file")) is None
    assert machine_fault(ValueError("odd")) is None


def test_should_know_that_an_xml_library_ran_out_of_memory() -> None:
    no_memory, malformed = 2, 4
    assert machine_fault(XMLSyntaxError("unknown error", no_memory, 0, 0)) is not None
    assert machine_fault(XMLSyntaxError("Start tag expected", malformed, 1, 1)) is None


def test_should_bound_interruptions_in_a_row(studio: Studio) -> None:
    studio.meanwhile[Stage.AUDIO] = lambda _: studio.interruption.request_stop()
    for _ in range(MAX_INTERRUPTIONS):
        assert studio.run() is ExitCode.RESUMABLE
        assert (studio.job.state, studio.job.runs) == (State.PENDING, 0)
    assert studio.job.not_before is not None
    assert studio.job.not_before > studio.clock.now(), "from the third on they pause"
    studio.run()
    assert studio.job.failure is not None
    assert studio.job.failure.code == "job.interrupted_too_often"


def test_should_start_at_once_after_a_first_interruption(studio: Studio) -> None:
    studio.meanwhile[Stage.AUDIO] = lambda _: studio.interruption.request_stop()
    studio.run()
    assert studio.job.not_before is None


@pytest.mark.parametrize(("seconds", "left"), [(SETTLED_SECONDS - 1, 1), (SETTLED_SECONDS, 0)])
def test_should_forget_interruptions_once_a_run_has_settled(
    studio: Studio, seconds: float, left: int
) -> None:
    studio.meanwhile[Stage.AUDIO] = lambda _: studio.interruption.request_stop()
    studio.run()
    running = start(studio.dispatch(), now=0.0, task_arn=None)
    reported = report(running, now=seconds, stage="any", progress=0.5)
    assert (running.interruptions, reported.interruptions) == (1, left)


def test_should_keep_what_a_processor_once_had(studio: Studio) -> None:
    studio.run()
    running = next(job for job in studio.jobs.saved if job.state is State.RUNNING)
    again = requeue(running, now=studio.clock.now(), run_counts=False)
    assert (again.runs, again.ever_ran) == (0, True)
