"""A log group with a name, and the environment's retention and removal policy."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.naming import removal_policy


def log_group(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    environment: EnvironmentConfig,
    key: kms.IKey | None,
) -> logs.LogGroup:
    """Return a new log group; one that a service creates by itself would never expire."""
    group = logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        encryption_key=key,
        removal_policy=removal_policy(environment),
    )
    # The L2 takes the days as names of an enumeration.
    group.node.default_child.retention_in_days = environment.storage.log_retention_days  # type: ignore[union-attr]
    return group
