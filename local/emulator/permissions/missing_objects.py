"""Gap: anybody is told that an object is missing. Closed: 403 without the right to list."""

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from local.emulator.permissions import roles

Response = tuple[int, dict[str, str], bytes]

NOT_FOUND = 404
FORBIDDEN = 403


def install() -> None:
    """Hide what is missing from callers who may not list the bucket."""
    for name in ("_get_object", "_head_object"):
        setattr(s3, name, _hiding(getattr(s3, name)))


def _hiding(read: Callable[..., Response]) -> Callable[..., Response]:
    def read_or_hide(bucket: str, key: str, *rest: Any) -> Response:
        response = read(bucket, key, *rest)
        if response[0] != NOT_FOUND:
            return response
        caller = roles.caller_role()
        if caller is None or roles.may(caller, "s3:ListBucket", f"arn:aws:s3:::{bucket}"):
            return response
        denied: Response = s3._error("AccessDenied", "Access Denied", FORBIDDEN, f"/{bucket}/{key}")
        return denied

    return read_or_hide
