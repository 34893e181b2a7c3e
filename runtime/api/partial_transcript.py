"""What a running job has recognised so far, from the checkpoints of its transcription.

The checkpoints are the processor's own; `tests/unit/api/test_partial.py` has the processor's code
write what is read here. What cannot be read is not shown: a preview must not fail.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from runtime.core.contract import Stage, work_prefix
from runtime.core.jobs import Job
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.core.word_spacing import joined

SAMPLE_RATE = 16_000
MAX_OBJECTS = 500
SENTENCE_ENDS = (".", "?", "!", "\u2026", "\u3002", "\uff1f", "\uff01")
LONGEST_SENTENCE_WORDS = 60


class PartialSentenceModel(BaseModel):
    """A sentence recognised so far."""

    start_seconds: float
    end_seconds: float
    text: str


class PartialModel(BaseModel):
    """What a running job has recognised; nothing before its transcription and after its end."""

    sentences: list[PartialSentenceModel]
    until_seconds: float


def partial_transcript(job: Job, objects: ObjectStore) -> PartialModel:
    """Return what the job's transcription has stored, nothing before it has."""
    words: list[Mapping[str, Any]] = []
    until = 0.0
    for window in _windows(job, objects):
        words.extend(window["words"])
        until = window["end"] / SAMPLE_RATE
    return PartialModel(sentences=list(sentences_of(words)), until_seconds=until)


def sentences_of(words: Sequence[Mapping[str, Any]]) -> Iterator[PartialSentenceModel]:
    """Yield the sentences that words make, the last one perhaps unfinished."""
    current: list[Mapping[str, Any]] = []
    for word in words:
        current.append(word)
        if word["text"].endswith(SENTENCE_ENDS) or len(current) == LONGEST_SENTENCE_WORDS:
            yield _sentence(current)
            current = []
    if current:
        yield _sentence(current)


def _sentence(words: Sequence[Mapping[str, Any]]) -> PartialSentenceModel:
    return PartialSentenceModel(
        start_seconds=words[0]["start_seconds"],
        end_seconds=words[-1]["end_seconds"],
        text=joined(word["text"] for word in words),
    )


def _windows(job: Job, objects: ObjectStore) -> Iterator[Mapping[str, Any]]:
    prefix, number, fingerprint = f"{work_prefix(job.job_id)}{Stage.TRANSCRIBE}/", 0, None
    for _ in range(MAX_OBJECTS):
        try:
            content = objects.read_bytes(job.source.bucket, f"{prefix}{number:07d}")
            head, windows = _units(content)
        except (ObjectNotFoundError, ValueError, KeyError, TypeError):
            return
        fingerprint = fingerprint or head
        if head != fingerprint:
            return  # It is left from a run with other options.
        yield from windows
        number += len(windows)


def _units(content: bytes) -> tuple[str, list[Mapping[str, Any]]]:
    """Return fingerprint and windows of an object; raise for one that is damaged."""
    first, _, rest = content.partition(b"\n")
    head = json.loads(first)
    windows: list[Mapping[str, Any]] = []
    at = 0
    for size in head["sizes"]:
        window = json.loads(rest[at : at + size])
        words = [
            {
                "start_seconds": float(word["start_seconds"]),
                "end_seconds": float(word["end_seconds"]),
                "text": str(word["text"]),
            }
            for word in window["words"]
        ]
        windows.append({"end": int(window["end"]), "words": words})
        at += size
    return str(head["fingerprint"]), windows
