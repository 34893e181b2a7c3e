"""Cursors of listings: opaque to callers, checked when they come back."""

import base64
import json

from runtime.api.identifiers import known_form
from runtime.api.problems import invalid
from runtime.core.service_ports import ListPosition

LATEST = 1e11
"""A time, in seconds since the epoch, that no record exceeds."""


def cursor_of(position: ListPosition | None) -> str | None:
    """Return the text of a position."""
    if position is None:
        return None
    text = json.dumps([position.created_at, position.job_id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> ListPosition | None:
    """Return the position of a cursor; raise `ProblemError` 422 for one that is none."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, job_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        position = ListPosition(created_at=float(created_at), job_id=str(job_id))
    except (ValueError, TypeError) as error:
        raise _wrong() from error
    if not 1 <= position.created_at <= LATEST or not known_form(position.job_id):
        raise _wrong()
    return position


def _wrong() -> Exception:
    return invalid("request.invalid", "The cursor is none.", "Use `next_cursor` unchanged.")
