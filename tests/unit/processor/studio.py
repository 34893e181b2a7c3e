"""A whole processor in memory: fake media tools, in-memory ports, and one job to run."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runtime.core import jobs as lifecycle
from runtime.core.contract import (
    REDACTED_FOLDER,
    ExitCode,
    ResultFile,
    Stage,
    result_prefix,
    thumbnail_name,
)
from runtime.core.jobs import Job
from runtime.core.media import (
    Audio,
    Diarization,
    MediaInfo,
    Scene,
    TimeRange,
    Transcript,
    Turn,
    Upload,
    Voice,
)
from runtime.core.options import DEFAULT_OPTIONS, JobOptions
from runtime.core.ports import JobStore, ObjectStore, Progress
from runtime.core.task_cost import UNKNOWN_TASK_SIZE, TaskSize
from runtime.core.telemetry import Telemetry
from runtime.processor.attempt import Attempt, AttemptOutcome, Ports
from runtime.processor.checkpoints.artifacts import StageOutput
from runtime.processor.checkpoints.increments import Increments
from runtime.processor.host.resources import Capacity
from runtime.processor.media.limits import USUAL_LIMITS, MediaLimits
from runtime.processor.models.sentence_embedder import SentenceEmbedder
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.summaries.writer import QUOTES_ONLY, SummaryWriter
from runtime.processor.supervision.interruption import Interruption
from runtime.processor.supervision.watchdog import WatchdogTimeouts
from runtime.results.published import open_results
from tests.fakes.clock import FakeClock
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog
from tests.fakes.metrics import CapturedMetrics
from tests.fakes.objects import InMemoryObjectStore
from tests.fakes.traces import KeptTracing
from tests.unit.processor.builders import ANNA, BEN, embed, media, speech, turn, voices

BUCKET = "media"
TIMEOUT_SECONDS = 600.0
STAGE_SECONDS = 4.0
LEASE_SECONDS = 300.0

SAID = tuple(
    """
