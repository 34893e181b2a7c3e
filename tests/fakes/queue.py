"""A jobs queue that keeps what was sent to it."""


class FakeJobsQueue:
    """`bodies` holds the messages in the order they were sent, `delays` their delays."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.delays: list[float] = []

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        self.bodies.append(body)
        self.delays.append(delay_seconds)

    def take(self) -> list[str]:
        """Return all messages and leave none."""
        taken, self.bodies = self.bodies, []
        return taken
