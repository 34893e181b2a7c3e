"""Gap (1.5.33, upstream): CloudFormation drops settings of task definitions.

That is: secrets, health checks, platform and volumes.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import ecs

from local.emulator.cloudformation.handlers import Created, Properties, camel_case

SPELLED_LIKE_THE_TEMPLATE = (
    "secrets",
    "healthCheck",
    "dependsOn",
    "ulimits",
    "linuxParameters",
    "environmentFiles",
    "restartPolicy",
)
"""Container properties whose inner keys ministack leaves in the template's spelling."""

TASK_PROPERTIES = ("RuntimePlatform", "EphemeralStorage", "ProxyConfiguration", "Volumes")


def complete_containers(normalize: Any, containers: Any) -> list[dict[str, Any]]:
    """Return a template's container definitions as the ECS API spells them."""
    return [container_definition(container) for container in normalize(containers)]


def container_definition(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container definition with every inner key spelled as the ECS API spells it."""
    spelled = {
        name: camel_case(value) if name in SPELLED_LIKE_THE_TEMPLATE else value
        for name, value in container.items()
    }
    if "stopTimeout" in spelled:
        spelled["stopTimeout"] = int(spelled["stopTimeout"])
    logging = spelled.get("logConfiguration")
    if isinstance(logging, dict) and "secretOptions" in logging:
        logging["secretOptions"] = camel_case(logging["secretOptions"])
    return spelled


def complete_task_definition(arn: str, properties: Properties) -> None:
    """Add the task-level properties to a registered task definition."""
    definition = ecs._task_defs[arn.rsplit("/", maxsplit=1)[-1]]
    for name in TASK_PROPERTIES:
        if name in properties:
            definition[name[0].lower() + name[1:]] = camel_case(properties[name])


def associate_capacity_providers(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Give a cluster its capacity providers and default strategy."""
    name = ecs._resolve_cluster_name(properties["Cluster"])
    cluster = ecs._clusters[name]
    cluster["capacityProviders"] = list(properties.get("CapacityProviders") or [])
    cluster["defaultCapacityProviderStrategy"] = camel_case(
        list(properties.get("DefaultCapacityProviderStrategy") or [])
    )
    return name, {}
