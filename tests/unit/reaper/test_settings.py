import pytest

from runtime.core.contract import EnvVar
from runtime.core.errors import Permanent
from runtime.reaper.settings import read_reaper_settings

REQUIRED = (
    EnvVar.ENVIRONMENT,
    EnvVar.AWS_REGION,
    EnvVar.JOBS_TABLE,
    EnvVar.IDEMPOTENCY_TABLE,
    EnvVar.ECS_CLUSTER_NAME,
    EnvVar.JOBS_QUEUE_URL,
    EnvVar.MEDIA_BUCKET,
    EnvVar.MAX_ATTEMPTS,
    EnvVar.JOB_TIMEOUT_SECONDS,
    EnvVar.HEARTBEAT_SILENCE_SECONDS,
)
ENVIRON = {str(name): f"any-{name.lower()}" for name in REQUIRED} | {
    EnvVar.MAX_ATTEMPTS: "3",
    EnvVar.JOB_TIMEOUT_SECONDS: "3600",
    EnvVar.HEARTBEAT_SILENCE_SECONDS: "900",
}


def test_should_read_all_settings() -> None:
    settings = read_reaper_settings(ENVIRON | {EnvVar.LOG_LEVEL: "DEBUG"})
    assert (settings.budget.max_runs, settings.budget.job_timeout_seconds) == (3, 3600)
    assert settings.budget.silence_seconds == 900
    assert (settings.budget.unannounced_seconds, settings.budget.start_seconds) == (900, 900)
    assert settings.jobs_queue_url == "any-jobs_queue_url"
    assert settings.log_level == "DEBUG"


def test_should_know_the_work_queues_there_are() -> None:
    urls = {EnvVar.WORK_QUEUE_URL: "any-cpu", EnvVar.GPU_WORK_QUEUE_URL: "any-gpu"}
    assert read_reaper_settings(ENVIRON).work_queue_urls == {}
    assert read_reaper_settings(ENVIRON | urls).work_queue_urls == {
        "cpu": "any-cpu",
        "gpu": "any-gpu",
    }


def test_should_name_everything_that_is_missing_at_once() -> None:
    with pytest.raises(Permanent, match="The reaper cannot start") as refusal:
        read_reaper_settings({})
    assert all(name in refusal.value.summary for name in REQUIRED)


def test_should_let_the_waits_be_shortened() -> None:
    waits = {
        EnvVar.UNANNOUNCED_SECONDS: "9",
        EnvVar.TASK_START_SECONDS: "15",
        EnvVar.QUEUED_SECONDS: "60",
    }
    settings = read_reaper_settings(ENVIRON | waits)
    assert (settings.budget.unannounced_seconds, settings.budget.start_seconds) == (9, 15)
    assert settings.budget.queued_seconds == 60


def test_should_refuse_a_wait_that_is_no_number() -> None:
    with pytest.raises(Permanent, match="TASK_START_SECONDS is 'soon'"):
        read_reaper_settings(ENVIRON | {EnvVar.TASK_START_SECONDS: "soon"})


@pytest.mark.parametrize("given", [None, "false", "true"])
def test_should_trace_only_when_asked_to(given: str | None) -> None:
    tracing = {} if given is None else {str(EnvVar.TRACING): given}
    assert read_reaper_settings({**ENVIRON, **tracing}).tracing is (given == "true")
