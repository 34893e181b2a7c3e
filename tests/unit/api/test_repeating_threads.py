import threading

import pytest

from runtime.api.repeating_threads import RepeatingThreads
from runtime.core.errors import Retryable
from tests.fakes.log import CapturedLog


@pytest.mark.parametrize(
    ("error", "code"),
    [(Retryable("aws.any", "It is down.", "Wait."), "aws.any"), (ValueError("any"), "internal")],
)
def test_should_log_an_error_pause_and_take_the_next_step(error: Exception, code: str) -> None:
    log, pauses, again = CapturedLog(), [0], threading.Event()

    def step() -> None:
        if not pauses[0]:
            raise error
        threads.stopping.set()
        again.set()

    def pause() -> None:
        pauses[0] += 1

    threads = RepeatingThreads(step, name="any", count=1, failed="any.failed", pause=pause, log=log)
    threads.start()
    assert again.wait(60)
    threads.join(60)
    assert pauses == [1]
    assert [(line.action, line.fields["code"]) for line in log.lines] == [("any.failed", code)]
