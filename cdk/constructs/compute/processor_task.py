"""The task that processes one video: container, log group and roles."""

from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.compute.processor_container import (
    ProcessorResources,
    add_processor,
    processing_permissions,
    processing_variables,
    processor_definition,
)
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import TaskRoles
from cdk.constructs.observability.log_group import log_group
from cdk.naming import Names
from runtime.core.contract import PROCESSOR_COMMAND


class ProcessorTask(Construct):
    """`definition`, `task_role` and `log_group`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        resources: ProcessorResources,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        self.log_group = log_group(
            self, "Logs", name=names.processor_log_group, environment=environment, key=resources.key
        )
        roles = TaskRoles(self)
        self.task_role = roles.task
        self.definition = processor_definition(
            self, environment=environment, family=names.processor, roles=roles
        )
        settings = environment.processor
        add_processor(
            self,
            self.definition,
            environment=environment,
            image=processor_image(
                resources.images, settings.image_tag, architecture=settings.architecture
            ),
            command=PROCESSOR_COMMAND,
            log_group=self.log_group,
            variables=processing_variables(
                environment, resources, job_timeout_seconds=settings.job_timeout_seconds
            ),
        )
        for statement in processing_permissions(environment, resources):
            self.task_role.add_to_policy(statement)
