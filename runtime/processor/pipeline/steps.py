"""The stages of a job as a graph: what each is computed from, keeps and costs."""

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.core.contract import Stage
from runtime.core.media import (
    Audio,
    Chapter,
    Diarization,
    MediaInfo,
    Scene,
    Sentence,
    Sound,
    Summary,
    Transcript,
)
from runtime.core.ports import Progress
from runtime.processor.checkpoints.artifacts import Artifact, StageOutput
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.pipeline.context import Work
from runtime.processor.pipeline.graph import Graph, Inputs, Step, graph_of
from runtime.processor.pipeline.media_steps import pictures, player_audio
from runtime.processor.products import (
    CHAPTERS,
    DIARIZATION,
    MEDIA,
    SCENES,
    SENTENCES,
    SOUND,
    SUMMARY,
    TRANSCRIPT,
)
from runtime.processor.stages.attribute import attribute
from runtime.processor.stages.audio import audio_at
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.stages.fetch import fetch
from runtime.processor.stages.sentences import split_sentences
from runtime.processor.stages.summarize import summarize
from runtime.results.warnings import AUDIO_FAILED, SCENES_FAILED, SPEAKERS_FAILED

NOTHING_SAID = Transcript(language=None, language_probability=0.0, words=())
NOBODY = Diarization(turns=(), exclusive_turns=())

_LOOK_UP_SECONDS = 1.0
_SENTENCES_AT_A_TIME = 2048
"""An hour of talk has fewer, and sentences that are embedded together share their padding."""
NO_SOUND = Sound(starts_at_seconds=0.0, duration_seconds=0.0)


def opening(work: Work) -> tuple[Step, ...]:
    """Return the steps that find out what the upload holds, which decides about all others."""

    def bring(_: Inputs, on_progress: Progress) -> StageOutput[Path]:
        work.tools.limits.check_size(work.source.key, work.source.size_bytes)
        path = fetch(work.source, objects=work.objects, folder=work.folder, on_progress=on_progress)
        return StageOutput(value=path)

    def look(given: Inputs, _: Progress) -> StageOutput[MediaInfo]:
        with work.naming_the_upload(given[Stage.FETCH]):
            return work.tools.probe(given[Stage.FETCH])

    return (
        Step(stage=Stage.FETCH, run=bring, leaves_file=True),
        Step(
            stage=Stage.PROBE,
            run=look,
            needs=(Stage.FETCH,),
            files=(Stage.FETCH,),
            artifact=MEDIA,
            cost=work.tools.cost(Stage.PROBE),
        ),
    )


def whole_job(
    work: Work, media: MediaInfo, finish: Callable[[Inputs, Progress], StageOutput[str]]
) -> Graph:
    """Return the graph for what a file holds: no step for sound or picture that it has not.

    `finish` makes the last step, which is given what all others found.
    """
    steps = [*opening(work)]
    if media.audio is not None:
        steps += _listening(work, media)
    if media.video is not None:
        steps += [_watching(work, media), pictures(work, media)]
    if media.audio is not None:
        steps.append(player_audio(work, media))
        steps += _telling(work, has_pictures=media.video is not None)
    findings = tuple(step.stage for step in steps if step.artifact is not None)
    return graph_of([*steps, Step(stage=Stage.PUBLISH, run=finish, needs=findings)])


def duration_seconds(given: Inputs) -> float:
    """Return how long the decoded media is: the later end of sound and picture."""
    scenes: tuple[Scene, ...] = given.get(Stage.SCENES, ())
    sound: Sound = given.get(Stage.AUDIO, NO_SOUND)
    return max([sound.end_seconds, *(scene.end_seconds for scene in scenes)])


def _listening(work: Work, media: MediaInfo) -> list[Step]:
    tools, path = work.tools, work.folder / "audio.wav"

    def extract(given: Inputs, on_progress: Progress) -> StageOutput[Sound]:
        with work.naming_the_upload(given[Stage.FETCH]):
            audio = tools.extract_audio(given[Stage.FETCH], media, path, on_progress)
        sound = Sound(
            starts_at_seconds=audio.value.starts_at_seconds,
            duration_seconds=audio.value.duration_seconds,
        )
        return StageOutput(value=sound, warnings=audio.warnings)

    def without_sound(error: Exception) -> StageOutput[Sound]:
        if media.video is None:
            raise error
        return StageOutput(value=NO_SOUND, warnings=(AUDIO_FAILED,))

    def heard(given: Inputs) -> Audio | None:
        sound: Sound = given[Stage.AUDIO]
        return audio_at(path, sound) if sound.duration_seconds > 0 else None

    def hear_words(given: Inputs, on_progress: Progress) -> StageOutput[Transcript]:
        audio, increments = heard(given), work.checkpoints.increments(TRANSCRIPT)
        if audio is None:
            return StageOutput(value=NOTHING_SAID)
        return StageOutput(value=tools.transcribe(audio, work.options, on_progress, increments))

    def tell_speakers(given: Inputs, on_progress: Progress) -> StageOutput[Diarization]:
        audio, increments = heard(given), work.checkpoints.increments(DIARIZATION)
        if audio is None:
            return StageOutput(value=NOBODY)
        return StageOutput(value=tools.diarize(audio, work.options, on_progress, increments))

    return [
        Step(
            stage=Stage.AUDIO,
            run=extract,
            needs=(Stage.FETCH, Stage.PROBE),
            files=(Stage.FETCH,),
            artifact=SOUND,
            leaves_file=True,
            cost=tools.cost(Stage.AUDIO),
            instead=without_sound,
        ),
        Step(
            stage=Stage.TRANSCRIBE,
            run=hear_words,
            needs=(Stage.AUDIO,),
            files=(Stage.AUDIO,),
            artifact=TRANSCRIPT,
            cost=tools.cost(Stage.TRANSCRIBE),
        ),
        Step(
            stage=Stage.DIARIZE,
            run=tell_speakers,
            needs=(Stage.AUDIO,),
            files=(Stage.AUDIO,),
            artifact=DIARIZATION,
            cost=tools.cost(Stage.DIARIZE),
            instead=lambda _: StageOutput(value=NOBODY, warnings=(SPEAKERS_FAILED,)),
        ),
    ]


