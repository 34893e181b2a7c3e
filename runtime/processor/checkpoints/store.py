"""Stores the outputs of stages, so that an interrupted job resumes."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from runtime.core.clock import MonotonicClock
from runtime.core.codec import DecodeError, decode, encode
from runtime.core.contract import Stage, work_prefix
from runtime.core.jobs import Source
from runtime.core.log import Log
from runtime.core.media import PublishedFile
from runtime.core.ports import ObjectNotFoundError, ObjectStore
from runtime.processor.checkpoints.artifacts import Artifact, StageOutput
from runtime.processor.checkpoints.increments import Increments, StoredIncrements
from runtime.results.warnings import WARNINGS

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """Artifacts of one job under `work/<job_id>/<stage>.json`.

    Each has a fingerprint of the source's ETag, its version and settings, and those of its inputs;
    one with another fingerprint counts as absent. `settings` names what a stage's output depends on
    besides its input, such as its model. A fallback serves the attempts of one run: when an
    operator runs the job again (`rerun` counts that), the stage is tried again. One whose files
    may be removed, which `keeps_file` says, counts as absent too.
    """

    objects: ObjectStore
    source: Source
    settings: Mapping[Stage, str]
    clock: MonotonicClock
    log: Log
    rerun: int = 0
    seconds_between_writes: float = 20.0
    keeps_file: Callable[[PublishedFile], bool] = lambda _: True

    def load(self, artifact: Artifact[T]) -> StageOutput[T] | None:
        """Return the artifact, or None when it is absent, outdated or damaged."""
        try:
            content = self.objects.read_bytes(self.source.bucket, self._key(artifact))
        except ObjectNotFoundError:
            return None
        try:
            envelope = json.loads(content)
            if envelope["fingerprint"] != self._fingerprint(artifact):
                self.log.info("checkpoint.outdated", stage=artifact.stage)
                return None
            if envelope["makeshift_of"] not in {None, self.rerun}:
                return None
            output = _open_envelope(artifact, envelope)
        except (DecodeError, ValueError, TypeError, KeyError) as error:
            self.log.warning(
                "checkpoint.unreadable", stage=artifact.stage, error=type(error).__name__
            )
            return None
        items = output.value if isinstance(output.value, tuple) else ()
        if not all(self.keeps_file(item) for item in items if isinstance(item, PublishedFile)):
            self.log.info("checkpoint.superseded", stage=artifact.stage)
            return None
        return output

    def save(self, artifact: Artifact[T], output: StageOutput[T]) -> StageOutput[T]:
        """Store an artifact and return what `load` will return for it.

        Callers must go on with the returned value: a first run then computes with exactly what a
        resumed run reads, so their results are identical.
        """
        envelope = {
            "fingerprint": self._fingerprint(artifact),
            "value": encode(output.value),
            "caveats": [warning.code for warning in output.warnings],
            "makeshift_of": self.rerun if output.is_fallback else None,
        }
        self.objects.write_bytes(
            json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode(),
            self.source.bucket,
            self._key(artifact),
            "application/json",
        )
        return _open_envelope(artifact, envelope)

    def increments(self, artifact: Artifact[Any]) -> Increments:
        """Return the stored units of an unfinished artifact, under `<stage>/`."""
        return StoredIncrements(
            objects=self.objects,
            bucket=self.source.bucket,
            prefix=f"{work_prefix(self.source.job_id)}{artifact.stage}/",
            stage=artifact.stage,
            fingerprint=self._fingerprint(artifact),
            seconds_between_writes=self.seconds_between_writes,
            clock=self.clock,
            log=self.log,
        )

    def _key(self, artifact: Artifact[Any]) -> str:
        return f"{work_prefix(self.source.job_id)}{artifact.stage}.json"

    def _fingerprint(self, artifact: Artifact[Any]) -> str:
        identity = [
            self.source.etag,
            artifact.stage,
            artifact.version,
            self.settings.get(artifact.stage, ""),
            *(self._fingerprint(source) for source in artifact.inputs),
        ]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()


def _open_envelope(artifact: Artifact[T], envelope: Mapping[str, Any]) -> StageOutput[T]:
    return StageOutput(
        value=cast("T", decode(artifact.kind, envelope["value"])),
        warnings=tuple(WARNINGS[code] for code in envelope["caveats"]),
        is_fallback=envelope["makeshift_of"] is not None,
    )
