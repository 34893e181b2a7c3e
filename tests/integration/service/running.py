"""A `make up` that runs, and what its users do."""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

START_SECONDS = 240.0
STOP_SECONDS = 120.0
POLL_SECONDS = 0.1
UNAVAILABLE, TRIES = 503, 5

Answer = tuple[int, Any]


class Running:
    """A `make up` that was started, and what it wrote about itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", note: Path, log: Path) -> None:
        self.process = process
        self.log = log
        self.note = note
        self.written: Mapping[str, Any] = {}

    def await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.note.exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "it did not become ready"
            time.sleep(POLL_SECONDS)
        self.written = json.loads(self.note.read_text())

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        """Return status and document; as clients do, ask again while a service does not answer."""
        for _ in range(TRIES):
            answer = self._call(method, path, body, token)
            if answer[0] != UNAVAILABLE:
                break
        return answer

    def knows_voices(self, door: str) -> bool:
        """Return whether the version behind a door has that feature."""
        with urllib.request.urlopen(f"{self.written[door]}/", timeout=30) as answer:  # noqa: S310
            return bool(json.loads(answer.read())["features"]["voices"])

    def _call(self, method: str, path: str, body: Any, token: str | None) -> Answer:
        given = self.written["token"] if token is None else token
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            self.written["api"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {given}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")


def uploaded(up: Running, content: bytes) -> str:
    """Upload a file; return the upload's id."""
    new = {"name": "any.mp4", "size_bytes": len(content)}
    upload = up.call("POST", "/v1/uploads", new)[1]
    put(upload, content)
    return str(upload["upload_id"])


def confirmed(up: Running, upload_id: str) -> str:
    """Confirm an upload; return the id of its job."""
    status, answer = up.call("POST", f"/v1/uploads/{upload_id}/confirm", {})
    assert status == 202, answer
    return str(answer["job"]["job_id"])


def put(upload: Mapping[str, Any], content: bytes) -> None:
    """Send a file to its signed URL."""
    request = urllib.request.Request(  # noqa: S310 - an address of this machine
        upload["url"], method="PUT", data=content, headers=upload["headers"]
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert answer.status == 200


def running_below(folder: Path) -> list[str]:
    """Return the processes whose command line or working folder is below a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = (process / "cwd").readlink()
        except OSError:
            continue
        if where.is_relative_to(folder):
            found.append(process.name)
    return found
