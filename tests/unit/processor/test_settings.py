from pathlib import Path

import pytest

from runtime.core.contract import Device, EnvVar
from runtime.core.jobs import Source
from runtime.processor.media.limits import MediaLimits
from runtime.processor.settings import (
    MAX_NOTICE_SECONDS,
    RECORD_SECONDS,
    AttemptSettings,
    BadConfigurationError,
    StopPlan,
)
from runtime.protection.policy import gap_free

SOURCE = Source(bucket="any-bucket", key="uploads/any.mp4", etag="any-etag", size_bytes=0)
ENVIRON: dict[str, str] = {
    EnvVar.ENVIRONMENT: "any-environment",
    EnvVar.JOB_ID: SOURCE.job_id,
    EnvVar.JOB_ATTEMPT: "3",
    EnvVar.S3_BUCKET: SOURCE.bucket,
    EnvVar.S3_KEY: SOURCE.key,
    EnvVar.S3_ETAG: SOURCE.etag,
    EnvVar.JOBS_TABLE: "any-jobs",
    EnvVar.IDEMPOTENCY_TABLE: "any-idempotency",
    EnvVar.AWS_REGION: "eu-west-1",
    EnvVar.MODELS_DIR: "/models",
}
OPTIONAL: dict[str, str] = {
    EnvVar.WORK_DIR: "/scratch",
    EnvVar.JOB_TIMEOUT_SECONDS: "900.5",
    EnvVar.STOP_TIMEOUT_SECONDS: "120",
    EnvVar.ASR_MODEL: "whisper-tiny",
    EnvVar.DEVICE: "cuda",
    EnvVar.MAX_ATTEMPTS: "3",
    EnvVar.LOG_LEVEL: "DEBUG",
    EnvVar.ECS_TASK_METADATA: "http://169.254.170.2/v4/any",
    EnvVar.MAX_MEDIA_SECONDS: "60",
    EnvVar.MAX_MEDIA_BYTES: "1000",
    EnvVar.MAX_MEDIA_PIXELS: "2000",
    EnvVar.DECODER_MEMORY_MB: "3000",
    EnvVar.AUDIO_TRACK: "deu",
    EnvVar.TRACING: "true",
}


def test_should_read_everything_given() -> None:
    settings = AttemptSettings.from_environ({**ENVIRON, **OPTIONAL})
    assert settings == AttemptSettings(
        environment="any-environment",
        job_id=SOURCE.job_id,
        attempt=3,
        bucket=SOURCE.bucket,
        key=SOURCE.key,
        etag=SOURCE.etag,
        jobs_table="any-jobs",
        idempotency_table="any-idempotency",
        region="eu-west-1",
        work_dir=Path("/scratch"),
        models_dir=Path("/models"),
        asr_model="whisper-tiny",
        device=Device.CUDA,
        max_runs=3,
        timeout_seconds=900.5,
        stop_timeout_seconds=120.0,
        log_level="DEBUG",
        task_metadata_uri="http://169.254.170.2/v4/any",
        max_media_seconds=60.0,
        max_media_bytes=1000,
        max_media_pixels=2000,
        decoder_memory_mb=3000,
        audio_track="deu",
        tracing=True,
    )
    assert settings.limits == MediaLimits(max_seconds=60.0, max_bytes=1000, max_pixels=2000)


def test_should_do_with_what_is_required() -> None:
    settings = AttemptSettings.from_environ(ENVIRON)
    assert settings.work_dir == Path("/tmp")  # noqa: S108 - the documented default
    assert (settings.timeout_seconds, settings.log_level) == (3600.0, "INFO")
    assert settings.task_metadata_uri is None
    assert settings.stop_timeout_seconds == 30.0
    assert (settings.device, settings.max_runs) == (Device.CPU, None)


@pytest.mark.parametrize(
    ("stop_timeout", "finish", "notice", "record"),
    [(120.0, 75.0, 30.0, 15.0), (30.0, 7.5, 7.5, 15.0), (2.0, 0.5, 0.5, 1.0)],
)
def test_should_finish_then_notice_then_record_before_the_kill(
    stop_timeout: float, finish: float, notice: float, record: float
) -> None:
    plan = StopPlan.within(stop_timeout)
    assert plan == StopPlan(notice_seconds=notice, record_seconds=record)
    assert finish + plan.margin_seconds == stop_timeout
    settings = AttemptSettings.from_environ(
        {**ENVIRON, EnvVar.STOP_TIMEOUT_SECONDS: str(stop_timeout)}
    )
    assert settings.watchdog_timeouts.after_stop_seconds == notice


def test_should_leave_a_lost_lease_the_time_that_is_left_of_it() -> None:
    assert gap_free().release_at_seconds >= MAX_NOTICE_SECONDS + RECORD_SECONDS


@pytest.mark.parametrize("name", ENVIRON)
@pytest.mark.parametrize("empty", [False, True])
def test_should_name_a_missing_variable(name: str, *, empty: bool) -> None:
    environ = {**ENVIRON, name: ""} if empty else {k: v for k, v in ENVIRON.items() if k != name}
    with pytest.raises(BadConfigurationError, match=rf"\b{name} is not set"):
        AttemptSettings.from_environ(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (EnvVar.JOB_ATTEMPT, "0"),
        (EnvVar.JOB_ATTEMPT, "1.5"),
        (EnvVar.JOB_ATTEMPT, "one"),
        (EnvVar.JOB_TIMEOUT_SECONDS, "-1"),
        (EnvVar.JOB_TIMEOUT_SECONDS, "nan"),
        (EnvVar.JOB_TIMEOUT_SECONDS, "inf"),
        (EnvVar.LOG_LEVEL, "loud"),
        (EnvVar.MAX_MEDIA_SECONDS, "-1"),
        (EnvVar.MAX_MEDIA_BYTES, "5 GB"),
        (EnvVar.DECODER_MEMORY_MB, "0"),
        (EnvVar.DEVICE, "tpu"),
        (EnvVar.MAX_ATTEMPTS, "0"),
    ],
)
def test_should_show_a_value_that_cannot_be_used(name: EnvVar, value: str) -> None:
    with pytest.raises(BadConfigurationError, match=f"{name} is '{value}', not "):
        AttemptSettings.from_environ({**ENVIRON, name: value})


def test_should_name_all_that_is_wrong_at_once() -> None:
    environ = {**ENVIRON, EnvVar.JOB_ATTEMPT: "none", EnvVar.LOG_LEVEL: "loud"}
    del environ[EnvVar.MODELS_DIR]
    with pytest.raises(BadConfigurationError) as caught:
        AttemptSettings.from_environ(environ)
    assert all(
        name in str(caught.value)
        for name in (EnvVar.JOB_ATTEMPT, EnvVar.LOG_LEVEL, EnvVar.MODELS_DIR)
    )


def test_should_refuse_a_job_id_of_another_upload() -> None:
    with pytest.raises(BadConfigurationError, match="JOB_ID is not the job of"):
        AttemptSettings.from_environ({**ENVIRON, EnvVar.S3_KEY: "uploads/other.mp4"})


def test_should_trace_only_when_told_to() -> None:
    assert AttemptSettings.from_environ(ENVIRON).tracing is False
    with pytest.raises(BadConfigurationError, match="TRACING is 'yes', not one of true, false"):
        AttemptSettings.from_environ({**ENVIRON, EnvVar.TRACING: "yes"})
