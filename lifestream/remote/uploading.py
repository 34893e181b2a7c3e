"""Sends a file to the API's signed URLs; a second run goes on where the first one ended."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifestream.remote.client import ApiClient
from runtime.core.errors import Permanent

PARTS_AT_ONCE = 20
_GONE = frozenset({"not_found", "conflict"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploader:
    """Uploads files. `state_dir` remembers what was begun; `on_bytes` is called with progress."""

    client: ApiClient
    state_dir: Path
    on_bytes: Callable[[int], object]

    def upload(self, path: Path, *, options: Mapping[str, Any]) -> dict[str, Any]:
        """Upload a file and return its job; raise `Permanent` or `Retryable`."""
        size = path.stat().st_size
        if size == 0:
            raise Permanent("upload.empty", f"{path.name} is empty.", "Choose another file.")
        note = self._note(path, options)
        upload = self._resumed(note) or self._begun(note, path, size, options)
        if upload["job_id"] is None:
            if upload["method"] == "single":
                self._send_single(upload, path)
            else:
                self._send_parts(upload, path)
        answer = self.client.call("POST", f"/v1/uploads/{upload['upload_id']}/confirm")
        note.unlink(missing_ok=True)
        job: dict[str, Any] = answer["job"]
        return job

    def _note(self, path: Path, options: Mapping[str, Any]) -> Path:
        """Return the file that remembers an upload: of these bytes, with these options."""
        facts = path.stat()
        identity = [str(path.resolve()), facts.st_size, facts.st_mtime_ns, dict(options)]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return self.state_dir / f"{digest[:32]}.json"

    def _resumed(self, note: Path) -> dict[str, Any] | None:
        try:
            upload_id = json.loads(note.read_text())["upload_id"]
            found: dict[str, Any] = self.client.call("GET", f"/v1/uploads/{upload_id}")
        except (OSError, ValueError, KeyError):
            return None
        except Permanent as error:
            if error.code not in _GONE:
                raise
            return None
        return found

    def _begun(
        self, note: Path, path: Path, size: int, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        new = {"name": path.name, "size_bytes": size, "options": dict(options)}
        upload: dict[str, Any] = self.client.call("POST", "/v1/uploads", new)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"upload_id": upload["upload_id"]}))
        return upload

    def _send_single(self, upload: Mapping[str, Any], path: Path) -> None:
        data = path.read_bytes()
        self.client.send("PUT", upload["url"], headers=upload["headers"], content=data)
        self.on_bytes(len(data))

    def _send_parts(self, upload: Mapping[str, Any], path: Path) -> None:
        size: int = upload["part_size"]
        present = {part["number"]: part["size_bytes"] for part in upload["parts_present"]}
        self.on_bytes(sum(present.values()))
        missing = [n for n in range(1, upload["part_count"] + 1) if n not in present]
        with path.open("rb") as file:
            for first in range(0, len(missing), PARTS_AT_ONCE):
                signed = self.client.call(
                    "POST",
                    f"/v1/uploads/{upload['upload_id']}/parts",
                    {"numbers": missing[first : first + PARTS_AT_ONCE]},
                )
                for part in signed["parts"]:
                    file.seek((part["number"] - 1) * size)
                    data = file.read(size)
                    self.client.send("PUT", part["url"], headers=part["headers"], content=data)
                    self.on_bytes(len(data))
