"""Lays the faults of machines into the image of the processors."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from chaos.machine import sitecustomize
from chaos.traffic import Video

WORKERS = "workers"


def write_machine_faults(image: Path, videos: Iterable[Video]) -> None:
    """Put the faults of the videos' machines where each processor of the image finds them.

    A worker runs many jobs: it gets one of all faults, or none, by its process id.
    """
    laid = {}
    workers: list[dict[str, object] | None] = []
    for video in videos:
        conditions = video.scenario.conditions
        fault: dict[str, object] | None = None
        if conditions.machine is not None:
            fault = {"kind": conditions.machine.value, "seconds": conditions.seconds}
            laid[video.source.job_id] = fault
        workers.append(fault)
    (image / sitecustomize.FAULTS).write_text(json.dumps({**laid, WORKERS: workers}, indent=1))
    shutil.copy(sitecustomize.__file__, image)
