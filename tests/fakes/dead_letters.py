"""A dead-letter queue in memory: what is received is hidden until it is given back."""

from itertools import count

from lifestream.ports import DeadLetter

BATCH = 10


class FakeDeadLetters:
    """`letters` are the messages by id, `hidden` the ids that somebody has received."""

    def __init__(self) -> None:
        self.letters: dict[str, DeadLetter] = {}
        self.hidden: set[str] = set()
        self._numbers = count(1)

    def add(self, body: str, *, sent_at: float = 0.0) -> str:
        """Put a message in and return its id."""
        message_id = f"letter-{next(self._numbers)}"
        self.letters[message_id] = DeadLetter(
            message_id=message_id, receipt=f"receipt of {message_id}", body=body, sent_at=sent_at
        )
        return message_id

    def time_out(self) -> None:
        """Let the visibility timeout of everything that was received run out."""
        self.hidden.clear()

    def receive(self) -> list[DeadLetter]:
        seen = [each for each in self.letters.values() if each.message_id not in self.hidden]
        self.hidden.update(letter.message_id for letter in seen[:BATCH])
        return seen[:BATCH]

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
