"""Conditions around jobs: drawn by seed, each kind with its rate, and carried out as they say."""

import errno
import io
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from chaos.aws_responses import Response, no_tasks
from chaos.call_names import WORKERS, Caller
from chaos.conditions import (
    ACT_SHARE,
    EVENT_SHARE,
    ODD_NAMES,
    SEQUENCES,
    Act,
    Conditions,
    EventFate,
    MachineFault,
    draw_conditions,
)
from chaos.events import HEARD, UNHEARD, event_times, upload_key
from chaos.http_requests import Request
from chaos.job_numbers import JobNumbers
from chaos.lagging_reads import LaggingReads
from chaos.machine import sitecustomize
from chaos.plan import DISTURBING, MAX_KILLS, FaultKind, draw_plan
from chaos.pool.pool_plan import pool_plan
from chaos.redelivery import Receipts
from tests.unit.chaos.sdk_requests import json_request

MANY = 2000


def drawn(*, valid: bool = True, spare_run: bool = True) -> list[Conditions]:
    return [
        draw_conditions(random.Random(seed), valid=valid, spare_run=spare_run)  # noqa: S311 - faults
        for seed in range(MANY)
    ]


def test_should_draw_each_condition_with_its_rate() -> None:
    conditions = drawn()
    fates = Counter(each.event for each in conditions)
    assert set(fates) == set(EventFate)
    assert 1 - fates[EventFate.ORDINARY] / MANY == pytest.approx(EVENT_SHARE, abs=0.03)
    assert sum(bool(each.acts) for each in conditions) / MANY == pytest.approx(ACT_SHARE, abs=0.03)
    assert {each.machine for each in conditions} == {None, *MachineFault}
    assert {each.odd_name for each in conditions} == {"", *ODD_NAMES}
    assert any(each.speech for each in conditions)


def test_should_leave_invalid_videos_and_spent_runs_alone() -> None:
    assert not any(each.acts or each.machine or each.speech for each in drawn(valid=False))
    spent = {each.machine for each in drawn(spare_run=False)}
    assert spent == {None, MachineFault.CLOCK_SKEW, MachineFault.CLOCK_STEP}


@pytest.mark.parametrize("sequence", SEQUENCES, ids="-".join)
def test_should_have_people_leave_each_job_so_that_it_succeeds(sequence: tuple[Act, ...]) -> None:
    """After a cancel or a deletion somebody retries it."""
    for spoiling in (Act.CANCEL, Act.DELETE):
        if spoiling in sequence:
            assert Act.RETRY in sequence[sequence.index(spoiling) :]
    if Act.DELETE in sequence:
        assert Act.UPLOAD_AGAIN in sequence[sequence.index(Act.DELETE) :]


@pytest.mark.parametrize(
    ("fate", "prefix", "times"),
    [
        (EventFate.ORDINARY, HEARD, []),
        (EventFate.LOST, UNHEARD, []),
        (EventFate.DOUBLED, UNHEARD, [0.0, 3.0]),
        (EventFate.LATE, UNHEARD, [3.0]),
    ],
)
def test_should_send_events_by_their_fate(fate: EventFate, prefix: str, times: list[float]) -> None:
    conditions = Conditions(event=fate, event_seconds=3.0)
    assert upload_key("0001", conditions).startswith(prefix)
    assert list(event_times(conditions)) == times


def test_should_plan_a_pools_faults_without_stops_of_its_own() -> None:
    plan = pool_plan(7, 400)
    laid = [(o.call, f.kind) for job in plan.jobs for o, f in job.faults.items()]
    kinds = {kind for _, kind in laid}
    assert FaultKind.TERMINATE not in kinds
    assert {FaultKind.FREEZE, FaultKind.KILL_AFTER, FaultKind.REDELIVERY} <= kinds
    assert {call for call, _ in laid} >= set(WORKERS)
    assert list(pool_plan(7, 400).lines()) == list(plan.lines())


def test_should_spare_a_run_of_a_pools_jobs_for_a_workers_machine() -> None:
    for job in pool_plan(7, 400).jobs:
        deadly = [
            fault
            for occurrence, fault in job.faults.items()
            if occurrence.call.caller is Caller.PROCESSOR and fault.kind in DISTURBING
        ]
        assert len(deadly) <= 1


def test_should_not_have_two_workers_in_a_row_fail_their_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io, "open", io.open)
    monkeypatch.setattr("builtins.open", open)
    environ, faults = {"WORK_DIR": str(tmp_path)}, {"workers": [FAULTS["job"]]}
    last = tmp_path.parent / "last"
    last.touch()
    sitecustomize.apply(environ, faults, 1, last)
    (tmp_path / "a").write_text("any")
    os.utime(last, (0, 0))
    sitecustomize.apply(environ, faults, 1, last)
    with pytest.raises(OSError, match="No space left"):
        (tmp_path / "a").write_text("any")
    assert last.stat().st_mtime > 0


