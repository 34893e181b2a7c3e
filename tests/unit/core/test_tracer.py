"""No trace is worth a job: what cannot be sent is dropped, and said once."""

from runtime.core.spans import Part, Span
from runtime.core.tracer import QUIET_SECONDS, SentTracing
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.traces import FakeTraces


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log = CapturedLog()
        self.traces = FakeTraces()
        self.tracing = SentTracing(
            traces=self.traces,
            environment="any",
            clock=self.clock,
            log=self.log,
            in_background=lambda work: work(),
        )

    def send(self, *, attempt: int = 1) -> None:
        self.tracing.add(a_span(attempt))
        self.tracing.flush()


def a_span(attempt: int = 1) -> Span:
    return Span(job_id="0" * 32, part=Part.DISPATCH, attempt=attempt, began=1.0, ended=2.0)


def test_should_send_all_that_was_added_at_once_and_only_once() -> None:
    bench = Bench()
    bench.tracing.add(a_span(1))
    bench.tracing.add(a_span(2))
    assert bench.traces.sent == []
    bench.tracing.flush_soon()
    bench.tracing.flush()
    (sent,) = bench.traces.sent
    assert [one["annotations"]["attempt"] for one in sent] == [1, 2]
    assert bench.log.lines == []


def test_should_neither_raise_nor_repeat_itself_while_traces_cannot_be_sent() -> None:
    bench = Bench()
    bench.traces.broken = True
    for _ in range(3):
        bench.send()
        bench.clock.advance(QUIET_SECONDS)
    assert len(bench.traces.sent) == 3
    (line,) = bench.log.lines
    assert (line.level, line.action, line.fields["code"]) == (
        "WARNING",
        "traces.not_sent",
        "aws.any",
    )


def test_should_leave_what_hangs_alone_for_a_while() -> None:
    bench = Bench()
    bench.traces.broken = True
    bench.send()
    bench.traces.broken = False
    bench.send()
    assert len(bench.traces.sent) == 1
    bench.clock.advance(QUIET_SECONDS)
    bench.send(attempt=7)
    # What was added meanwhile is not kept: no one knows for how long it would grow.
    assert [one["annotations"]["attempt"] for one in bench.traces.sent[-1]] == [7]


def test_should_say_so_again_when_it_has_worked_in_between() -> None:
    bench = Bench()
    for broken in (True, False, True):
        bench.traces.broken = broken
        bench.send()
        bench.clock.advance(QUIET_SECONDS)
    assert bench.log.actions() == ["traces.not_sent"] * 2
