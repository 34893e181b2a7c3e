"""A work queue in memory: hidden messages come back by the clock, hopeless ones die."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from runtime.core.clock import WallClock
from runtime.core.errors import LifestreamError, Permanent
from runtime.core.ports import Backlog, WorkMessage

VISIBILITY_SECONDS = 120
MAX_RECEIVES = 5


@dataclass(slots=True)
class _Held:
    message_id: str
    body: str
    visible_at: float = 0.0
    receives: int = 0


class FakeWorkQueue:
    """`dead` are the bodies that were received too often; `hidings` the seconds of each `hide`.

    `send_faults` is consumed first, one a send; `after_send` is what the
    rest of the world does before the sender has its answer, `when_empty` while a poll waits in
    vain. `faults` are consumed the same way by name: of `backlog`, `receive`, `hide` and `delete`.
    """

    def __init__(
        self,
        *,
        clock: WallClock,
        visibility_seconds: int = VISIBILITY_SECONDS,
        max_receives: int = MAX_RECEIVES,
    ) -> None:
        self._clock = clock
        self._visibility_seconds = visibility_seconds
        self._max_receives = max_receives
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._held: list[_Held] = []
        self.dead: list[str] = []
        self.hidings: list[int] = []
        self.send_faults: list[LifestreamError] = []
        self.after_send: Callable[[], object] = lambda: None
        self.when_empty: Callable[[], object] = lambda: None
        self.faults: dict[str, list[LifestreamError]] = {}

    @property
    def bodies(self) -> list[str]:
        """All messages, hidden or not, in the order they were sent."""
        with self._lock:
            return [held.body for held in self._held]

    @property
    def visible(self) -> list[str]:
        """Messages that a receive may return now."""
        with self._lock:
            return [held.body for held in self._held if held.visible_at <= self._clock.now()]

    def backlog(self) -> Backlog:
        with self._lock:
            self._fail("backlog")
            hidden = [held for held in self._held if held.visible_at > self._clock.now()]
            in_work = sum(held.receives > 0 for held in hidden)
            return Backlog(
                waiting=len(self._held) - len(hidden),
                in_work=in_work,
                delayed=len(hidden) - in_work,
            )

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        with self._lock:
            if self.send_faults:
                raise self.send_faults.pop(0)
            visible_at = self._clock.now() + delay_seconds
            self._held.append(_Held(f"message-{next(self._numbers)}", body, visible_at))
        self.after_send()

    def receive(self, wait_seconds: int = 0) -> WorkMessage | None:  # noqa: ARG002 - as of SQS
        message = self._receive()
        if message is None:
            self.when_empty()
        return message

    def _receive(self) -> WorkMessage | None:
        with self._lock:
            self._fail("receive")
            now = self._clock.now()
            for held in [held for held in self._held if held.visible_at <= now]:
                if held.receives == self._max_receives:
                    self._held.remove(held)
                    self.dead.append(held.body)
                    continue
                held.receives += 1
                held.visible_at = now + self._visibility_seconds
                receipt = f"{held.message_id}/{held.receives}"
                return WorkMessage(
                    message_id=held.message_id,
                    receipt=receipt,
                    body=held.body,
                    receives=held.receives,
                )
            return None

    def hide(self, message: WorkMessage, seconds: int) -> None:
        with self._lock:
            self._fail("hide")
            now = self._clock.now()
            for held in self._held:
                if held.message_id == message.message_id and held.visible_at > now:
                    held.visible_at = now + seconds
                    self.hidings.append(seconds)
                    return
        raise Permanent("aws.MessageNotInflight", "It is not in flight.", "Nothing is to be done.")

    def delete(self, message: WorkMessage) -> None:
        with self._lock:
            self._fail("delete")
            self._held = [held for held in self._held if held.message_id != message.message_id]

    def _fail(self, call: str) -> None:
        faults = self.faults.get(call)
        if faults:
            raise faults.pop(0)
