"""The processor's settings, read and validated whole from an environment mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.core.contract import EnvVar
from runtime.core.jobs import Source
from runtime.core.log import LEVELS
from runtime.processor.watchdog import Patience

DEFAULT_WORK_DIR = "/tmp"  # noqa: S108 - the container's scratch volume; a private folder is made in it
DEFAULT_ASR_MODEL = "whisper-base"
DEFAULT_TIMEOUT_SECONDS = 3600.0
DEFAULT_STOP_TIMEOUT_SECONDS = 30.0
"""What ECS gives a container between SIGTERM and SIGKILL unless told otherwise."""

STOP_MARGIN_SECONDS = 15.0
"""For one bounded write of the job's record, which takes at most 14 s."""


class BadConfigurationError(ValueError):
    """The environment cannot be worked with; the message names every variable that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which attempt of which job this process is, and how it is to work."""

    environment: str
    job_id: str
    attempt: int
    jobs_table: str
    idempotency_table: str
    region: str
    work_dir: Path
    models_dir: Path
    asr_model: str
    timeout_seconds: float
    stop_timeout_seconds: float
    log_level: str
    task_metadata_uri: str | None

    @property
    def patience(self) -> Patience:
        """How long the work may take to notice a stop, so that the record can still be written."""
        return Patience(
            after_stop_seconds=max(0.0, self.stop_timeout_seconds - STOP_MARGIN_SECONDS)
        )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings; raise `BadConfigurationError` naming all that is missing or wrong."""
        read = _Reader(environ)
        settings = cls(
            environment=read.text(EnvVar.ENVIRONMENT),
            job_id=read.text(EnvVar.JOB_ID),
            attempt=int(read.number(EnvVar.JOB_ATTEMPT, whole=True)),
            jobs_table=read.text(EnvVar.JOBS_TABLE),
            idempotency_table=read.text(EnvVar.IDEMPOTENCY_TABLE),
            region=read.text(EnvVar.AWS_REGION),
            work_dir=Path(read.text(EnvVar.WORK_DIR, DEFAULT_WORK_DIR)),
            models_dir=Path(read.text(EnvVar.MODELS_DIR)),
            asr_model=read.text(EnvVar.ASR_MODEL, DEFAULT_ASR_MODEL),
            timeout_seconds=read.number(EnvVar.JOB_TIMEOUT_SECONDS, DEFAULT_TIMEOUT_SECONDS),
            stop_timeout_seconds=read.number(
                EnvVar.STOP_TIMEOUT_SECONDS, DEFAULT_STOP_TIMEOUT_SECONDS
            ),
            log_level=read.choice(EnvVar.LOG_LEVEL, LEVELS, "INFO"),
            task_metadata_uri=environ.get(EnvVar.ECS_TASK_METADATA),
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
        if read.problems:
            raise BadConfigurationError(
                "The processor cannot start: " + "; ".join(read.problems) + "."
            )
        return settings


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: EnvVar, default: str | None = None) -> str:
        value = self._environ.get(name) or default
        if value is None:
            self.problems.append(f"{name} is not set")
            return ""
        return value

    def number(self, name: EnvVar, default: float | None = None, *, whole: bool = False) -> float:
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
        value = self.text(name, default)
        if value not in allowed:
            self.problems.append(f"{name} is {value!r}, not one of {', '.join(allowed)}")
        return value
