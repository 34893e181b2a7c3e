"""The settings of the dispatcher and the reaper, each read whole before any work."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runtime.core.contract import FALSE, TRUE, Compute, EnvVar, Launch
from runtime.core.errors import Permanent
from runtime.core.log import LEVELS
from runtime.reaper.remedies import QUEUED_SECONDS, START_SECONDS, UNANNOUNCED_SECONDS

COMMON = (
    EnvVar.ENVIRONMENT,
    EnvVar.AWS_REGION,
    EnvVar.JOBS_TABLE,
    EnvVar.IDEMPOTENCY_TABLE,
)
REQUIRED = (
    *COMMON,
    EnvVar.MEDIA_BUCKET,
    EnvVar.CLAIM_LEASE_SECONDS,
)
REQUIRED_BY: Mapping[Launch, tuple[EnvVar, ...]] = {
    Launch.ON_DEMAND: (
        EnvVar.ECS_CLUSTER_NAME,
        EnvVar.TASK_DEFINITION_ARN,
        EnvVar.CAPACITY_PROVIDERS,
        EnvVar.TASK_SUBNET_IDS,
        EnvVar.TASK_SECURITY_GROUP_IDS,
    ),
    Launch.POOL: (EnvVar.WORK_QUEUE_URL,),
}
"""What is needed besides, by how jobs without a wish of their own are launched."""

WORK_QUEUES: Mapping[Compute, EnvVar] = {
    Compute.CPU: EnvVar.WORK_QUEUE_URL,
    Compute.GPU: EnvVar.GPU_WORK_QUEUE_URL,
}

REAPER_REQUIRED = (
    *COMMON,
    EnvVar.ECS_CLUSTER_NAME,
    EnvVar.JOBS_QUEUE_URL,
    EnvVar.MAX_ATTEMPTS,
    EnvVar.JOB_TIMEOUT_SECONDS,
    EnvVar.HEARTBEAT_SILENCE_SECONDS,
)
REAPER_OPTIONAL = (
    EnvVar.UNANNOUNCED_SECONDS,
    EnvVar.TASK_START_SECONDS,
    EnvVar.QUEUED_SECONDS,
)
_COUNTS = frozenset(
    {
        EnvVar.CLAIM_LEASE_SECONDS,
        EnvVar.MAX_ATTEMPTS,
        EnvVar.JOB_TIMEOUT_SECONDS,
        EnvVar.HEARTBEAT_SILENCE_SECONDS,
        *REAPER_OPTIONAL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettings:
    """What is needed to start a task for each job."""

    cluster: str
    task_definition: str
    capacity_providers: tuple[str, ...]
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the dispatcher is told by its function's environment; times in seconds.

    Jobs without a wish go to `work_queue_url`, or, where that is None, to tasks of their own. Jobs
    that want a GPU go to `gpu_work_queue_url`, if there is one.
    """

    environment: str
    log_level: str
    region: str
    media_bucket: str
    jobs_table: str
    idempotency_table: str
    claim_lease_seconds: float
    tasks: TaskSettings | None = None
    work_queue_url: str | None = None
    gpu_work_queue_url: str | None = None
    tracing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaperSettings:
    """What the reaper is told by its function's environment; times in seconds."""

    environment: str
    log_level: str
    region: str
    jobs_table: str
    idempotency_table: str
    cluster: str
    jobs_queue_url: str
    max_attempts: int
    job_timeout_seconds: float
    silence_seconds: float
    unannounced_seconds: float
    start_seconds: float
    queued_seconds: float
    work_queue_urls: Mapping[Compute, str] = field(default_factory=dict)
    tracing: bool = False


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    launch = environment.get(EnvVar.LAUNCH) or Launch.ON_DEMAND.value
    if launch not in set(Launch):
        raise _refused("dispatcher", [f"{EnvVar.LAUNCH} is {launch!r}, not {_one_of(Launch)}"])
    _check("dispatcher", environment, (*REQUIRED, *REQUIRED_BY[Launch(launch)]))
    pooled = launch == Launch.POOL
    return Settings(
        environment=environment[EnvVar.ENVIRONMENT],
        log_level=_log_level(environment),
        region=environment[EnvVar.AWS_REGION],
        media_bucket=environment[EnvVar.MEDIA_BUCKET],
        jobs_table=environment[EnvVar.JOBS_TABLE],
        idempotency_table=environment[EnvVar.IDEMPOTENCY_TABLE],
        claim_lease_seconds=float(environment[EnvVar.CLAIM_LEASE_SECONDS]),
        tasks=None if pooled else _tasks(environment),
        work_queue_url=environment[EnvVar.WORK_QUEUE_URL] if pooled else None,
        gpu_work_queue_url=environment.get(EnvVar.GPU_WORK_QUEUE_URL) or None,
        tracing=_is_true(environment, EnvVar.TRACING),
    )


