import os
import signal
import subprocess
import sys

import pytest

from runtime.core.errors import Permanent
from runtime.processor.supervision.shutdown import Shutdown
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log = CapturedLog()
        self.shutdown = Shutdown(
            clock=self.clock, log=self.log, stop_timeout_seconds=120.0, margin_seconds=30.0
        )


def test_should_go_on_without_a_signal() -> None:
    bench = Bench()
    bench.clock.advance(1e6)
    assert not bench.shutdown.overdue
    assert not bench.shutdown.requested


def test_should_go_on_when_busy_until_stop_timeout_less_margin_then_checkpoint() -> None:
    bench = Bench()
    bench.shutdown.note(signal.SIGTERM)
    assert bench.shutdown.requested
    bench.clock.advance(89.0)
    assert not bench.shutdown.overdue
    bench.clock.advance(1.0)
    assert bench.shutdown.overdue


def test_should_let_a_second_signal_change_nothing() -> None:
    bench = Bench()
    stops: list[int] = []
    bench.shutdown.on_stop(lambda: stops.append(1))
    bench.shutdown.note(signal.SIGTERM)
    bench.clock.advance(60.0)
    bench.shutdown.note(signal.SIGINT)
    bench.clock.advance(30.0)
    assert bench.shutdown.overdue
    assert stops == [1]


@pytest.mark.parametrize("margin", [0.0, 120.0, 200.0])
def test_should_refuse_a_margin_that_does_not_fit(margin: float) -> None:
    with pytest.raises(Permanent, match="does not fit"):
        Shutdown(
            clock=FakeClock(),
            log=CapturedLog(),
            stop_timeout_seconds=120.0,
            margin_seconds=margin,
        )


SCRIPT = """
import os, signal, sys
from runtime.core.clock import SystemClock
from runtime.core.log import JsonLog
from runtime.processor.supervision.shutdown import Shutdown

clock = SystemClock()
shutdown = Shutdown(clock=clock, log=JsonLog(clock=clock, write=sys.stderr.write),
                    stop_timeout_seconds=30.0, margin_seconds=10.0)
shutdown.install()
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM) * 100:
    os.kill(os.getpid(), number)
if not shutdown.wait(60):
    sys.exit("the signal was not noticed")
print(shutdown.requested, shutdown.overdue)
"""


def test_should_survive_a_storm_of_real_signals() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (0, "True False\n"), done.stderr
    assert done.stderr.count("shutdown.requested") == 1
