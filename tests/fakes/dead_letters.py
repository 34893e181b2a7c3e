"""A dead-letter queue in memory: what is received is hidden until it is given back."""

from dataclasses import replace
from itertools import count, cycle, islice

from runtime.core.dead_letters import DeadLetter

BATCH = 10
STEP = 7
"""Letters by which a sample begins later than the one before: some repeat, as on SQS."""


class FakeDeadLetters:
    """`letters` are the messages by id, `hidden` the ids that somebody has received.

    `samples` counts the calls of `sample`.
    """

    def __init__(self) -> None:
        self.letters: dict[str, DeadLetter] = {}
        self.hidden: set[str] = set()
        self.samples = 0
        self._numbers = count(1)

    def add(self, body: str, *, sent_at: float = 0.0, receives: int = 0) -> str:
        """Put a message in and return its id."""
        message_id = f"letter-{next(self._numbers)}"
        self.letters[message_id] = DeadLetter(
            message_id=message_id,
            receipt=f"receipt of {message_id}",
            body=body,
            sent_at=sent_at,
            receives=receives,
        )
        return message_id

    def time_out(self) -> None:
        """Let the visibility timeout of everything that was received run out."""
        self.hidden.clear()

    def sample(self) -> list[DeadLetter]:
        visible = self._visible()
        start = self.samples * STEP % max(1, len(visible))
        self.samples += 1
        return self._received(list(islice(cycle(visible), start, start + min(BATCH, len(visible)))))

    def receive(self) -> list[DeadLetter]:
        seen = self._received(self._visible()[:BATCH])
        self.hidden.update(letter.message_id for letter in seen)
        return seen

    def delete(self, letter: DeadLetter) -> None:
        self.letters.pop(letter.message_id, None)
        self.hidden.discard(letter.message_id)

    def release(self, letter: DeadLetter) -> None:
        self.hidden.discard(letter.message_id)

    def count(self) -> int:
        return len(self.letters)

    def purge(self) -> None:
        self.letters.clear()
        self.hidden.clear()

    def _visible(self) -> list[DeadLetter]:
        return [each for each in self.letters.values() if each.message_id not in self.hidden]

    def _received(self, letters: list[DeadLetter]) -> list[DeadLetter]:
        seen = [replace(each, receives=each.receives + 1) for each in letters]
        self.letters.update((letter.message_id, letter) for letter in seen)
        return seen
