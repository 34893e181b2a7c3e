"""Scale-in protection of one task, in memory: obeys the clock, and fails on request."""

from collections.abc import Callable
from threading import Event, Lock

from runtime.core.clock import WallClock
from runtime.protection.answers import Answer, Failed, Protected, Refused, Unprotected

NETWORK_FAULT = Failed("timeout", "no answer", uncertain=True)
DENIED = Failed("AccessDeniedException", "not allowed", uncertain=False, permanent=True)
BLOCKED = Refused("DEPLOYMENT_BLOCKED", "more protected tasks than desired")
STANDALONE = Refused("TASK_NOT_VALID", None)


class FakeProtection:
    """`answers` is consumed first, one a call; `calls` are what was asked for, in order."""

    def __init__(self, *, clock: WallClock) -> None:
        self._clock = clock
        self._lock = Lock()
        self.expires_at = 0.0
        self.answers: list[Answer] = []
        self.always: Answer | None = None
        self.calls: list[str] = []
        self.called = Event()
        self.before_call: Callable[[], None] = lambda: None

    @property
    def on(self) -> bool:
        """Whether ECS holds the task protected, by its own clock."""
        return self.expires_at > self._clock.now()

    def enable(self, minutes: int) -> Answer:
        return self._call(f"enable {minutes}", lambda: self._set(minutes * 60.0))

    def disable(self) -> Answer:
        return self._call("disable", lambda: self._set(0.0))

    def read(self) -> Answer:
        return self._call("read", self._state)

    def _call(self, name: str, act: Callable[[], Answer]) -> Answer:
        self.before_call()
        with self._lock:
            self.calls.append(name)
            self.called.set()
            if self.answers:
                return self.answers.pop(0)
            return self.always or act()

    def _set(self, seconds: float) -> Answer:
        self.expires_at = self._clock.now() + seconds
        return self._state()

    def _state(self) -> Answer:
        return Protected(self.expires_at, self._clock.now()) if self.on else Unprotected()
