"""`findings.json.gz`: all that a job found, exact, to render its files without it.

Compressed, because it has each word with its exact times: 24 MB for six hours of talk without.
"""

import gzip
import json
import zlib
from dataclasses import dataclass, fields, replace
from typing import get_type_hints

from runtime.core.codec import DecodeError, decode, encode
from runtime.core.contract import Stage
from runtime.results.job_result import JobResult

SCHEMA_VERSION = "1.0"


class UnreadableFindingsError(ValueError):
    """The document is of another version of this code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    stage: str
    name: str


_FIELDS = tuple(each.name for each in fields(JobResult) if each.name != "corrections")


def findings_bytes(result: JobResult) -> bytes:
    """Return the document of a result without corrections.

    It names no folder of a file: which attempt wrote it depends on what was interrupted.
    """
    models = tuple(_Model(stage=stage, name=name) for stage, name in result.models.items())
    files = tuple(replace(file, folder="") for file in result.media_files)
    others = {"models": models, "media_files": files}
    found = {name: encode(others.get(name, getattr(result, name))) for name in _FIELDS}
    document = {"schema_version": SCHEMA_VERSION, "findings": found}
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return gzip.compress(content.encode(), mtime=0)


def read_findings(content: bytes) -> JobResult:
    """Return the result that the document was made of; raise `UnreadableFindingsError`."""
    try:
        document = json.loads(gzip.decompress(content))
        found, kinds = document["findings"], get_type_hints(JobResult)
        if not isinstance(found, dict) or found.keys() != set(_FIELDS):
            raise DecodeError("it has other fields")
        models = decode(tuple[_Model, ...], found.pop("models"))
        return JobResult(
            **{name: decode(kinds[name], value) for name, value in found.items()},
            models={Stage(model.stage): model.name for model in models},
        )
    except (KeyError, TypeError, ValueError, OSError, EOFError, zlib.error) as error:
        raise UnreadableFindingsError(str(error)) from error
