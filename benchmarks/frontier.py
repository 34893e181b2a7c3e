"""Error rate and processor time of diarization by its settings, as JSON lines and as a plot.

    .venv/bin/python benchmarks/frontier.py [--clips FOLDER] [--plot FILE]

Each clip (`diarize.py`) is analyzed on one thread with the speaker network on every n-th window and
with each agreement that lends features to the windows between. The voices of the chosen setting are
clustered at several thresholds as well. A setting's error rate is the mean over the clips; its
worst clip is compared with the network on every window.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.diarize import Clip, clips  # noqa: E402 - run by path
from benchmarks.measuring.speech import MODELS  # noqa: E402
from runtime.processor.checkpoints.increments import NO_INCREMENTS  # noqa: E402
from runtime.processor.models import speaker_frames  # noqa: E402
from runtime.processor.models.diarization_windows import Recording, Windows  # noqa: E402
from runtime.processor.models.shared_diarization import (  # noqa: E402
    SharedDiarization,
    load_shared_diarization,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The network runs on every n-th window; others borrow features at this agreement."""

    every: int
    agreement: float
    threshold: float | None = None

    def __str__(self) -> str:
        name = f"every {self.every}"
        name += f", {self.agreement:g}" if self.every > 1 else ""
        return name if self.threshold is None else f"{name}, threshold {self.threshold:g}"


EVERY_WINDOW = Setting(1, 1.0)
CHOSEN = Setting(5, 0.85)
SETTINGS = (
    EVERY_WINDOW,
    *(Setting(every, agreement) for every in (2, 3, 5, 8) for agreement in (0.0, 0.6, 0.85)),
    Setting(5, 0.9),
)
THRESHOLDS = (0.6, 0.65, 0.75, 0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a setting took and found, by clip."""

    setting: Setting
    cpu_seconds: float
    rates: dict[str, float]

    def row(self, base: "Figures") -> dict[str, Any]:
        """Return the JSON line, compared with another setting."""
        increases = {clip: rate - base.rates[clip] for clip, rate in self.rates.items()}
        worst = max(increases, key=lambda clip: increases[clip])
        return {
            "setting": str(self.setting),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "der": round(self.mean, 4),
            "largest_increase": round(increases[worst], 4),
            "on": worst,
        }

    @property
    def mean(self) -> float:
        """The mean error rate over the clips."""
        return sum(self.rates.values()) / len(self.rates)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--plot", type=Path, help="an SVG to write")
    parser.add_argument("--read", type=Path, help="lines of an earlier run to plot")
    given = parser.parse_args()
    if given.read:
        rows = [json.loads(line) for line in given.read.read_text().splitlines()]
    else:
        rows = list(measured_rows(given.clips))
    if given.plot:
        given.plot.write_text(draw(rows))


def measured_rows(folder: Path | None) -> Iterator[dict[str, Any]]:
    """Yield the row of each setting, and print it."""
    pipeline = load_shared_diarization(MODELS / "diarization")
    base: Figures | None = None
    with tempfile.TemporaryDirectory() as work:
        for figures in measure(pipeline, list(clips(Path(work), folder))):
            base = base or figures
            row = figures.row(base)
            print(json.dumps(row), flush=True)
            yield row


def measure(pipeline: SharedDiarization, labelled: list[Clip]) -> Iterator[Figures]:
    """Yield the figures of each setting, those of every window first."""
    for setting in SETTINGS:
        speaker_frames._ANCHOR_EVERY = setting.every  # noqa: SLF001 - what is varied here
        speaker_frames._LEAST_AGREEMENT = setting.agreement  # noqa: SLF001
        began = time.process_time()
        windows = {
            clip.name: pipeline.analyze_windows(
                Recording(clip.wav), NO_INCREMENTS, lambda _: None, threads=1
            )
            for clip in labelled
        }
        cpu = time.process_time() - began
        yield Figures(setting=setting, cpu_seconds=cpu, rates=rates(pipeline, labelled, windows))
        if setting != CHOSEN:
            continue
        used = pipeline._clustering  # noqa: SLF001 - the pipeline's own, varied here
        assert used is not None  # noqa: S101 - the pipeline of the packages clusters by it
        for threshold in THRESHOLDS:
            pipeline._clustering = replace(used, threshold=threshold)  # noqa: SLF001
            yield Figures(
                setting=replace(CHOSEN, threshold=threshold),
                cpu_seconds=cpu,
                rates=rates(pipeline, labelled, windows),
            )
        pipeline._clustering = used  # noqa: SLF001


def rates(
    pipeline: SharedDiarization, labelled: list[Clip], windows: dict[str, Windows]
) -> dict[str, float]:
    """Return the error rate of each clip."""
    found: dict[str, float] = {}
    for clip in labelled:
        turns, _ = pipeline.build_turns(windows[clip.name], min_speakers=None, max_speakers=None)
        found[clip.name] = clip.error_rate(clip.turns(turns))
    return found


def draw(rows: list[dict[str, Any]]) -> str:
    """Return an SVG: processor seconds to the right, the largest increase on a clip upwards."""
    import io  # noqa: PLC0415 - only a plot needs these

    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lifestream", "font.size": 9}):
        figure = Figure(figsize=(7.5, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for number, row in enumerate(rows):
            name, chosen = row["setting"], row["setting"] == str(CHOSEN)
            clustered = "threshold" in name
            color = "#dc2626" if chosen else "#3b73af"
            at = row["cpu_seconds"], 100 * row["largest_increase"]
            axes.scatter(*at, s=60 if chosen else 28, c="none" if clustered else color, ec=color)
            place: dict[str, Any] = {"xytext": (2, 5), "rotation": 40}
            if chosen or clustered:  # Beside others; two thresholds may share a point.
                under = chosen or number % 2 == 0
                place = {"xytext": (-6, -10 if under else 5), "ha": "right"}
            axes.annotate(
                name.partition("threshold")[2].strip() if clustered else name,
                at,
                textcoords="offset points",
                color=color,
                **place,
            )
        axes.set_xlabel("processor seconds for all clips, one thread")
        axes.set_ylabel("largest increase of DER on a clip, points")
        axes.margins(0.12)
        axes.spines[["top", "right"]].set_visible(False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


if __name__ == "__main__":
    main()
