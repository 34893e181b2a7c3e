"""Traces kept in memory, or refused."""

from collections.abc import Sequence
from typing import Any

from runtime.core.errors import Retryable
from runtime.core.spans import Document, Span


class FakeTraces:
    """`sent` holds what each call was given; while `broken`, every call fails."""

    def __init__(self) -> None:
        self.sent: list[list[Document]] = []
        self.broken = False
        self._kept: dict[str, dict[str, Document]] = {}

    def put(self, documents: Sequence[Document]) -> None:
        self.sent.append(list(documents))
        if self.broken:
            raise Retryable("aws.any", "Any.", "Any.")
        for one in documents:
            self._kept.setdefault(one["trace_id"], {})[one["id"]] = one

    def read(self, trace_id: str) -> list[Document]:
        kept = self._kept.get(trace_id, {})
        return [
            self._whole(one, kept)
            for one in kept.values()
            if one.get("type") != "subsegment" or one["parent_id"] not in kept
        ]

    def _whole(self, document: Document, kept: dict[str, Document]) -> dict[str, Any]:
        inside = [
            self._whole(one, kept)
            for one in kept.values()
            if one.get("type") == "subsegment" and one["parent_id"] == document["id"]
        ]
        return {**document, "subsegments": inside} if inside else dict(document)


class KeptTracing:
    """Keeps spans; `flushed` counts how often somebody wanted them sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.flushed = 0

    def add(self, span: Span) -> None:
        self.spans.append(span)

    def flush(self) -> None:
        self.flushed += 1

    def flush_soon(self) -> None:
        self.flushed += 1
