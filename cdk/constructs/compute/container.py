"""What all containers share: no rights on their host, one writable folder, a health check."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.constructs.compute.task_roles import TaskRoles
from runtime.core.contract import EnvVar

T = TypeVar("T")

WORK_DIR = "/tmp"  # noqa: S108 - a path inside the container, which has no other writer
_VOLUME = "work"
_USER = "10001:10001"
"""The image's user and group, by number: the host does not know their names."""

_OPEN_FILES = 65536
_ARCHITECTURES = {
    "X86_64": ecs.CpuArchitecture.X86_64,
    "ARM64": ecs.CpuArchitecture.ARM64,
}


Variables = Mapping[EnvVar, str | None]
"""Environment variables; those that are None are left out."""


class TaskSize(Protocol):
    """CPU units, memory and processor architecture of a task."""

    cpu: int
    memory_mib: int
    architecture: Any


def fargate_definition(
    scope: Construct, *, family: str, size: TaskSize, roles: TaskRoles, disk_gib: int | None = None
) -> ecs.FargateTaskDefinition:
    """Return a new task definition without a container."""
    return ecs.FargateTaskDefinition(
        scope,
        "Definition",
        family=family,
        cpu=size.cpu,
        memory_limit_mib=size.memory_mib,
        ephemeral_storage_gib=disk_gib,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=_ARCHITECTURES[size.architecture],
            operating_system_family=ecs.OperatingSystemFamily.LINUX,
        ),
        execution_role=roles.execution,
        task_role=roles.task,
    )


def add_container(
    scope: Construct,
    definition: ecs.TaskDefinition,
    name: str,
    *,
    command: Sequence[str],
    variables: Variables,
    secrets: Mapping[EnvVar, ecs.Secret],
    log_group: logs.ILogGroup,
    **properties: Any,
) -> None:
    """Add a container to a task definition; `properties` are further ones of the L2.

    It has no capabilities on its host, and its work folder is its only writable path: a volume on
    the task's disk, because Fargate has none in memory.
    """
    # The init process forwards signals to Python and reaps what ffmpeg leaves behind.
    linux = ecs.LinuxParameters(scope, "Linux", init_process_enabled=True)
    linux.drop_capabilities(ecs.Capability.ALL)
    definition.add_volume(name=_VOLUME)
    files = ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=_OPEN_FILES, hard_limit=_OPEN_FILES)
    container = definition.add_container(
        name,
        command=list(command),
        user=_USER,
        linux_parameters=linux,
        ulimits=[files],
        logging=ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=log_group),
        environment=by_name(variables),
        secrets=by_name(secrets) or None,
        **{"readonly_root_filesystem": True, **properties},
    )
    container.add_mount_points(
        ecs.MountPoint(container_path=WORK_DIR, source_volume=_VOLUME, read_only=False)
    )


def by_name(given: Mapping[EnvVar, T | None]) -> dict[str, T]:
    """Return what variables hold by their names, without those that are left out."""
    return {variable.value: value for variable, value in given.items() if value is not None}


def health_check(*command: str) -> ecs.HealthCheck:
    """Return the check of a container that serves its health on its own loopback."""
    return ecs.HealthCheck(
        command=["CMD", *command],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(5),
        retries=3,
        start_period=Duration.seconds(60),
    )


def capacity_shares(**shares: tuple[int, int]) -> list[ecs.CapacityProviderStrategy]:
    """Return the strategy of capacity providers, given by their base and weight."""
    return [
        ecs.CapacityProviderStrategy(capacity_provider=provider, base=base, weight=weight)
        for provider, (base, weight) in shares.items()
        if weight or base
    ]
