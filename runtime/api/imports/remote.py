"""The remote file of an import: opened at a byte, by redirects that are checked one by one."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from runtime.api.outbound.transport import NETWORK_ERRORS, Outbound, failure_of
from runtime.core.errors import Permanent, Retryable

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
_TRY_AGAIN = frozenset({408, 425, 429})
_SERVER_ERROR = 500
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """An answer whose body is being read: it begins at byte `start` of a file of `total` bytes.

    `validator` is a strong ETag, None where the server gives none: then nothing can be resumed.
    """

    start: int
    total: int | None
    validator: str | None
    content_type: str
    chunks: Iterator[bytes]


@contextmanager
def opened(
    outbound: Outbound, url: str, *, start: int = 0, validator: str | None = None
) -> Iterator[RemoteFile]:
    """Open a file at `start` if it is still the one of `validator`, else at its beginning.

    Raise `Permanent` for what is no file to import, `Retryable` for what may be one later.
    """
    headers = {"User-Agent": "lifestream-import/1", "Accept": "*/*"}
    if start and validator:
        headers |= {"Range": f"bytes={start}-", "If-Range": validator}
    try:
        for _ in range(MAX_REDIRECTS + 1):
            with outbound.stream("GET", url, headers=headers) as response:
                fields = _fields(response.headers)
                if response.status in _REDIRECTS and "location" in fields:
                    url = urljoin(url, fields["location"])
                    continue
                yield _remote(response, fields, asked=start if "Range" in headers else 0)
                return
    except NETWORK_ERRORS as error:
        raise failure_of(error) from error
    raise Permanent(
        "import.redirects", f"The URL redirects more than {MAX_REDIRECTS} times.", "Give its end."
    )


def _remote(response: Any, fields: Mapping[str, str], *, asked: int) -> RemoteFile:
    status: int = response.status
    if status in _TRY_AGAIN or status >= _SERVER_ERROR or status == _RANGE_REFUSED:
        raise Retryable("import.busy", f"The server answered {status}.", "It is tried again.")
    if status not in {_OK, _PARTIAL}:
        raise Permanent(
            "import.refused",
            f"The server answered {status}.",
            "Check that the URL can be opened without signing in.",
        )
    kind = fields.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _PAGES:
        raise Permanent(
            "import.not_media", "The URL shows a page, not a file.", "Give the file's own URL."
        )
    if fields.get("content-encoding", "identity").lower() != "identity":
        raise Permanent(
            "import.encoded", "The server sends the file compressed.", "Give another URL."
        )
    start, total = 0, _number(fields.get("content-length"))
    if status == _PARTIAL:
        found = _CONTENT_RANGE.fullmatch(fields.get("content-range", ""))
        if found is None or int(found[1]) != asked:
            raise Retryable("import.wrong_range", "The server lies about ranges.", "Again.")
        start, total = asked, _number(found[3])
    etag = fields.get("etag")
    return RemoteFile(
        start=start,
        total=total,
        validator=etag if etag and not etag.startswith("W/") else None,
        content_type=kind,
        chunks=response.iter_stream(),
    )


def _fields(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() else None
