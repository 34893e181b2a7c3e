"""The task that processes one video: container, log group, and the two roles it must not share.

The execution role belongs to ECS (pull the image, write logs); the task role is what our code may
do with data.
"""

from aws_cdk import Aws, Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.components import permissions
from cdk.components.log_group import log_group
from cdk.config import EnvironmentConfig
from cdk.naming import Names, bucket_arn
from runtime.core.contract import (
    PROCESSOR_COMMAND,
    PROCESSOR_CONTAINER_NAME,
    RESULTS_PREFIX,
    UPLOADS_PREFIX,
    WORK_PREFIX,
    Compute,
    EnvVar,
)

_WORK_DIR = "/tmp"  # noqa: S108 - a path inside the container, which nobody else writes to

_ARCHITECTURES = {
    "X86_64": ecs.CpuArchitecture.X86_64,
    "ARM64": ecs.CpuArchitecture.ARM64,
}


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
    ) -> None:
        """Create the task definition and grant its code what it calls."""
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        settings = environment.processor
        self.log_group = log_group(
            self, "Logs", name=names.processor_log_group, environment=environment
        )
        self.execution_role = _role(self, "ExecutionRole", "Pulls the image, writes the logs")
        self.task_role = _role(self, "TaskRole", "What the processor's code may do")
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=names.processor,
            cpu=settings.cpu,
            memory_limit_mib=settings.memory_mib,
            ephemeral_storage_gib=settings.ephemeral_storage_gib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=_ARCHITECTURES[settings.architecture],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            execution_role=self.execution_role,
            task_role=self.task_role,
        )
        self.definition.add_container(
            PROCESSOR_CONTAINER_NAME,
            image=ecs.ContainerImage.from_ecr_repository(images, settings.image_tag),
            command=list(PROCESSOR_COMMAND),
            # Forwards signals to Python and reaps what ffmpeg leaves behind.
            linux_parameters=ecs.LinuxParameters(self, "Linux", init_process_enabled=True),
            stop_timeout=Duration.seconds(settings.stop_timeout_seconds),
            logging=ecs.LogDrivers.aws_logs(
                stream_prefix=PROCESSOR_CONTAINER_NAME, log_group=self.log_group
            ),
            environment={
                EnvVar.ENVIRONMENT.value: environment.name,
                EnvVar.LOG_LEVEL.value: settings.log_level,
                EnvVar.AWS_REGION.value: Aws.REGION,
                EnvVar.ECS_CLUSTER_NAME.value: cluster.cluster_name,
                EnvVar.JOBS_TABLE.value: jobs_table.table_name,
                EnvVar.IDEMPOTENCY_TABLE.value: idempotency_table.table_name,
                EnvVar.MAX_ATTEMPTS.value: str(environment.reaper.max_attempts),
                EnvVar.WORK_DIR.value: _WORK_DIR,
                EnvVar.JOB_TIMEOUT_SECONDS.value: str(settings.job_timeout_seconds),
                EnvVar.STOP_TIMEOUT_SECONDS.value: str(settings.stop_timeout_seconds),
                EnvVar.ASR_MODEL.value: settings.asr_model,
                EnvVar.DEVICE.value: Compute.CPU.value,
            },
        )
        media = bucket_arn(names.media_bucket)
        for statement in (
            permissions.read_objects(media, UPLOADS_PREFIX),
            permissions.read_objects(media, WORK_PREFIX),
            permissions.write_objects(media, WORK_PREFIX, RESULTS_PREFIX),
            permissions.tell_missing_objects(media),
            permissions.keep_jobs(jobs_table),
            permissions.record_objects(idempotency_table),
            permissions.protect_tasks(cluster),
        ):
            self.task_role.add_to_policy(statement)


def _role(scope: Construct, construct_id: str, description: str) -> iam.Role:
    # The conditions keep ECS from being talked into using the role for another account's task.
    return iam.Role(
        scope,
        construct_id,
        description=description,
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
                "ArnLike": {
                    "aws:SourceArn": f"arn:{Aws.PARTITION}:ecs:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"
                },
            },
        ),
    )