def _watching(work: Work, media: MediaInfo) -> Step:
    def watch(given: Inputs, on_progress: Progress) -> StageOutput[tuple[Scene, ...]]:
        increments = work.checkpoints.increments(SCENES)
        return work.tools.detect_scenes(given[Stage.FETCH], media, on_progress, increments)

    def without_picture(error: Exception) -> StageOutput[tuple[Scene, ...]]:
        if media.audio is None:
            raise error
        return StageOutput(value=(), warnings=(SCENES_FAILED,))

    return Step(
        stage=Stage.SCENES,
        run=watch,
        needs=(Stage.FETCH, Stage.PROBE),
        files=(Stage.FETCH,),
        artifact=SCENES,
        cost=work.tools.cost(Stage.SCENES),
        instead=without_picture,
    )


def _telling(work: Work, *, has_pictures: bool) -> list[Step]:
    meaning = SentenceEmbeddings(work.tools.load_embedder)
    timing = (Stage.AUDIO, Stage.SCENES) if has_pictures else (Stage.AUDIO,)
    told_from = (Stage.TRANSCRIBE, Stage.ATTRIBUTE, *timing)

    def say_who(given: Inputs, _: Progress) -> StageOutput[tuple[Sentence, ...]]:
        words = given[Stage.TRANSCRIBE].words
        return StageOutput(value=split_sentences(attribute(words, given[Stage.DIARIZE])))

    def divide(given: Inputs, on_progress: Progress) -> StageOutput[tuple[Chapter, ...]]:
        sentences = given[Stage.ATTRIBUTE]
        if not sentences:
            return StageOutput(value=())
        chapters = divide_into_chapters(
            sentences,
            meaning.of(sentences, on_progress),
            embed=meaning.embed,
            language=given[Stage.TRANSCRIBE].language,
            duration_seconds=duration_seconds(given),
        )
        return StageOutput(value=chapters)

    def sum_up(given: Inputs, on_progress: Progress) -> StageOutput[Summary]:
        sentences = given[Stage.ATTRIBUTE]
        if not sentences:
            return StageOutput(value=Summary(sentences=()))
        summary = summarize(
            sentences,
            meaning.of(sentences, on_progress),
            language=given[Stage.TRANSCRIBE].language,
            duration_seconds=duration_seconds(given),
        )
        return StageOutput(value=summary)

    def step(stage: Stage, run: Any, needs: tuple[Stage, ...], artifact: Artifact[Any]) -> Step:
        cost = work.tools.cost(stage)
        return Step(stage=stage, run=run, needs=needs, artifact=artifact, cost=cost)

    return [
        step(Stage.ATTRIBUTE, say_who, (Stage.TRANSCRIBE, Stage.DIARIZE), SENTENCES),
        step(Stage.CHUNK, divide, told_from, CHAPTERS),
        step(Stage.SUMMARIZE, sum_up, told_from, SUMMARY),
    ]


class SentenceEmbeddings:
    """The sentences' embeddings, made when first asked for and shared by those who ask."""

    def __init__(self, load_embedder: Callable[[], SentenceEmbedder]) -> None:
        """Nothing is loaded yet."""
        self._load_embedder = load_embedder
        self._lock = threading.Lock()
        self._vectors: NDArray[np.float32] | None = None

    @cached_property
    def embed(self) -> SentenceEmbedder:
        """The embedder."""
        return self._load_embedder()

    def of(self, sentences: tuple[Sentence, ...], on_progress: Progress) -> NDArray[np.float32]:
        """Return a unit row for each sentence; they are the same in every call.

        Those of twelve hours take minutes, in which whoever makes them or waits for them is alive.
        """
        while not self._lock.acquire(timeout=_LOOK_UP_SECONDS):
            on_progress(0.0)
        try:
            if self._vectors is None:
                self._vectors = self._made_of(
                    [sentence.text for sentence in sentences], on_progress
                )
            return self._vectors
        finally:
            self._lock.release()

    def _made_of(self, texts: Sequence[str], on_progress: Progress) -> NDArray[np.float32]:
        made = []
        for first in range(0, len(texts), _SENTENCES_AT_A_TIME):
            on_progress(0.0)
            made.append(self.embed(texts[first : first + _SENTENCES_AT_A_TIME]))
        return np.concatenate(made)