def _tasks(environment: Mapping[str, str]) -> TaskSettings:
    return TaskSettings(
        cluster=environment[EnvVar.ECS_CLUSTER_NAME],
        task_definition=environment[EnvVar.TASK_DEFINITION_ARN],
        capacity_providers=tuple(environment[EnvVar.CAPACITY_PROVIDERS].split(",")),
        subnet_ids=tuple(environment[EnvVar.TASK_SUBNET_IDS].split(",")),
        security_group_ids=tuple(environment[EnvVar.TASK_SECURITY_GROUP_IDS].split(",")),
    )


def read_reaper_settings(environment: Mapping[str, str]) -> ReaperSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    given = [name for name in REAPER_OPTIONAL if name in environment]
    _check("reaper", environment, (*REAPER_REQUIRED, *given))
    return ReaperSettings(
        environment=environment[EnvVar.ENVIRONMENT],
        log_level=_log_level(environment),
        region=environment[EnvVar.AWS_REGION],
        jobs_table=environment[EnvVar.JOBS_TABLE],
        idempotency_table=environment[EnvVar.IDEMPOTENCY_TABLE],
        cluster=environment[EnvVar.ECS_CLUSTER_NAME],
        jobs_queue_url=environment[EnvVar.JOBS_QUEUE_URL],
        max_attempts=int(environment[EnvVar.MAX_ATTEMPTS]),
        job_timeout_seconds=float(environment[EnvVar.JOB_TIMEOUT_SECONDS]),
        silence_seconds=float(environment[EnvVar.HEARTBEAT_SILENCE_SECONDS]),
        unannounced_seconds=_seconds(environment, EnvVar.UNANNOUNCED_SECONDS, UNANNOUNCED_SECONDS),
        start_seconds=_seconds(environment, EnvVar.TASK_START_SECONDS, START_SECONDS),
        queued_seconds=_seconds(environment, EnvVar.QUEUED_SECONDS, QUEUED_SECONDS),
        work_queue_urls={
            compute: environment[name]
            for compute, name in WORK_QUEUES.items()
            if environment.get(name)
        },
        tracing=_is_true(environment, EnvVar.TRACING),
    )


def _is_true(environment: Mapping[str, str], name: EnvVar) -> bool:
    return environment.get(name) == TRUE


def _seconds(environment: Mapping[str, str], name: EnvVar, default: float) -> float:
    return float(environment.get(name, default))


def _log_level(environment: Mapping[str, str]) -> str:
    return environment.get(EnvVar.LOG_LEVEL, "INFO")


def _check(who: str, environment: Mapping[str, str], required: Iterable[EnvVar]) -> None:
    problems = []
    for name in required:
        value = environment.get(name, "")
        if not value:
            problems.append(f"{name} is not set")
        elif name in _COUNTS and not (value.isdecimal() and int(value)):
            problems.append(f"{name} is {value!r}, not a whole number above 0")
    if environment.get(EnvVar.TRACING, FALSE) not in {TRUE, FALSE}:
        given = environment[EnvVar.TRACING]
        problems.append(f"{EnvVar.TRACING} is {given!r}, not {TRUE} or {FALSE}")
    if _log_level(environment) not in LEVELS:
        level = _log_level(environment)
        problems.append(f"{EnvVar.LOG_LEVEL} is {level!r}, not {_one_of(LEVELS)}")
    if problems:
        raise _refused(who, problems)


def _one_of(allowed: Iterable[str]) -> str:
    return f"one of {', '.join(allowed)}"


def _refused(who: str, problems: list[str]) -> Permanent:
    return Permanent(
        "config.invalid",
        f"The {who} cannot start: {'; '.join(problems)}.",
        "Correct the function's environment variables and deploy again.",
    )
