"""The processor's settings, read and validated whole from an environment mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.core.contract import FALSE, TRUE, Device, EnvVar, SceneModel
from runtime.core.jobs import Source
from runtime.core.log import LEVELS
from runtime.processor.media.limits import USUAL_LIMITS, MediaLimits
from runtime.processor.supervision.watchdog import WatchdogTimeouts

DEFAULT_WORK_DIR = "/tmp"  # noqa: S108 - the container's scratch volume; a private folder is made in it
DEFAULT_ASR_MODEL = "whisper-base"
DEFAULT_TIMEOUT_SECONDS = 3600.0
DEFAULT_STOP_TIMEOUT_SECONDS = 30.0
"""What ECS gives a container between SIGTERM and SIGKILL unless told otherwise."""

DEFAULT_DECODER_MEMORY_MB = 4096
"""Address space of a decoding child: pictures of 8192 x 4320 in 10 bits with all they refer to."""

DEFAULT_AUDIO_TRACK = "default"
"""The track that the container marks as default; else a number from 1, or a language code."""

DEFAULT_CHECKPOINT_SECONDS = 20.0
"""How much work a unit of a long stage is to take, and how long it may wait to be kept.

A kill costs at most both, which leaves a slower machine room within a minute.
"""

RECORD_SECONDS = 15.0
"""For one bounded write of the job's record, which takes at most 14 s."""

MAX_NOTICE_SECONDS = 30.0
"""For work to notice that it must stop, wherever it is. With `RECORD_SECONDS` it is as much as is
left of a lease that cannot be renewed (`release_at_seconds` of the protection policy)."""


