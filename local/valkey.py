"""A Redis server of Debian for a test or a measurement: the protocol of Valkey, on loopback."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from local.emulator.settings import HOST
from local.ports import free_port
from scripts.sample_media.debian import unpack
from scripts.setup.commands import cache_folder

PACKAGES = (
    *("redis-server", "redis-tools", "libjemalloc2", "liblzf1", "liblua5.1-0", "libhiredis0.14"),
    *("lua-cjson", "lua-bitop"),
)
"""The server and the libraries that it loads, as Debian 12 names them."""

START_SECONDS = 60.0
POLL_SECONDS = 0.02


def server() -> tuple[Path, dict[str, str]]:
    """Return the server and its environment; raise `UnavailableError` without Debian's packages."""
    root = unpack(PACKAGES, cache_folder() / "debian" / "redis")
    libraries = [str(path) for path in sorted((root / "usr" / "lib").glob("*-linux-gnu*"))]
    return root / "usr" / "bin" / "redis-server", {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
    }


@contextlib.contextmanager
def running_cache(folder: Path) -> Iterator[str]:
    """Run a server that keeps nothing; yield its URL."""
    program, environment = server()
    port = free_port()
    command = [
        str(program),
        "--port",
        str(port),
        "--bind",
        HOST,
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    with (folder / "cache.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _await(port, process, folder / "cache.log")
        yield f"redis://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"The cache did not start: {log.read_text()[-1000:]}")
