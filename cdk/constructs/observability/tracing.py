"""Tracing of jobs by X-Ray: the variable and the rights of the code that sends segments.

Lambda's own tracing stays off: it would begin another trace for each run, beside the job's.
"""

from aws_cdk import aws_iam as iam

from cdk.config import EnvironmentConfig
from cdk.constructs import permissions
from runtime.core.contract import FALSE, TRUE


def tracing_variable(environment: EnvironmentConfig) -> str:
    """Return the value of `TRACING`."""
    return TRUE if environment.observability.tracing else FALSE


def tracing_permissions(environment: EnvironmentConfig) -> list[iam.PolicyStatement]:
    """Return the rights to send traces, none where tracing is off."""
    return [permissions.send_traces()] if environment.observability.tracing else []
