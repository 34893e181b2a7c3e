"""How a finding of cdk-nag is acknowledged at a construct."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge_at(root: IConstruct, path: str, found: str, *, reason: str) -> None:
    """Record that a finding, by its id, stays at a construct; raise as `construct_at` does."""
    Validations.of(construct_at(root, path)).acknowledge(Acknowledgment(id=found, reason=reason))


def finding_id(finding: str) -> str:
    """Return a rule with its detail as cdk-nag names it: with its pack in front."""
    return f"{finding.partition('-')[0]}::{finding}"


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
                f" no {part}: correct the path in cdk/nag/environments.py (of promotion:"
                " cdk/promotion/nag.py), or remove what no longer applies"
            )
        construct = child
    return construct
