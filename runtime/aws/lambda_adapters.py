"""The adapters that the dispatcher and the reaper make in the same way."""

from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.xray import tracing_of
from runtime.core.clock import Clock
from runtime.core.environ import LambdaSettings
from runtime.core.metrics import EmbeddedMetrics
from runtime.core.telemetry import Telemetry


def connect_jobs(settings: LambdaSettings) -> DynamoJobStore:
    """Return the store of jobs and idempotency records."""
    return DynamoJobStore(
        clients.dynamodb(settings.region),
        jobs_table=settings.jobs_table,
        idempotency_table=settings.idempotency_table,
    )


def connect_telemetry(settings: LambdaSettings, *, component: str, clock: Clock) -> Telemetry:
    """Return the function's logs and metrics on standard output, and its traces in X-Ray."""
    log = settings.log(component, clock)
    return Telemetry(
        log=log,
        metrics=EmbeddedMetrics(clock=clock, environment=settings.environment),
        tracing=tracing_of(
            wanted=settings.tracing,
            region=settings.region,
            environment=settings.environment,
            clock=clock,
            log=log,
        ),
    )
