"""From an upload to its published results: the stages in their order, each resumed or computed."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from runtime.core.contract import ResultFile, Stage, result_prefix
from runtime.core.errors import Permanent
from runtime.core.jobs import Source
from runtime.core.log import Log
from runtime.core.media import (
    Audio,
    Chapter,
    Diarization,
    MediaInfo,
    PublishedFile,
    Scene,
    Sentence,
    Summary,
    Transcript,
)
from runtime.core.ports import ObjectStore, Progress
from runtime.processor.checkpoints import Artifact, Checkpoints
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.progress import StageTracker
from runtime.processor.render.files import render_files, render_manifest
from runtime.processor.result import (
    NO_AUDIO,
    NO_SPEAKERS,
    NO_SPEECH,
    NO_VIDEO,
    Caveat,
    JobResult,
)
from runtime.processor.stages.attribute import attribute
from runtime.processor.stages.chunk import divide_into_chapters
from runtime.processor.stages.fetch import fetch
from runtime.processor.stages.publish import publish, publish_folder
from runtime.processor.stages.sentences import split_sentences
from runtime.processor.stages.summarize import summarize
from runtime.processor.tools import MediaTools

T = TypeVar("T")
Input = TypeVar("Input")

MEDIA: Artifact[MediaInfo] = Artifact(stage=Stage.PROBE, kind=MediaInfo, version=1)
AUDIO_SECONDS: Artifact[float] = Artifact(stage=Stage.AUDIO, kind=float, version=1, inputs=(MEDIA,))
TRANSCRIPT: Artifact[Transcript] = Artifact(
    stage=Stage.TRANSCRIBE, kind=Transcript, version=1, inputs=(AUDIO_SECONDS,)
)
DIARIZATION: Artifact[Diarization] = Artifact(
    stage=Stage.DIARIZE, kind=Diarization, version=1, inputs=(AUDIO_SECONDS,)
)
SCENES: Artifact[tuple[Scene, ...]] = Artifact(
    stage=Stage.SCENES, kind=tuple[Scene, ...], version=1, inputs=(MEDIA,)
)
THUMBNAILS: Artifact[tuple[PublishedFile, ...]] = Artifact(
    stage=Stage.THUMBNAILS, kind=tuple[PublishedFile, ...], version=1, inputs=(SCENES,)
)
PLAYER_AUDIO: Artifact[tuple[PublishedFile, ...]] = Artifact(
    stage=Stage.PLAYER_AUDIO, kind=tuple[PublishedFile, ...], version=1, inputs=(MEDIA,)
)
SENTENCES: Artifact[tuple[Sentence, ...]] = Artifact(
    stage=Stage.ATTRIBUTE,
    kind=tuple[Sentence, ...],
    version=1,
    inputs=(TRANSCRIPT, DIARIZATION),
)
CHAPTERS: Artifact[tuple[Chapter, ...]] = Artifact(
    stage=Stage.CHUNK, kind=tuple[Chapter, ...], version=1, inputs=(SENTENCES, SCENES)
)
SUMMARY: Artifact[Summary] = Artifact(
    stage=Stage.SUMMARIZE, kind=Summary, version=1, inputs=(SENTENCES, SCENES)
)

_NOTHING_SAID = Transcript(language=None, language_probability=0.0, words=())
_NOBODY = Diarization(turns=(), exclusive_turns=())


class Pipeline:
    """Runs one job. What an earlier attempt has finished is taken from its checkpoints.

    The upload is fetched, its sound decoded and a model loaded only when some stage still to do
    needs them.
    """

    def __init__(
        self,
        *,
        source: Source,
        tools: MediaTools,
        objects: ObjectStore,
        checkpoints: Checkpoints,
        tracker: StageTracker,
        folder: Path,
        log: Log,
        metrics: Callable[[float], bytes],
    ) -> None:
        """Work in `folder`, which is the caller's to remove.

        `metrics` renders what this run took, given the video's seconds.
        """
        self._source = source
        self._tools = tools
        self._objects = objects
        self._checkpoints = checkpoints
        self._tracker = tracker
        self._folder = folder
        self._log = log
        self._metrics = metrics

    def run(self) -> str:
        """Process the video and return the key of its published `summary.json`.

        Raises `Permanent`, `Retryable`, `LeaseLost` and `StopRequestedError`.
        """
        media = self._media
        if media.audio is None and media.video is None:
            raise Permanent(
                "media.no_streams",
                f"{self._source.key} holds neither sound nor picture.",
                "Upload a file that a video player can play.",
            )
        transcript, diarization, audio_seconds = self._listen(media)
        scenes = self._watch(media)
        media_files = (*self._picture(media, scenes), *self._play(media))
        duration = max([audio_seconds, *(scene.end_seconds for scene in scenes)])
        sentences = self._made(
            SENTENCES,
            lambda: (transcript, diarization),
            lambda heard, _: split_sentences(attribute(heard[0].words, heard[1])),
        )
        chapters, summary = self._tell(sentences, transcript.language, duration)
        result = JobResult(
            source=self._source,
            media=media,
            duration_seconds=duration,
            language=transcript.language,
            turns=diarization.turns,
            chapters=chapters,
            summary=summary,
            scenes=scenes,
            caveats=caveats(media, sentences, diarization),
            models=self._tools.models,
            media_files=media_files,
        )
        with self._tracker.stage(Stage.PUBLISH) as on_progress:
            rendered = render_files(result)
            files = {
                **rendered,
                ResultFile.METRICS: self._metrics(duration),
                ResultFile.MANIFEST: render_manifest(result, rendered),
            }
            publish(files, self._source, objects=self._objects, on_progress=on_progress)
        return result_prefix(self._source.job_id) + ResultFile.SUMMARY_JSON

    @cached_property
    def _upload(self) -> Path:
        with self._tracker.stage(Stage.FETCH) as on_progress:
            return fetch(
                self._source, objects=self._objects, folder=self._folder, on_progress=on_progress
            )

    @cached_property
    def _media(self) -> MediaInfo:
        return self._made(MEDIA, lambda: self._upload, lambda upload, _: self._tools.probe(upload))

    @cached_property
    def _audio(self) -> Audio:
        upload, destination = self._upload, self._folder / "audio.wav"
        with self._tracker.stage(Stage.AUDIO) as on_progress:
            audio = self._tools.extract_audio(upload, self._media, destination, on_progress)
            self._checkpoints.save(AUDIO_SECONDS, audio.duration_seconds)
            return audio

    def _listen(self, media: MediaInfo) -> tuple[Transcript, Diarization, float]:
        """Return what was said, by whom, and the seconds of sound."""
        if media.audio is None:
            return _NOTHING_SAID, _NOBODY, 0.0
        seconds = self._checkpoints.load(AUDIO_SECONDS)
        if seconds is None:
            seconds = self._audio.duration_seconds
        transcript = self._made(TRANSCRIPT, lambda: self._audio, self._tools.transcribe)
        diarization = self._made(DIARIZATION, lambda: self._audio, self._tools.diarize)
        return transcript, diarization, seconds

    def _watch(self, media: MediaInfo) -> tuple[Scene, ...]:
        if media.video is None:
            return ()
        return self._made(
            SCENES,
            lambda: self._upload,
            lambda upload, on_progress: self._tools.detect_scenes(upload, media, on_progress),
        )

    def _picture(self, media: MediaInfo, scenes: tuple[Scene, ...]) -> tuple[PublishedFile, ...]:
        """Return the scenes' pictures, which are published as soon as they are made."""
        if media.video is None:
            return ()
        return self._made(
            THUMBNAILS,
            lambda: self._upload,
            lambda upload, on_progress: self._made_files(
                "pictures",
                lambda into: self._tools.make_thumbnails(
                    upload, media, scenes, into, lambda fraction: on_progress(fraction / 2)
                ),
                on_progress,
            ),
        )

    def _play(self, media: MediaInfo) -> tuple[PublishedFile, ...]:
        """Return the sound for players, which is published as soon as it is made."""
        if media.audio is None:
            return ()
        return self._made(
            PLAYER_AUDIO,
            lambda: self._upload,
            lambda upload, on_progress: self._made_files(
                "sound",
                lambda into: self._tools.make_player_audio(
                    upload, media, into, lambda fraction: on_progress(fraction / 2)
                ),
                on_progress,
            ),
        )

    def _made_files(
        self, name: str, make: Callable[[Path], None], on_progress: Progress
    ) -> tuple[PublishedFile, ...]:
        """Publish what `make` writes into a folder; `make` reports the first half."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        make(folder)
        return publish_folder(
            folder,
            self._source,
            objects=self._objects,
            on_progress=lambda fraction: on_progress((1 + fraction) / 2),
        )

    def _tell(
        self, sentences: tuple[Sentence, ...], language: str | None, duration: float
    ) -> tuple[tuple[Chapter, ...], Summary]:
        """Return chapters and summary; the embedder is loaded once for both."""
        if not sentences:
            return (), Summary(sentences=())
        meaning = Meaning(self._tools.load_embedder, sentences)
        chapters = self._made(
            CHAPTERS,
            lambda: meaning,
            lambda m, _: divide_into_chapters(
                sentences, m.vectors, embed=m.embed, language=language, duration_seconds=duration
            ),
        )
        summary = self._made(
            SUMMARY,
            lambda: meaning,
            lambda m, _: summarize(
                sentences, m.vectors, language=language, duration_seconds=duration
            ),
        )
        return chapters, summary

    def _made(
        self,
        artifact: Artifact[T],
        prepare: Callable[[], Input],
        make: Callable[[Input, Progress], T],
    ) -> T:
        """Return the artifact from its checkpoint, or make it and keep it.

        `prepare` runs only when it has to be made, and before its stage opens, so that a stage it
        needs is reported in its own right.
        """
        found = self._checkpoints.load(artifact)
        if found is not None:
            self._log.info("stage.resumed", stage=artifact.stage)
            return found
        ready = prepare()
        with self._tracker.stage(artifact.stage) as on_progress:
            # Kept before the stage closes: a stop request raised there must not lose the work.
            return self._checkpoints.save(artifact, make(ready, on_progress))


class Meaning:
    """The sentences' embeddings, made when first asked for."""

    def __init__(
        self, load_embedder: Callable[[], SentenceEmbedder], sentences: tuple[Sentence, ...]
    ) -> None:
        """Nothing is loaded yet."""
        self._load_embedder = load_embedder
        self._sentences = sentences

    @cached_property
    def embed(self) -> SentenceEmbedder:
        """The embedder."""
        return self._load_embedder()

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """A unit row for each sentence."""
        return self.embed([sentence.text for sentence in self._sentences])


def caveats(
    media: MediaInfo, sentences: tuple[Sentence, ...], diarization: Diarization
) -> tuple[Caveat, ...]:
    """Return what a reader should know about what is missing."""
    found = []
    if media.video is None:
        found.append(NO_VIDEO)
    if media.audio is None:
        found.append(NO_AUDIO)
    elif not sentences:
        found.append(NO_SPEECH)
    elif not diarization.exclusive_turns:
        found.append(NO_SPEAKERS)
    return tuple(found)
