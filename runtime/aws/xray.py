"""Traces on AWS X-Ray by its API: a Fargate task has no X-Ray daemon beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runtime.aws import clients
from runtime.aws.sdk_errors import typed_faults
from runtime.core.clock import MonotonicClock
from runtime.core.errors import Permanent
from runtime.core.log import Log
from runtime.core.spans import Document
from runtime.core.tracer import NoTracing, SentTracing, Tracing

DOCUMENTS_A_CALL = 25
"""A document takes under a kilobyte; a call accepts far more than this many."""


class XRayTraces:
    """Traces of one account and region."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, documents: Sequence[Document]) -> None:
        """Keep segments and subsegments; one that is known is replaced.

        Those before one that is refused are kept; raise `Permanent` `traces.refused`.
        """
        for first in range(0, len(documents), DOCUMENTS_A_CALL):
            batch = documents[first : first + DOCUMENTS_A_CALL]
            with typed_faults("sending a trace to X-Ray"):
                answer = self._client.put_trace_segments(
                    TraceSegmentDocuments=[json.dumps(one, ensure_ascii=False) for one in batch]
                )
            if refused := answer.get("UnprocessedTraceSegments"):
                raise Permanent(
                    "traces.refused",
                    f"X-Ray refused {len(refused)} of {len(batch)} segments: {_why(refused[0])}.",
                    "Compare the segment's document with X-Ray's format.",
                )

    def read(self, trace_id: str) -> list[Document]:
        """Return the segments of a trace with their subsegments; none for an unknown trace."""
        return list(self._segments(trace_id))

    def _segments(self, trace_id: str) -> Iterator[Document]:
        pages = self._client.get_paginator("batch_get_traces").paginate(TraceIds=[trace_id])
        with typed_faults(f"reading trace {trace_id}"):
            for page in pages:
                for trace in page["Traces"]:
                    for segment in trace["Segments"]:
                        yield json.loads(segment["Document"])


def tracing_of(
    *, wanted: bool, region: str, environment: str, clock: MonotonicClock, log: Log
) -> Tracing:
    """Return tracing to the account's X-Ray, or none where it is not wanted."""
    if not wanted:
        return NoTracing()
    return SentTracing(
        traces=XRayTraces(clients.xray(region)), environment=environment, clock=clock, log=log
    )


def _why(refused: Mapping[str, Any]) -> str:
    return f"{refused.get('Id')}: {refused.get('ErrorCode')} {refused.get('Message') or ''}".strip()
