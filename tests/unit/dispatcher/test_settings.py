import pytest

from runtime.aws.tasks import LaunchTarget
from runtime.core.contract import EnvVar
from runtime.core.errors import Permanent
from runtime.dispatcher.settings import read_settings

REQUIRED = (
    EnvVar.ENVIRONMENT,
    EnvVar.AWS_REGION,
    EnvVar.JOBS_TABLE,
    EnvVar.IDEMPOTENCY_TABLE,
    EnvVar.MEDIA_BUCKET,
    EnvVar.JOBS_QUEUE_URL,
    EnvVar.CLAIM_LEASE_SECONDS,
)
REQUIRED_FOR_TASKS = (
    EnvVar.ECS_CLUSTER_NAME,
    EnvVar.TASK_DEFINITION_ARN,
    EnvVar.CAPACITY_PROVIDERS,
    EnvVar.TASK_SUBNET_IDS,
    EnvVar.TASK_SECURITY_GROUP_IDS,
)


@pytest.fixture
def environment() -> dict[str, str]:
    names = (*REQUIRED, *REQUIRED_FOR_TASKS)
    return {str(name): f"any-{name.lower()}" for name in names} | {
        EnvVar.CLAIM_LEASE_SECONDS: "60",
        EnvVar.CAPACITY_PROVIDERS: "FARGATE_SPOT,FARGATE",
        EnvVar.TASK_SUBNET_IDS: "subnet-1,subnet-2",
        EnvVar.TASK_SECURITY_GROUP_IDS: "sg-1",
    }


def test_should_read_all_settings(environment: dict[str, str]) -> None:
    settings = read_settings(environment)
    assert settings.tasks == LaunchTarget(
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
    assert all(name in refusal.value.summary for name in REQUIRED_FOR_TASKS)
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


@pytest.mark.parametrize("given", [None, "false", "true"])
def test_should_trace_only_when_asked_to(environment: dict[str, str], given: str | None) -> None:
    tracing = {} if given is None else {str(EnvVar.TRACING): given}
    assert read_settings({**environment, **tracing}).tracing is (given == "true")


def test_should_refuse_another_word_about_tracing(environment: dict[str, str]) -> None:
    with pytest.raises(Permanent, match="TRACING is 'yes', not one of true, false"):
        read_settings({**environment, EnvVar.TRACING: "yes"})
