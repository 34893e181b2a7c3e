"""A job's trace as a person reads it."""

import json

from lifestream.view.waterfall import WIDTH, waterfall
from runtime.core.contract import Stage
from runtime.core.jobs import State
from runtime.core.spans import Document, Part, Span, document, trace_id
from tests.unit.lifestream.operators import Operators

JOB_ID = "0123456789abcdef" * 2


def add_span(
    operators: Operators, job_id: str, part: Part | Stage, *times: float | None
) -> Document:
    began, ended = times
    assert began is not None
    span = Span(job_id=job_id, part=part, attempt=1, began=began, ended=ended)
    made = document(span, environment="any")
    operators.traces.put([made])
    return made


def test_should_show_what_was_done_and_when() -> None:
    operators = Operators()
    job = operators.job_in(State.SUCCEEDED)
    add_span(operators, job.job_id, Part.PROCESS, 10.0, 50.0)
    add_span(operators, job.job_id, Stage.FETCH, 10.0, 20.0)
    add_span(operators, job.job_id, Part.UPLOAD, 2.0, 4.0)

    printed = operators.type("jobs", "trace", job.source.key)

    title, _, *rows = printed.out.splitlines()
    assert (printed.status, title) == (0, f"Trace {trace_id(job.job_id)}")
    assert [row.split()[:1] for row in rows] == [["upload"], ["process"], ["fetch"]]
    assert rows[1].split()[1:6] == ["1", "+8.0", "s", "40.0", "s"]
    assert rows[2].startswith("  fetch")


def test_should_say_that_nothing_is_known() -> None:
    operators = Operators()
    job = operators.job_in(State.SUCCEEDED)

    printed = operators.type("jobs", "trace", job.job_id)

    assert printed.status == 1
    assert "30 days" in printed.out


def test_should_give_a_script_the_documents() -> None:
    operators = Operators()
    job = operators.job_in(State.SUCCEEDED)
    upload = add_span(operators, job.job_id, Part.UPLOAD, 2.0, 4.0)

    printed = operators.type("jobs", "trace", job.job_id, "--json")

    assert json.loads(printed.out) == [upload]


def test_should_name_the_trace_of_a_job() -> None:
    operators = Operators()
    job = operators.job_in(State.RUNNING)
    assert trace_id(job.job_id) in operators.type("jobs", "show", job.job_id).out
    printed = operators.type("jobs", "show", job.job_id, "--json")
    assert json.loads(printed.out)["trace_id"] == trace_id(job.job_id)


# Rows


def row(
    *, began: float, ended: float | None, now: float = 100.0, **span: object
) -> tuple[str, ...]:
    made = Span(job_id=JOB_ID, part=Part.PROCESS, attempt=2, began=began, ended=ended, **span)  # type: ignore[arg-type]
    first = Span(job_id=JOB_ID, part=Part.UPLOAD, attempt=1, began=0.0, ended=0.0)
    documents = [document(one, environment="any") for one in (made, first)]
    return waterfall(documents, now=now)[1]


def test_should_draw_bars_to_one_scale() -> None:
    assert row(began=50.0, ended=100.0)[4] == " " * (WIDTH // 2) + "█" * (WIDTH // 2)
    assert row(began=100.0, ended=100.0)[4] == " " * (WIDTH - 1) + "█"
    assert row(began=0.0, ended=0.0)[4] == "█"


def test_should_say_what_is_still_going_on() -> None:
    assert row(began=40.0, ended=None)[3] == "60.0 s so far"
    assert row(began=40.0, ended=None, now=0.0)[3] == "0.0 s so far"


def test_should_say_what_was_kept_and_what_went_wrong() -> None:
    assert row(began=1.0, ended=1.0, notes={"restored": True})[3] == "kept"
    assert row(began=1.0, ended=2.0)[5] == ""
    failed = row(began=1.0, ended=2.0, code="task.killed", notes={"decision": "put back"})
    assert failed[5] == "put back: task.killed"


def test_should_draw_nothing_of_nothing() -> None:
    assert waterfall([], now=1.0) == []
