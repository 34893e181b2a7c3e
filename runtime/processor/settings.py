"""The processor's settings, read and validated whole from an environment mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, FiniteFloat, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from runtime.core.contract import FALSE, TRUE, WORKER_PORT, Device, EnvVar, Quality, SceneModel
from runtime.core.jobs import Source
from runtime.processor.media.limits import USUAL_LIMITS, MediaLimits
from runtime.processor.summary_settings import Flag, SummarySettings
from runtime.processor.supervision.watchdog import WatchdogTimeouts

RECORD_SECONDS = 15.0
"""For one bounded write of the job's record, which takes at most 14 s."""

MAX_NOTICE_SECONDS = 30.0
"""For work to notice that it must stop, wherever it is. With `RECORD_SECONDS` it is as much as is
left of a lease that cannot be renewed (`release_at_seconds` of the protection policy)."""

Number = Annotated[FiniteFloat, Field(gt=0)]
Whole = Annotated[int, Field(gt=0)]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class BadConfigurationError(ValueError):
    """The environment is unusable; the message names every variable that is missing or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlan:
    """How the time between SIGTERM and SIGKILL is divided, in seconds.

    First the job goes on, as it may finish; then it is asked to stop and has time to notice; then
    it is requeued without its help.
    """

    notice_seconds: float
    record_seconds: float

    @classmethod
    def within(cls, stop_timeout_seconds: float) -> "StopPlan":
        """Divide a container's stop timeout; even a short one leaves time for each part."""
        record = min(RECORD_SECONDS, stop_timeout_seconds / 2)
        notice = min(MAX_NOTICE_SECONDS, (stop_timeout_seconds - record) / 2)
        return cls(notice_seconds=notice, record_seconds=record)

    @property
    def margin_seconds(self) -> float:
        """What must be left when the job is asked to stop."""
        return self.notice_seconds + self.record_seconds


class ProcessorSettings(SummarySettings):
    """The settings of every processor. Times in seconds.

    `max_runs` is how many runs of a job may end by a passing failure, None if the reaper counts.
    `decoder_memory_mb` is the address space of a decoding child: frames of 8192 x 4320 in 10 bits
    with all their references. `audio_track` is "default", a number from 1 or a language code.
    `checkpoint_seconds` is the work of one unit of a long stage and the time until units are
    stored: a kill costs at most both, which stays below a minute on a slower machine.
    """

    environment: str
    jobs_table: str
    idempotency_table: str
    region: str = Field(validation_alias=EnvVar.AWS_REGION)
    # The container's scratch volume, in which each job makes a private folder.
    work_dir: Path = Path("/tmp")  # noqa: S108
    models_dir: Path
    asr_model: str = "whisper-base"
    quality: Quality = Quality.BALANCED
    device: Device = Device.CPU
    timeout_seconds: Number = Field(default=3600.0, validation_alias=EnvVar.JOB_TIMEOUT_SECONDS)
    # ECS's own default.
    stop_timeout_seconds: Number = 30.0
    max_runs: Whole | None = Field(default=None, validation_alias=EnvVar.MAX_ATTEMPTS)
    log_level: LogLevel = "INFO"
    task_metadata_uri: str | None = Field(default=None, validation_alias=EnvVar.ECS_TASK_METADATA)
    max_media_seconds: Number = USUAL_LIMITS.max_seconds
    max_media_bytes: Whole = USUAL_LIMITS.max_bytes
    max_media_pixels: Whole = USUAL_LIMITS.max_pixels
    decoder_memory_mb: Whole = 4096
    audio_track: str = "default"
    checkpoint_seconds: Number = 20.0
    scene_model: SceneModel = SceneModel.ADAPTIVE
    tracing: Flag = False
    known_voices: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the interface
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the given mapping only, never this process's environment."""
        return (init_settings,)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; raise `BadConfigurationError` naming all that is missing or wrong.

        An empty variable counts as not set.
        """
        given: dict[str, Any] = {name: value for name, value in environ.items() if value}
        try:
            return cls(**given)
        except ValidationError as error:
            problems = "; ".join(cls._problem(details) for details in error.errors())
            raise BadConfigurationError(f"The processor cannot start: {problems}.") from error

    @classmethod
    def _problem(cls, details: ErrorDetails) -> str:
        if not details["loc"]:
            return str(details["ctx"]["error"])
        name = str(details["loc"][0])
        if details["type"] == "missing":
            return f"{name} is not set"
        field = next(field for field in cls.model_fields.values() if field.validation_alias == name)
        return f"{name} is {details['input']!r}, not {_expected(field.annotation)}"

    @property
    def limits(self) -> MediaLimits:
        """The longest and largest media that is processed."""
        return MediaLimits(
            max_seconds=self.max_media_seconds,
            max_bytes=self.max_media_bytes,
            max_pixels=self.max_media_pixels,
        )

    @property
    def stop_plan(self) -> StopPlan:
        """How the stop timeout is divided."""
        return StopPlan.within(self.stop_timeout_seconds)

    @property
    def watchdog_timeouts(self) -> WatchdogTimeouts:
        """The watchdog's timeouts, which leave time to write the job's record after a stop."""
        return WatchdogTimeouts(after_stop_seconds=self.stop_plan.notice_seconds)


class AttemptSettings(ProcessorSettings):
    """The settings of a processor with one job: which attempt of which job it runs."""

    job_id: str
    attempt: Whole = Field(validation_alias=EnvVar.JOB_ATTEMPT)
    bucket: str = Field(validation_alias=EnvVar.S3_BUCKET)
    key: str = Field(validation_alias=EnvVar.S3_KEY)
    etag: str = Field(validation_alias=EnvVar.S3_ETAG)

    @model_validator(mode="after")
    def _names_the_job_of_the_upload(self) -> Self:
        source = Source(bucket=self.bucket, key=self.key, etag=self.etag, size_bytes=0)
        if source.job_id != self.job_id:
            raise ValueError(
                f"{EnvVar.JOB_ID} is not the job of {EnvVar.S3_BUCKET}, {EnvVar.S3_KEY} "
                f"and {EnvVar.S3_ETAG} (theirs is {source.job_id})"
            )
        return self


class WorkerSettings(ProcessorSettings):
    """The worker's queues, and the loopback `port` of its health server."""

    work_queue_url: str
    jobs_queue_url: str
    visibility_seconds: Whole = Field(validation_alias=EnvVar.WORK_VISIBILITY_SECONDS)
    port: Whole = Field(default=WORKER_PORT, validation_alias=EnvVar.WORKER_PORT)


def _expected(annotation: Any) -> str:
    if annotation is float:
        return "a number above 0"
    if annotation is bool:
        return f"one of {TRUE}, {FALSE}"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(str(member) for member in annotation)
    if annotation == LogLevel:
        return "one of " + ", ".join(get_args(annotation))
    return "a whole number above 0"
