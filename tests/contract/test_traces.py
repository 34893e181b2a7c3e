"""What every place for traces promises, on the fake and on X-Ray."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.xray import DOCUMENTS_A_CALL, XRayTraces
from runtime.core.contract import Stage
from runtime.core.errors import Permanent
from runtime.core.ports import Traces
from runtime.core.spans import Part, Span, document, trace_id
from tests.fakes.traces import FakeTraces


def _fake(_: pytest.FixtureRequest) -> Traces:
    return FakeTraces()


def _xray(request: pytest.FixtureRequest) -> Traces:
    request.getfixturevalue("cloud")
    client = clients.xray("us-east-1")
    request.addfinalizer(client.close)
    return XRayTraces(client)


@pytest.fixture(params=[_fake, pytest.param(_xray, marks=pytest.mark.cloud)])
def traces(request: pytest.FixtureRequest) -> Traces:
    make: Callable[[pytest.FixtureRequest], Traces] = request.param
    return make(request)


@pytest.fixture
def job_id() -> str:
    return uuid4().hex


def of(job_id: str, part: Part | Stage, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"began": 100.0, "ended": 101.0, "attempt": 1, **changes}
    return document(Span(job_id=job_id, part=part, **values), environment="any")


def test_should_know_nothing_of_a_job_that_no_one_traced(traces: Traces, job_id: str) -> None:
    assert traces.read(trace_id(job_id)) == []


def test_should_keep_what_was_put_by_its_trace(traces: Traces, job_id: str) -> None:
    upload = of(job_id, Part.UPLOAD)
    failed = of(job_id, Part.DISPATCH, code="launch.failed", notes={"compute": "cpu"})
    traces.put([upload, failed, of(uuid4().hex, Part.UPLOAD)])
    assert traces.read(trace_id(job_id)) == [upload, failed]


def test_should_put_stages_inside_their_attempt(traces: Traces, job_id: str) -> None:
    first, second = of(job_id, Part.PROCESS), of(job_id, Part.PROCESS, attempt=2)
    stage = of(job_id, Stage.FETCH, attempt=2)
    traces.put([first, second])
    traces.put([stage])
    assert traces.read(trace_id(job_id)) == [first, {**second, "subsegments": [stage]}]


def test_should_replace_what_was_in_progress(traces: Traces, job_id: str) -> None:
    traces.put([of(job_id, Part.PROCESS, ended=None)])
    (before,) = traces.read(trace_id(job_id))
    traces.put([of(job_id, Part.PROCESS)])
    (after,) = traces.read(trace_id(job_id))
    assert (before["in_progress"], before.get("end_time")) == (True, None)
    assert (after.get("in_progress"), after["end_time"]) == (None, 101.0)


def test_should_keep_more_than_a_call_takes(traces: Traces, job_id: str) -> None:
    many = [
        of(job_id, Part.DISPATCH, attempt=attempt) for attempt in range(2 * DOCUMENTS_A_CALL + 1)
    ]
    traces.put(many)
    assert traces.read(trace_id(job_id)) == many


@pytest.mark.cloud
@pytest.mark.parametrize(
    "wrong", [{"id": "1"}, {"trace_id": "any"}, {"end_time": 1.0}, {"name": "?"}]
)
@pytest.mark.usefixtures("cloud")
def test_should_say_that_a_document_was_refused(wrong: dict[str, Any], job_id: str) -> None:
    client = clients.xray("us-east-1")
    with pytest.raises(Permanent, match="refused 1 of 2") as refusal:
        XRayTraces(client).put([of(job_id, Part.UPLOAD), {**of(job_id, Part.PROCESS), **wrong}])
    assert refusal.value.code == "traces.refused"
    client.close()
