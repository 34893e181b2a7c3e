"""Finds who speaks when: turns by a pyannote.audio pipeline, from a local folder of models."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.core.media import Audio, Diarization, Turn, Voice
from runtime.core.ports import Progress
from runtime.processor.checkpoints.increments import NO_INCREMENTS, Increments
from runtime.processor.models.diarization_windows import Recording
from runtime.processor.models.exported import has_exported_networks
from runtime.processor.models.integrity import model_digest, verify_model
from runtime.processor.models.speaker_turns import Span

# Share of the running time spent on windows; clustering takes the rest.
_WINDOWS_SHARE = 0.95
# The segmentation model takes no less.
_SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DiarizeOptions:
    """Bounds of the number of speakers; None leaves it open. `voices`: return those too."""

    min_speakers: int | None = None
    max_speakers: int | None = None
    voices: bool = False


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
    `scripts/setup/models.py`. Where its networks are exported, they are run; elsewhere
    pyannote.audio runs the pipeline. Audio without speech gives no turns. Each block of windows is
    a unit of `increments`. Raises `Permanent` `models.missing` or `models.corrupt`.
    """
    # Set before the import, which would report usage and look up weights over the network.
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["HF_HUB_OFFLINE"] = "1"
    # Waiting threads sleep instead of taking the core that the other one needs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if audio.duration_seconds < _SHORTEST_SECONDS:
        verify_model(model_dir)
        on_progress(1.0)
        return Diarization(turns=(), exclusive_turns=())
    pipeline = _load(model_dir)
    windows = pipeline.analyze_windows(
        Recording(audio.path),
        increments,
        lambda done: on_progress(_WINDOWS_SHARE * done),
        threads=threads,
    )
    found, alone = pipeline.build_turns(
        windows, min_speakers=options.min_speakers, max_speakers=options.max_speakers
    )
    voices = pipeline.voices(windows, alone) if options.voices else ()
    turns, exclusive = _on_timeline(found, audio), _on_timeline(alone, audio)
    on_progress(1.0)
    labels = labels_by_appearance(speaker for _, _, speaker in turns)
    return Diarization(
        turns=_turns(turns, labels),
        exclusive_turns=_turns(exclusive, labels),
        voices=tuple(
            Voice(
                speaker=labels[speaker],
                seconds=round(seconds, 3),
                vector=vector,
                model=model_digest(model_dir),
            )
            for speaker, seconds, vector in voices
            if speaker in labels
        ),
    )


def preload_diarization(model_dir: Path) -> None:
    """Load the exported networks, where there are any, for the next call of `diarize`."""
    if has_exported_networks(model_dir):
        _load(model_dir)


def _load(model_dir: Path) -> Any:
    """Return the pipeline that finds the turns; both kinds have the same methods."""
    if has_exported_networks(model_dir):
        from runtime.processor.models.shared_diarization import load_shared_diarization

        return load_shared_diarization(model_dir)
    from runtime.processor.models.diarization import load_diarization

    return load_diarization(model_dir)


def labels_by_appearance(speakers: Iterable[int]) -> dict[int, str]:
    """Return the label of each speaker, numbered as they first occur."""
    return {
        speaker: f"SPEAKER_{number:02d}" for number, speaker in enumerate(dict.fromkeys(speakers))
    }


def _on_timeline(spans: Iterable[Span], audio: Audio) -> list[Span]:
    """Return the spans in order, shifted to the recording's place on the presentation timeline."""
    at, end = audio.starts_at_seconds, audio.end_seconds
    placed = (
        (max(0.0, at, at + start), min(at + stop, end), speaker) for start, stop, speaker in spans
    )
    return sorted(span for span in placed if span[1] > span[0])


def _turns(spans: Iterable[Span], labels: dict[int, str]) -> tuple[Turn, ...]:
    return tuple(
        Turn(start_seconds=round(start, 3), end_seconds=round(end, 3), speaker=labels[speaker])
        for start, end, speaker in spans
    )
