"""The local issuer as a process of its own."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local import toolchain
from local.ports import free_port
from local.processes import end


class IssuerError(RuntimeError):
    """The issuer did not start; the message says where its log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The local OIDC issuer: its URL, and a token of the local user."""

    url: str
    token: str


@contextlib.contextmanager
def local_issuer(folder: Path, *, port: int | None = None) -> Iterator[Issuer]:
    """Run the issuer for as long as the context lasts, on a free port if none is given."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "issuer.log"
    command = [sys.executable, "-m", "local.issuer"]
    command += ["--port", str(port or free_port()), "--state-dir", str(folder)]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, cwd=toolchain.ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise IssuerError(f"The local issuer did not start. Its log is {log}.")
        announced = json.loads(line)
        yield Issuer(url=announced["issuer"], token=announced["token"])
    finally:
        end(process, 5)
        if process.stdout:
            process.stdout.close()
