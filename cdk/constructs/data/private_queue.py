"""A queue that is encrypted and closed to plain HTTP."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_RETENTION = Duration.days(14)
"""The longest that SQS keeps a message: a weekend outage must not lose an upload."""


def private_queue(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    key: kms.IKey | None,
    visibility_timeout: Duration | None = None,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
    retention: Duration = _RETENTION,
) -> sqs.Queue:
    """Return a new queue, encrypted with `key` or else with SQS's own key."""
    encryption = sqs.QueueEncryption
    return sqs.Queue(
        scope,
        construct_id,
        queue_name=name,
        visibility_timeout=visibility_timeout,
        retention_period=retention,
        encryption=encryption.KMS if key else encryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
        dead_letter_queue=dead_letter_queue,
    )
