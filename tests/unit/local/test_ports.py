"""Ports that several processes ask for at once, long before their servers bind them."""

import os
import socket
import subprocess
import sys

import pytest

from local import ports
from local.emulator.settings import HOST
from local.toolchain import ROOT

ASK_IN_ORDER = """
import sys
from local import ports

class InOrder:
    def sample(self, among, number):
        return range(int(sys.argv[1]), among.stop)

ports._draw = InOrder()
print(ports.free_port(), flush=True)
sys.stdin.read()
"""


def elsewhere(first: int) -> "subprocess.Popen[str]":
    """Have another process ask for a port from `first` on, which it holds until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", ASK_IN_ORDER, str(first)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_should_give_no_port_to_two_processes() -> None:
    first = ports.free_port()
    with elsewhere(first) as other:
        assert other.stdout
        second = int(other.stdout.readline())
        assert second != first
        assert not ports.reserve(second)
        other.communicate()


def test_should_leave_a_port_free_for_its_server() -> None:
    with socket.create_server((HOST, ports.free_port())) as server:
        assert not ports.reserve(server.getsockname()[1])


def test_should_say_when_no_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    monkeypatch.setattr(ports, "RANGE", range(port, port + 1))
    monkeypatch.setattr(ports, "TRIES", 1)
    with pytest.raises(OSError, match="is free"):
        ports.free_port()


def test_should_not_hold_more_marks_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_marks", {})
    for _ in range(ports.KEPT_MARKS + 2):
        ports.free_port()
    assert len(ports._marks) == ports.KEPT_MARKS
    for mark in ports._marks.values():
        os.close(mark)