def test_should_spare_a_run_for_a_machine_that_spends_one() -> None:
    for job in draw_plan(3, MANY).jobs:
        if job.conditions.machine in {MachineFault.DISK_FULL, MachineFault.LITTLE_MEMORY}:
            deadly = [
                fault
                for occurrence, fault in job.faults.items()
                if occurrence.call.caller is Caller.PROCESSOR
                and fault.kind in {FaultKind.KILL_BEFORE, FaultKind.KILL_AFTER, FaultKind.FREEZE}
            ]
            assert len(deadly) < MAX_KILLS


QUERY = json_request("dynamodb", "Query", {"any": 1})
LIST = json_request("ecs", "ListTasks", {"startedBy": "any"})


def test_should_answer_a_query_as_it_was_before() -> None:
    lagging = LaggingReads()
    assert lagging.outdated(1, QUERY) is None
    old = Response(200, body=b"old")
    lagging.note(QUERY, old)
    assert lagging.outdated(1, QUERY) is old
    lagging.note(QUERY, Response(500))
    assert lagging.outdated(1, QUERY) is old


def test_should_not_list_a_task_in_its_first_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    lagging = LaggingReads()
    assert lagging.outdated(1, LIST) is None
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began)
    lagging.launched(1)
    assert lagging.outdated(1, LIST) == no_tasks()
    monkeypatch.setattr(time, "monotonic", lambda: began + 60)
    assert lagging.outdated(1, LIST) is None


def test_should_know_a_message_by_its_receipt_and_deliver_it_again() -> None:
    numbers = JobNumbers()
    sent: list[Request] = []

    def send(request: Request) -> Response:
        sent.append(request)
        return Response(200)

    job_id = "0" * 32
    numbers.register(4, job_id)
    receipts = Receipts(numbers, send)
    body = b'{"Messages": [{"Body": "{\\"job_id\\": \\"%s\\"}", "ReceiptHandle": "r1"}]}'
    received = Response(200, body=body % job_id.encode())
    assert receipts.register(received) == 4
    deleting = json_request("sqs", "DeleteMessage", {"ReceiptHandle": "r1"})
    assert numbers.known(deleting.names) == 4
    receipts.deliver_again(json_request("sqs", "ReceiveMessage", {"QueueUrl": "q"}), received)
    assert [each.json["VisibilityTimeout"] for each in sent] == [0]
    assert receipts.register(Response(200, body=b"{}")) is None


FAULTS = {
    "job": {"kind": "disk_full", "seconds": 0},
    "workers": [None, {"kind": "clock_skew", "seconds": 500}],
}


def test_should_spoil_the_first_attempt_of_a_job_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(io, "open", io.open)
    monkeypatch.setattr("builtins.open", open)
    environ = {"JOB_ID": "job", "JOB_ATTEMPT": "2", "WORK_DIR": str(tmp_path)}
    sitecustomize.apply(environ, FAULTS, pid=1)
    (tmp_path / "a").write_text("any")
    sitecustomize.apply({**environ, "JOB_ATTEMPT": "1"}, FAULTS, pid=1)
    with pytest.raises(OSError, match="No space left") as caught:
        (tmp_path / "b").open("wb")
    assert caught.value.errno == errno.ENOSPC
    assert (tmp_path / "a").read_text() == "any"


@pytest.mark.parametrize(("pid", "seconds"), [(2, 0), (3, 500)])
def test_should_spoil_workers_in_turn(
    pid: int, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", real)
    sitecustomize.apply({"WORK_DIR": "any"}, FAULTS, pid=pid)
    assert time.time() - real() == pytest.approx(seconds, abs=200)


def test_should_not_spoil_a_child_that_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a job met more faults that cost a run than its plan has."""
    real = time.time
    monkeypatch.setattr(time, "time", real)
    sitecustomize.apply({"PATH": "any"}, FAULTS, pid=3)
    assert time.time is real


def test_should_spoil_a_process_by_being_imported_by_python(tmp_path: Path) -> None:
    """As the processors find it: beside the code, with its file."""
    (tmp_path / "sitecustomize.py").write_text(Path(sitecustomize.__file__).read_text())
    (tmp_path / sitecustomize.FAULTS).write_text('{"job": {"kind": "clock_skew", "seconds": 9000}}')
    seen = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env={
            "PYTHONPATH": str(tmp_path),
            "JOB_ID": "job",
            "JOB_ATTEMPT": "1",
            "WORK_DIR": str(tmp_path),
        },
        capture_output=True,
        check=True,
    )
    assert float(seen.stdout) - time.time() > 8000
