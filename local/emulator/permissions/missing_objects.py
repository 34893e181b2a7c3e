"""Gap (1.5.33, upstream): a missing object is a 404 also without the right to list.

S3 answers 403 then.
"""

from http import HTTPStatus
from typing import Any

from ministack.services import s3

from local.emulator.patching import patch
from local.emulator.permissions import roles


@patch(s3, "_get_object", "_head_object")
def read(original: Any, bucket: str, key: str, *rest: Any) -> Any:
    """Hide what is missing from callers who may not list the bucket."""
    response = original(bucket, key, *rest)
    if response[0] != HTTPStatus.NOT_FOUND:
        return response
    caller = roles.caller_role()
    if caller is None or roles.may(caller, "s3:ListBucket", f"arn:aws:s3:::{bucket}"):
        return response
    forbidden = HTTPStatus.FORBIDDEN.value
    return s3._error("AccessDenied", "Access Denied", forbidden, f"/{bucket}/{key}")
