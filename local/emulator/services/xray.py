"""Gap (1.5.33, partly upstream): no X-Ray; added are the two calls that write and read traces.

Upstream: it needs the other calls.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)

from local.emulator.patching import register

Response = tuple[int, dict[str, str], bytes]
Document = dict[str, Any]

NAME = "xray"
MOST_AT_ONCE = 5
"""Traces that one call of BatchGetTraces may ask for."""

_DIGITS = re.compile(r"[0-9a-f]{16}")
_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_NAME = re.compile(r"[\w\s.:/%&#=+\\\-@]{1,200}")
_ANNOTATION = re.compile(r"\w{1,500}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TraceStore:
    """The traces of one account and region."""

    _traces: dict[str, dict[str, Document]] = field(default_factory=dict)

    def put(self, content: str) -> dict[str, str] | None:
        """Keep a document, or return why X-Ray would not process it."""
        try:
            document = json.loads(content)
        except ValueError:
            return {"ErrorCode": "ParseError", "Message": "Invalid segment. Not JSON."}
        if problem := invalid_reason(document):
            found = {"ErrorCode": "InvalidSegment", "Message": problem}
            return {**found, "Id": str(document["id"])} if "id" in document else found
        self._traces.setdefault(document["trace_id"], {})[document["id"]] = document
        return None

    def trace(self, trace_id: str) -> Document | None:
        """Return a trace as BatchGetTraces gives it, None if there is none."""
        known = self._traces.get(trace_id)
        if known is None:
            return None
        ends = [float(one.get("end_time") or one["start_time"]) for one in known.values()]
        segments = [
            {"Id": one["id"], "Document": json.dumps(_whole(one, known))}
            for one in known.values()
            if not _is_inside(one, known)
        ]
        began: float = min(one["start_time"] for one in known.values())
        return {"Id": trace_id, "Duration": round(max(ends) - began, 3), "Segments": segments}


def invalid_reason(document: Any) -> str:
    """Return why X-Ray would refuse a document, empty if it would not."""
    if not isinstance(document, dict):
        return "It is not an object."
    return next(chain(_formats(document), _times(document), _relations(document)), "")


def _formats(document: Document) -> Iterator[str]:
    for name, form in (("name", _NAME), ("id", _DIGITS), ("trace_id", _TRACE_ID)):
        if not form.fullmatch(str(document.get(name, ""))):
            yield f"{name} is missing or malformed."
    for name, value in document.get("annotations", {}).items():
        if not _ANNOTATION.fullmatch(name) or type(value) not in (str, int, float, bool):
            yield f"The annotation {name} is not indexed."


def _times(document: Document) -> Iterator[str]:
    began: Any = document.get("start_time")
    ended: Any = document.get("end_time")
    if type(began) not in (int, float) or type(ended) not in (int, float, type(None)):
        yield "start_time or end_time is not a number."
    elif (ended is None) != bool(document.get("in_progress")):
        yield "It needs one of end_time and in_progress."
    elif ended is not None and ended < began:
        yield "It ends before it begins."


def _relations(document: Document) -> Iterator[str]:
    if "parent_id" in document and not _DIGITS.fullmatch(str(document["parent_id"])):
        yield "parent_id is malformed."
    if document.get("type", "subsegment") != "subsegment":
        yield "type is not subsegment."
    if "type" in document and "parent_id" not in document:
        yield "A subsegment on its own needs parent_id."


def _is_inside(document: Document, known: Mapping[str, Document]) -> bool:
    return document.get("type") == "subsegment" and document["parent_id"] in known


def _whole(document: Document, known: Mapping[str, Document]) -> Document:
    inside = [
        _whole(one, known)
        for one in known.values()
        if _is_inside(one, known) and one["parent_id"] == document["id"]
    ]
    return {**document, "subsegments": inside} if inside else document


@dataclass(frozen=True, slots=True)
class XRay:
    """X-Ray of every account and region."""

    _scopes: dict[tuple[str, str], TraceStore] = field(default_factory=dict)

    async def handle(
        self, _method: str, path: str, _headers: Mapping[str, str], body: bytes, _query: Any
    ) -> Response:
        """Answer one call."""
        call = CALLS.get(path.rstrip("/"))
        if call is None:
            return _error("This call is not supported here.")
        store = self._scopes.setdefault((get_account_id(), get_region()), TraceStore())
        try:
            return call(store, json.loads(body or b"{}"))
        except KeyError as missing:
            return _error(f"{missing} is required.")


def _put(store: TraceStore, request: Mapping[str, Any]) -> Response:
    refused = [store.put(content) for content in request["TraceSegmentDocuments"]]
    return json_response({"UnprocessedTraceSegments": [one for one in refused if one is not None]})


def _get(store: TraceStore, request: Mapping[str, Any]) -> Response:
    wanted = request["TraceIds"]
    if len(wanted) > MOST_AT_ONCE:
        return _error(f"At most {MOST_AT_ONCE} traces at once.")
    found = {trace_id: store.trace(trace_id) for trace_id in wanted}
    return json_response(
        {
            "Traces": [trace for trace in found.values() if trace is not None],
            "UnprocessedTraceIds": [one for one, trace in found.items() if trace is None],
        }
    )


CALLS: dict[str, Callable[[TraceStore, Mapping[str, Any]], Response]] = {
    "/TraceSegments": _put,
    "/Traces": _get,
}


def _error(message: str) -> Response:
    return error_response_json("InvalidRequestException", message)


def install() -> None:
    """Add the service to ministack's, and its actions to those that need a right."""
    register(app.SERVICE_HANDLERS, [(NAME, XRay().handle)], __name__)
    router.SERVICE_PATTERNS[NAME] = {"host_patterns": [r"xray\."]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[NAME] = NAME
    iam_actions._BOTOCORE_SERVICE_MAP[NAME] = [NAME]
