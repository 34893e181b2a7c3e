import pytest

from lifestream.follow import JobStalledError, follow
from runtime.core import jobs
from runtime.core.jobs import Job, Source
from tests.fakes.clock import FakeClock

ANY_SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any", size_bytes=1)


def life() -> list[Job]:
    claimed = jobs.claim_new(ANY_SOURCE, now=0.0, lease_seconds=60.0)
    running = jobs.start(claimed, now=1.0, task_arn=None)
    halfway = jobs.report(running, now=2.0, stage="diarize", progress=0.5)
    return [claimed, running, halfway, jobs.succeed(halfway, now=3.0, result_key="any")]


def test_should_yield_each_change_once_and_end_with_the_job() -> None:
    claimed, running, halfway, done = life()
    reads = iter([None, claimed, claimed, running, halfway, halfway, done])
    seen = list(follow(lambda: next(reads), clock=FakeClock(), silence_seconds=60))
    assert [update.label for update in seen] == [
        "waiting for the dispatcher",
        "starting a task",
        "running",
        "diarize",
        "done",
    ]
    assert [update.progress for update in seen] == [0.0, 0.0, 0.0, 0.5, 1.0]


def test_should_give_up_on_a_job_that_stays_silent() -> None:
    running = life()[1]
    clock = FakeClock()
    with pytest.raises(JobStalledError, match="nothing was heard of the job for 60 s"):
        list(follow(lambda: running, clock=clock, silence_seconds=60))
    assert 60 < clock.monotonic() < 62


def test_should_not_give_up_while_the_job_reports() -> None:
    running = life()[1]
    beats = [
        jobs.report(running, now=float(beat), stage="transcribe", progress=beat / 400)
        for beat in range(400)
    ]
    reads = iter([*beats, jobs.succeed(beats[-1], now=401.0, result_key="any")])
    *_, last = follow(lambda: next(reads), clock=FakeClock(), silence_seconds=60)
    assert last.elapsed_seconds > 100
    assert last.label == "done"


def test_should_wait_for_a_job_in_the_work_queue_however_long() -> None:
    claimed = jobs.claim_new(ANY_SOURCE, now=0.0, lease_seconds=60.0)
    waiting = jobs.queued(claimed, now=1.0)
    done = jobs.succeed(jobs.start(waiting, now=2.0, task_arn="arn:any"), now=3.0, result_key="any")
    reads = iter([*[waiting] * 200, done])
    seen = list(follow(lambda: next(reads), clock=FakeClock(), silence_seconds=60))
    assert [update.label for update in seen] == [
        "waiting for the dispatcher",
        "waits in the work queue",
        "done",
    ]
