"""What comes before stages that are deployed at the same time: their guards and one approval."""

from collections.abc import Sequence

from aws_cdk import pipelines

from cdk.promotion.config import StageConfig

_COMMENT = (
    "{before} has been proven with this very image and these templates. Release it to {name}?"
)


def preceding(
    guards: list[pipelines.Step], stages: Sequence[StageConfig], before: str, name: str
) -> list[pipelines.Step]:
    """Return the guards of stages and, if any stage needs it, the approval of all."""
    if not any(stage.approval for stage in stages):
        return guards
    approval = pipelines.ManualApprovalStep(
        f"Approve-{name}", comment=_COMMENT.format(before=before, name=names_of(stages))
    )
    for guard in guards:
        # The person who approves has seen that no data would be lost.
        approval.add_step_dependency(guard)
    return [*guards, approval]


def names_of(stages: Sequence[StageConfig]) -> str:
    """Return the names of stages for a sentence."""
    return " and ".join(stage.environment for stage in stages)
