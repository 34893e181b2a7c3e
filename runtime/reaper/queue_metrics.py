"""Asks work queues for their lengths: to log them, and because asking keeps them counted.

SQS stops reporting the metrics of a queue that nobody has called for six hours, and takes up to a
quarter of an hour to begin again. The pool's first worker after a silence would wait for that.
"""

from collections.abc import Mapping

from runtime.core.contract import Compute
from runtime.core.errors import LifestreamError
from runtime.core.log import Log
from runtime.core.ports import CountedQueue


def tell_lengths(queues: Mapping[Compute, CountedQueue], log: Log) -> None:
    """Log each queue's length; one that cannot be asked is a warning, and no more."""
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
