"""The statements of a task that processes jobs."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from cdk.constructs.permissions.keys import read_encrypted, write_encrypted
from cdk.constructs.permissions.objects import (
    delete_objects,
    detect_missing_objects,
    read_objects,
    write_objects,
)
from cdk.constructs.permissions.tables import read_and_write_jobs, write_idempotency_records
from runtime.core.contract import RESULTS_PREFIX, UPLOADS_PREFIX, WORK_PREFIX


def process_jobs(
    bucket_arn: str,
    *,
    jobs_table: dynamodb.ITable,
    idempotency_table: dynamodb.ITable,
    key: kms.IKey | None,
) -> list[iam.PolicyStatement]:
    """Read uploads, write checkpoints and results, keep the records of jobs.

    Results are read for their public copy, and deleted once newer ones have replaced them.
    """
    return [
        read_objects(bucket_arn, UPLOADS_PREFIX),
        read_objects(bucket_arn, WORK_PREFIX),
        read_objects(bucket_arn, RESULTS_PREFIX),
        delete_objects(bucket_arn, RESULTS_PREFIX),
        write_objects(bucket_arn, WORK_PREFIX, RESULTS_PREFIX),
        detect_missing_objects(bucket_arn),
        read_and_write_jobs(jobs_table),
        write_idempotency_records(idempotency_table),
        *read_encrypted(key, "s3", "dynamodb"),
        *write_encrypted(key, "s3"),
    ]
