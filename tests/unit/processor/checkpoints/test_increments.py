"""What a long stage keeps of its units, how often, and what a later process finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.contract import Stage
from runtime.processor.checkpoints.increments import StoredIncrements
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.objects import InMemoryObjectStore

SECONDS_BETWEEN_WRITES = 15.0
BUCKET, PREFIX = "any", "work/any/transcribe/"


class Desk:
    """Processes of one job, one after another."""

    def __init__(self) -> None:
        self.objects = InMemoryObjectStore()
        self.clock = FakeClock()

    def process(self, fingerprint: str = "any") -> StoredIncrements:
        return StoredIncrements(
            objects=self.objects,
            bucket=BUCKET,
            prefix=PREFIX,
            stage=Stage.TRANSCRIBE,
            fingerprint=fingerprint,
            seconds_between_writes=SECONDS_BETWEEN_WRITES,
            clock=self.clock,
            log=CapturedLog(),
        )

    def work(
        self, increments: StoredIncrements, *units: bytes, seconds: float = SECONDS_BETWEEN_WRITES
    ) -> None:
        for unit in units:
            self.clock.advance(seconds)
            increments.add(unit)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_should_find_nothing_at_first(desk: Desk) -> None:
    assert list(desk.process().done) == []


def test_should_go_on_after_what_was_kept(desk: Desk) -> None:
    desk.work(desk.process(), b"one", b"", b"three")
    second = desk.process()
    assert list(second.done) == [b"one", b"", b"three"]
    desk.work(second, b"four")
    assert list(desk.process().done) == [b"one", b"", b"three", b"four"]


def test_should_write_no_more_often_than_it_may(desk: Desk) -> None:
    units = [str(number).encode() for number in range(120)]
    desk.work(desk.process(), *units, seconds=1.0)
    assert len(desk.objects.objects) == 120 / SECONDS_BETWEEN_WRITES
    assert list(desk.process().done) == units


def test_should_lose_no_more_than_the_time_between_writes(desk: Desk) -> None:
    desk.work(desk.process(), *[b"unit"] * 100, seconds=1.0)
    assert 100 - len(desk.process().done) <= SECONDS_BETWEEN_WRITES


def test_should_not_use_what_was_made_of_something_else(desk: Desk) -> None:
    desk.work(desk.process("older"), b"one")
    assert list(desk.process("newer").done) == []


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"[]\nany", b'{"fingerprint": "any"}\nany', b"x"])
def test_should_use_what_lies_before_a_damaged_object(desk: Desk, damage: bytes) -> None:
    desk.work(desk.process(), b"one", b"two", b"three")
    desk.objects.write_bytes(damage, BUCKET, f"{PREFIX}{1:07d}", "any")
    assert list(desk.process().done) == [b"one"]


def test_should_not_use_an_object_that_is_cut_off(desk: Desk) -> None:
    desk.work(desk.process(), b"one")
    key = f"{PREFIX}{0:07d}"
    whole = desk.objects.read_bytes(BUCKET, key)
    desk.objects.write_bytes(whole[:-1], BUCKET, key, "any")
    assert list(desk.process().done) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 4), st.sampled_from([1.0, 6.0, 20.0])),
        max_size=30,
    )
)
def test_should_read_the_same_units_whatever_a_zombie_wrote_between(
    steps: list[tuple[int, int, float]],
) -> None:
    desk = Desk()
    writers = [desk.process(), desk.process()]
    at = [0, 0]
    for writer, count, seconds in steps:
        for _ in range(count):
            desk.work(writers[writer], str(at[writer]).encode(), seconds=seconds)
            at[writer] += 1
    found = [int(unit) for unit in desk.process().done]
    assert found == list(range(len(found)))
