"""A jobs queue that keeps what was sent to it."""


class FakeJobsQueue:
    """`bodies` holds the messages in the order they were sent."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send(self, body: str) -> None:
        self.bodies.append(body)

    def take(self) -> list[str]:
        """Return all messages and leave none."""
        taken, self.bodies = self.bodies, []
        return taken
