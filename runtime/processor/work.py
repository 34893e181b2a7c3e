"""What the steps of one job work with."""

from dataclasses import dataclass
from pathlib import Path

from runtime.core.jobs import Source
from runtime.core.options import JobOptions
from runtime.core.ports import ObjectStore
from runtime.processor.checkpoints import Checkpoints
from runtime.processor.tools import MediaTools


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the steps of one job work with; `folder` is this machine's, and the caller's."""

    source: Source
    options: JobOptions
    tools: MediaTools
    objects: ObjectStore
    checkpoints: Checkpoints
    folder: Path
