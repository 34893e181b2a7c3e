"""The keeper and the manager set up with a fake ECS, and ways to bring things about."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runtime.core.telemetry import Telemetry
from runtime.protection.answers import Answer
from runtime.protection.keeper import LeaseKeeper
from runtime.protection.lease import FOREVER, Enable, Read
from runtime.protection.lease_record import Call
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import Policy, gap_free
from runtime.protection.ports import Reports
from runtime.protection.slots import Slot
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.protection import FakeProtection

ACQUIRE_SECONDS = 10.0
PATIENCE_SECONDS = 120.0


class KeeperBench:
    """A keeper, and the fake ECS to which `play` brings its calls, waiting in no time."""

    def __init__(self, *, required: bool = False) -> None:
        self.clock = FakeClock()
        self.log = CapturedLog()
        self.metrics = CapturedMetrics()
        self.ecs = FakeProtection(clock=self.clock)
        telemetry = Telemetry(log=self.log, metrics=self.metrics)
        self.keeper = LeaseKeeper(
            policy=gap_free(),
            monotonic=self.clock,
            wall=self.clock,
            jitter=lambda: 0.0,
            reports=Reports(log=self.log, count=telemetry.count),
            required=required,
        )

    def take(self, name: str = "any", cap_at: float = FOREVER) -> Slot:
        slot = Slot(session_id=name, cap_at=cap_at)
        self.keeper.acquire(slot)
        return slot

    def play(self, seconds: float = 0.0) -> None:
        """Do what the thread does for so long."""
        end = self.clock.monotonic() + seconds
        while True:
            step = self.keeper.begin()
            if isinstance(step, Call):
                self.keeper.finish(step, self.ask(step))
            elif step.until > end:
                self.clock.advance(end - self.clock.monotonic())
                return
            else:
                self.clock.advance(max(0.0, step.until - self.clock.monotonic()))

    def ask(self, call: Call) -> Answer:
        if isinstance(call.action, Enable):
            return self.ecs.enable(call.action.minutes)
        if isinstance(call.action, Read):
            return self.ecs.read()
        return self.ecs.disable()


class ManagerBench:
    def __init__(self, policy: Policy) -> None:
        self.clock = FakeClock()
        self.log = CapturedLog()
        self.ecs = FakeProtection(clock=self.clock)
        self.aborted = threading.Event()
        self.manager = ProtectionManager(
            client=self.ecs,
            policy=policy,
            monotonic=self.clock,
            wall=self.clock,
            reports=Reports(log=self.log),
            abort=lambda _reason: self.aborted.set(),
            jitter=lambda: 0.0,
            acquire_timeout_seconds=ACQUIRE_SECONDS,
        )

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.manager.wake()

    def until(self, truth: Callable[[], bool]) -> None:
        """Wait for the thread to have brought something about."""
        condition = self.manager.changed
        with condition:
            assert condition.wait_for(truth, PATIENCE_SECONDS)

    def until_renewed(self, times: int) -> None:
        self.until(lambda: self.manager.status().lease.counters.renewals == times)

    def until_off(self) -> None:
        self.until(lambda: not self.ecs.on and self.manager.status().lease.counters.releases > 0)


@contextmanager
def running(policy: Policy) -> Iterator[ManagerBench]:
    bench = ManagerBench(policy)
    bench.manager.start()
    yield bench
    bench.manager.close()
