"""The model hub's download API on this machine, serving a folder to clients that have the token."""

import hashlib
import json
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self


class FakeHub:
    """Use as a context. `repositories` maps a repository to the folder with its files.

    Answers what `huggingface_hub.snapshot_download` asks; `refused` counts requests without the
    token.
    """

    def __init__(self, repositories: Mapping[str, Path], *, token: str) -> None:
        """Start serving on a free port of the loopback interface."""
        self.refused = 0
        self.served = 0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(with_body=True)

            def do_HEAD(self) -> None:
                self.answer(with_body=False)

            def answer(self, *, with_body: bool) -> None:
                if self.headers.get("Authorization") != f"Bearer {token}":
                    hub.refused += 1
                    self.send_error(HTTPStatus.UNAUTHORIZED)
                    return
                found = _find(self.path, repositories)
                if found is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                revision, content = found
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
                self.send_header("X-Repo-Commit", revision)
                self.end_headers()
                if with_body:
                    hub.served += 1
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _find(path: str, repositories: Mapping[str, Path]) -> tuple[str, bytes] | None:
    path = path.partition("?")[0]
    for repository, folder in repositories.items():
        listing = f"/api/models/{repository}/revision/"
        if path.startswith(listing):
            revision = path.removeprefix(listing)
            files = [
                {"rfilename": file.relative_to(folder).as_posix()}
                for file in sorted(folder.rglob("*"))
                if file.is_file()
            ]
            answer = {"id": repository, "sha": revision, "siblings": files}
            return revision, json.dumps(answer).encode()
        tree = f"/api/models/{repository}/tree/"
        if path.startswith(tree):
            revision = path.removeprefix(tree)
            entries = [
                {
                    "type": "file",
                    "path": file.relative_to(folder).as_posix(),
                    "size": file.stat().st_size,
                    "oid": hashlib.sha1(file.name.encode(), usedforsecurity=False).hexdigest(),
                }
                for file in sorted(folder.rglob("*"))
                if file.is_file()
            ]
            return revision, json.dumps(entries).encode()
        files_path = f"/{repository}/resolve/"
        if path.startswith(files_path):
            revision, _, name = path.removeprefix(files_path).partition("/")
            file = folder / name
            return (revision, file.read_bytes()) if file.is_file() else None
    return None
