"""How a worker is: the body of `GET /health`."""

from runtime.core.contract import VERSION
from runtime.processor.worker.health import Health
from runtime.processor.worker.worker import Worker


def worker_health(worker: Worker, *, environment: str) -> Health:
    """Return what is shown; unhealthy only when nobody renews protection any more."""
    status = worker.protection.status()
    current = worker.current
    return Health(
        healthy=status.healthy,
        body={
            **status.as_health(),
            "version": VERSION,
            "environment": environment,
            "currentJobId": None if current is None else current[1].job_id,
            "jobsTaken": worker.jobs_taken,
            "polls": worker.inbox.polls,
            "stopping": worker.shutdown.requested,
        },
    )
