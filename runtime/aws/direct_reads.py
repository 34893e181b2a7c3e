"""Reads of DynamoDB without the SDK's layers, which cost several times the transfer itself."""

import json
import os
import ssl
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

from runtime.core.clock import MonotonicClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TIMEOUT_SECONDS = 2.0
"""Of a connection and of an answer; the SDK then asks with longer ones."""

_OK = 200
_TARGET = "DynamoDB_20120810"
_SERVICE = "dynamodb"
_AUTHORITIES = "AWS_CA_BUNDLE"

Called = Callable[[float], object]
"""Receives the seconds of a call."""


class DirectReads:
    """An SDK client of DynamoDB whose GetItem, BatchGetItem and Query are signed and sent as given.

    Any answer but a good one is left to the SDK, which asks again with its retries and raises its
    errors; a read may be repeated. Everything else is the SDK client's. Attributes of type B are
    returned in base64. `called` receives the times of the reads that the SDK did not make.
    """

    def __init__(self, client: Any, *, clock: MonotonicClock, called: Called) -> None:
        self._client = client
        self._clock = clock
        self._called = called
        self._url = client.meta.endpoint_url.rstrip("/") + "/"
        self._connections = Connections(urlsplit(self._url))
        # The client's own, which are renewed for both.
        self._credentials = client._request_signer._credentials  # noqa: SLF001

    def __getattr__(self, name: str) -> Any:
        """Return what the SDK client has under a name."""
        return getattr(self._client, name)

    def close(self) -> None:
        """Close the connections, and the SDK client."""
        self._connections.close()
        self._client.close()

    def get_item(self, **request: Any) -> Any:
        """Return the SDK's answer, with an `Item` if there is one."""
        return self._read("GetItem", request) or self._client.get_item(**request)

    def batch_get_item(self, **request: Any) -> Any:
        """Return the SDK's answer, with `Responses` and `UnprocessedKeys`."""
        return self._read("BatchGetItem", request) or self._client.batch_get_item(**request)

    def query(self, **request: Any) -> Any:
        """Return the SDK's answer, with `Items` and perhaps a `LastEvaluatedKey`."""
        return self._read("Query", request) or self._client.query(**request)

    def _read(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return an answer, or None for whatever the SDK is to make of it."""
        if self._credentials is None:
            return None
        began = self._clock.monotonic()
        content = self._connections.post(*self._signed(operation, request))
        if content is None:
            return None
        self._called(self._clock.monotonic() - began)
        # An answer without an item is empty, and yet no failure.
        return {"ResponseMetadata": {"HTTPStatusCode": _OK}, **json.loads(content)}

    def _signed(self, operation: str, request: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of a request."""
        body = json.dumps(request).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"{_TARGET}.{operation}",
        }
        sent = AWSRequest("POST", self._url, headers=headers, data=body)
        # Credentials of a task are renewed here, before they expire.
        given = self._credentials.get_frozen_credentials()
        SigV4Auth(given, _SERVICE, self._client.meta.region_name).add_auth(sent)
        return body, dict(sent.headers.items())


class Connections:
    """Connections to a host that stay open between requests; as many as there are calls at once."""

    def __init__(self, address: SplitResult) -> None:
        self._address = address
        self._context: ssl.SSLContext | None = None
        if address.scheme == "https":
            trusted = os.environ.get(_AUTHORITIES) or get_cert_path(verify=True)
            self._context = ssl.create_default_context(cafile=trusted)
        # Its ends are safe to use from several threads.
        self._idle: deque[HTTPConnection] = deque()

    def post(self, body: bytes, headers: Mapping[str, str]) -> bytes | None:
        """Return a good and whole answer, else None; a connection that fails is given up."""
        connection = self._taken()
        try:
            # One buffer with the head, so one call of the system.
            connection.request("POST", self._address.path, body, dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            connection.close()
            return None
        self._idle.append(connection)
        whole = _is_whole(content, answer.headers.get("x-amz-crc32"))
        return content if answer.status == _OK and whole else None

    def close(self) -> None:
        """Close those that are not in use."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> HTTPConnection:
        """Return the connection that was used last, which its host has least likely closed."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._new()

    def _new(self) -> HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self._context is None:
            return HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        return HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=self._context)


def direct_reads(
    client: "DynamoDBClient", *, clock: MonotonicClock, called: Called
) -> "DynamoDBClient":
    """Return the client with cheaper reads; as it is, where a proxy is to be used."""
    if get_environ_proxies(client.meta.endpoint_url):
        return client
    return cast("DynamoDBClient", DirectReads(client, clock=clock, called=called))


def _is_whole(content: bytes, checksum: str | None) -> bool:
    return checksum is None or zlib.crc32(content) == int(checksum)
