"""How long copies and traces outlive an erasure, by the settings of an environment."""

from cdk.config import EnvironmentConfig

POINT_IN_TIME_DAYS = 35
"""How far back DynamoDB restores a table, where its backups are continuous."""

STREAM_DAYS = 1
QUEUE_DAYS = 14
"""The longest that SQS keeps a message, which all queues of jobs do."""

TRACE_DAYS = 30
"""How long X-Ray keeps traces."""


def kept_copies(environment: EnvironmentConfig) -> str:
    """Return the places and days in the form of `KEPT_COPIES`, which certificates repeat."""
    storage, backup = environment.storage, environment.backup
    days = {
        "TABLE_HISTORY": POINT_IN_TIME_DAYS,
        "BACKUPS": backup.keep_days if backup else None,
        "STREAM": STREAM_DAYS if environment.services else None,
        "QUEUES": QUEUE_DAYS,
        "LOGS": storage.log_retention_days,
        "ACCESS_LOGS": storage.access_log_days + storage.old_version_days,
        "TRACES": TRACE_DAYS if environment.observability.tracing else None,
    }
    return ",".join(f"{place}={number}" for place, number in days.items() if number)
