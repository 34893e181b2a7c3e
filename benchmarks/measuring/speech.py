"""The stages that listen, as benchmarks call them, and the truth beside a recording."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.versus.sound import seconds_of
from lifestream.scoring import Turn
from local.toolchain import MEDIA
from local.toolchain import MODELS as LINKED_MODELS
from runtime.core.media import SAMPLE_RATE, Audio, Diarization, Sentence, Word
from runtime.processor.stages.attribute import attribute
from runtime.processor.stages.audio import extract_audio
from runtime.processor.stages.diarize import diarize
from runtime.processor.stages.probe import probe
from runtime.processor.stages.sentences import split_sentences
from runtime.processor.stages.transcribe import transcribe

MODELS = LINKED_MODELS.resolve()
TALK = MEDIA / "talk.mp4"


def audio_of(wav: Path) -> Audio:
    """Return a WAV as the stages take it."""
    return Audio(path=wav, sample_rate=SAMPLE_RATE, duration_seconds=seconds_of(wav))


def extract(video: Path, wav: Path) -> Audio:
    """Write a video's sound as the models hear it."""
    return extract_audio(video, probe(video), wav, lambda _: None)


@contextmanager
def sound_of(video: Path = TALK) -> Iterator[Audio]:
    """Yield a video's sound in a temporary file."""
    with tempfile.TemporaryDirectory() as folder:
        yield extract(video, Path(folder) / "sound.wav")


def recognize(
    audio: Audio, *, threads: int, model: str = "whisper-base", **more: Any
) -> tuple[Word, ...]:
    """Return the words of a recording; `more` are arguments of the stage."""
    folder = MODELS / model
    return transcribe(
        audio, model_dir=folder, threads=threads, on_progress=lambda _: None, **more
    ).words


def find_speakers(audio: Audio, *, threads: int, **more: Any) -> Diarization:
    """Return who speaks when in a recording; `more` are arguments of the stage."""
    folder = MODELS / "diarization"
    return diarize(audio, model_dir=folder, threads=threads, on_progress=lambda _: None, **more)


def attributed(words: Sequence[Word], found: Diarization) -> tuple[Sentence, ...]:
    """Return who said what."""
    return split_sentences(attribute(words, found))


def turns_from(rows: Iterable[tuple[float, float, str]]) -> list[Turn]:
    """Return (start, end, speaker) as turns."""
    return [Turn(start_seconds=a, end_seconds=b, speaker=who) for a, b, who in rows]


def turns_of(found: Diarization) -> list[Turn]:
    """Return the turns that the stage found."""
    return turns_from((t.start_seconds, t.end_seconds, t.speaker) for t in found.turns)


def truth_of(video: Path) -> list[dict[str, Any]]:
    """Return the turns of the truth beside a video: speaker, start, end, text."""
    turns: list[dict[str, Any]] = json.loads(video.with_suffix(".truth.json").read_text())["turns"]
    return turns


def true_turns(truth: Iterable[dict[str, Any]]) -> list[Turn]:
    """Return the turns of a truth without their texts."""
    return turns_from((t["start"], t["end"], t["speaker"]) for t in truth)
