"""An acknowledged finding of cdk-nag, and how it is recorded at its construct."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from cdk.config import EnvironmentConfig

Findings = Mapping[str, Mapping[str, str]]
"""By reason: the rule with its detail that is acknowledged at each path."""

Condition = Callable[[EnvironmentConfig], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedFinding:
    """A finding that stays: path of the construct, rule with its detail, reason, condition.

    The finding may be at the construct or below it. Names in braces are filled in, such as
    `{environment}`.
    """

    path: str
    finding: str
    reason: str
    when: Condition = lambda _environment: True

    def id_in(self, **names: str) -> str:
        """Return the finding as cdk-nag names it: with its pack in front."""
        finding = self.finding.format(**names)
        return f"{finding.partition('-')[0]}::{finding}"

    def record(self, root: IConstruct, **names: str) -> None:
        """Acknowledge the finding below `root`; raise as `construct_at` does."""
        construct = construct_at(root, self.path.format(**names))
        acknowledgment = Acknowledgment(id=self.id_in(**names), reason=self.reason)
        Validations.of(construct).acknowledge(acknowledgment)


def acknowledged(
    findings: Findings, when: Condition = lambda _environment: True
) -> Iterator[AcknowledgedFinding]:
    """Yield findings that stay in the environments of a condition."""
    for reason, found in findings.items():
        for path, finding in found.items():
            yield AcknowledgedFinding(path=path, finding=finding, reason=reason, when=when)


def wildcard(arn: str) -> str:
    """Return the finding of a policy's resource that ends in a wildcard."""
    return f"AwsSolutions-IAM5[Resource::{arn}]"


def local_wildcard(service: str, resource: str) -> str:
    """Return `wildcard` of an ARN in the stack's own account and region."""
    return wildcard(f"arn:<AWS::Partition>:{service}:<AWS::Region>:<AWS::AccountId>:{resource}")


MEDIA = "arn:<AWS::Partition>:s3:::lifestream-media-{environment}-<AWS::AccountId>-<AWS::Region>"
_EXPORTED_CLUSTER = "lifestream-{environment}-processing:ExportsOutputRefClusterEB0386A796A0E3FE"
TASKS = local_wildcard("ecs", f"task/{_EXPORTED_CLUSTER}/*")
"""Rights on any task of the cluster, in a stack that imports it."""


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
