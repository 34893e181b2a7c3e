"""Statements on tables, their streams, and backups of them."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from cdk.constructs.permissions.statement import allow
from runtime.core.contract import JobsTable


def erase_records(jobs: dynamodb.ITable, idempotency: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """Remove the records of jobs, and keep certificates in the idempotency table."""
    return [
        allow(["dynamodb:DeleteItem"], jobs.table_arn),
        allow(["dynamodb:GetItem", "dynamodb:DeleteItem"], idempotency.table_arn),
    ]


def erase_traces(*tables: dynamodb.ITable) -> iam.PolicyStatement:
    """Find and delete the service's records that name a job."""
    return allow(["dynamodb:Query", "dynamodb:DeleteItem"], *[table.table_arn for table in tables])


def read_certificates(table: dynamodb.ITable) -> iam.PolicyStatement:
    """Read the certificates of erasures."""
    return allow(["dynamodb:GetItem"], table.table_arn)


def read_and_write_jobs(table: dynamodb.ITable) -> iam.PolicyStatement:
    """Read job records and replace them, in transactions or alone."""
    return allow(["dynamodb:GetItem", "dynamodb:PutItem"], table.table_arn)


def list_jobs(table: dynamodb.ITable) -> iam.PolicyStatement:
    """List jobs by their state."""
    return allow(["dynamodb:Query"], f"{table.table_arn}/index/{JobsTable.STATE_INDEX}")


def keep_records(*tables: dynamodb.ITable) -> iam.PolicyStatement:
    """Read, write, list and delete the records of service tables."""
    return allow(
        ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"],
        *[table.table_arn for table in tables],
    )


def list_own_jobs(table: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """List jobs by owner and by state, read many at once."""
    return [
        allow(
            ["dynamodb:Query"],
            *[
                f"{table.table_arn}/index/{index}"
                for index in (JobsTable.OWNER_INDEX, JobsTable.STATE_INDEX)
            ],
        ),
        allow(["dynamodb:BatchGetItem"], table.table_arn),
    ]


def read_changes(table: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """Be the consumer of a table's stream: what Lambda's event source does."""
    return [
        allow(
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            str(table.table_stream_arn),
        ),
        # ListStreams has no resource type.
        allow(["dynamodb:ListStreams"], "*"),
    ]


def write_idempotency_records(table: dynamodb.ITable) -> iam.PolicyStatement:
    """Write idempotency records."""
    return allow(["dynamodb:PutItem"], table.table_arn)


def back_up_tables(tables: list[dynamodb.Table], vault_arn: str) -> list[iam.PolicyStatement]:
    """Copy tables into a vault: what AWS Backup does with its role.

    These are the actions of its advanced backups, which an account has unless it opted out.
    """
    return [
        allow(
            ["dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"],
            *[table.table_arn for table in tables],
        ),
        allow(["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"], vault_arn),
    ]


def copy_backups(vault_arn: str, copy_to: str | None) -> list[iam.PolicyStatement]:
    """Copy a vault's recovery points into another one, if there is one."""
    if copy_to is None:
        return []
    return [
        allow(["backup:CopyFromBackupVault"], vault_arn),
        allow(["backup:CopyIntoBackupVault"], copy_to),
    ]
