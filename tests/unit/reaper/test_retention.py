"""Recordings are erased when their days to keep are over, not before, and not under a hold."""

from dataclasses import replace

import pytest

from runtime.core.erasure import DAY
from runtime.core.jobs import Job, State, cancel, claim_new, hold
from runtime.core.jobs.job import Source
from runtime.core.options import JobOptions
from runtime.core.telemetry import Telemetry
from runtime.core.tracer import NoTracing
from runtime.reaper.retention import RESERVE_SECONDS, Retention
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics

DAYS = 7


class Kept:
    def __init__(self) -> None:
        self.clock, self.jobs = FakeClock(), InMemoryJobStore()
        self.retention = Retention(
            jobs=self.jobs,
            clock=self.clock,
            telemetry=Telemetry(log=CapturedLog(), metrics=CapturedMetrics(), tracing=NoTracing()),
        )

    def job(self, name: str, *, days: int | None = DAYS, ended: bool = True) -> Job:
        source = Source(bucket="any", key=f"uploads/{name}", etag=name, size_bytes=1)
        options = JobOptions(keep_days=days)
        made = claim_new(source, now=self.clock.now(), lease_seconds=60, options=options)
        self.jobs.create(made)
        if ended:
            done = cancel(made, now=self.clock.now())
            self.jobs.save(made, done)
            made = done
        return made

    def run(self, *, seconds: float = 60.0) -> dict[str, State]:
        self.retention.run(lambda: seconds)
        return {job.source.etag: job.state for job in self.jobs.jobs.values()}


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_should_erase_what_is_due_and_nothing_else(kept: Kept) -> None:
    kept.job("due")
    kept.job("forever", days=None)
    kept.job("longer", days=DAYS + 1)
    kept.job("at work", ended=False)
    held = kept.job("held")
    kept.jobs.save(held, hold(held, reason="any", by="any", now=1.0))
    kept.clock.advance(DAYS * DAY - 1)
    assert State.ERASING not in kept.run().values()
    kept.clock.advance(1)
    assert kept.run() == {
        "due": State.ERASING,
        "forever": State.CANCELLED,
        "longer": State.CANCELLED,
        "at work": State.CLAIMED,
        "held": State.CANCELLED,
    }
    assert kept.run()["due"] is State.ERASING, "it may run again"


def test_should_look_at_the_record_again_before_it_erases(kept: Kept) -> None:
    job = kept.job("due")
    kept.clock.advance(DAYS * DAY)
    held = replace(job, hold=hold(job, reason="any", by="any", now=1.0).hold)

    def hold_after_listing(name: str) -> None:
        if name == "get":
            kept.jobs.jobs[job.job_id] = held

    kept.jobs.before_call = hold_after_listing
    assert kept.run() == {"due": State.CANCELLED}


def test_should_stop_when_its_time_is_over(kept: Kept) -> None:
    kept.job("due")
    kept.clock.advance(DAYS * DAY)
    assert kept.run(seconds=RESERVE_SECONDS - 1) == {"due": State.CANCELLED}
