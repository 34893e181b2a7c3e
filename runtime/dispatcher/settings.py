"""The dispatcher's settings, read whole from the environment before any work."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.contract import EnvVar
from runtime.core.errors import Permanent
from runtime.core.log import LEVELS

REQUIRED = (
    EnvVar.ENVIRONMENT,
    EnvVar.AWS_REGION,
    EnvVar.MEDIA_BUCKET,
    EnvVar.JOBS_TABLE,
    EnvVar.IDEMPOTENCY_TABLE,
    EnvVar.ECS_CLUSTER_NAME,
    EnvVar.TASK_DEFINITION_ARN,
    EnvVar.TASK_SUBNET_IDS,
    EnvVar.TASK_SECURITY_GROUP_IDS,
    EnvVar.CLAIM_LEASE_SECONDS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the dispatcher is told by its function's environment; times in seconds."""

    environment: str
    log_level: str
    region: str
    media_bucket: str
    jobs_table: str
    idempotency_table: str
    cluster: str
    task_definition: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    claim_lease_seconds: float


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    problems = [f"{name} is not set" for name in REQUIRED if not environment.get(name)]
    lease = environment.get(EnvVar.CLAIM_LEASE_SECONDS, "")
    if lease and not (lease.isdigit() and int(lease)):
        problems.append(f"{EnvVar.CLAIM_LEASE_SECONDS} is {lease!r}, not a whole number above 0")
    level = environment.get(EnvVar.LOG_LEVEL, "INFO")
    if level not in LEVELS:
        problems.append(f"{EnvVar.LOG_LEVEL} is {level!r}, not one of {', '.join(LEVELS)}")
    if problems:
        raise Permanent(
            "config.invalid",
            f"The dispatcher cannot start: {'; '.join(problems)}.",
            "Correct the function's environment variables and deploy again.",
        )
    return Settings(
        environment=environment[EnvVar.ENVIRONMENT],
        log_level=level,
        region=environment[EnvVar.AWS_REGION],
        media_bucket=environment[EnvVar.MEDIA_BUCKET],
        jobs_table=environment[EnvVar.JOBS_TABLE],
        idempotency_table=environment[EnvVar.IDEMPOTENCY_TABLE],
        cluster=environment[EnvVar.ECS_CLUSTER_NAME],
        task_definition=environment[EnvVar.TASK_DEFINITION_ARN],
        subnet_ids=tuple(environment[EnvVar.TASK_SUBNET_IDS].split(",")),
        security_group_ids=tuple(environment[EnvVar.TASK_SECURITY_GROUP_IDS].split(",")),
        claim_lease_seconds=float(lease),
    )
