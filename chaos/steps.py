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
class Step:
    """A call as the plan names it: `dynamodb.PutItem:RUNNING` is a save of that state.

    The detail is the state that a record is given, or what kind of object is read or written.
    """

    caller: Caller
    name: str

    @property
    def writes(self) -> bool:
        """Whether it changes anything, so that its answer may be lost or it may come late."""
        return not self.name.startswith(READS)


READS = ("s3.Head", "s3.Get", "dynamodb.Get", "dynamodb.Query", "ecs.List")
RUN_TASK = "ecs.RunTask"
SWEEP = Step(Caller.REAPER, "dynamodb.Query")

_DISPATCHES = ("s3.HeadObject", "dynamodb.TransactWriteItems:CLAIMED", RUN_TASK)
_PROCESSES = (
    "dynamodb.GetItem",
    "dynamodb.PutItem:RUNNING",
    "s3.GetObject:work",
    "s3.GetObject:uploads",
    "s3.PutObject:work",
    "s3.PutObject:results",
    "s3.PutObject:manifest",
    "dynamodb.TransactWriteItems:SUCCEEDED",
)

ALWAYS = (
    *(Step(Caller.DISPATCHER, name) for name in _DISPATCHES),
    *(Step(Caller.PROCESSOR, name) for name in _PROCESSES),
)
"""Calls that every job makes, in their order."""

SOMETIMES = (
    Step(Caller.DISPATCHER, "dynamodb.GetItem"),
    Step(Caller.DISPATCHER, "dynamodb.PutItem:CLAIMED"),
    Step(Caller.DISPATCHER, "dynamodb.PutItem:PENDING"),
    Step(Caller.DISPATCHER, "dynamodb.PutItem:LAUNCHED"),
    Step(Caller.DISPATCHER, "ecs.ListTasks"),
    Step(Caller.PROCESSOR, "dynamodb.PutItem:PENDING"),
    Step(Caller.PROCESSOR, "dynamodb.PutItem:FAILED"),
    Step(Caller.REAPER, "dynamodb.GetItem"),
    Step(Caller.REAPER, "dynamodb.PutItem:PENDING"),
    Step(Caller.REAPER, "dynamodb.PutItem:LAUNCHED"),
    Step(Caller.REAPER, "ecs.ListTasks"),
    Step(Caller.REAPER, "ecs.StopTask"),
    Step(Caller.REAPER, "sqs.SendMessage"),
    Step(Caller.OPERATOR, "sqs.SendMessage"),
    Step(Caller.OPERATOR, "dynamodb.PutItem:PENDING"),
)
"""Calls that are made only where something went wrong before."""
