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
    """A call as the plan names it: `dynamodb.Write:RUNNING` saves a job in that state.

    A job is saved by one name whether alone or in a transaction, so that a plan fits code that does
    it in another way. Of objects, the name tells the kind.
    """

    caller: Caller
    name: str

    @property
    def writes(self) -> bool:
        """Whether it changes anything, so that its answer may be lost or it may come late."""
        return not self.name.startswith(READS)


READS = ("s3.Head", "s3.Get", "dynamodb.Get", "dynamodb.Query", "ecs.List")
SAVE = "dynamodb.Write:"
RUN_TASK = "ecs.RunTask"
SWEEP = Step(Caller.REAPER, "dynamodb.Query")

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
    *(Step(Caller.DISPATCHER, name) for name in _DISPATCHES),
    *(Step(Caller.PROCESSOR, name) for name in _PROCESSES),
)
"""Calls that every job makes, in their order."""

SOMETIMES = (
    Step(Caller.DISPATCHER, "dynamodb.GetItem"),
    Step(Caller.DISPATCHER, "dynamodb.Write:PENDING"),
    Step(Caller.DISPATCHER, "dynamodb.Write:LAUNCHED"),
    Step(Caller.DISPATCHER, "ecs.ListTasks"),
    Step(Caller.PROCESSOR, "dynamodb.Write:PENDING"),
    Step(Caller.PROCESSOR, "dynamodb.Write:FAILED"),
    Step(Caller.REAPER, "dynamodb.GetItem"),
    Step(Caller.REAPER, "dynamodb.Write:PENDING"),
    Step(Caller.REAPER, "dynamodb.Write:LAUNCHED"),
    Step(Caller.REAPER, "ecs.ListTasks"),
    Step(Caller.REAPER, "ecs.StopTask"),
    Step(Caller.REAPER, "sqs.SendMessage"),
    Step(Caller.OPERATOR, "sqs.SendMessage"),
    Step(Caller.OPERATOR, "dynamodb.Write:PENDING"),
)
"""Calls that are made only where something went wrong before."""
