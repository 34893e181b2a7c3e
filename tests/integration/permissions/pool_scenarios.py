"""What the pool must do, as functions that raise `BrokenError` when it is not done."""

import uuid

from runtime.core.contract import Output
from runtime.core.jobs import claim_new, queued, requeue
from runtime.core.messages import queued_message, requeue_message
from runtime.reaper.remedies import QUEUED_SECONDS
from tests.integration.cloud.waiting import until
from tests.integration.permissions.pool import Pool
from tests.integration.permissions.scenarios import AN_AGE, leave_old_results, require_results
from tests.integration.permissions.system import BrokenError

TWICE = 2
"""A poll that is under way when a right is taken away still brings its message."""


def uploads_are_worked_on(pool: Pool) -> None:
    """A worker takes one upload after the other, and lets its messages go."""
    for _ in range(TWICE):
        since, source = pool.now(), pool.put()
        leave_old_results(pool, source)
        if failed := pool.dispatch(source.key):
            raise BrokenError(f"the dispatcher failed on {failed}")
        if not pool.function_lines(Output.DISPATCHER_FUNCTION, source.job_id):
            raise BrokenError("the dispatcher has logged nothing")
        pool.worked_on(source, since=since)
        require_results(pool, source)
    if complaint := pool.complaint(since=since, source=source):
        raise BrokenError(complaint)


def unreadable_message_is_given_back(pool: Pool) -> None:
    """What no one can read is soon received again, on its way to the dead letters."""
    since = pool.now()
    for message in (pool.send(uuid.uuid4().hex) for _ in range(TWICE)):

        def read(message: str = message) -> bool:
            return any(
                line["action"] == "worker.poison_message"
                for line in pool.said(since=since, about=message)
            )

        until(read, "the message is read")
    pool.client("sqs").purge_queue(QueueUrl=pool.work_queue)
    if refused := pool.said(since=since, about="worker.not_given_back"):
        raise BrokenError(str(refused))


def job_put_back_is_announced(pool: Pool) -> None:
    """A job that a worker put back without living to say so is announced by the next."""
    since = pool.now()
    claimed = claim_new(pool.put(), now=since, lease_seconds=0.0)
    pool.jobs.create(claimed)
    pool.jobs.save(claimed, requeue(claimed, now=since))
    pool.send(queued_message(claimed.job_id, claimed.attempt))

    def announcement() -> str | None:
        actions = {line["action"] for line in pool.said(since=since, about=claimed.job_id)}
        return next(iter(actions & {"worker.announced", "worker.not_announced"}), None)

    if (outcome := until(announcement, "the job is announced")) != "worker.announced":
        raise BrokenError(outcome)
    if requeue_message(claimed.job_id) not in pool.messages(Output.JOBS_QUEUE_URL):
        raise BrokenError("no message announces the job")


def length_is_told(pool: Pool) -> None:
    """A sweep asks the work queue for its length and publishes it."""
    since = pool.now()
    pool.invoke(Output.REAPER_FUNCTION, {"detail-type": "Scheduled Event"})
    group = f"/aws/lambda/{pool.deployed.outputs[Output.REAPER_FUNCTION]}"
    if not pool.lines(group, '"reaper.work_queue"', since=since):
        raise BrokenError("the length of the work queue was not published")


def lost_message_is_sent_again(pool: Pool) -> None:
    """A sweep sends the message of a job again that has been queued for long.

    Messages of other scenarios may still be in the queue, so the wait for an empty one is over.
    """
    since = pool.now()
    long_ago = since - QUEUED_SECONDS - AN_AGE
    claimed = claim_new(pool.put(), now=long_ago, lease_seconds=0.0)
    pool.jobs.create(claimed)
    pool.jobs.save(claimed, queued(claimed, now=long_ago))
    pool.invoke(Output.REAPER_FUNCTION, {"detail-type": "Scheduled Event"})
    pool.worked_on(claimed.source, since=since)


def worker_starts_and_logs(pool: Pool) -> None:
    """A worker's container is pulled and started, and its lines are kept."""
    mark = uuid.uuid4().hex
    task = pool.ended(pool.run(f"print('{mark}')", started_by="test"))
    if task["stopCode"] != "EssentialContainerExited":
        raise BrokenError(str(task["stoppedReason"]))
    if not pool.lines(pool.deployed.outputs[Output.PROCESSOR_LOG_GROUP], mark):
        raise BrokenError("nothing was logged")
