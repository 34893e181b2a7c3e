"""From an upload to its published results: one job as a graph of stages, run to its end."""

from collections.abc import Callable
from pathlib import Path

from runtime.core.contract import ResultFile, Stage, result_prefix
from runtime.core.errors import Permanent
from runtime.core.jobs import Source
from runtime.core.log import Log
from runtime.core.media import Diarization, MediaInfo, Sentence, Summary
from runtime.core.options import JobOptions
from runtime.core.ports import ObjectStore, Progress
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.store import Checkpoints
from runtime.processor.pipeline.context import Work
from runtime.processor.pipeline.executor import Runner
from runtime.processor.pipeline.graph import Inputs, graph_of
from runtime.processor.pipeline.steps import (
    NOBODY,
    NOTHING_SAID,
    duration_seconds,
    opening,
    whole_job,
)
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.stages.publish import publish
from runtime.processor.supervision.progress import StageTracker
from runtime.results.job_result import JobResult
from runtime.results.render.files import render_files, render_manifest
from runtime.results.warnings import (
    AUDIO_FAILED,
    AUDIO_UNREADABLE,
    CUT_OFF,
    NO_AUDIO,
    NO_SPEAKERS,
    NO_SPEECH,
    NO_VIDEO,
    SCENES_FAILED,
    SPEAKERS_FAILED,
    VIDEO_UNREADABLE,
    WARNINGS,
    ResultWarning,
)

CUT_OFF_SECONDS, CUT_OFF_SHARE = 2.0, 0.02
"""A file that ends earlier than it claims by more than both was cut off; tracks differ by less."""


class Pipeline:
    """Runs one job. What an earlier attempt has finished is taken from its checkpoints.

    The upload is fetched, its sound decoded and a model loaded only when some stage still to do
    needs them.
    """

    def __init__(
        self,
        *,
        source: Source,
        options: JobOptions,
        tools: Toolkit,
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
        self._metrics = metrics
        self._work = Work(
            source=source,
            options=options,
            tools=tools,
            objects=objects,
            checkpoints=checkpoints,
            folder=folder,
        )
        self._tracker = tracker
        self._runner = Runner(
            checkpoints=checkpoints, tracker=tracker, capacity=tools.capacity, log=log
        )

    def run(self) -> str:
        """Process the video and return the key of its published `summary.json`.

        Raises `Permanent`, `Retryable`, `LeaseLost` and `StopRequestedError`.
        """
        media = self._runner.run(graph_of(opening(self._work)), target=Stage.PROBE)
        if media.audio is None and media.video is None:
            raise Permanent(
                "media.no_streams",
                f"{self._work.source.key} holds neither sound nor picture.",
                "Upload a file that a video player can play.",
            )
        graph = whole_job(
            self._work, media, lambda given, on_progress: self._publish(media, given, on_progress)
        )
        self._tracker.expect(self._runner.plan(graph, target=Stage.PUBLISH))
        key: str = self._runner.run(graph, target=Stage.PUBLISH)
        return key

    def _publish(self, media: MediaInfo, given: Inputs, on_progress: Progress) -> StageOutput[str]:
        work = self._work
        if {AUDIO_FAILED, SCENES_FAILED} <= set(given.warnings):
            raise Permanent(
                "media.undecodable",
                f"Neither the sound nor the picture of {work.source.key} could be decoded.",
                "Re-encode the file with common codecs, such as H.264 and AAC, and upload that.",
            )
        sentences = given.get(Stage.ATTRIBUTE, ())
        diarization = given.get(Stage.DIARIZE, NOBODY)
        duration = duration_seconds(given)
        result = JobResult(
            source=work.source,
            media=media,
            duration_seconds=duration,
            language=given.get(Stage.TRANSCRIBE, NOTHING_SAID).language,
            turns=diarization.turns,
            chapters=given.get(Stage.CHUNK, ()),
            summary=given.get(Stage.SUMMARIZE, Summary(sentences=())),
            scenes=given.get(Stage.SCENES, ()),
            warnings=warnings(media, duration, sentences, diarization, given.warnings),
            models=work.tools.models,
            media_files=(*given.get(Stage.THUMBNAILS, ()), *given.get(Stage.PLAYER_AUDIO, ())),
        )
        rendered = render_files(result)
        files = {
            **rendered,
            ResultFile.METRICS: self._metrics(duration),
            ResultFile.MANIFEST: render_manifest(result, rendered),
        }
        publish(files, work.source, objects=work.objects, on_progress=on_progress)
        return StageOutput(value=result_prefix(work.source.job_id) + ResultFile.SUMMARY_JSON)


def warnings(
    media: MediaInfo,
    duration: float,
    sentences: tuple[Sentence, ...],
    diarization: Diarization,
    told: tuple[ResultWarning, ...],
) -> tuple[ResultWarning, ...]:
    """Return what the stages have told and what follows from their findings, in fixed order."""
    found = []
    if media.video is None and VIDEO_UNREADABLE not in told:
        found.append(NO_VIDEO)
    if media.audio is None:
        found += [NO_AUDIO] if AUDIO_UNREADABLE not in told else []
    elif not sentences and AUDIO_FAILED not in told:
        found.append(NO_SPEECH)
    elif sentences and not diarization.exclusive_turns and SPEAKERS_FAILED not in told:
        found.append(NO_SPEAKERS)
    claimed = media.duration_seconds or 0.0
    if claimed - duration > max(CUT_OFF_SECONDS, CUT_OFF_SHARE * claimed):
        found.append(CUT_OFF)
    return tuple(warning for warning in WARNINGS.values() if warning in {*found, *told})
