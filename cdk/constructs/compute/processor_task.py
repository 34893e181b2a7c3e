"""The task that processes one video: container, log group and roles."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.compute.processor_container import (
    add_processor,
    fargate_definition,
    processing_permissions,
    processing_variables,
)
from cdk.constructs.compute.processor_image import processor_image
from cdk.constructs.compute.task_roles import task_roles
from cdk.constructs.observability.log_group import log_group
from cdk.naming import Names
from runtime.core.contract import PROCESSOR_COMMAND


class ProcessorTask(Construct):
    """`definition`, `task_role`, `execution_role` and `log_group`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        cluster: ecs.ICluster,
        images: ecr.IRepository,
        jobs_table: dynamodb.ITable,
        idempotency_table: dynamodb.ITable,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        self.log_group = log_group(
            self, "Logs", name=names.processor_log_group, environment=environment, key=key
        )
        roles = task_roles(self)
        self.execution_role, self.task_role = roles.execution, roles.task
        self.definition = fargate_definition(
            self,
            environment=environment,
            family=names.processor,
            execution_role=roles.execution,
            task_role=roles.task,
        )
        add_processor(
            self,
            self.definition,
            environment=environment,
            image=processor_image(
                images,
                environment.processor.image_tag,
                architecture=environment.processor.architecture,
            ),
            command=PROCESSOR_COMMAND,
            log_group=self.log_group,
            variables=processing_variables(
                environment,
                cluster=cluster,
                jobs_table=jobs_table,
                idempotency_table=idempotency_table,
                job_timeout_seconds=environment.processor.job_timeout_seconds,
            ),
        )
        for statement in processing_permissions(
            environment, jobs_table=jobs_table, idempotency_table=idempotency_table, key=key
        ):
            self.task_role.add_to_policy(statement)
