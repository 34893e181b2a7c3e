"""HTTPS to public addresses: each connection is made to an address that was checked just before.

The name is resolved once for a connection, every answer is checked, and the connection goes to one
of them: a name that answers differently the second time gains nothing. TLS still verifies the name.
"""

import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore

from runtime.api.outbound.addresses import Permit, is_public, parsed
from runtime.core.clock import MonotonicClock
from runtime.core.errors import LifestreamError, Permanent, Retryable

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host; raises `OSError`."""

HTTPS_PORT = 443
MAX_URL_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPolicy:
    """What may be called. Tests permit a server of their own; production has the defaults."""

    permit: Permit = is_public
    ports: frozenset[int] = frozenset({HTTPS_PORT})
    schemes: frozenset[str] = frozenset({"https"})
    authority: ssl.SSLContext | None = None


DEFAULT_POLICY = OutboundPolicy()


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, by the system's resolver."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def check_url(url: str, policy: OutboundPolicy = DEFAULT_POLICY) -> None:
    """Raise `Permanent` `url.refused` for a URL that is not to be called, without resolving it."""
    if len(url) > MAX_URL_CHARACTERS or not (url.isascii() and url.isprintable()):
        raise refused("it is too long, or not plain ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port or HTTPS_PORT
    except ValueError as error:
        raise refused("it cannot be read") from error
    if parts.scheme not in policy.schemes or not parts.hostname:
        raise refused("it is no https:// URL of a host")
    if parts.username is not None or parts.password is not None:
        raise refused("it holds a user name or a password")
    if port not in policy.ports:
        raise refused(f"its port {port} is not {', '.join(map(str, sorted(policy.ports)))}")


def refused(why: str) -> Permanent:
    """Return the error of a URL that the service does not call."""
    return Permanent(
        "url.refused", f"The URL is refused: {why}.", "Give the https:// URL of a public host."
    )


class BoundedStream(httpcore.NetworkStream):
    """A stream that ends at a time: a peer that sends a byte now and then holds it no longer."""

    def __init__(
        self, stream: httpcore.NetworkStream, *, ends_at: float, clock: MonotonicClock
    ) -> None:
        self._stream = stream
        self._ends_at = ends_at
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Return the encrypted stream, with the same end."""
        limit = self._left(timeout, httpcore.ConnectTimeout)
        encrypted = self._stream.start_tls(ssl_context, server_hostname, limit)
        return BoundedStream(encrypted, ends_at=self._ends_at, clock=self._clock)

    def get_extra_info(self, info: str) -> Any:
        """Return a property of the connection."""
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            raise error
        return left if timeout is None else min(left, timeout)


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to permitted addresses only."""

    def __init__(
        self,
        policy: OutboundPolicy,
        resolver: Resolve,
        *,
        total_seconds: float,
        clock: MonotonicClock,
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._total_seconds = total_seconds
        self._clock = clock
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check every answer, connect to the first that accepts."""
        last: Exception | None = None
        for address in self._checked(host, port):
            try:
                stream = self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                ends_at = self._clock.monotonic() + self._total_seconds
                return BoundedStream(stream, ends_at=ends_at, clock=self._clock)
        raise last or httpcore.ConnectError(f"{host} has no address")

    def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            answers = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        for answer in answers:
            try:
                permitted = self._policy.permit(parsed(answer))
            except ValueError:
                permitted = False
            if not permitted:
                raise refused("its host has an address that is not public")
        return answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Longest times in seconds: to connect, for the next bytes, of a connection as a whole."""

    connect: float = 5.0
    read: float = 10.0
    total: float = 20.0


class Outbound:
    """Requests without redirects, cookies, proxies or retries; `stream` is used as a context."""

    def __init__(
        self,
        *,
        clock: MonotonicClock,
        policy: OutboundPolicy = DEFAULT_POLICY,
        resolver: Resolve = resolve,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._policy = policy
        limits = timeouts or Timeouts()
        self._timeout = {
            "connect": limits.connect,
            "read": limits.read,
            "write": limits.read,
            "pool": limits.connect,
        }
        self._pool = httpcore.ConnectionPool(
            ssl_context=policy.authority,
            max_connections=32,
            # A connection that is kept would outlive the check of its address.
            max_keepalive_connections=0,
            network_backend=GuardedBackend(
                policy, resolver, total_seconds=limits.total, clock=clock
            ),
        )

    def stream(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b""
    ) -> Any:
        """Return a context with the response; raise `Permanent` for a URL that is refused."""
        check_url(url, self._policy)
        return self._pool.stream(
            method,
            url,
            headers=[("Accept-Encoding", "identity"), *headers.items()],
            content=body,
            extensions={"timeout": self._timeout},
        )


def failure_of(error: Exception) -> LifestreamError:
    """Return the typed form of what a call raised."""
    if isinstance(error, LifestreamError):
        return error
    return Retryable(
        "url.unreachable",
        f"The host did not answer as it should ({type(error).__name__}).",
        "It is tried again.",
    )


NETWORK_ERRORS = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    ssl.SSLError,
    OSError,
)
