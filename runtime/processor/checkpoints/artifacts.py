"""What stages make: the value, what is doubtful about it, and when it may be used again."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from runtime.core.contract import Stage
from runtime.results.warnings import ResultWarning

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Generic[T]):
    """The kept output of one stage: its type, and what must be unchanged for it to be used again.

    `version` is raised whenever the stage's code gives another output for the same input;
    `inputs` are the artifacts it is computed from.
    """

    stage: Stage
    kind: Any
    version: int
    inputs: tuple["Artifact[Any]", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutput(Generic[T]):
    """What a stage made, and what a reader of the results should know about it.

    `is_fallback` says that the stage failed and this stands in for its output.
    """

    value: T
    warnings: tuple[ResultWarning, ...] = field(default=())
    is_fallback: bool = False
