"""Job records, idempotency records, container images."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.data.daily_backup import DailyBackup
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.naming import removal_policy
from runtime.core.contract import IdempotencyTable, JobsTable, Output

_IMAGES_KEPT = 30


class StorageStack(EnvironmentStack):
    """`jobs_table`, `idempotency_table`, `processor_images`, and `backup` if configured."""

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
        )
        self.jobs_table.add_global_secondary_index(
            index_name=JobsTable.STATE_INDEX,
            partition_key=_key(JobsTable.STATE_INDEX_PARTITION_KEY, dynamodb.AttributeType.STRING),
            sort_key=_key(JobsTable.STATE_INDEX_SORT_KEY, dynamodb.AttributeType.NUMBER),
        )
        self.idempotency_table = self._table(
            "IdempotencyTable",
            name=self.names.idempotency_table,
            partition_key=IdempotencyTable.PARTITION_KEY,
            ttl_attribute=IdempotencyTable.TTL_ATTRIBUTE,
        )
        if environment.backup:
            self.backup = DailyBackup(
                self,
                "Backup",
                name=self.names.backup_vault,
                tables=[self.jobs_table, self.idempotency_table],
                keep=Duration.days(environment.backup.keep_days),
                key=key,
                removal_policy=removal_policy(environment),
            )
        self.processor_images = self._repository()
        self.output(Output.JOBS_TABLE, self.jobs_table.table_name, "Job records")
        self.output(
            Output.IDEMPOTENCY_TABLE, self.idempotency_table.table_name, "Idempotency records"
        )

    def _table(
        self, construct_id: str, *, name: str, partition_key: str, ttl_attribute: str
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            construct_id,
            table_name=name,
            partition_key=_key(partition_key, dynamodb.AttributeType.STRING),
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

    def _repository(self) -> ecr.Repository:
        retain = self._environment.retain_data
        return ecr.Repository(
            self,
            "ProcessorImages",
            repository_name=self.names.processor,
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
