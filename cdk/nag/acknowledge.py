"""An acknowledged finding of cdk-nag, and how it is recorded at its construct."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from cdk.config import EnvironmentConfig


def _always(_environment: EnvironmentConfig) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedFinding:
    """A finding that stays: path of the construct, rule with its detail, reason, and when.

    The finding may be at the construct or below it. Names in braces are filled in, such as
    `{environment}`.
    """

    path: str
    finding: str
    reason: str
    when: Callable[[EnvironmentConfig], bool] = _always

    def id_in(self, **names: str) -> str:
        """Return the finding as cdk-nag names it: with its pack in front."""
        finding = self.finding.format(**names)
        return f"{finding.partition('-')[0]}::{finding}"

    def record(self, root: IConstruct, **names: str) -> None:
        """Acknowledge the finding below `root`; raise as `construct_at` does."""
        construct = construct_at(root, self.path.format(**names))
        acknowledgment = Acknowledgment(id=self.id_in(**names), reason=self.reason)
        Validations.of(construct).acknowledge(acknowledgment)


def construct_at(root: IConstruct, path: str) -> IConstruct:
    """Return the construct at a path below `root`, for the empty path `root` itself.

    Raise `LookupError` when there is none.
    """
    construct = root
    for part in path.split("/") if path else ():
        child = construct.node.try_find_child(part)
        if child is None:
            raise LookupError(
                f"a finding is acknowledged at {path}, and {construct.node.path or 'the app'} has"
                f" no {part}: correct the path in cdk/nag/environment_findings.py (of promotion:"
                " cdk/nag/promotion_findings.py), or remove what no longer applies"
            )
        construct = child
    return construct
