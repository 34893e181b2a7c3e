"""The job that pipeline steps work on, and their means."""

from dataclasses import dataclass
from pathlib import Path

from runtime.core.jobs import Source
from runtime.core.options import JobOptions
from runtime.core.ports import ObjectStore
from runtime.core.telemetry import Telemetry
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.pipeline.toolkit import Toolkit


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One attempt's upload, options, tools and stores; `folder` is its scratch folder."""

    source: Source
    attempt: int
    options: JobOptions
    toolkit: Toolkit
    objects: ObjectStore
    checkpoints: Checkpoints
    folder: Path
    telemetry: Telemetry
