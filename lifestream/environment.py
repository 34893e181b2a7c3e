"""Finds an environment's stacks among all others, and their outputs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runtime.core.contract import SERVICE_NAME, Output, stack_prefix
from runtime.core.errors import Permanent

PARTS = ("network", "storage", "ingest", "processing", "control-plane")
"""The stacks that every environment has; there may be more."""

DATA_PARTS = ("encryption", "storage", "ingest")
"""The stacks that hold data; an environment has the first only with a key of its own."""

REQUIRED = (  # of all the outputs, what the commands on jobs and dead letters work with
    Output.MEDIA_BUCKET,
    Output.JOBS_TABLE,
    Output.IDEMPOTENCY_TABLE,
    Output.JOBS_QUEUE_URL,
    Output.JOBS_DLQ_URL,
    Output.CLUSTER,
    Output.PROCESSOR_LOG_GROUP,
    Output.DISPATCHER_FUNCTION,
    Output.REAPER_FUNCTION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A CloudFormation stack as described."""

    name: str
    status: str
    outputs: Mapping[str, str]
    protected: bool = False


def environments_among(stacks: Iterable[Stack]) -> list[str]:
    """Return the names of the environments that have a stack among these."""
    service = f"{SERVICE_NAME}-"
    return sorted(
        {
            stack.name.removeprefix(service).removesuffix(f"-{part}")
            for stack in stacks
            for part in PARTS
            if stack.name.startswith(service) and stack.name.endswith(f"-{part}")
        }
    )


def stacks_of(stacks: Sequence[Stack], environment: str) -> list[Stack]:
    """Return the environment's stacks, including those of unknown parts.

    `lifestream-dev-` also begins the stacks of an environment `dev-2`: a stack belongs to the
    environment with the longest name that fits.
    """
    environments = environments_among(stacks)

    def owner(stack: Stack) -> str:
        fitting = [name for name in environments if stack.name.startswith(stack_prefix(name))]
        return max(fitting, key=len, default="")

    return [stack for stack in stacks if owner(stack) == environment]


def stacks_of_environment(stacks: Sequence[Stack], environment: str, *, place: str) -> list[Stack]:
    """Return the environment's stacks; raise `Permanent` when it has none.

    `place` says where was looked.
    """
    found = stacks_of(stacks, environment) if environment else []
    if not found:
        others = environments_among(stacks)
        there = f"Environments there: {', '.join(others)}." if others else "There is none there."
        raise Permanent(
            "environment.not_found",
            f"There is no environment {environment!r} in {place}. {there}",
            "Check --environment, AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL, or deploy it.",
        )
    return found


def data_stacks(stacks: Iterable[Stack], environment: str) -> list[Stack]:
    """Return the environment's stacks that hold data."""
    names = {f"{stack_prefix(environment)}{part}" for part in DATA_PARTS}
    return [stack for stack in stacks if stack.name in names]


def merged_outputs(stacks: Iterable[Stack]) -> dict[str, str]:
    """Return the outputs of stacks together."""
    return {key: value for stack in stacks for key, value in stack.outputs.items()}


def outputs_of(stacks: Sequence[Stack], environment: str, *, place: str) -> dict[str, str]:
    """Return all outputs of an environment together.

    Raise `Permanent` when it has no stack or lacks an output; `place` says where was looked.
    """
    found = stacks_of_environment(stacks, environment, place=place)
    outputs = merged_outputs(found)
    missing = [output.value for output in REQUIRED if output not in outputs]
    if missing:
        raise Permanent(
            "environment.incomplete",
            f"The stacks of {environment!r} in {place} do not publish {', '.join(missing)}.",
            f"Deploy the environment again, or see: python -m lifestream doctor "
            f"--environment {environment}",
        )
    return outputs
