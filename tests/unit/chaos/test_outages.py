import json
from pathlib import Path

from chaos.aws_responses import Response, refusal
from chaos.conditions import EventFate
from chaos.fault_injector import FaultInjector
from chaos.fault_log import FaultLog
from chaos.job_numbers import JobNumbers
from chaos.ledger import Ledger
from chaos.outages import (
    CAPACITY,
    FIRST_SECONDS,
    OUTAGES,
    Outages,
    outage_name,
    outage_run_seconds,
    outage_start,
    outages_not_met,
    spread_over_outages,
    upload_time,
)
from chaos.plan import FaultKind, MessageKind, draw_plan
from tests.unit.chaos.sdk_requests import JOBS, json_request


def test_should_take_each_service_out_once_and_never_two_at_a_time() -> None:
    time = 0.0
    outages = Outages(seconds=10.0, began=0.0, now=lambda: time)
    out: dict[str, int] = dict.fromkeys(OUTAGES, 0)
    while time < outage_run_seconds(10.0):
        now = [service for service in OUTAGES if outages.has(service)]
        assert len(now) <= 1
        assert time >= FIRST_SECONDS or not now
        for service in now:
            out[service] += 1
        time += 1.0
    assert out == dict.fromkeys(OUTAGES, 10)
    assert not outages.has("xray")


def test_should_have_no_outage_by_default() -> None:
    assert not Outages(seconds=0.0, began=0.0, now=lambda: FIRST_SECONDS).has("s3")
    assert outage_run_seconds(0.0) == 0.0
    plan = draw_plan(7, 10)
    assert spread_over_outages(plan, 0.0) is plan
    assert not list(outages_not_met({}, 0.0))
    assert Outages(seconds=0.0, began=5.0, now=lambda: 5.0).may_upload(9, 10)


def test_should_have_uploads_in_every_outage_and_lost_events_in_that_of_sqs() -> None:
    jobs, seconds = 20, 60.0
    for service in OUTAGES:
        start = outage_start(service, seconds)
        times = [upload_time(number, jobs, seconds) for number in range(jobs)]
        assert sum(start <= each < start + seconds for each in times) >= 2
    outages = Outages(seconds=seconds, began=100.0, now=lambda: 100.0 + times[3])
    assert [outages.may_upload(number, jobs) for number in (3, 4)] == [True, False]
    plan = spread_over_outages(draw_plan(7, jobs), seconds)
    silent = {
        number
        for number, scenario in enumerate(plan.jobs)
        if scenario.conditions.event is EventFate.LOST and not scenario.extras
    }
    start = outage_start("sqs", seconds)
    out = {n for n, each in enumerate(times) if start <= each < start + seconds / 2}
    assert out <= silent
    assert len(silent) < jobs / 2
    for number in out:
        after = plan.jobs[(number + 1) % jobs]
        assert MessageKind.EVENT_OF_TWO not in {each.kind for each in after.extras}


def test_should_say_which_outage_no_call_met() -> None:
    counts = {outage_name(service): 3 for service in OUTAGES if service != "sqs"}
    (found,) = outages_not_met(counts, 60.0)
    assert "outage of sqs" in found.what


def test_should_refuse_a_transaction_and_a_single_write_as_dynamodb_does() -> None:
    together = refusal(FaultKind.CONFLICT, "dynamodb", "TransactWriteItems")
    assert b"TransactionCanceledException" in together.body
    assert b'"TransactionConflict"' in together.body
    alone = refusal(FaultKind.CONFLICT, "dynamodb", "PutItem")
    assert alone.status == 400
    assert b"TransactionConflictException" in alone.body


def test_should_start_no_task_without_capacity(tmp_path: Path) -> None:
    time = outage_start(CAPACITY, 60.0)
    fault_log = FaultLog(draw_plan(7, 1), tmp_path / "faults.jsonl")
    injector = FaultInjector(
        job_numbers=JobNumbers(),
        fault_log=fault_log,
        ledger=Ledger(lambda _job, _attempt: False),
        jobs_table=JOBS,
        outages=Outages(seconds=60.0, began=0.0, now=lambda: time),
    )
    sender = {"user-agent": "app/lifestream-dispatcher.1"}
    request = json_request("ecs", "RunTask", {"any": 1}, **sender)
    carried_out = Response(200)
    response = injector.handle(request, lambda: carried_out)
    assert response is not None
    assert json.loads(response.body)["failures"]
    assert fault_log.kinds[outage_name(CAPACITY)] == 1
    time += 60.0
    assert injector.handle(request, lambda: carried_out) is carried_out
