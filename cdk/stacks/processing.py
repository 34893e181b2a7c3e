"""The cluster, the processor's task definition, and the dispatcher that starts its tasks.

The dispatcher names the exact revision it starts, so both are in one stack: an update creates the
revision, points the dispatcher to it and only then retires the old one; a rollback does the same.
As an export of another stack, the revision could never change; as a weak reference, it would be
out of date.
"""

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs import permissions
from cdk.constructs.compute.gpu_capacity import GpuCapacity
from cdk.constructs.compute.gradual_shift import GradualShift
from cdk.constructs.compute.processor_container import ProcessorResources
from cdk.constructs.compute.processor_task import ProcessorTask
from cdk.constructs.compute.python_lambda import DISPATCHER_PACKAGES, JobFunction
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.observability.log_group import log_group
from cdk.constructs.observability.tracing import tracing_permissions
from cdk.naming import bucket_arn
from cdk.stacks.ingest import WORK_QUEUE_OF, IngestStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.storage import StorageStack
from runtime.core.contract import DISPATCHER_HANDLER, TRUE, UPLOADS_PREFIX, EnvVar, Launch, Output

_INSIGHTS = {
    "enabled": ecs.ContainerInsights.ENABLED,
    "enhanced": ecs.ContainerInsights.ENHANCED,
}


