"""The container's health: whether a job can read its models and write its scratch files.

Run as `python -I -S`: standard library only, a few hundredths of a second. Exits 0 when healthy.
With a port as argument, whoever listens there on the loopback must say so too: a worker does.
"""

import os
import socket
import sys
from pathlib import Path

SCRATCH = "/tmp"  # noqa: S108 - the container's own
ENOUGH_BYTES = 64 * 1024 * 1024

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 4.0
"""A second less than ECS waits for this program."""

MOST_BYTES = 4096
REQUEST = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def problems() -> list[str]:
    """Return what is wrong with the container, in words."""
    found = []
    models = Path(os.environ.get("MODELS_DIR", "/models"))
    if not os.access(models / "manifest.json", os.R_OK):
        found.append(f"there are no models in {models}")
    if not os.access(SCRATCH, os.W_OK):
        found.append(f"{SCRATCH} cannot be written to")
    else:
        space = os.statvfs(SCRATCH)
        if space.f_bavail * space.f_frsize < ENOUGH_BYTES:
            found.append(f"{SCRATCH} is full")
    return found


def problems_of_server(port: int) -> list[str]:
    """Return what is wrong with who listens on a port of the loopback, in words."""
    # http.client would take longer to import than the answer takes to come.
    try:
        with socket.create_connection((LOOPBACK, port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(REQUEST)
            status = connection.recv(MOST_BYTES).split(b"\r\n", 1)[0].decode("latin-1")
    except OSError as error:
        return [f"port {port} does not answer: {error}"]
    if status.split(" ")[1:2] != ["200"]:
        return [f"port {port} answers {status!r}"]
    return []


def main(arguments: list[str]) -> None:
    """Exit with the problems, if there are any."""
    wrong = problems()
    for port in arguments:
        wrong += problems_of_server(int(port))
    if wrong:
        sys.exit("unhealthy: " + "; ".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
