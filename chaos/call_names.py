"""The AWS calls of one job by name: who makes them, and on which the plan may lay a fault."""

from dataclasses import dataclass
from enum import StrEnum


class Caller(StrEnum):
    """Which of our processes makes a call."""

    DISPATCHER = "dispatcher"
    REAPER = "reaper"
    PROCESSOR = "processor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, order=True)
class CallName:
    """A call as the plan names it: `dynamodb.Write:RUNNING` saves a job in that state.

    Saving a job has one name, alone or in a transaction, so that a plan does not depend on how the
    code writes. The name of an S3 call has the kind of object.
    """

    caller: Caller
    name: str

    @property
    def writes(self) -> bool:
        """Whether it changes anything, so that its response may be lost or it may come late."""
        return not self.name.startswith(READS)


READS = ("s3.Head", "s3.Get", "dynamodb.Get", "dynamodb.Query", "ecs.List", "sqs.Receive")
SAVE = "dynamodb.Write:"
RUN_TASK = "ecs.RunTask"
LIST_TASKS = "ecs.ListTasks"
RECEIVE = "sqs.ReceiveMessage"
SWEEP = CallName(Caller.REAPER, "dynamodb.Query")

_DISPATCHES = ("s3.HeadObject", "dynamodb.Write:CLAIMED", RUN_TASK)
_PROCESSES = (
    "dynamodb.GetItem",
    "dynamodb.Write:RUNNING",
    "s3.GetObject:work",
    "s3.GetObject:uploads",
    "s3.PutObject:work",
    "s3.PutObject:results",
    "s3.PutObject:manifest",
    "dynamodb.Write:SUCCEEDED",
)

ALWAYS = (
    *(CallName(Caller.DISPATCHER, name) for name in _DISPATCHES),
    *(CallName(Caller.PROCESSOR, name) for name in _PROCESSES),
)
"""Calls that every job makes, in their order."""

SOMETIMES = (
    CallName(Caller.DISPATCHER, "dynamodb.GetItem"),
    CallName(Caller.DISPATCHER, "dynamodb.Write:PENDING"),
    CallName(Caller.DISPATCHER, "dynamodb.Write:LAUNCHED"),
    CallName(Caller.DISPATCHER, "ecs.ListTasks"),
    CallName(Caller.PROCESSOR, "dynamodb.Write:PENDING"),
    CallName(Caller.PROCESSOR, "dynamodb.Write:FAILED"),
    CallName(Caller.REAPER, "dynamodb.GetItem"),
    CallName(Caller.REAPER, "dynamodb.Write:PENDING"),
    CallName(Caller.REAPER, "dynamodb.Write:LAUNCHED"),
    CallName(Caller.REAPER, "ecs.ListTasks"),
    CallName(Caller.REAPER, "ecs.StopTask"),
    CallName(Caller.REAPER, "sqs.SendMessage"),
    CallName(Caller.OPERATOR, "sqs.SendMessage"),
    CallName(Caller.OPERATOR, "dynamodb.Write:PENDING"),
)
"""Calls that are made only where something went wrong before."""

WORKERS = (
    CallName(Caller.PROCESSOR, RECEIVE),
    CallName(Caller.PROCESSOR, "sqs.DeleteMessage"),
    CallName(Caller.PROCESSOR, "sqs.ChangeMessageVisibility"),
    CallName(Caller.PROCESSOR, "sqs.SendMessage"),
)
"""Calls about one job that only a pool's workers make."""
