import threading
from collections.abc import Callable

import pytest

from runtime.core.contract import Metric
from runtime.core.errors import Permanent, Retryable
from runtime.core.telemetry import Telemetry
from runtime.dispatcher.batch import (
    RESEND_FROM_RECEIVE,
    START_RESERVE_SECONDS,
    THREADS,
    failed_records,
)
from tests.fakes.killing import Killed
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.unit.dispatcher.world import LEASE_SECONDS, World, no_resend, sqs_batch

PLENTY = 20.0


def test_should_fail_only_the_records_that_failed_in_their_order() -> None:
    outcomes: dict[str, Exception | None] = {
        "fine": None,
        "retryable": Retryable("any.code", "Any.", "Any."),
        "permanent": Permanent("any.code", "Any.", "Any."),
        "bug": ZeroDivisionError("any"),
        "also fine": None,
    }

    def work(body: str) -> None:
        error = outcomes[body]
        if error is not None:
            raise error

    log = CapturedLog()
    metrics = CapturedMetrics()
    failed = failed_records(
        sqs_batch(list(outcomes)),
        work=work,
        resend=no_resend,
        remaining_seconds=lambda: PLENTY,
        telemetry=Telemetry(log=log, metrics=metrics),
    )
    assert failed == ["message-1", "message-2", "message-3"]
    assert sorted(log.actions("ERROR")) == ["dispatch.failed", "dispatch.failed"]
    assert {line.fields["message_id"] for line in log.lines} == set(failed)
    assert sorted(map(str, metrics.codes(Metric.DISPATCHES_FAILED))) == ["any.code", "internal"]


def test_should_not_start_what_it_cannot_finish() -> None:
    started: list[str] = []
    log = CapturedLog()
    failed = failed_records(
        sqs_batch(["any"]),
        work=started.append,
        resend=no_resend,
        remaining_seconds=lambda: START_RESERVE_SECONDS - 0.1,
        telemetry=Telemetry(log=log),
    )
    assert failed == ["message-0"]
    assert started == []
    assert log.actions() == ["dispatch.out_of_time"]


def test_should_work_on_the_records_of_a_batch_at_the_same_time() -> None:
    together = threading.Barrier(THREADS, timeout=120)

    def work(_: str) -> None:
        together.wait()

    failed = failed_records(
        sqs_batch(["any"] * THREADS),
        work=work,
        resend=no_resend,
        remaining_seconds=lambda: PLENTY,
        telemetry=Telemetry(log=CapturedLog()),
    )
    assert failed == []


def test_should_accept_an_empty_batch() -> None:
    assert (
        failed_records(
            [],
            work=lambda _: None,
            resend=no_resend,
            remaining_seconds=lambda: PLENTY,
            telemetry=Telemetry(log=CapturedLog()),
        )
        == []
    )


def test_should_not_survive_the_death_of_its_process() -> None:
    def work(_: str) -> None:
        raise Killed

    with pytest.raises(Killed):
        failed_records(
            sqs_batch(["any"]),
            work=work,
            resend=no_resend,
            remaining_seconds=lambda: PLENTY,
            telemetry=Telemetry(log=CapturedLog()),
        )


# An outage that lasts


def handled(work: Callable[[str], None], world: World, *, receives: int) -> list[str]:
    return failed_records(
        sqs_batch(["any"], receives=receives),
        work=work,
        resend=world.dispatcher.send_later,
        remaining_seconds=lambda: PLENTY,
        telemetry=world.telemetry,
    )


def out_of_service(_: str) -> None:
    raise Retryable("aws.any", "The service is out.", "It is tried again.")


def test_should_use_up_no_receives_while_a_service_is_out() -> None:
    world = World()
    assert handled(out_of_service, world, receives=1) == ["message-0"]
    assert world.queue.bodies == []
    assert handled(out_of_service, world, receives=RESEND_FROM_RECEIVE) == []
    assert world.queue.bodies == ["any"]
    (delay,) = world.queue.delays
    assert LEASE_SECONDS <= delay <= 1.5 * LEASE_SECONDS


def test_should_let_a_message_die_that_no_other_try_helps() -> None:
    def fails(_: str) -> None:
        raise Permanent("any.code", "Any.", "Any.")

    world = World()
    assert handled(fails, world, receives=4) == ["message-0"]
    assert world.queue.bodies == []


def test_should_keep_the_message_when_the_new_one_cannot_be_sent() -> None:
    world = World()
    failed = failed_records(
        sqs_batch(["any"], receives=4),
        work=out_of_service,
        resend=lambda body, _: out_of_service(body),
        remaining_seconds=lambda: PLENTY,
        telemetry=world.telemetry,
    )
    assert failed == ["message-0"]
    assert "dispatch.not_resent" in world.log.actions()
