"""Reads the lengths of the work queues, to log them and to keep their metrics active.

SQS stops publishing the metrics of a queue without calls for six hours, and resumes up to fifteen
minutes after the next call. Scaling the pool up from zero would wait for that.
"""

from collections.abc import Mapping

from runtime.core.contract import Compute
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.ports import CountedQueue


def log_queue_lengths(queues: Mapping[Compute, CountedQueue], log: Log) -> None:
    """Log each queue's length; a queue that cannot be read is a warning only."""
    for compute, queue in queues.items():
        try:
            backlog = queue.backlog()
        except LifestreamError as error:
            log.warning(
                "reaper.queue_unread", compute=compute.value, code=error.code, reason=error.summary
            )
        else:
            log.info(
                "reaper.work_queue",
                compute=compute.value,
                waiting=backlog.waiting,
                in_work=backlog.in_work,
            )
