"""What is wrong with stacks, queues, tables and buckets: pure functions from facts to findings."""

from collections.abc import Iterable, Iterator

from lifestream.default_groups import DefaultGroup
from lifestream.doctor.findings import REDEPLOY, Finding, Severity, error, note, warning
from lifestream.doctor.snapshot import Bucket, Queue, Table
from lifestream.environment import PARTS, Stack, data_stacks
from runtime.core.contract import UPLOADS_PREFIX, Output, stack_prefix

VISIBILITY_FACTOR = 6
"""AWS asks for a visibility timeout of at least six function timeouts on a Lambda's source."""

LEAST_RECEIVES = 5
"""Fewer, and throttling alone sends messages to the dead letters (AWS's advice for Lambda)."""

OPTIONAL = (
    frozenset({Output.WORK_QUEUE_URL, Output.WORK_DLQ_URL, Output.WORKER_SERVICE}),
    frozenset({Output.API_URL, Output.WEB_URL, Output.EVENT_BUS, Output.WEBHOOK_DLQ_URL}),
    frozenset({Output.API_SERVICE, Output.WEB_SERVICE, Output.LOAD_BALANCER}),
    frozenset({Output.API_GATEWAY, Output.WEB_GATEWAY, Output.API_DOMAIN, Output.WEB_DOMAIN}),
    frozenset({Output.USER_POOL, Output.USER_POOL_CLIENT}),
    frozenset({Output.OBJECT_DAYS}),
)
"""Outputs of a pool, of services, of their containers, functions and user pool, and of expiry."""

PROTECT = "Run `make protect ENV=...`, which follows each deployment."

_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


def check_stacks(stacks: Iterable[Stack], environment: str) -> Iterator[Finding]:
    """Check that every part is deployed, settled, and publishes what the commands need."""
    by_name = {stack.name: stack for stack in stacks}
    for part in PARTS:
        name = stack_prefix(environment) + part
        if name not in by_name:
            yield error(f"stack {name}", "It is not deployed.", "The environment is incomplete.")
    for stack in by_name.values():
        if stack.status in _SETTLED:
            continue
        under_way = stack.status.endswith("IN_PROGRESS")
        rolled_back = stack.status == "UPDATE_ROLLBACK_COMPLETE"
        yield Finding(
            severity=Severity.WARNING if under_way or rolled_back else Severity.ERROR,
            subject=f"stack {stack.name}",
            what=f"Its status is {stack.status}.",
            why="What runs is not what was last deployed.",
            mend="Wait until the deployment has ended."
            if under_way
            else "Read the stack's events for the first failure, mend it and deploy again.",
        )
    published = {key for stack in by_name.values() for key in stack.outputs}
    # All or none: the outputs of a pool are missing where there is no pool.
    absent = {output for outputs in OPTIONAL if not outputs & published for output in outputs}
    expected = [output for output in Output if output not in absent]
    if missing := [output.value for output in expected if output not in published]:
        yield error(
            "outputs",
            f"No stack publishes {', '.join(missing)}.",
            "Commands and tests find the environment by its outputs.",
        )


def check_protection(
    stacks: Iterable[Stack], environment: str, *, retain: bool | None
) -> Iterator[Finding]:
    """Check that no stack with retained data can be deleted by mistake."""
    for stack in data_stacks(stacks, environment):
        if retain and not stack.protected:
            yield error(
                f"stack {stack.name}",
                "It has no termination protection.",
                "A mistake would delete it and leave its data behind, out of reach.",
                f"python -m lifestream --environment {environment} protect",
            )


def check_default_group(group: DefaultGroup, environment: str) -> Iterator[Finding]:
    """Check that a VPC's default security group admits nothing."""
    if group.is_open:
        yield note(
            f"default security group of {group.vpc_id}",
            "It has rules.",
            "What is started there without a group of its own could be reached by its like.",
            f"python -m lifestream --environment {environment} protect",
        )


