"""What an SDK error means: try again, or change something first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
)

from runtime.core.errors import LifestreamError, Permanent, Retryable

THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Codes with a 4xx status that a later retry resolves."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
"""Credentials that the SDK renews before the next try."""

_SERVER_ERROR = 500


def error_code(error: ClientError) -> str:
    """Return the service's error code; S3's HEAD has only a status, as in `404`."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def http_status(error: ClientError) -> int:
    """Return the HTTP status of the answer, 0 when there is none."""
    metadata: Any = error.response.get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode", 0))


def is_throttle(error: ClientError) -> bool:
    """Return whether the service throttled the call."""
    return error_code(error) in THROTTLES


def fault(error: ClientError | BotoCoreError, doing: str) -> LifestreamError:
    """Return the typed form of an SDK error; `doing` completes "AWS failed while ..."."""
    summary = f"AWS failed while {doing}: {error}"
    if isinstance(error, ClientError):
        code = f"aws.{error_code(error)}"
        retryable = error_code(error) in THROTTLES | EXPIRED or http_status(error) >= _SERVER_ERROR
        if not retryable:
            return Permanent(
                code, summary, "Check the role's permissions and that the resource exists."
            )
        return Retryable(code, summary, "It is tried again; if it persists, check quotas.")
    code = f"aws.{type(error).__name__}"
    if isinstance(error, (NoCredentialsError, NoRegionError, ParamValidationError)):
        return Permanent(code, summary, "Check the credentials, the region and the settings.")
    return Retryable(code, summary, "It is tried again; if it persists, check the network.")


@contextmanager
def typed_faults(
    doing: str, *, expected: tuple[str, ...] = (), error_then: Exception | None = None
) -> Iterator[None]:
    """Turn an SDK error of the block into `Retryable` or `Permanent`.

    One whose code ends with one of `expected` raises `error_then`, or only ends the block.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        if not (isinstance(error, ClientError) and error_code(error).endswith(expected)):
            raise fault(error, doing) from error
        if error_then is not None:
            raise error_then from error