The harbour was built by fishermen long ago. Its stone walls keep the winter storms out.
Thank you for the story of the harbour. Now tell us about the railway in the hills.
""".strip().splitlines()
)


@dataclass
class Studio:
    """`meanwhile` holds what else happens while a tool is at work; `used` what was at work."""

    work_dir: Path
    clock: FakeClock = field(default_factory=FakeClock)
    objects: InMemoryObjectStore = field(default_factory=InMemoryObjectStore)
    jobs: InMemoryJobStore = field(default_factory=InMemoryJobStore)
    log: CapturedLog = field(default_factory=CapturedLog)
    metrics: CapturedMetrics = field(default_factory=CapturedMetrics)
    media: MediaInfo = field(default_factory=media)
    asr_model: str = "any-model"
    cores: int = 1
    limits: MediaLimits = USUAL_LIMITS
    meanwhile: dict[Stage, Callable[[Progress], None]] = field(default_factory=dict)
    used: list[Stage] = field(default_factory=list)
    muted: list[tuple[TimeRange, ...] | None] = field(default_factory=list)
    when_muted: Callable[[Progress], None] = lambda _: None
    options: JobOptions = DEFAULT_OPTIONS
    asked: list[JobOptions] = field(default_factory=list)
    said: tuple[str, ...] = SAID
    turns: tuple[Turn, ...] = (turn(0.8, 25.0, ANNA), turn(29.5, 50.0, BEN))
    unwritten: tuple[TimeRange, ...] = ()
    parties: Diarization | None = None
    kept_voices: tuple[Voice, ...] = ()
    aborted: list[ExitCode] = field(default_factory=list)
    max_runs: int | None = None
    task_size: TaskSize = UNKNOWN_TASK_SIZE
    summaries: SummaryWriter = QUOTES_ONLY
    tracing: KeptTracing = field(default_factory=KeptTracing)
    interruption: Interruption = field(init=False)
    ended: AttemptOutcome = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.objects.put(BUCKET, "uploads/Harbour talk.mp4", b"any video")
        self.interruption = self.fresh_interruption()

    def fresh_interruption(self) -> Interruption:
        return Interruption(clock=self.clock, timeout_seconds=TIMEOUT_SECONDS)

    def dispatch(self) -> Job:
        """Claim and launch the job's next attempt, as the dispatcher does."""
        there = self.jobs.get(self.source.job_id)
        now = self.clock.now()
        if there is None:
            claimed = lifecycle.claim_new(
                self.source, options=self.options, now=now, lease_seconds=LEASE_SECONDS
            )
            self.jobs.create(claimed)
        else:
            if there.state in {lifecycle.State.LAUNCHED, lifecycle.State.RUNNING}:
                released = lifecycle.requeue(there, now=now)
                self.jobs.save(there, released)
                there = released
            claimed = lifecycle.take_over(there, now=now, lease_seconds=LEASE_SECONDS)
            self.jobs.save(there, claimed)
        launched = lifecycle.launched(claimed, now=now, task_arn=f"arn:any:{claimed.attempt}")
        self.jobs.save(claimed, launched)
        return launched

    def process(
        self,
        attempt: int,
        *,
        objects: ObjectStore | None = None,
        jobs: JobStore | None = None,
    ) -> ExitCode:
        """Run one attempt in a new process; ports other than the plain fakes may be given."""
        self.interruption = self.fresh_interruption()
        self.ended = Attempt(
            job_id=self.source.job_id,
            number=attempt,
            task_arn=f"arn:any:{attempt}",
            ports=Ports(objects=objects or self.objects, jobs=jobs or self.jobs),
            toolkit=self.tools(),
            interruption=self.interruption,
            work_dir=self.work_dir,
            clock=self.clock,
            telemetry=Telemetry(log=self.log, metrics=self.metrics, tracing=self.tracing),
            timeouts=WatchdogTimeouts(),
            abort=self.aborted.append,
            max_runs=self.max_runs,
            task_size=self.task_size,
        ).run()
        return self.ended.code

    def run(self) -> ExitCode:
        """Dispatch and process."""
        return self.process(self.dispatch().attempt)

    @property
    def job(self) -> Job:
        job = self.jobs.get(self.source.job_id)
        assert job is not None
        return job

    def published(self) -> dict[str, bytes]:
        """The current results by name, without what depends on the run: metrics and paths."""
        if self.job.result_key is None:
            return {}
        results = open_results(self.job, self.objects)
        found = {name: results.read(name) for name in results.keys}
        found.pop(ResultFile.METRICS, None)
        manifest = json.loads(found[ResultFile.MANIFEST])
        for file in manifest["files"]:
            file.pop("path", None)
        return {**found, ResultFile.MANIFEST: json.dumps(manifest).encode()}

    def public_copy(self) -> dict[str, bytes]:
        """The files directly under the job's results, and those in folders of none of attempts."""
        prefix = result_prefix(self.source.job_id)
        found = {key.removeprefix(prefix): key for key in self.objects.keys(BUCKET, prefix)}
        return {
            name: self.objects.read_bytes(BUCKET, key)
            for name, key in found.items()
            if not name.startswith("attempts/")
        }

    def run_metrics(self) -> dict[str, Any]:
        """What the last run took."""
        results = open_results(self.job, self.objects)
        document: dict[str, Any] = json.loads(results.read(ResultFile.METRICS))
        return document

    def summary(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.published()["summary.json"])
        return document

    def tools(self) -> Toolkit:
        return Toolkit(
            probe=self._probe,
            extract_audio=self._extract_audio,
            transcribe=self._transcribe,
            diarize=self._diarize,
            detect_scenes=self._detect_scenes,
            make_thumbnails=self._make_thumbnails,
            make_player_audio=self._make_player_audio,
            draw_waveform=_draw_waveform,
            load_embedder=self._load_embedder,
            models={Stage.TRANSCRIBE: self.asr_model, Stage.SUMMARIZE: "any-embedder"},
            costs={},
            capacity=Capacity(cores=self.cores, memory_mb=1000),
            limits=self.limits,
            settings={},
            checkpoint_seconds=20.0,
            summaries=self.summaries,
        )

    def _work(self, stage: Stage, on_progress: Progress) -> None:
        self.used.append(stage)
        for fraction in (0.25, 0.5, 0.75, 1.0):
            self.clock.advance(STAGE_SECONDS / 4)
            if fraction == 0.5 and stage in self.meanwhile:
                self.meanwhile[stage](on_progress)
            on_progress(fraction)

    def _probe(self, upload: Upload) -> StageOutput[MediaInfo]:
        assert upload.path.read_bytes() == b"any video"
        assert upload.key.startswith("uploads/")
        self._work(Stage.PROBE, lambda _: None)
        return StageOutput(value=self.media)

    def _extract_audio(
        self, path: Path, info: MediaInfo, destination: Path, on_progress: Progress
    ) -> StageOutput[Audio]:
        assert path.exists()
        assert info == self.media
        self._work(Stage.AUDIO, on_progress)
        destination.write_bytes(b"any sound")
        audio = Audio(
            path=destination,
            sample_rate=16000,
            starts_at_seconds=0.5,
            duration_seconds=59.5,
            parties=self.parties,
        )
        return StageOutput(value=audio)

    def _transcribe(
        self, audio: Audio, options: JobOptions, on_progress: Progress, _: Increments
    ) -> Transcript:
        assert audio.path.exists()
        assert audio.starts_at_seconds == 0.5
        self.asked.append(options)
        self._work(Stage.TRANSCRIBE, on_progress)
        words = tuple(
            attributed.word
            for start, text in zip((1.0, 30.0), self.said, strict=False)
            for attributed in speech(text, start=start)
        )
        return Transcript(
            language="en", language_probability=0.99, words=words, unwritten=self.unwritten
        )

    def _diarize(
        self, audio: Audio, options: JobOptions, on_progress: Progress, _: Increments
    ) -> Diarization:
        assert audio.path.exists()
        self.asked.append(options)
        self._work(Stage.DIARIZE, on_progress)
        return replace(voices(*self.turns), voices=self.kept_voices)

    def _detect_scenes(
        self, path: Path, info: MediaInfo, on_progress: Progress, _: Increments
    ) -> StageOutput[tuple[Scene, ...]]:
        assert path.exists()
        assert info == self.media
        self._work(Stage.SCENES, on_progress)
        return StageOutput(
            value=(
                Scene(index=0, start_seconds=0.0, end_seconds=20.0),
                Scene(index=1, start_seconds=20.0, end_seconds=60.04),
            )
        )

    def _make_thumbnails(
        self,
        path: Path,
        info: MediaInfo,
        scenes: Sequence[Scene],
        folder: Path,
        on_progress: Progress,
        _increments: Increments,
    ) -> None:
        assert path.exists()
        assert info == self.media
        self._work(Stage.THUMBNAILS, on_progress)
        for scene in scenes:
            (folder / thumbnail_name(scene.index)).parent.mkdir(exist_ok=True)
            (folder / thumbnail_name(scene.index)).write_bytes(f"picture {scene.index}".encode())
        (folder / ResultFile.CONTACT_SHEET).write_bytes(b"any pictures")

    def _make_player_audio(
        self,
        path: Path,
        info: MediaInfo,
        folder: Path,
        on_progress: Progress,
        muted: tuple[TimeRange, ...] | None = None,
        /,
    ) -> None:
        assert path.exists()
        assert info == self.media
        if folder.name == REDACTED_FOLDER.strip("/"):
            self.muted.append(muted)
            self.when_muted(on_progress)
        else:
            self._work(Stage.PLAYER_AUDIO, on_progress)
        (folder / ResultFile.PLAYER_AUDIO).write_bytes(b"any sound")

    def _load_embedder(self) -> SentenceEmbedder:
        self.used.append(Stage.CHUNK)
        return embed


def _draw_waveform(_audio: Audio, path: Path) -> None:
    path.write_text("any waveform")


def raising(error: Exception) -> Callable[[Progress], None]:
    """Return what a stage meanwhile meets: this error."""

    def meanwhile(_: Progress) -> None:
        raise error

    return meanwhile
