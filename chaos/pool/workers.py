"""The deployed workers, with short timeouts: what is minutes in production is seconds in a run."""

import time
from collections.abc import Mapping
from typing import Any

from chaos.system import System, set_queue
from local.pool import Pool
from runtime.core.contract import EnvVar, Output

STOP_TIMEOUT_SECONDS = 6
"""As short beside a job of seconds as two minutes are beside one of hours."""

VISIBILITY_SECONDS = 15

DEPLOYED_SECONDS = 600.0
LOOK_SECONDS = 0.3

ONLY_DESCRIBED = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
)


class NotDeployedError(RuntimeError):
    """The workers did not take their new settings."""


def shorten_worker_timeouts(system: System, pool: Pool, *, protection: bool) -> None:
    """Deploy the workers once more, with short timeouts and with or without their protection.

    Their queue's visibility timeout is short too, its maximum of receives is production's. A poll
    may outlive its worker: what it receives is delivered again after the visibility timeout.
    """
    set_queue(system, Output.WORK_QUEUE_URL, VISIBILITY_SECONDS, None)
    ecs = system.cloud.client("ecs")
    known = ecs.describe_task_definition(taskDefinition=pool.describe()["taskDefinition"])
    changes: dict[str, str] = {
        EnvVar.STOP_TIMEOUT_SECONDS: str(STOP_TIMEOUT_SECONDS),
        EnvVar.WORK_VISIBILITY_SECONDS: str(VISIBILITY_SECONDS),
        EnvVar.ECS_ENABLE_TASK_PROTECTION: str(protection).lower(),
    }
    shortened = changed(known["taskDefinition"], changes)
    arn = ecs.register_task_definition(**shortened)["taskDefinition"]["taskDefinitionArn"]
    pool.update(taskDefinition=arn)
    await_deployment(pool)


def changed(definition: dict[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return what to register for a definition with other variables and a short stop timeout."""
    kept = {name: value for name, value in definition.items() if name not in ONLY_DESCRIBED}
    (container,) = kept["containerDefinitions"]
    environment = {each["name"]: each["value"] for each in container["environment"]}
    environment |= {str(name): value for name, value in variables.items()}
    return {
        **kept,
        "containerDefinitions": [
            {
                **container,
                "stopTimeout": STOP_TIMEOUT_SECONDS,
                "environment": [{"name": n, "value": v} for n, v in environment.items()],
            }
        ],
    }


def await_deployment(pool: Pool) -> None:
    """Wait until the latest deployment is over; raise `NotDeployedError`."""
    deadline = time.monotonic() + DEPLOYED_SECONDS
    while pool.describe()["deployments"][0]["rolloutState"] != "COMPLETED":
        if time.monotonic() > deadline:
            raise NotDeployedError(f"{pool.name} has not settled in {DEPLOYED_SECONDS:.0f} s.")
        time.sleep(LOOK_SECONDS)