def check_jobs_queue(
    queue: Queue, *, dead_letters: Queue | None, function_timeout_seconds: int | None
) -> Iterator[Finding]:
    """Check that messages come back only when they should, and end where they are seen."""
    subject = f"queue {queue.name}"
    if queue.dead_letter_arn is None or queue.max_receives is None:
        yield error(
            subject,
            "It has no redrive policy.",
            "A message that cannot be worked on comes back for ever, unseen.",
        )
    else:
        if dead_letters is not None and queue.dead_letter_arn != dead_letters.arn:
            yield error(
                subject,
                f"Its dead letters go to {queue.dead_letter_arn}.",
                "Neither the alarm nor `dlq redrive` sees them there.",
            )
        if queue.max_receives < LEAST_RECEIVES:
            yield warning(
                subject,
                f"A message is given up after {queue.max_receives} receives.",
                "Throttling alone can bring sound messages to the dead letters.",
                f"Set queue.max_receive_count to {LEAST_RECEIVES} or more and deploy.",
            )
    least = VISIBILITY_FACTOR * (function_timeout_seconds or 0)
    if queue.visibility_seconds < least:
        yield error(
            subject,
            f"Its visibility timeout is {queue.visibility_seconds} s, less than "
            f"{VISIBILITY_FACTOR} x the dispatcher's timeout = {least} s.",
            "Messages come again while they are being worked on.",
            "Raise queue.visibility_timeout_seconds and deploy.",
        )
    yield from _check_encryption(subject, encrypted=queue.encrypted)


def check_dead_letters(queue: Queue, *, command: str) -> Iterator[Finding]:
    """Check that no upload's message waits for a person."""
    mend = f"Look at them ({command} dlq list), mend the cause, then: {command} dlq redrive --all"
    return _check_left(queue, "Their uploads are not processed until they are sent back.", mend)


def check_work_dead_letters(queue: Queue) -> Iterator[Finding]:
    """Check that no message that workers gave up waits for a person."""
    page = "docs/runbooks/work-dead-letters.md"
    return _check_left(queue, "Workers could not begin these jobs.", f"Follow {page}.")


def _check_left(queue: Queue, why: str, mend: str) -> Iterator[Finding]:
    subject = f"queue {queue.name}"
    if queue.messages:
        yield error(subject, f"About {queue.messages} message(s) are in it.", why, mend)
    yield from _check_encryption(subject, encrypted=queue.encrypted)


def check_table(
    table: Table, *, ttl_attribute: str, index: str | None, retain: bool | None
) -> Iterator[Finding]:
    """Check that items expire and can be brought back, and that retained data stays."""
    subject = f"table {table.name}"
    if table.status != "ACTIVE":
        yield error(
            subject,
            f"Its status is {table.status}.",
            "Jobs cannot be recorded.",
            "Wait, or look at the table in the console.",
        )
    if index is not None and index not in table.indexes:
        yield error(
            subject,
            f"It has no usable index {index}.",
            "Jobs cannot be listed by state, and stuck ones are not found.",
        )
    if table.ttl_attribute != ttl_attribute:
        yield warning(
            subject,
            f"Items do not expire by {ttl_attribute}.",
            "Records are kept, and paid for, for ever.",
        )
    if not table.point_in_time_recovery:
        yield Finding(
            severity=Severity.ERROR if retain else Severity.WARNING,
            subject=subject,
            what="Point-in-time recovery is off.",
            why="Records that are deleted or spoilt by mistake cannot be brought back.",
            mend=REDEPLOY,
        )
    if retain and not table.deletion_protection:
        yield error(
            subject,
            "Deletion protection is off, in an environment that retains its data.",
            "One wrong command deletes the record of every job.",
            PROTECT,
        )


def check_bucket(bucket: Bucket, *, queue_arn: str | None) -> Iterator[Finding]:
    """Check that uploads are announced, can be brought back, and are closed to others."""
    subject = f"bucket {bucket.name}"
    notified = {
        each.queue_arn
        for each in bucket.notifications
        if UPLOADS_PREFIX.startswith(each.prefix) and not each.suffix
    }
    if not notified or (queue_arn is not None and queue_arn not in notified):
        yield error(
            subject,
            f"The jobs queue is not notified of everything below {UPLOADS_PREFIX}.",
            "Uploads are processed late, by the next search for lost ones, or never.",
        )
    if not bucket.versioned:
        yield warning(
            subject,
            "Versioning is off.",
            "A result or upload that is overwritten or deleted by mistake is gone.",
        )
    if not bucket.private:
        yield error(
            subject,
            "Public access is not blocked entirely.",
            "A wrong policy or ACL would show everybody's videos to the world.",
        )
    yield from _check_encryption(subject, encrypted=bucket.encrypted)


def _check_encryption(subject: str, *, encrypted: bool) -> Iterator[Finding]:
    if not encrypted:
        yield error(
            subject,
            "It is not encrypted at rest.",
            "What people upload, and its keys, must not lie about in the clear.",
        )
