"""Finds who speaks when: turns by pyannote.audio, from a local folder of models."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.core.media import Audio, Diarization, Turn
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments

# Share of the running time spent on windows; clustering takes the rest.
_WINDOWS_SHARE = 0.95
# The segmentation model takes no less.
_SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DiarizeOptions:
    """Bounds of the number of speakers; None leaves it open."""

    min_speakers: int | None = None
    max_speakers: int | None = None


DEFAULT_OPTIONS = DiarizeOptions()


def diarize(
    audio: Audio,
    *,
    model_dir: Path,
    threads: int,
    on_progress: Progress,
    options: DiarizeOptions = DEFAULT_OPTIONS,
    increments: Increments = NO_INCREMENTS,
) -> Diarization:
    """Return the turns, in order, labelled `SPEAKER_00`, ... by first appearance.

    `model_dir` holds a pyannote pipeline (`config.yaml`), from the hub or from
    `scripts/setup/models.py`. Audio without speech gives no turns. Each block of windows is a unit
    of `increments`. Raises `Permanent` `models.missing` or `models.corrupt`.
    """
    # Set before the import, which would report usage and look up weights over the network.
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Waiting threads sleep instead of taking the core that the other one needs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from runtime.processor.models.diarization import load_diarization
    from runtime.processor.models.diarization_windows import Recording

    torch.set_num_threads(threads)
    pipeline = load_diarization(model_dir)
    if audio.duration_seconds < _SHORTEST_SECONDS:
        on_progress(1.0)
        return Diarization(turns=(), exclusive_turns=())
    windows = pipeline.analyze_windows(
        Recording(audio.path), increments, lambda done: on_progress(_WINDOWS_SHARE * done)
    )
    output = pipeline.cluster_speakers(
        windows, min_speakers=options.min_speakers, max_speakers=options.max_speakers
    )
    on_progress(1.0)
    turns = _spans(output.speaker_diarization, audio)
    exclusive = _spans(output.exclusive_speaker_diarization, audio)
    labels = labels_by_appearance(speaker for _, _, speaker in turns)
    return Diarization(turns=_turns(turns, labels), exclusive_turns=_turns(exclusive, labels))


def labels_by_appearance(speakers: Iterable[str]) -> dict[str, str]:
    """Return each speaker's label, numbered by first occurrence."""
    return {
        speaker: f"SPEAKER_{number:02d}" for number, speaker in enumerate(dict.fromkeys(speakers))
    }


def _spans(annotation: Any, audio: Audio) -> list[tuple[float, float, str]]:
    """Return (start, end, speaker) in order, in seconds on the presentation timeline."""
    at, end = audio.starts_at_seconds, audio.end_seconds
    spans = [
        (max(0.0, at, at + segment.start), min(at + segment.end, end), str(label))
        for segment, _, label in annotation.itertracks(yield_label=True)
    ]
    return sorted(span for span in spans if span[1] > span[0])


def _turns(spans: Iterable[tuple[float, float, str]], labels: dict[str, str]) -> tuple[Turn, ...]:
    return tuple(
        Turn(start_seconds=round(start, 3), end_seconds=round(end, 3), speaker=labels[speaker])
        for start, end, speaker in spans
    )
