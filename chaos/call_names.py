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


def _calls(caller: Caller, *names: str) -> tuple[CallName, ...]:
    return tuple(CallName(caller, name) for name in names)


ALWAYS = (
    *_calls(Caller.DISPATCHER, "s3.HeadObject", "dynamodb.Write:CLAIMED", RUN_TASK),
    *_calls(Caller.PROCESSOR, "dynamodb.GetItem", "dynamodb.Write:RUNNING", "s3.GetObject:work"),
    *_calls(Caller.PROCESSOR, "s3.GetObject:uploads", "s3.PutObject:work", "s3.PutObject:results"),
    *_calls(Caller.PROCESSOR, "s3.PutObject:manifest", "dynamodb.Write:SUCCEEDED"),
)
"""Calls that every job makes, in their order."""

SOMETIMES = (
    *_calls(Caller.DISPATCHER, "dynamodb.GetItem", "dynamodb.Write:PENDING"),
    *_calls(Caller.DISPATCHER, "dynamodb.Write:LAUNCHED", LIST_TASKS),
    *_calls(Caller.PROCESSOR, "dynamodb.Write:PENDING", "dynamodb.Write:FAILED"),
    *_calls(Caller.REAPER, "dynamodb.GetItem", "dynamodb.Write:PENDING"),
    *_calls(Caller.REAPER, "dynamodb.Write:LAUNCHED", LIST_TASKS, "ecs.StopTask"),
    *_calls(Caller.REAPER, "sqs.SendMessage"),
    *_calls(Caller.OPERATOR, "sqs.SendMessage", "dynamodb.Write:PENDING"),
)
"""Calls that are made only where something went wrong before."""

WORKERS = _calls(
    Caller.PROCESSOR,
    *(RECEIVE, "sqs.DeleteMessage", "sqs.ChangeMessageVisibility", "sqs.SendMessage"),
)
"""Calls about one job that only a pool's workers make."""
