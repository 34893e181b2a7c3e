"""The task of an HTTP service: one container that answers `GET /health`, and its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config.service import ServiceConfig
from cdk.constructs.compute.processor_container import ARCHITECTURES, OPEN_FILES, USER
from cdk.constructs.compute.task_roles import TaskRoles
from runtime.core.contract import EnvVar

HEALTH_PATH = "/health"
PORT_NAME = "http"
_STOP = Duration.seconds(30)
_VOLUME, _TMP = "work", "/tmp"  # noqa: S108 - a path inside the container


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
    variables: Mapping[str, str]
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)


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
    definition = ecs.FargateTaskDefinition(
        scope,
        "Definition",
        family=family,
        cpu=settings.cpu,
        memory_limit_mib=settings.memory_mib,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ARCHITECTURES[settings.architecture],
            operating_system_family=ecs.OperatingSystemFamily.LINUX,
        ),
        execution_role=roles.execution,
        task_role=roles.task,
    )
    linux = ecs.LinuxParameters(scope, "Linux", init_process_enabled=True)
    linux.drop_capabilities(ecs.Capability.ALL)
    definition.add_volume(name=_VOLUME)
    container = definition.add_container(
        given.name,
        image=image,
        command=list(given.command),
        user=USER,
        readonly_root_filesystem=True,
        linux_parameters=linux,
        ulimits=[
            ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=OPEN_FILES, hard_limit=OPEN_FILES)
        ],
        stop_timeout=_STOP,
        logging=ecs.LogDrivers.aws_logs(stream_prefix=given.name, log_group=log_group),
        health_check=ecs.HealthCheck(
            command=["CMD", "python", "-S", "-c", _health_probe(given)],
            interval=Duration.seconds(30),
            timeout=Duration.seconds(5),
            retries=3,
            start_period=Duration.seconds(60),
        ),
        port_mappings=[ecs.PortMapping(name=PORT_NAME, container_port=given.port)],
        environment={given.port_variable.value: str(given.port), **given.variables},
        secrets=dict(given.secrets) or None,
    )
    container.add_mount_points(
        ecs.MountPoint(container_path=_TMP, source_volume=_VOLUME, read_only=False)
    )
    return definition


def _health_probe(container: HttpContainer) -> str:
    return (
        "import os, urllib.request as r;"
        f"r.urlopen('http://127.0.0.1:' + os.environ['{container.port_variable.value}']"
        f" + '{HEALTH_PATH}', timeout=4).close()"
    )