class ProcessingStack(EnvironmentStack):
    """`cluster`, `processor` (the task) and `dispatcher` (the function)."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        key: kms.IKey | None,
        network: NetworkStack,
        storage: StorageStack,
        ingest: IngestStack,
    ) -> None:
        super().__init__(
            scope,
            "Processing",
            environment=environment,
            description="Lifestream: cluster, processor task and dispatcher",
            key=key,
        )
        self.cluster = self._create_cluster(environment, network)
        if environment.gpu is not None:
            self.gpu = GpuCapacity(
                self,
                "Gpu",
                environment=environment,
                gpu=environment.gpu,
                cluster=self.cluster,
                vpc=network.vpc,
                subnets=network.task_subnets,
                security_group=network.task_security_group,
                key=key,
            )
        self.processor = ProcessorTask(
            self,
            "Processor",
            environment=environment,
            resources=ProcessorResources(
                cluster=self.cluster,
                images=storage.processor_images,
                jobs_table=storage.jobs_table,
                idempotency_table=storage.idempotency_table,
                key=key,
            ),
        )
        self.dispatcher = self._create_dispatcher(environment, network, storage, ingest)
        self.output(Output.CLUSTER, self.cluster.cluster_name, "Where processors run")
        self.output(
            Output.PROCESSOR_LOG_GROUP, self.processor.log_group.log_group_name, "Processor logs"
        )
        self.output(
            Output.DISPATCHER_FUNCTION, self.dispatcher.function.function_name, "Dispatcher"
        )

    def _create_cluster(self, environment: EnvironmentConfig, network: NetworkStack) -> ecs.Cluster:
        commands = None
        if environment.execute_command:
            audit = log_group(
                self,
                "Commands",
                name=self.names.command_log_group,
                environment=environment,
                key=self.key,
            )
            commands = ecs.ExecuteCommandConfiguration(
                logging=ecs.ExecuteCommandLogging.OVERRIDE,
                log_configuration=ecs.ExecuteCommandLogConfiguration(
                    cloud_watch_log_group=audit, cloud_watch_encryption_enabled=bool(self.key)
                ),
            )
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=self.names.cluster,
            vpc=network.vpc,
            container_insights_v2=_INSIGHTS[environment.container_insights],
            enable_fargate_capacity_providers=True,
            execute_command_configuration=commands,
        )
        if self.key is not None:
            # The L2 would write into the policy of the key, which is in an earlier stack.
            cluster.node.default_child.add_property_override(  # type: ignore[union-attr]
                "Configuration.ManagedStorageConfiguration.FargateEphemeralStorageKmsKeyId",
                self.key.key_id,
            )
        return cluster

    def _create_dispatcher(
        self,
        environment: EnvironmentConfig,
        network: NetworkStack,
        storage: StorageStack,
        ingest: IngestStack,
    ) -> JobFunction:
        settings = environment.dispatcher
        dispatcher = JobFunction(
            self,
            "Dispatcher",
            environment=environment,
            settings=settings,
            name=self.names.dispatcher,
            handler=DISPATCHER_HANDLER,
            packages=DISPATCHER_PACKAGES,
            description="Claims each uploaded video and starts its processor",
            cluster=self.cluster,
            jobs_table=storage.jobs_table,
            idempotency_table=storage.idempotency_table,
            key=self.key,
            variables={
                EnvVar.MEDIA_BUCKET: ingest.media.bucket_name,
                EnvVar.JOBS_QUEUE_URL: ingest.jobs.queue.queue_url,
                EnvVar.CLAIM_LEASE_SECONDS: str(settings.claim_lease_seconds),
                EnvVar.LAUNCH: environment.launch,
            },
        )
        media = bucket_arn(self.names.media_bucket)
        dispatcher.allow(
            permissions.read_objects(media, UPLOADS_PREFIX),
            permissions.detect_missing_objects(media),
            permissions.read_and_write_jobs(storage.jobs_table),
            permissions.list_jobs(storage.jobs_table),
            permissions.write_idempotency_records(storage.idempotency_table),
            permissions.feed_function(ingest.jobs.queue),
            *tracing_permissions(environment),
            *permissions.read_encrypted(self.key, "s3", "dynamodb", "sqs"),
        )
        if environment.uploads.malware_scan:
            dispatcher.add_variables({EnvVar.MALWARE_SCAN: TRUE})
            dispatcher.allow(permissions.read_tags(media, UPLOADS_PREFIX))
        for compute, work in ingest.filled.items():
            dispatcher.add_variables({WORK_QUEUE_OF[compute]: work.queue.queue_url})
            dispatcher.allow(
                permissions.send_messages(work.queue), *permissions.write_encrypted(self.key, "sqs")
            )
        if environment.launch == Launch.ON_DEMAND:
            self._grant_run_task(dispatcher, environment, network)
        if environment.launch == Launch.ON_DEMAND or environment.uploads.malware_scan:
            # A job without capacity or a scan waits for a message that is delayed.
            dispatcher.allow(
                permissions.send_messages(ingest.jobs.queue),
                *permissions.write_encrypted(self.key, "sqs"),
            )
        self._event_target(dispatcher, settings.canary_minutes).add_event_source(
            event_sources.SqsEventSource(
                ingest.jobs.queue,
                report_batch_item_failures=True,
                max_concurrency=settings.max_concurrency,
            )
        )
        return dispatcher

    def _event_target(self, dispatcher: JobFunction, minutes: int | None) -> lambda_.IFunction:
        """Return what the jobs queue invokes: the function, or an alias that shifts gradually."""
        if minutes is None:
            return dispatcher.function
        return GradualShift(
            self,
            "Shift",
            function=dispatcher.function,
            name=self.names.dispatcher,
            alarm_name=self.names.alarm("dispatcher-new-version"),
            minutes=minutes,
        ).alias

    def _grant_run_task(
        self, dispatcher: JobFunction, environment: EnvironmentConfig, network: NetworkStack
    ) -> None:
        """Let the dispatcher start a task for each job."""
        group = network.task_security_group.security_group_id
        dispatcher.add_variables(
            {
                EnvVar.TASK_DEFINITION_ARN: self.processor.definition.task_definition_arn,
                EnvVar.CAPACITY_PROVIDERS: ",".join(environment.processor.capacity_providers),
                EnvVar.TASK_SUBNET_IDS: ",".join(s.subnet_id for s in network.task_subnets),
                EnvVar.TASK_SECURITY_GROUP_IDS: group,
                EnvVar.TASK_PUBLIC_ADDRESS: TRUE if environment.network.public_tasks else None,
                EnvVar.TASK_EXECUTE_COMMAND: TRUE if environment.execute_command else None,
            },
        )
        dispatcher.allow(*permissions.run_task(self.cluster, self.processor.definition))
