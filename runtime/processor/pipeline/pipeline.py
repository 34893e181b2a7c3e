"""Runs one job as a graph of stages, from its upload to its published results."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from runtime.core.contract import LeaveOut, ResultFile, Stage, attempt_folder, result_prefix
from runtime.core.errors import Permanent
from runtime.core.media import Diarization, MediaInfo, Sentence, TimeRange, Turn
from runtime.core.options import JobOptions
from runtime.core.ports import Progress
from runtime.core.summary import NO_SUMMARY
from runtime.documents.files import render_documents
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.pipeline.executor import GraphExecutor
from runtime.processor.pipeline.graph import Graph, StageOutputs, Step, graph_of
from runtime.processor.pipeline.media_steps import (
    NO_TURNS,
    NO_WORDS,
    duration_seconds,
    opening_steps,
    picture_steps,
    player_audio_step,
    speech_steps,
)
from runtime.processor.pipeline.redacting import needed_files, redacted_files
from runtime.processor.pipeline.text_steps import text_steps
from runtime.processor.pipeline.toolkit import JobContext
from runtime.processor.stages.publish import publish
from runtime.processor.supervision.progress import StageTracker
from runtime.results.findings import findings_bytes
from runtime.results.job_result import JobResult
from runtime.results.render.files import render_manifest
from runtime.results.voices import VOICES_FILE, Voices, voices_bytes
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
    SPEAKERS_WITHOUT_WORDS,
    UNWRITTEN_SPEECH,
    VIDEO_UNREADABLE,
    ResultWarning,
    in_result_order,
)

MIN_TALK_SECONDS = 5.0
"""A speaker who talks for this long and has no words deserves a warning."""

CUT_OFF_SECONDS, CUT_OFF_SHARE = 2.0, 0.02
"""A file that ends earlier than it claims by more than both was cut off; tracks differ by less."""


_STAGE_LEFT_OUT = {
    LeaveOut.SCENES: Stage.SCENES,
    LeaveOut.THUMBNAILS: Stage.THUMBNAILS,
    LeaveOut.PLAYER_AUDIO: Stage.PLAYER_AUDIO,
    LeaveOut.SUMMARY: Stage.SUMMARIZE,
}
"""Speakers are not left out as a stage, because words need an answer to who said them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Runs one job, using the checkpoints of earlier attempts.

    The upload is fetched, its sound decoded and a model loaded only when a pending stage needs
    them. The job's folder is the caller's to remove. `metrics` renders the run's `metrics.json`,
    given the media's seconds. `corrected` is the folder of an earlier run's corrections, which
    are kept.
    """

    job: JobContext
    tracker: StageTracker
    metrics: Callable[[float], bytes]
    corrected: str | None = None

    def run(self) -> str:
        """Process the upload, write its results, and return the key of their `summary.json`.

        Raises `Permanent`, `Retryable`, `LeaseLost` and `StopRequestedError`.
        """
        executor = GraphExecutor(
            checkpoints=self.job.checkpoints,
            tracker=self.tracker,
            capacity=self.job.toolkit.capacity,
            log=self.job.telemetry.log,
        )
        media = executor.run(graph_of(opening_steps(self.job)), target=Stage.PROBE)
        if media.audio is None and media.video is None:
            raise Permanent(
                "media.no_streams",
                f"{self.job.source.key} holds neither sound nor picture.",
                "Upload a file that a video player can play.",
            )
        graph = self._graph(media)
        self.tracker.expect(executor.plan(graph, target=Stage.PUBLISH))
        key: str = executor.run(graph, target=Stage.PUBLISH)
        return key

    def _graph(self, media: MediaInfo) -> Graph:
        """Return the graph for these tracks, without the stages that the upload leaves out."""
        job = self.job
        left_out = stages_left_out(job.options, media)
        steps = [*opening_steps(job)]
        if media.audio is not None:
            steps += speech_steps(job, media)
        has_scenes = media.video is not None and Stage.SCENES not in left_out
        if has_scenes:
            steps += picture_steps(job, media)
        if media.audio is not None:
            steps.append(player_audio_step(job, media))
            steps += text_steps(job, has_pictures=has_scenes)
        steps = [step for step in steps if step.stage not in left_out]
        kept = tuple(step.stage for step in steps if step.artifact is not None)

        files = needed_files(job, media)
        needs = (*kept, *(stage for stage in files if stage not in kept))
        last = Step(
            stage=Stage.PUBLISH, run=partial(self._publish, media), needs=needs, files=files
        )
        return graph_of([*steps, last])

    def _publish(
        self, media: MediaInfo, given: StageOutputs, on_progress: Progress
    ) -> StageOutput[str]:
        job = self.job
        if {AUDIO_FAILED, SCENES_FAILED} <= set(given.warnings):
            raise Permanent(
                "media.undecodable",
                f"Neither the sound nor the picture of {job.source.key} could be decoded.",
                "Re-encode the file with common codecs, such as H.264 and AAC, and upload that.",
            )
        sentences = given.get(Stage.ATTRIBUTE, ())
        diarization = given.get(Stage.DIARIZE, NO_TURNS)
        duration = duration_seconds(given)
        result = JobResult(
            source=job.source,
            media=media,
            duration_seconds=duration,
            language=given.get(Stage.TRANSCRIBE, NO_WORDS).language,
            turns=diarization.turns,
            chapters=given.get(Stage.CHUNK, ()),
            summary=given.get(Stage.SUMMARIZE, NO_SUMMARY),
            scenes=given.get(Stage.SCENES, ()),
            warnings=collect_warnings(
                *(media, duration, sentences, diarization, given.warnings),
                given.get(Stage.TRANSCRIBE, NO_WORDS).unwritten,
                wants_speakers=LeaveOut.SPEAKERS not in job.options.leave_out,
            ),
            models=job.toolkit.models,
            media_files=(*given.get(Stage.THUMBNAILS, ()), *given.get(Stage.PLAYER_AUDIO, ())),
        )
        redaction = redacted_files(job, media, given, result, on_progress)
        if redaction.warnings:
            warnings = in_result_order((*result.warnings, *redaction.warnings))
            result = replace(result, warnings=warnings)
        rendered = {
            **render_documents(result),
            **redaction.documents,
            ResultFile.FINDINGS: findings_bytes(result),
        }
        folder = attempt_folder(job.attempt)
        # Not in the findings: a correction may add personal data, and keeps none of these files.
        listed = replace(result, media_files=(*result.media_files, *redaction.sound))
        files = {
            **rendered,
            ResultFile.METRICS: self.metrics(duration),
            ResultFile.MANIFEST: render_manifest(
                listed, rendered, folder=folder, corrected=self.corrected
            ),
        }
        if diarization.voices:
            kept = voices_bytes(Voices(voices=diarization.voices))
            # Before the manifest, which is the last file and does not list it.
            files = {VOICES_FILE: kept, **files}
        publish(
            files,
            job.source,
            attempt=job.attempt,
            objects=job.objects,
            on_progress=on_progress,
        )
        key = result_prefix(job.source.job_id) + folder + ResultFile.SUMMARY_JSON
        return StageOutput(value=key)


def stages_left_out(options: JobOptions, media: MediaInfo) -> frozenset[Stage]:
    """Return the stages that do not run; scenes do where they are all that there is."""
    asked = {_STAGE_LEFT_OUT[each] for each in options.leave_out if each in _STAGE_LEFT_OUT}
    if media.audio is None:
        asked.discard(Stage.SCENES)
    if Stage.SCENES in asked:
        asked.add(Stage.THUMBNAILS)
    return frozenset(asked)


def collect_warnings(
    media: MediaInfo,
    duration: float,
    sentences: tuple[Sentence, ...],
    diarization: Diarization,
    reported: tuple[ResultWarning, ...],
    unwritten: tuple[TimeRange, ...] = (),
    *,
    wants_speakers: bool = True,
) -> tuple[ResultWarning, ...]:
    """Return the stages' warnings and those that follow from their outputs, in result order."""
    found = [*reported]
    if media.video is None and VIDEO_UNREADABLE not in reported:
        found.append(NO_VIDEO)
    if media.audio is None:
        if AUDIO_UNREADABLE not in reported:
            found.append(NO_AUDIO)
    elif not sentences and AUDIO_FAILED not in reported:
        found.append(NO_SPEECH)
    elif sentences and wants_speakers and not diarization.exclusive_turns:
        found += [] if SPEAKERS_FAILED in reported else [NO_SPEAKERS]
    if unwritten and sentences:
        found.append(UNWRITTEN_SPEECH.at(unwritten))
    silent = turns_without_words(sentences, diarization)
    if silent and sentences:
        found.append(SPEAKERS_WITHOUT_WORDS.at(silent))
    claimed = media.duration_seconds or 0.0
    if claimed - duration > max(CUT_OFF_SECONDS, CUT_OFF_SHARE * claimed):
        found.append(CUT_OFF)
    return in_result_order(found)


