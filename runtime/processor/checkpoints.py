"""Keeps what expensive stages made, so that an interrupted job goes on instead of starting anew."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from runtime.core.contract import Stage, work_prefix
from runtime.core.jobs import Source
from runtime.core.log import Log
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.processor.codec import DecodeError, decode, encode

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Generic[T]):
    """The output of one stage: its type, and what must be unchanged for it to be used again.

    `version` is raised whenever the stage's code gives another output for the same input;
    `inputs` are the artifacts it is computed from.
    """

    stage: Stage
    kind: Any
    version: int
    inputs: tuple["Artifact[Any]", ...] = ()


class Checkpoints:
    """Artifacts of one job under `work/<job_id>/<stage>.json`.

    Each is stored with a fingerprint of the source's ETag, its version and settings, and the same
    of all its inputs; one with another fingerprint counts as absent. `settings` names what a
    stage's output depends on besides its input, its models foremost.
    """

    def __init__(
        self, *, objects: ObjectStore, source: Source, settings: Mapping[Stage, str], log: Log
    ) -> None:
        """Bind to one job; nothing is read yet."""
        self._objects = objects
        self._source = source
        self._settings = settings
        self._log = log
        self._found: dict[Stage, Any] = {}

    def load(self, artifact: Artifact[T]) -> T | None:
        """Return the artifact, or None when it is absent, outdated or damaged."""
        if artifact.stage not in self._found:
            self._found[artifact.stage] = self._read(artifact)
        return cast("T | None", self._found[artifact.stage])

    def save(self, artifact: Artifact[T], value: T) -> T:
        """Store an artifact and return what `load` will give for it from now on.

        A caller goes on with the returned value: a first run then sees exactly what a resumed run
        sees, which is what makes their results identical.
        """
        encoded = encode(value)
        envelope = {"fingerprint": self._fingerprint(artifact), "value": encoded}
        self._objects.write_bytes(
            json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode(),
            self._source.bucket,
            self._key(artifact),
            "application/json",
        )
        stored = cast("T", decode(artifact.kind, encoded))
        self._found[artifact.stage] = stored
        return stored

    def _read(self, artifact: Artifact[Any]) -> Any:
        try:
            content = self._objects.read_bytes(self._source.bucket, self._key(artifact))
        except ObjectNotFoundError:
            return None
        try:
            envelope = json.loads(content)
            if envelope["fingerprint"] != self._fingerprint(artifact):
                self._log.info("checkpoint.outdated", stage=artifact.stage)
                return None
            return decode(artifact.kind, envelope["value"])
        except (DecodeError, ValueError, TypeError, KeyError) as error:
            self._log.warning(
                "checkpoint.unreadable", stage=artifact.stage, error=type(error).__name__
            )
            return None

    def _key(self, artifact: Artifact[Any]) -> str:
        return f"{work_prefix(self._source.job_id)}{artifact.stage}.json"

    def _fingerprint(self, artifact: Artifact[Any]) -> str:
        identity = [
            self._source.etag,
            artifact.stage,
            artifact.version,
            self._settings.get(artifact.stage, ""),
            *(self._fingerprint(made_from) for made_from in artifact.inputs),
        ]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()
