"""Statements that grant one capability each: exact actions on exact resources, with conditions.

CDK's own `grant_*` methods also allow actions that nothing here calls (tags, scans, batch writes).
"""

from cdk.constructs.permissions.keys import (
    describe_key,
    read_encrypted,
    via_service,
    write_encrypted,
)
from cdk.constructs.permissions.messages import (
    consume_messages,
    count_messages,
    feed_function,
    put_events,
    sample_messages,
    send_messages,
    send_traces,
)
from cdk.constructs.permissions.objects import (
    delete_objects,
    detect_missing_objects,
    erase_objects,
    list_objects,
    read_objects,
    read_tags,
    take_uploads,
    write_objects,
)
from cdk.constructs.permissions.processor import process_jobs
from cdk.constructs.permissions.tables import (
    back_up_tables,
    copy_backups,
    erase_records,
    erase_traces,
    keep_records,
    list_jobs,
    list_own_jobs,
    read_and_write_jobs,
    read_certificates,
    read_changes,
    write_idempotency_records,
)
from cdk.constructs.permissions.tasks import (
    find_tasks,
    join_cluster,
    protect_tasks,
    run_commands,
    run_task,
    scale_workers,
    stop_tasks,
)

__all__ = [
    "back_up_tables",
    "consume_messages",
    "copy_backups",
    "count_messages",
    "delete_objects",
    "describe_key",
    "detect_missing_objects",
    "erase_objects",
    "erase_records",
    "erase_traces",
    "feed_function",
    "find_tasks",
    "join_cluster",
    "keep_records",
    "list_jobs",
    "list_objects",
    "list_own_jobs",
    "process_jobs",
    "protect_tasks",
    "put_events",
    "read_and_write_jobs",
    "read_certificates",
    "read_changes",
    "read_encrypted",
    "read_objects",
    "read_tags",
    "run_commands",
    "run_task",
    "sample_messages",
    "scale_workers",
    "send_messages",
    "send_traces",
    "stop_tasks",
    "take_uploads",
    "via_service",
    "write_encrypted",
    "write_idempotency_records",
    "write_objects",
]
