import pytest

from runtime.core.contract import Metric
from runtime.core.jobs import Source, State
from runtime.reaper.reconciler import (
    LOST_EVENT_SECONDS,
    MAX_AGE_SECONDS,
    RESERVE_SECONDS,
    Reconciler,
)
from tests.unit.dispatcher.afterlife import PLENTY, Afterlife
from tests.unit.dispatcher.world import BUCKET, s3_event


class Reconciled(Afterlife):
    def __init__(self) -> None:
        super().__init__()
        self.reconciler = Reconciler(
            bucket=BUCKET,
            uploads=self.objects,
            jobs=self.jobs,
            queue=self.queue,
            clock=self.clock,
            telemetry=self.telemetry,
        )
        self.objects.clock = self.clock

    def reconcile(self, remaining_seconds: float = PLENTY) -> None:
        self.reconciler.run(lambda: remaining_seconds)


@pytest.fixture
def world() -> Reconciled:
    return Reconciled()


def test_should_announce_an_upload_whose_event_was_lost(world: Reconciled) -> None:
    lost = world.upload("uploads/lost.mp4", b"lost")
    known = world.upload("uploads/known.mp4", b"known")
    assert world.deliver(s3_event("uploads/known.mp4"))
    world.clock.advance(LOST_EVENT_SECONDS)
    world.reconcile()
    world.deliver_all()
    assert world.job(lost).state is State.CLAIMED
    assert world.job(known).attempt == 1
    assert world.metrics.total(Metric.UPLOADS_WITHOUT_JOB) == 1
    world.reconcile()
    assert world.queue.bodies == [], "found once, announced once"


def test_should_lose_no_upload_of_an_outage_longer_than_the_messages_live(
    world: Reconciled,
) -> None:
    uploads: list[Source] = [world.upload(f"uploads/{n}.MOV", str(n).encode()) for n in range(20)]
    for source in uploads[::2]:
        assert world.deliver(s3_event(source.key))
    world.clock.advance(LOST_EVENT_SECONDS)
    world.reconcile()
    world.deliver_all()
    assert {world.job(source).state for source in uploads} == {State.CLAIMED}


@pytest.mark.parametrize("age", [LOST_EVENT_SECONDS - 1, MAX_AGE_SECONDS + 1])
def test_should_leave_what_is_too_young_or_too_old(world: Reconciled, age: float) -> None:
    world.upload()
    world.clock.advance(age)
    world.reconcile()
    assert world.queue.bodies == []


def test_should_announce_a_file_of_any_name(world: Reconciled) -> None:
    notes = world.upload("uploads/notes.txt")
    world.clock.advance(LOST_EVENT_SECONDS)
    world.reconcile()
    world.deliver_all()
    assert world.job(notes).state is State.CLAIMED


def test_should_leave_folder_markers(world: Reconciled) -> None:
    world.upload("uploads/folder/", b"")
    world.clock.advance(LOST_EVENT_SECONDS)
    world.reconcile()
    assert world.queue.bodies == []


def test_should_stop_when_time_runs_out(world: Reconciled) -> None:
    world.upload()
    world.clock.advance(LOST_EVENT_SECONDS)
    world.reconcile(RESERVE_SECONDS - 0.1)
    assert world.queue.bodies == []
    assert "reconciler.out_of_time" in world.log.actions("WARNING")
