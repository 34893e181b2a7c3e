"""`findings.json.gz`: all that a job found, exact, to render its files without it.

Compressed, because it has each word with its exact times: 24 MB for six hours of talk without.
"""

import gzip
import json
import zlib
from dataclasses import dataclass, fields, replace

from runtime.core.codec import DecodeError, decode, encode
from runtime.core.contract import Stage
from runtime.core.jobs import Source
from runtime.core.media import Chapter, MediaInfo, PublishedFile, Scene, Turn
from runtime.core.summary import Summary
from runtime.results.job_result import JobResult
from runtime.results.warnings import ResultWarning

SCHEMA_VERSION = "1.0"


class UnreadableFindingsError(ValueError):
    """The document is of another version of this code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    stage: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    """The fields of `JobResult`, of types that can be encoded."""

    source: Source
    media: MediaInfo
    duration_seconds: float
    language: str | None
    turns: tuple[Turn, ...]
    chapters: tuple[Chapter, ...]
    summary: Summary
    scenes: tuple[Scene, ...]
    warnings: tuple[ResultWarning, ...]
    models: tuple[_Model, ...]
    media_files: tuple[PublishedFile, ...]


_SAME = tuple(each.name for each in fields(_Findings) if each.name != "models")


def findings_bytes(result: JobResult) -> bytes:
    """Return the document of a result without corrections.

    It names no folder of a file: which attempt wrote it depends on what was interrupted.
    """
    same = {name: getattr(result, name) for name in _SAME}
    same["media_files"] = tuple(replace(file, folder="") for file in result.media_files)
    found = _Findings(
        **same,
        models=tuple(_Model(stage=stage, name=name) for stage, name in result.models.items()),
    )
    document = {"schema_version": SCHEMA_VERSION, "findings": encode(found)}
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return gzip.compress(content.encode(), mtime=0)


def read_findings(content: bytes) -> JobResult:
    """Return the result that the document was made of; raise `UnreadableFindingsError`."""
    try:
        document = json.loads(gzip.decompress(content))
        found = decode(_Findings, document["findings"])
    except (DecodeError, KeyError, TypeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadableFindingsError(str(error)) from error
    return JobResult(
        **{name: getattr(found, name) for name in _SAME},
        models={Stage(model.stage): model.name for model in found.models},
    )