def turns_without_words(
    sentences: tuple[Sentence, ...], diarization: Diarization
) -> list[TimeRange]:
    """Return the turns without words: of speakers who have none, and long ones of others.

    Five seconds of talk or more count.
    """
    talk: defaultdict[str, float] = defaultdict(float)
    for turn in diarization.turns:
        talk[turn.speaker] += turn.end_seconds - turn.start_seconds
    ends: defaultdict[str, list[float]] = defaultdict(list)
    starts: defaultdict[str, list[float]] = defaultdict(list)
    for sentence in sentences:
        starts[sentence.speaker] += [each.word.start_seconds for each in sentence.words]
        ends[sentence.speaker] += [each.word.end_seconds for each in sentence.words]
    silent = {s for s, seconds in talk.items() if seconds >= MIN_TALK_SECONDS} - starts.keys()

    def is_long_and_empty(turn: Turn) -> bool:
        started = bisect_left(starts[turn.speaker], turn.end_seconds)
        has_words = started > 0 and ends[turn.speaker][started - 1] > turn.start_seconds
        return turn.end_seconds - turn.start_seconds >= MIN_TALK_SECONDS and not has_words

    return [
        TimeRange(start_seconds=turn.start_seconds, end_seconds=turn.end_seconds)
        for turn in diarization.turns
        if turn.speaker in silent or is_long_and_empty(turn)
    ]
