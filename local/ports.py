"""Free TCP ports of this machine."""

import socket

from local.emulator.settings import HOST


def free_port() -> int:
    """Return a port that is free now; another process may take it before it is bound."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
