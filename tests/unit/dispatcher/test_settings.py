import pytest

from runtime.core.contract import EnvVar, Launch
from runtime.core.errors import Permanent
from runtime.dispatcher.settings import (
    REAPER_REQUIRED,
    REQUIRED,
    REQUIRED_BY,
    TaskSettings,
    read_reaper_settings,
    read_settings,
)

REAPER = {str(name): f"any-{name.lower()}" for name in REAPER_REQUIRED} | {
    EnvVar.MAX_ATTEMPTS: "3",
    EnvVar.JOB_TIMEOUT_SECONDS: "3600",
    EnvVar.HEARTBEAT_SILENCE_SECONDS: "900",
}


@pytest.fixture
def environment() -> dict[str, str]:
    names = (*REQUIRED, *REQUIRED_BY[Launch.ON_DEMAND])
    return {str(name): f"any-{name.lower()}" for name in names} | {
        EnvVar.CLAIM_LEASE_SECONDS: "60",
        EnvVar.CAPACITY_PROVIDERS: "FARGATE_SPOT,FARGATE",
        EnvVar.TASK_SUBNET_IDS: "subnet-1,subnet-2",
        EnvVar.TASK_SECURITY_GROUP_IDS: "sg-1",
    }


def test_should_read_all_settings(environment: dict[str, str]) -> None:
    settings = read_settings(environment)
    assert settings.tasks == TaskSettings(
        cluster="any-ecs_cluster_name",
        task_definition="any-task_definition_arn",
        capacity_providers=("FARGATE_SPOT", "FARGATE"),
        subnet_ids=("subnet-1", "subnet-2"),
        security_group_ids=("sg-1",),
    )
    assert (settings.work_queue_url, settings.gpu_work_queue_url) == (None, None)
    assert settings.claim_lease_seconds == 60
    assert settings.log_level == "INFO"
    assert settings.media_bucket == "any-media_bucket"


def test_should_name_everything_that_is_missing_at_once() -> None:
    with pytest.raises(Permanent) as refusal:
        read_settings({})
    assert all(name in refusal.value.summary for name in REQUIRED)
    assert all(name in refusal.value.summary for name in REQUIRED_BY[Launch.ON_DEMAND])
    assert EnvVar.WORK_QUEUE_URL not in refusal.value.summary


def test_should_need_a_work_queue_and_no_network_for_a_pool() -> None:
    pool = {str(name): f"any-{name.lower()}" for name in REQUIRED} | {
        EnvVar.CLAIM_LEASE_SECONDS: "60",
        EnvVar.LAUNCH: "pool",
    }
    with pytest.raises(Permanent, match="cannot start: WORK_QUEUE_URL is not set"):
        read_settings(pool)
    settings = read_settings(pool | {EnvVar.WORK_QUEUE_URL: "any-url"})
    assert (settings.tasks, settings.work_queue_url) == (None, "any-url")


def test_should_start_tasks_where_a_pool_is_there_but_not_wanted(
    environment: dict[str, str],
) -> None:
    pool = {EnvVar.WORK_QUEUE_URL: "any-url", EnvVar.GPU_WORK_QUEUE_URL: "any-gpu-url"}
    settings = read_settings(environment | pool)
    assert settings.tasks is not None
    assert (settings.work_queue_url, settings.gpu_work_queue_url) == (None, "any-gpu-url")


def test_should_refuse_another_way_to_launch(environment: dict[str, str]) -> None:
    with pytest.raises(Permanent, match="LAUNCH is 'by hand', not one of on_demand, pool"):
        read_settings(environment | {EnvVar.LAUNCH: "by hand"})


@pytest.mark.parametrize("lease", ["0", "-1", "soon", "1.5"])
def test_should_refuse_a_lease_that_is_none(environment: dict[str, str], lease: str) -> None:
    with pytest.raises(Permanent, match="CLAIM_LEASE_SECONDS"):
        read_settings(environment | {EnvVar.CLAIM_LEASE_SECONDS: lease})


def test_should_refuse_an_unknown_log_level(environment: dict[str, str]) -> None:
    with pytest.raises(Permanent, match="LOUD"):
        read_settings(environment | {EnvVar.LOG_LEVEL: "LOUD"})


def test_should_read_all_settings_of_the_reaper() -> None:
    settings = read_reaper_settings(REAPER | {EnvVar.LOG_LEVEL: "DEBUG"})
    assert (settings.max_attempts, settings.job_timeout_seconds) == (3, 3600)
    assert settings.silence_seconds == 900
    assert (settings.unannounced_seconds, settings.start_seconds) == (900, 900)
    assert settings.jobs_queue_url == "any-jobs_queue_url"
    assert settings.log_level == "DEBUG"


def test_should_know_the_work_queues_there_are() -> None:
    urls = {EnvVar.WORK_QUEUE_URL: "any-cpu", EnvVar.GPU_WORK_QUEUE_URL: "any-gpu"}
    assert read_reaper_settings(REAPER).work_queue_urls == {}
    assert read_reaper_settings(REAPER | urls).work_queue_urls == {
        "cpu": "any-cpu",
        "gpu": "any-gpu",
    }


def test_should_name_everything_that_the_reaper_misses_at_once() -> None:
    with pytest.raises(Permanent, match="The reaper cannot start") as refusal:
        read_reaper_settings({})
    assert all(name in refusal.value.summary for name in REAPER_REQUIRED)


def test_should_let_the_reaper_be_made_less_patient() -> None:
    patience = {
        EnvVar.UNANNOUNCED_SECONDS: "9",
        EnvVar.TASK_START_SECONDS: "15",
        EnvVar.QUEUED_SECONDS: "60",
    }
    settings = read_reaper_settings(REAPER | patience)
    assert (settings.unannounced_seconds, settings.start_seconds) == (9, 15)
    assert settings.queued_seconds == 60


def test_should_refuse_a_patience_that_is_no_number() -> None:
    with pytest.raises(Permanent, match="TASK_START_SECONDS is 'soon'"):
        read_reaper_settings(REAPER | {EnvVar.TASK_START_SECONDS: "soon"})


@pytest.mark.parametrize("given", [None, "false", "true"])
def test_should_trace_only_when_told_to(environment: dict[str, str], given: str | None) -> None:
    told = {} if given is None else {str(EnvVar.TRACING): given}
    assert read_settings({**environment, **told}).tracing is (given == "true")
    assert read_reaper_settings({**REAPER, **told}).tracing is (given == "true")


def test_should_refuse_another_word_about_tracing(environment: dict[str, str]) -> None:
    with pytest.raises(Permanent, match="TRACING is 'yes', not true or false"):
        read_settings({**environment, EnvVar.TRACING: "yes"})
