"""Whether an environment's jobs are traced: what its code is told of it, and what it may do for it.

Lambda's own tracing stays off: it would begin a trace of its own for each run, beside the job's.
"""

from aws_cdk import aws_iam as iam

from cdk.config import EnvironmentConfig
from cdk.constructs import permissions
from runtime.core.contract import FALSE, TRUE


def tracing_variable(environment: EnvironmentConfig) -> str:
    """Return the value of `TRACING`."""
    return TRUE if environment.observability.tracing else FALSE


def tracing_permissions(environment: EnvironmentConfig) -> list[iam.PolicyStatement]:
    """Return what sending traces takes, nothing where none are sent."""
    return [permissions.send_traces()] if environment.observability.tracing else []
