"""Diarization error and processor time, by shared frames and by pyannote.audio's exact way.

    .venv/bin/python benchmarks/diarize.py [--models FOLDER] [--clips FOLDER] [--random-resnet]

FOLDER of clips holds WAV files (16 kHz, mono) and RTTM files that label them; pyannote.audio's own
sample and the sample talk are always measured. Each clip's turns are found both ways. Ends with one
JSON line. `--random-resnet` has WeSpeaker's ResNet34 with random weights in place of CAM++: its
processor time is that of the hub's network, its error rates mean nothing.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import torch  # noqa: E402
import yaml  # noqa: E402

from benchmarks.measuring.speech import TALK, extract, turns_from  # noqa: E402
from benchmarks.quality.beside_pyannote import pyannote_sample  # noqa: E402
from benchmarks.versus.sound import seconds_of  # noqa: E402
from lifestream.scoring import Turn, diarization_error_rate, read_rttm  # noqa: E402
from local.toolchain import MODELS  # noqa: E402
from runtime.processor.checkpoints.increments import NO_INCREMENTS  # noqa: E402
from runtime.processor.models.diarization_windows import Recording  # noqa: E402
from runtime.processor.models.exported import EXPORTED  # noqa: E402
from runtime.processor.models.integrity import write_manifest  # noqa: E402
from runtime.processor.models.shared_diarization import load_shared_diarization  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from runtime.processor.models.diarization import load_diarization

Spans = list[tuple[float, float, Any]]


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled recording; the first sample of `wav` lies at `starts_at_seconds` of the labels."""

    name: str
    wav: Path
    truth: list[Turn]
    starts_at_seconds: float = 0.0

    def turns(self, found: Spans) -> list[Turn]:
        """Return spans of the sound at their times of the labels."""
        at = self.starts_at_seconds
        return turns_from((at + start, at + end, str(who)) for start, end, who in found)

    def error_rate(self, found: list[Turn]) -> float:
        """Return the diarization error rate, without a collar."""
        end = seconds_of(self.wav)
        inside = [
            [
                replace(turn, end_seconds=min(turn.end_seconds, end))
                for turn in turns
                if turn.start_seconds < min(turn.end_seconds, end)
            ]
            for turns in (self.truth, found)
        ]
        return diarization_error_rate(*inside)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--only-shared", action="store_true", help="leave the exact way out")
    parser.add_argument("--random-resnet", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as made:
        folder = given.models.resolve() / "diarization"
        if given.random_resnet:
            folder = with_random_resnet(folder, Path(made) / "diarization")
        report(folder, given.clips, only_shared=given.only_shared)


def with_random_resnet(source: Path, folder: Path) -> Path:
    """Make a pipeline's folder with exported networks of which the speaker network is random."""
    from scripts.setup.networks import export_networks  # noqa: PLC0415 - reads the environment
    from tests.unit.processor.models.test_shared_diarization import (  # noqa: PLC0415
        write_random_resnet,
    )

    for part in ("segmentation", "plda"):
        shutil.copytree(source / part, folder / part)
    write_random_resnet(folder / "embedding" / "pytorch_model.bin")
    config = yaml.safe_load((source / "config.yaml").read_text())
    config["pipeline"]["params"]["embedding"] = "$model/embedding"
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    write_manifest(folder.parent)
    export_networks(load_diarization(folder), folder / EXPORTED)
    write_manifest(folder.parent)
    return folder


def report(folder: Path, clips_folder: Path | None, *, only_shared: bool) -> None:
    """Measure each clip and print."""
    ways: dict[str, Callable[[Path], Spans]] = {"shared": lambda wav: shared(folder, wav)}
    if not only_shared:
        ways["exact"] = lambda wav: exact(folder, wav)
    figures: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as work:
        for clip in clips(Path(work), clips_folder):
            figures[clip.name] = {"seconds": seconds_of(clip.wav)}
            for name, way in ways.items():
                began = time.process_time()
                found = clip.turns(way(clip.wav))
                cpu = time.process_time() - began
                figures[clip.name][name] = {
                    "der": round(clip.error_rate(found), 4),
                    "speakers": len({turn.speaker for turn in found}),
                    "cpu_seconds": round(cpu, 2),
                }
            print(clip.name, figures[clip.name], flush=True)
    print(json.dumps(figures))


def shared(folder: Path, wav: Path) -> Spans:
    """Return the turns that networks run once over the sound find."""
    pipeline = load_shared_diarization(folder)
    windows = pipeline.analyze_windows(Recording(wav), NO_INCREMENTS, lambda _: None, threads=1)
    return pipeline.build_turns(windows, min_speakers=None, max_speakers=None)[0]


def exact(folder: Path, wav: Path) -> Spans:
    """Return the turns that pyannote.audio's pipeline finds."""
    pipeline = load_diarization(folder)
    windows = pipeline.analyze_windows(Recording(wav), NO_INCREMENTS, lambda _: None)
    turns = pipeline.cluster_speakers(windows).speaker_diarization
    return [(s.start, s.end, label) for s, _, label in turns.itertracks(yield_label=True)]


def clips(work: Path, folder: Path | None) -> Iterator[Clip]:
    """Yield pyannote.audio's sample, the sample talk, and the clips of a folder."""
    sample = pyannote_sample().path
    yield Clip("sample", sample, labels(sample.with_suffix(".rttm")))
    # AAC begins 21 ms before 0, which moves the talk's rate by less than 0.01 points.
    talk = extract(TALK, work / "talk.wav")
    yield Clip("talk", talk.path, labels(TALK.with_suffix(".rttm")), talk.starts_at_seconds)
    if folder is None:
        return
    rows = [row for rttm in folder.glob("*.rttm") for row in rttm.read_text().splitlines()]
    for wav in sorted(folder.glob("*.wav")):
        truth = read_rttm("\n".join(row for row in rows if row.split()[1] == wav.stem))
        if truth:
            yield Clip(wav.stem, wav, truth)


def labels(path: Path) -> list[Turn]:
    """Return the turns of an RTTM file."""
    return read_rttm(path.read_text())


if __name__ == "__main__":
    main()
