"""The task of an HTTP service: one container that answers `GET /health`, and its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config.service import ServiceConfig
from cdk.constructs.compute.container import (
    Variables,
    add_container,
    fargate_definition,
    health_check,
)
from cdk.constructs.compute.task_roles import TaskRoles
from runtime.core.contract import EnvVar

HEALTH_PATH = "/health"
PORT_NAME = "http"
_STOP = Duration.seconds(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpContainer:
    """What one service runs: its name, module, port, variables, and secrets by variable.

    `port_variable` gives the module its port. `host` and `priority` make its rule at the load
    balancer's listeners.
    """

    name: str
    command: Sequence[str]
    port: int
    port_variable: EnvVar
    host: str
    priority: int
    variables: Variables
    secrets: Mapping[EnvVar, ecs.Secret] = field(default_factory=dict)


def http_task(
    scope: Construct,
    *,
    family: str,
    settings: ServiceConfig,
    given: HttpContainer,
    image: ecs.ContainerImage,
    roles: TaskRoles,
    log_group: logs.ILogGroup,
) -> ecs.FargateTaskDefinition:
    """Define the task: its file system is read-only but for `/tmp`."""
    definition = fargate_definition(scope, family=family, size=settings, roles=roles)
    add_container(
        scope,
        definition,
        given.name,
        command=given.command,
        variables={given.port_variable: str(given.port), **given.variables},
        secrets=given.secrets,
        log_group=log_group,
        image=image,
        stop_timeout=_STOP,
        health_check=health_check("python", "-S", "-c", _health_probe(given)),
        port_mappings=[ecs.PortMapping(name=PORT_NAME, container_port=given.port)],
    )
    return definition


def _health_probe(container: HttpContainer) -> str:
    return (
        "import os, urllib.request as r;"
        f"r.urlopen('http://127.0.0.1:' + os.environ['{container.port_variable.value}']"
        f" + '{HEALTH_PATH}', timeout=4).close()"
    )
