"""A service of warm workers that pull jobs from a queue and scale with its backlog."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import aws_ecs as ecs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import WorkersConfig
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.compute.worker_container import WorkerResources, add_worker, service_properties
from cdk.constructs.compute.worker_scaling import ScalingBounds, WorkerScaling


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerKind:
    """What distinguishes workers by the machines that they run on.

    `name` is the service's and the family's. `define` makes the task definition, and `serve` the
    service, given the properties that all kinds share. `container` has further arguments of
    `add_worker`.
    """

    name: str
    queue_name: str
    alarm_prefix: str
    image: ecs.ContainerImage
    bounds: ScalingBounds
    define: Callable[[Construct, TaskRoles], ecs.TaskDefinition]
    serve: Callable[[Construct, Mapping[str, Any]], ecs.BaseService]
    container: Mapping[str, Any] = field(default_factory=dict)


class WorkerService(Construct):
    """`service`, `definition`, `task_role` and `scaling`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        workers: WorkersConfig,
        resources: WorkerResources,
        kind: WorkerKind,
    ) -> None:
        super().__init__(scope, construct_id)
        roles = TaskRoles(self)
        self.task_role = roles.task
        self.definition = kind.define(self, roles)
        add_worker(
            self,
            self.definition,
            environment=environment,
            workers=workers,
            resources=resources,
            image=kind.image,
            **kind.container,
        )
        properties = service_properties(kind.name, resources)
        self.service = kind.serve(self, {**properties, "task_definition": self.definition})
        if environment.execute_command:
            # The L2 would add rights that the task role has already, on all resources.
            self.service.node.default_child.enable_execute_command = True  # type: ignore[union-attr]
        self.scaling = WorkerScaling(
            self,
            "Scaling",
            cluster=resources.cluster,
            service=self.service,
            queue_name=kind.queue_name,
            bounds=kind.bounds,
            alarm_prefix=kind.alarm_prefix,
        )
