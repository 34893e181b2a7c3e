"""A listing of dead letters: distinct, bounded, and honest about what it has not seen."""

import pytest

from runtime.core.dead_letters import MAX_SAMPLES, DeadLetter, list_letters, read_letter
from runtime.core.messages import MessageKind, requeue_message
from tests.fakes.dead_letters import FakeDeadLetters
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.objects import InMemoryObjectStore
from tests.unit.dispatcher.world import BUCKET, confirmation, s3_event


class FirstTenOnly(FakeDeadLetters):
    """Every sample is the same part of the queue, as it may be on SQS."""

    def sample(self) -> list[DeadLetter]:
        self.samples += 1
        return list(self.letters.values())[:10]


def filled(letters: FakeDeadLetters, number: int) -> FakeDeadLetters:
    for each in range(number):
        letters.add(f"{each}", sent_at=1000.0 - each)
    return letters


def test_should_list_each_letter_once_and_the_oldest_first() -> None:
    letters = filled(FakeDeadLetters(), 25)
    found = list_letters(letters, limit=50)
    assert [letter.body for letter in found.letters] == [str(each) for each in range(24, -1, -1)]
    assert (found.total, found.complete) == (25, True)
    assert letters.hidden == set()


def test_should_ask_nothing_of_an_empty_queue() -> None:
    letters = FakeDeadLetters()
    found = list_letters(letters, limit=50)
    assert (found.letters, found.total, found.complete, letters.samples) == ((), 0, True, 0)


def test_should_list_no_more_than_is_asked_for() -> None:
    letters = filled(FakeDeadLetters(), 25)
    found = list_letters(letters, limit=12)
    assert (len(found.letters), found.total, found.complete) == (12, 25, False)


def test_should_say_that_hidden_letters_are_missing() -> None:
    letters = filled(FakeDeadLetters(), 12)
    letters.receive()
    found = list_letters(letters, limit=50)
    assert [letter.body for letter in found.letters] == ["11", "10"]
    assert (found.total, found.complete) == (12, False)
    letters.receive()
    samples = letters.samples
    assert list_letters(letters, limit=50).letters == ()
    assert letters.samples == samples + 1, "nothing is visible, so one look is enough"


def test_should_end_where_samples_bring_nothing_new() -> None:
    letters = filled(FirstTenOnly(), 25)
    found = list_letters(letters, limit=50)
    assert (len(found.letters), found.total, found.complete) == (10, 25, False)
    assert letters.samples == 4


def test_should_bound_the_receives_of_a_listing() -> None:
    letters = filled(FakeDeadLetters(), 1000)
    found = list_letters(letters, limit=1000)
    assert letters.samples == MAX_SAMPLES
    assert not found.complete


@pytest.mark.parametrize(
    ("body", "kind", "subjects", "problem"),
    [
        (s3_event("uploads/a.mp4"), MessageKind.S3_EVENT, [("uploads/a.mp4", None)], ""),
        (confirmation("uploads/a.mp4"), MessageKind.CONFIRMATION, [("uploads/a.mp4", None)], ""),
        (requeue_message("gone"), MessageKind.REQUEUE, [("job gone", "gone")], ""),
        ("not json", None, [], "is not JSON"),
        ('{"any": 1}', None, [], "is no S3 event"),
    ],
)
def test_should_read_what_a_letter_asks_for(
    body: str, kind: MessageKind | None, subjects: list[tuple[str, str | None]], problem: str
) -> None:
    letters = FakeDeadLetters()
    letters.add(body)
    (letter,) = letters.sample()
    content = read_letter(
        letter, bucket=BUCKET, jobs=InMemoryJobStore(), objects=InMemoryObjectStore()
    )
    assert content.kind is kind
    assert [(subject.about, subject.job_id) for subject in content.subjects] == subjects
    assert [subject.state for subject in content.subjects] == ["gone"] * len(subjects)
    assert problem in content.problem
