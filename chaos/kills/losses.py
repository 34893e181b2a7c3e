"""What a killed processor's log says was lost: the work since each stage was last kept."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runtime.core.contract import Stage

_BROUGHT_AGAIN = (Stage.FETCH, Stage.AUDIO)
"""Their files are on the disk of the machine that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Seconds of work that are done again, because of one kill, by the stage that lost most."""

    stage: str
    seconds: float


def loss_of(lines: Iterable[dict[str, Any]], *, killed_at: float) -> Loss:
    """Return what a processor lost that was killed at a time (seconds since the epoch).

    Stages run side by side, so what counts is the longest of: the time since an open stage began
    or was last kept, after the files it has to be brought again.
    """
    kept_at: dict[str, float] = {}
    brought = 0.0
    for line in lines:
        stage, action = line.get("stage", ""), line["action"]
        if action in {"stage.started", "stage.kept"}:
            kept_at[stage] = seconds_of(line)
        elif action == "stage.finished":
            kept_at.pop(stage, None)
            brought += line["seconds"] if stage in _BROUGHT_AGAIN else 0.0
    losses = [Loss(stage=s, seconds=brought + killed_at - at) for s, at in kept_at.items()]
    return max(losses, key=lambda loss: loss.seconds, default=Loss(stage="", seconds=0.0))


def seconds_of(line: dict[str, Any]) -> float:
    """Return when a line was written, in seconds since the epoch."""
    return datetime.fromisoformat(line["time"]).timestamp()


def lines_of(log: Path) -> Iterator[dict[str, Any]]:
    """Yield the structured lines of a log; the last one may be cut off by the kill."""
    for text in log.read_text(errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "action" in line:
            yield line
