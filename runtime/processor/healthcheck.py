"""Checks the container's health: can a job read its models and write scratch files.

Runs with `python -S`, on the standard library only, in a few hundredths of a second. Exits 0 when
healthy. With the argument `worker`, the worker on the loopback must answer that it is healthy too.
"""

import os
import socket
import sys
from pathlib import Path

from runtime.core.contract import WORKER_PORT, EnvVar

WORKER = "worker"
DEFAULT_MODELS_DIR = "/models"
DEFAULT_WORK_DIR = "/tmp"  # noqa: S108 - the container's own
MIN_FREE_BYTES = 64 * 1024 * 1024

LOOPBACK = "127.0.0.1"
TIMEOUT_SECONDS = 4.0
"""A second less than ECS waits for this check."""

MAX_RESPONSE_BYTES = 4096
REQUEST = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def problems() -> list[str]:
    """Return the container's problems, in words."""
    found = []
    models = Path(os.environ.get(EnvVar.MODELS_DIR, DEFAULT_MODELS_DIR))
    scratch = os.environ.get(EnvVar.WORK_DIR, DEFAULT_WORK_DIR)
    if not os.access(models / "manifest.json", os.R_OK):
        found.append(f"there are no models in {models}")
    if not os.access(scratch, os.W_OK):
        found.append(f"{scratch} cannot be written to")
    else:
        space = os.statvfs(scratch)
        if space.f_bavail * space.f_frsize < MIN_FREE_BYTES:
            found.append(f"{scratch} is full")
    return found


def worker_problems() -> list[str]:
    """Return the worker's problems, in words."""
    port = int(os.environ.get(EnvVar.WORKER_PORT, WORKER_PORT))
    # Importing http.client would take longer than the answer.
    try:
        with socket.create_connection((LOOPBACK, port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(REQUEST)
            status = connection.recv(MAX_RESPONSE_BYTES).split(b"\r\n", 1)[0].decode("latin-1")
    except OSError as error:
        return [f"the worker does not answer at port {port}: {error}"]
    if status.split(" ")[1:2] != ["200"]:
        return [f"the worker answers {status!r} at port {port}"]
    return []


def main(arguments: list[str]) -> None:
    """Exit with the problems, if there are any."""
    found = problems()
    if WORKER in arguments:
        found += worker_problems()
    if found:
        sys.exit("unhealthy: " + "; ".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
