"""What a killed processor's log says was lost: the work since each stage was last kept."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runtime.core.contract import Stage

_BROUGHT_AGAIN = (Stage.FETCH, Stage.AUDIO)
"""Their files are on the disk of the machine that is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Seconds of work that are done again, because of one kill, by the stage that lost most.

    `under_way` are the stages that the kill hit.
    """

    stage: str
    seconds: float
    under_way: tuple[str, ...] = ()


def distribution_of(losses: Sequence[Loss]) -> Iterator[str]:
    """Yield lines that say how much kills cost, and how often each stage was hit."""
    if not losses:
        return
    seconds = sorted(loss.seconds for loss in losses)
    shares = {"half": 0.5, "nine in ten": 0.9, "all": 1.0}
    up_to = (
        f"{name} up to {seconds[math.ceil(share * len(seconds)) - 1]:.1f} s"
        for name, share in shares.items()
    )
    yield f"lost at a kill: {', '.join(up_to)}"
    hit = Counter(stage for loss in losses for stage in loss.under_way or ("between stages",))
    for stage, kills in hit.most_common():
        worst = max((loss.seconds for loss in losses if loss.stage == stage), default=0.0)
        most = f", most lost by it {worst:.1f} s" if worst else ""
        yield f"  {stage}: hit by {kills} kills{most}"


def loss_of(lines: Iterable[dict[str, Any]], *, killed_at: float, pace: float = 1.0) -> Loss:
    """Return what a processor lost that was killed at a time (seconds since the epoch).

    Stages run side by side, so what counts is the longest of: the time since an open stage began
    or was last kept, after the files it has to be brought again. Where others kept the machine
    busy, only a share of that time was work: `pace` is how much of a core the process had.
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
    under_way = tuple(sorted(kept_at))
    losses = [
        Loss(stage=stage, seconds=pace * (brought + killed_at - at), under_way=under_way)
        for stage, at in kept_at.items()
    ]
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