class BadConfigurationError(ValueError):
    """The environment cannot be worked with; the message names every variable that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlan:
    """What the time between SIGTERM and SIGKILL is used for, in seconds, one after the other.

    First the job goes on, for it may well end by itself; then it is told to stop and has time to
    notice; then it is put back without its help.
    """

    finish_seconds: float
    notice_seconds: float
    record_seconds: float

    @classmethod
    def within(cls, stop_timeout_seconds: float) -> "StopPlan":
        """Divide a container's stop timeout; even a short one leaves each its part."""
        record = min(RECORD_SECONDS, stop_timeout_seconds / 2)
        notice = min(MAX_NOTICE_SECONDS, (stop_timeout_seconds - record) / 2)
        return cls(
            finish_seconds=stop_timeout_seconds - record - notice,
            notice_seconds=notice,
            record_seconds=record,
        )

    @property
    def margin_seconds(self) -> float:
        """What must be left when the job is told to stop."""
        return self.notice_seconds + self.record_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorSettings:
    """How to work on any job. Times in seconds.

    `max_runs` is how many runs of a job may end by a passing fault, None if others count.
    """

    environment: str
    jobs_table: str
    idempotency_table: str
    region: str
    work_dir: Path
    models_dir: Path
    asr_model: str
    device: Device
    timeout_seconds: float
    stop_timeout_seconds: float
    max_runs: int | None
    log_level: str
    task_metadata_uri: str | None
    limits: MediaLimits = USUAL_LIMITS
    decoder_memory_mb: int = DEFAULT_DECODER_MEMORY_MB
    audio_track: str = DEFAULT_AUDIO_TRACK
    checkpoint_seconds: float = DEFAULT_CHECKPOINT_SECONDS
    scene_model: SceneModel = SceneModel.ADAPTIVE
    tracing: bool = False

    @property
    def stop_plan(self) -> StopPlan:
        """How a stop goes."""
        return StopPlan.within(self.stop_timeout_seconds)

    @property
    def watchdog_timeouts(self) -> WatchdogTimeouts:
        """How long the work may take to notice a stop, so that the record can still be written."""
        return WatchdogTimeouts(after_stop_seconds=self.stop_plan.notice_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ProcessorSettings):
    """Which attempt of which job this process is, and how it is to work."""

    job_id: str
    attempt: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings; raise `BadConfigurationError` naming all that is missing or wrong."""
        read = Reader(environ)
        settings = cls(
            job_id=read.text(EnvVar.JOB_ID),
            attempt=int(read.number(EnvVar.JOB_ATTEMPT, whole=True)),
            **read.work(),
        )
        source = Source(
            bucket=read.text(EnvVar.S3_BUCKET),
            key=read.text(EnvVar.S3_KEY),
            etag=read.text(EnvVar.S3_ETAG),
            size_bytes=0,
        )
        if not read.problems and source.job_id != settings.job_id:
            read.problems.append(
                f"{EnvVar.JOB_ID} is not the job of {EnvVar.S3_BUCKET}, {EnvVar.S3_KEY} "
                f"and {EnvVar.S3_ETAG} (theirs is {source.job_id})"
            )
        read.finish()
        return settings


class Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read from these."""
        self._environ = environ
        self.problems: list[str] = []

    def finish(self) -> None:
        """Raise `BadConfigurationError` if anything was wrong."""
        if self.problems:
            raise BadConfigurationError(
                "The processor cannot start: " + "; ".join(self.problems) + "."
            )

    def work(self) -> dict[str, Any]:
        """Return the fields of `ProcessorSettings`."""
        return {
            "environment": self.text(EnvVar.ENVIRONMENT),
            "jobs_table": self.text(EnvVar.JOBS_TABLE),
            "idempotency_table": self.text(EnvVar.IDEMPOTENCY_TABLE),
            "region": self.text(EnvVar.AWS_REGION),
            "work_dir": Path(self.text(EnvVar.WORK_DIR, DEFAULT_WORK_DIR)),
            "models_dir": Path(self.text(EnvVar.MODELS_DIR)),
            "asr_model": self.text(EnvVar.ASR_MODEL, DEFAULT_ASR_MODEL),
            "device": Device(self.choice(EnvVar.DEVICE, tuple(Device), Device.CPU)),
            "timeout_seconds": self.number(EnvVar.JOB_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_SECONDS),
            "stop_timeout_seconds": self.number(
                EnvVar.STOP_TIMEOUT_SECONDS, DEFAULT_STOP_TIMEOUT_SECONDS
            ),
            "max_runs": self.optional_count(EnvVar.MAX_ATTEMPTS),
            "log_level": self.choice(EnvVar.LOG_LEVEL, LEVELS, "INFO"),
            "task_metadata_uri": self._environ.get(EnvVar.ECS_TASK_METADATA),
            "limits": self.limits(),
            "decoder_memory_mb": int(
                self.number(EnvVar.DECODER_MEMORY_MB, DEFAULT_DECODER_MEMORY_MB, whole=True)
            ),
            "audio_track": self.text(EnvVar.AUDIO_TRACK, DEFAULT_AUDIO_TRACK),
            "checkpoint_seconds": self.number(
                EnvVar.CHECKPOINT_SECONDS, DEFAULT_CHECKPOINT_SECONDS
            ),
            "scene_model": SceneModel(
                self.choice(EnvVar.SCENE_MODEL, tuple(SceneModel), SceneModel.ADAPTIVE)
            ),
            "tracing": self.choice(EnvVar.TRACING, (TRUE, FALSE), FALSE) == TRUE,
        }

    def limits(self) -> MediaLimits:
        """Return how much of a video is taken."""
        usual = USUAL_LIMITS
        return MediaLimits(
            max_seconds=self.number(EnvVar.MAX_MEDIA_SECONDS, usual.max_seconds),
            max_bytes=int(self.number(EnvVar.MAX_MEDIA_BYTES, usual.max_bytes, whole=True)),
            max_pixels=int(self.number(EnvVar.MAX_MEDIA_PIXELS, usual.max_pixels, whole=True)),
        )

    def optional_count(self, name: EnvVar) -> int | None:
        """Return a whole number above 0, None if the variable is not set."""
        return int(self.number(name, whole=True)) if self._environ.get(name) else None

    def text(self, name: EnvVar, default: str | None = None) -> str:
        """Return a text; without a default it must be set."""
        value = self._environ.get(name) or default
        if value is None:
            self.problems.append(f"{name} is not set")
            return ""
        return value

    def number(self, name: EnvVar, default: float | None = None, *, whole: bool = False) -> float:
        """Return a number above 0."""
        text = self.text(name, None if default is None else str(default))
        try:
            value = float(int(text) if whole else float(text))
        except ValueError:
            value = 0.0
        if text and not 0 < value < float("inf"):
            what = "whole number above 0" if whole else "number above 0"
            self.problems.append(f"{name} is {text!r}, not a {what}")
        return value

    def choice(self, name: EnvVar, allowed: tuple[str, ...], default: str) -> str:
        """Return one of some words; the default for another one, which is a problem."""
        value = self.text(name, default)
        if value in allowed:
            return value
        self.problems.append(f"{name} is {value!r}, not one of {', '.join(allowed)}")
        return default
