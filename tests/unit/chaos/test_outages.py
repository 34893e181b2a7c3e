from chaos.aws_responses import refusal
from chaos.outages import FIRST_SECONDS, SERVICES, Outages, outage_run_seconds
from chaos.plan import FaultKind


def test_should_take_each_service_out_once_and_never_two_at_a_time() -> None:
    time = 0.0
    outages = Outages(seconds=10.0, began=0.0, now=lambda: time)
    out: dict[str, int] = dict.fromkeys(SERVICES, 0)
    while time < outage_run_seconds(10.0):
        now = [service for service in SERVICES if outages.has(service)]
        assert len(now) <= 1
        assert time >= FIRST_SECONDS or not now
        for service in now:
            out[service] += 1
        time += 1.0
    assert out == dict.fromkeys(SERVICES, 10)
    assert not outages.has("xray")


def test_should_have_no_outage_by_default() -> None:
    assert not Outages(seconds=0.0, began=0.0, now=lambda: FIRST_SECONDS).has("s3")
    assert outage_run_seconds(0.0) == 0.0


def test_should_refuse_a_transaction_and_a_single_write_as_dynamodb_does() -> None:
    together = refusal(FaultKind.CONFLICT, "dynamodb", "TransactWriteItems")
    assert b"TransactionCanceledException" in together.body
    assert b'"TransactionConflict"' in together.body
    alone = refusal(FaultKind.CONFLICT, "dynamodb", "PutItem")
    assert alone.status == 400
    assert b"TransactionConflictException" in alone.body
