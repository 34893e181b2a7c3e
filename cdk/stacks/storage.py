"""Job records, idempotency records, the service's records, container images."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.data.daily_backup import DailyBackup
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.naming import removal_policy
from runtime.core.contract import IdempotencyTable, JobsTable, Output, ServiceTable

_IMAGES_KEPT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStorage:
    """The records of the service tier, and its images."""

    uploads: dynamodb.Table
    api_keys: dynamodb.Table
    webhooks: dynamodb.Table
    sessions: dynamodb.Table
    reads: dynamodb.Table
    images: ecr.Repository

    @property
    def tables(self) -> tuple[dynamodb.Table, ...]:
        """All its tables."""
        return (self.uploads, self.api_keys, self.webhooks, self.sessions, self.reads)


class StorageStack(EnvironmentStack):
    """`jobs_table`, `idempotency_table`, `processor_images`, and `backup` if configured.

    `service` has the tables and the images of the service tier, None without it.
    """

    def __init__(
        self, scope: Construct, *, environment: EnvironmentConfig, key: kms.IKey | None
    ) -> None:
        super().__init__(
            scope,
            "Storage",
            environment=environment,
            description="Lifestream: job and idempotency tables, images",
            key=key,
        )
        self._environment = environment
        self.jobs_table = self._table(
            "JobsTable",
            name=self.names.jobs_table,
            partition_key=JobsTable.PARTITION_KEY,
            ttl_attribute=JobsTable.TTL_ATTRIBUTE,
            # The service tier announces changes of jobs, and lists jobs by owner.
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES if environment.services else None,
        )
        self.jobs_table.add_global_secondary_index(
            index_name=JobsTable.STATE_INDEX,
            partition_key=_key(JobsTable.STATE_INDEX_PARTITION_KEY, dynamodb.AttributeType.STRING),
            sort_key=_key(JobsTable.STATE_INDEX_SORT_KEY, dynamodb.AttributeType.NUMBER),
        )
        if environment.services:
            self.jobs_table.add_global_secondary_index(
                index_name=JobsTable.OWNER_INDEX,
                partition_key=_key(
                    JobsTable.OWNER_INDEX_PARTITION_KEY, dynamodb.AttributeType.STRING
                ),
                sort_key=_key(JobsTable.OWNER_INDEX_SORT_KEY, dynamodb.AttributeType.NUMBER),
                projection_type=dynamodb.ProjectionType.INCLUDE,
                non_key_attributes=list(JobsTable.OWNER_INDEX_ATTRIBUTES),
            )
        self.idempotency_table = self._table(
            "IdempotencyTable",
            name=self.names.idempotency_table,
            partition_key=IdempotencyTable.PARTITION_KEY,
            ttl_attribute=IdempotencyTable.TTL_ATTRIBUTE,
        )
        self.service: ServiceStorage | None = None
        if environment.services:
            self.service = self._create_service_storage()
        if environment.backup:
            self.backup = DailyBackup(
                self,
                "Backup",
                name=self.names.backup_vault,
                tables=[
                    self.jobs_table,
                    self.idempotency_table,
                    *(self.service.tables if self.service else ()),
                ],
                settings=environment.backup,
                key=key,
                removal_policy=removal_policy(environment),
            )
        self.processor_images = self._repository("ProcessorImages", self.names.processor)
        self.output(Output.JOBS_TABLE, self.jobs_table.table_name, "Job records")
        self.output(
            Output.IDEMPOTENCY_TABLE, self.idempotency_table.table_name, "Idempotency records"
        )

    def _create_service_storage(self) -> "ServiceStorage":
        def table(construct_id: str, name: str) -> dynamodb.Table:
            return self._table(
                construct_id,
                name=name,
                partition_key=ServiceTable.PARTITION_KEY,
                sort_key=ServiceTable.SORT_KEY,
                ttl_attribute=ServiceTable.TTL_ATTRIBUTE,
            )

        return ServiceStorage(
            uploads=table("UploadsTable", self.names.uploads_table),
            api_keys=table("ApiKeysTable", self.names.api_keys_table),
            webhooks=table("WebhooksTable", self.names.webhooks_table),
            sessions=table("SessionsTable", self.names.sessions_table),
            # Who read what: kept as long as the access logs of the bucket.
            reads=table("ReadsTable", self.names.reads_table),
            images=self._repository("ServiceImages", self.names.service_images),
        )

    def _table(
        self,
        construct_id: str,
        *,
        name: str,
        partition_key: str,
        ttl_attribute: str,
        sort_key: str | None = None,
        stream: dynamodb.StreamViewType | None = None,
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            table_name=name,
            partition_key=_key(partition_key, dynamodb.AttributeType.STRING),
            sort_key=_key(sort_key, dynamodb.AttributeType.STRING) if sort_key else None,
            stream=stream,
            time_to_live_attribute=ttl_attribute,
            encryption=(
                dynamodb.TableEncryption.CUSTOMER_MANAGED
                if self.key
                else dynamodb.TableEncryption.DEFAULT
            ),
            encryption_key=self.key,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # `protect` turns deletion protection on after a deployment: a first deployment that
            # fails must be able to delete its tables, or it could not be repeated.
            removal_policy=removal_policy(self._environment),
        )

    def _repository(self, construct_id: str, name: str) -> ecr.Repository:
        retain = self._environment.retain_data
        return ecr.Repository(
            self,
            construct_id,
            repository_name=name,
            encryption=ecr.RepositoryEncryption.KMS if self.key else None,
            encryption_key=self.key,
            image_scan_on_push=True,
            # A released tag always means the same image; in development it may move.
            image_tag_mutability=(
                ecr.TagMutability.IMMUTABLE if retain else ecr.TagMutability.MUTABLE
            ),
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description="Images that lost their tag",
                    tag_status=ecr.TagStatus.UNTAGGED,
                    max_image_age=Duration.days(7),
                    rule_priority=1,
                ),
                ecr.LifecycleRule(
                    description=f"All but the last {_IMAGES_KEPT} images",
                    max_image_count=_IMAGES_KEPT,
                    rule_priority=2,
                ),
            ],
            removal_policy=removal_policy(self._environment),
            empty_on_delete=not retain,
        )


def _key(name: str, kind: dynamodb.AttributeType) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=kind)
