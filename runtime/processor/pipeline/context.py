"""What the steps of one job work with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runtime.core.errors import Permanent
from runtime.core.jobs import Source
from runtime.core.options import JobOptions
from runtime.core.ports import ObjectStore
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.pipeline.toolkit import Toolkit


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the steps of one job work with; `folder` is this machine's, and the caller's."""

    source: Source
    options: JobOptions
    tools: Toolkit
    objects: ObjectStore
    checkpoints: Checkpoints
    folder: Path

    @contextmanager
    def naming_the_upload(self, local: Path) -> Iterator[None]:
        """Have refusals name the file as its uploader does, and not as this machine."""
        try:
            yield
        except Permanent as refusal:
            uploaded = PurePosixPath(self.source.key).name
            summary = refusal.summary.replace(local.name, uploaded)
            raise Permanent(refusal.code, summary, refusal.resolution) from refusal
