"""Addresses that callers name reach public hosts only, whatever their names resolve to."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import httpcore
import pytest

from runtime.api.outbound.addresses import is_public
from runtime.api.outbound.transport import (
    NETWORK_ERRORS,
    Outbound,
    OutboundPolicy,
    Timeouts,
    check_url,
)
from runtime.core.clock import SystemClock
from runtime.core.errors import Permanent

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 120.0


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        "0.0.0.0",  # noqa: S104 - an address to refuse
        *("169.254.169.254", "169.254.170.2", "100.64.0.1", "192.0.2.1", "198.18.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.8"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:a00:1", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::", "2001:0:7f00:1::1", "2001:db8::1"),
    ],
)
def test_should_not_take_an_inner_address_for_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_should_take_a_host_of_the_internet_for_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://any.example.test/",
        "https://",
        "https:///path",
        "https://any.example.test:22/",
        "https://any.example.test:99999/",
        "https://u@any.example.test/",
        "https://[::1/",
        "https://any.example.test/\r\nX: y",
        "https://bücher.example.test/",
        "gopher://any.example.test/",
        "https://any.example.test/" + "a" * 2000,
    ],
)
def test_should_refuse_a_url_before_anything_is_resolved(url: str) -> None:
    with pytest.raises(Permanent, match=r"url\.refused"):
        check_url(url)


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["fe80::1%eth0"], ["no address"]]
)
def test_should_refuse_a_name_with_any_inner_address(answers: list[str]) -> None:
    outbound = Outbound(clock=SystemClock(), resolver=lambda _host, _port: answers)
    with (
        pytest.raises(Permanent, match=r"url\.refused"),
        outbound.stream("GET", "https://any.example.test/", headers={}),
    ):
        pass


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Answer each connection to a loopback port."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65_536)
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE_SECONDS)


def local(
    port: int,
    *,
    resolver: Callable[[str, int], list[str]],
    read: float = PATIENCE_SECONDS,
    total: float = PATIENCE_SECONDS,
) -> Outbound:
    """Return transport that may reach one port of the loopback interface, over plain HTTP."""
    policy = OutboundPolicy(
        permit=lambda address: str(address) == LOOPBACK,
        ports=frozenset({port}),
        schemes=frozenset({"http"}),
    )
    limits = Timeouts(connect=PATIENCE_SECONDS, read=read, total=total)
    return Outbound(clock=SystemClock(), policy=policy, resolver=resolver, timeouts=limits)


def test_should_connect_to_the_address_that_was_checked() -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [LOOPBACK] if len(asked) == 1 else ["169.254.169.254"]

    with serving(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as port:
        outbound = local(port, resolver=rebinding)
        with outbound.stream("GET", f"http://any.example.test:{port}/", headers={}) as response:
            assert b"".join(response.iter_stream()) == b"ok"
        assert asked == ["any.example.test"]
        # The second request makes a connection of its own, and so is checked again.
        with (
            pytest.raises(Permanent, match=r"url\.refused"),
            outbound.stream("GET", f"http://any.example.test:{port}/", headers={}),
        ):
            pass


def test_should_not_follow_a_redirect() -> None:
    found = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with serving(lambda connection: connection.sendall(found)) as port:
        outbound = local(port, resolver=lambda _host, _port: [LOOPBACK])
        with outbound.stream("POST", f"http://any.example.test:{port}/", headers={}) as response:
            assert response.status == 302


@pytest.mark.parametrize("lie", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_should_fail_on_an_answer_that_is_none(lie: bytes) -> None:
    with serving(lambda connection: connection.sendall(lie)) as port:
        outbound = local(port, resolver=lambda _host, _port: [LOOPBACK])
        with (
            pytest.raises(NETWORK_ERRORS),
            outbound.stream("GET", f"http://any.example.test:{port}/", headers={}),
        ):
            pass


def test_should_leave_a_receiver_that_sends_a_byte_now_and_then() -> None:
    stopped = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not stopped.wait(0.02):
            connection.sendall(b"a")

    with serving(trickle) as port:
        outbound = local(port, resolver=lambda _host, _port: [LOOPBACK], total=0.3)
        with (
            pytest.raises(httpcore.TimeoutException),
            outbound.stream("GET", f"http://any.example.test:{port}/", headers={}),
        ):
            pass
        stopped.set()
