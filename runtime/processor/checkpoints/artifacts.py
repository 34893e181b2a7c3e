"""The kept output of each stage, and what must be unchanged for it to be used again."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from runtime.core.contract import Stage
from runtime.core.media import (
    Chapter,
    Diarization,
    MediaInfo,
    PublishedFile,
    Scene,
    Sentence,
    Sound,
    Transcript,
)
from runtime.core.summary import Summary
from runtime.results.warnings import ResultWarning

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Generic[T]):
    """The kept output of one stage, of type `kind`, computed from the artifacts `inputs`.

    Raise `version` whenever the stage's code gives another output for the same input.
    """

    stage: Stage
    kind: Any
    version: int
    inputs: tuple["Artifact[Any]", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutput(Generic[T]):
    """A stage's output and its warnings; `is_fallback` replaces the output of a failed stage."""

    value: T
    warnings: tuple[ResultWarning, ...] = ()
    is_fallback: bool = False


MEDIA: Artifact[MediaInfo] = Artifact(stage=Stage.PROBE, kind=MediaInfo, version=2)
SOUND: Artifact[Sound] = Artifact(stage=Stage.AUDIO, kind=Sound, version=3, inputs=(MEDIA,))
TRANSCRIPT: Artifact[Transcript] = Artifact(
    stage=Stage.TRANSCRIBE, kind=Transcript, version=2, inputs=(SOUND,)
)
DIARIZATION: Artifact[Diarization] = Artifact(
    stage=Stage.DIARIZE, kind=Diarization, version=4, inputs=(SOUND,)
)
SCENES: Artifact[tuple[Scene, ...]] = Artifact(
    stage=Stage.SCENES, kind=tuple[Scene, ...], version=3, inputs=(MEDIA,)
)
THUMBNAILS: Artifact[tuple[PublishedFile, ...]] = Artifact(
    stage=Stage.THUMBNAILS, kind=tuple[PublishedFile, ...], version=4, inputs=(SCENES,)
)
PLAYER_AUDIO: Artifact[tuple[PublishedFile, ...]] = Artifact(
    stage=Stage.PLAYER_AUDIO, kind=tuple[PublishedFile, ...], version=3, inputs=(MEDIA, SOUND)
)
SENTENCES: Artifact[tuple[Sentence, ...]] = Artifact(
    stage=Stage.ATTRIBUTE,
    kind=tuple[Sentence, ...],
    version=1,
    inputs=(TRANSCRIPT, DIARIZATION),
)
CHAPTERS: Artifact[tuple[Chapter, ...]] = Artifact(
    stage=Stage.CHUNK, kind=tuple[Chapter, ...], version=3, inputs=(SENTENCES, SCENES)
)
SUMMARY: Artifact[Summary] = Artifact(
    stage=Stage.SUMMARIZE, kind=Summary, version=4, inputs=(SENTENCES, CHAPTERS)
)
