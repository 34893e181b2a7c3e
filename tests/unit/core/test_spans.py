import hashlib
import re
from typing import Any

import pytest

from runtime.core.contract import Stage
from runtime.core.spans import Document, Part, Span, about, document, trace_id

JOB_ID = hashlib.sha256(b"any").hexdigest()[:32]
OTHER = hashlib.sha256(b"other").hexdigest()[:32]


def made(part: Part | Stage, **changes: Any) -> Document:
    values: dict[str, Any] = {"job_id": JOB_ID, "attempt": 1, "began": 1.0, "ended": 2.0}
    return document(Span(part=part, **{**values, **changes}), environment="any")


def test_should_find_a_trace_by_the_job_alone() -> None:
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", trace_id(JOB_ID))
    assert trace_id(JOB_ID).replace("-", "") == f"1{JOB_ID}"
    assert about(JOB_ID) == {"job_id": JOB_ID, "trace_id": trace_id(JOB_ID)}


@pytest.mark.parametrize("part", [*Part, *Stage])
def test_should_be_the_same_document_from_every_writer(part: Part | Stage) -> None:
    assert made(part) == made(part)
    assert made(part)["id"] == made(part, ended=None)["id"]
    assert re.fullmatch(r"[0-9a-f]{16}", made(part)["id"])


def test_should_tell_all_that_is_done_for_a_job_apart() -> None:
    ids = [
        made(part, attempt=attempt, job_id=job_id)["id"]
        for part in (*Part, *Stage)
        for attempt in (1, 2)
        for job_id in (JOB_ID, OTHER)
    ]
    # An upload is one for all attempts.
    assert len(set(ids)) == len(ids) - 2
    assert made(Part.REAP, occasion="1")["id"] != made(Part.REAP, occasion="2")["id"]


def test_should_hang_attempts_below_the_upload_and_stages_below_their_attempt() -> None:
    upload, process = made(Part.UPLOAD), made(Part.PROCESS, attempt=2)
    stage = made(Stage.PUBLISH, attempt=2)
    assert "parent_id" not in upload
    for part in set(Part) - {Part.UPLOAD}:
        assert made(part, attempt=2)["parent_id"] == upload["id"]
    assert (stage["parent_id"], stage["type"]) == (process["id"], "subsegment")
    assert {one["trace_id"] for one in (upload, process, stage)} == {trace_id(JOB_ID)}


def test_should_name_parts_by_their_environment_and_stages_by_themselves() -> None:
    assert made(Part.DISPATCH)["name"] == "lifestream-any/dispatch"
    assert made(Stage.DIARIZE)["name"] == "diarize"


def test_should_say_when_it_began_and_whether_it_has_ended() -> None:
    open_, closed = made(Part.PROCESS, ended=None), made(Part.PROCESS, began=1.23456)
    assert (open_["in_progress"], "end_time" in open_) == (True, False)
    assert (closed["start_time"], closed["end_time"], "in_progress" in closed) == (
        1.235,
        2.0,
        False,
    )


def test_should_not_end_before_it_began() -> None:
    assert made(Part.UPLOAD, began=5.0, ended=4.0)["end_time"] == 5.0


@pytest.mark.parametrize(
    ("code", "blame"),
    [("media.no_streams", "error"), ("options.invalid", "error"), ("task.killed", "fault")],
)
def test_should_mark_what_failed_with_its_code(code: str, blame: str) -> None:
    failed = made(Part.PROCESS, code=code, notes={"action": "any"})
    assert failed[blame] is True
    assert {"error", "fault"} & set(failed) == {blame}
    assert failed["annotations"] == {
        "job_id": JOB_ID,
        "environment": "any",
        "attempt": 1,
        "action": "any",
        "code": code,
    }
    (exception,) = failed["cause"]["exceptions"]
    assert (exception["type"], len(exception["id"])) == (code, 16)


def test_should_mark_nothing_that_went_well() -> None:
    assert not {"error", "fault", "cause"} & set(made(Part.PROCESS))
