"""What differs in the account from the templates that were deployed, as CloudFormation finds it.

Detection takes minutes and compares properties that templates state; CloudFormation does not
detect it for every type of resource.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lifestream.adapters import Clients
from lifestream.doctor.findings import Finding, warning
from runtime.aws.sdk_errors import typed_faults
from runtime.core.clock import Sleeper
from runtime.core.errors import Permanent

POLL_SECONDS = 5.0
MOST_POLLS = 240
"""Twenty minutes."""

CHANGED = ("MODIFIED", "DELETED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A resource that is not as its template says: MODIFIED, with the properties, or DELETED."""

    stack: str
    resource: str
    kind: str
    status: str
    properties: tuple[str, ...]


def detect(aws: Clients, stacks: Iterable[str], sleeper: Sleeper) -> list[Drift]:
    """Return the drift of stacks; all detections run at the same time."""
    client = aws("cloudformation")
    with typed_faults("detecting drift"):
        running = {
            stack: client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
            for stack in stacks
        }
    return [
        each
        for stack, detection in running.items()
        for each in _result(client, stack, detection, sleeper)
    ]


def _result(client: Any, stack: str, detection: str, sleeper: Sleeper) -> Iterable[Drift]:
    with typed_faults(f"detecting drift of the stack {stack}"):
        for _ in range(MOST_POLLS):
            found = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                break
            sleeper.sleep(POLL_SECONDS)
        else:
            raise Permanent(
                "drift.too_slow",
                f"The drift of the stack {stack} was not found out in time.",
                "Look at the stack in the console of CloudFormation.",
            )
        if found.get("StackDriftStatus") == "IN_SYNC":
            return
        drifts = client.describe_stack_resource_drifts(
            StackName=stack, StackResourceDriftStatusFilters=list(CHANGED)
        )["StackResourceDrifts"]
    for each in drifts:
        yield Drift(
            stack=stack,
            resource=each["LogicalResourceId"],
            kind=each["ResourceType"],
            status=each["StackResourceDriftStatus"],
            properties=tuple(
                difference["PropertyPath"] for difference in each.get("PropertyDifferences", ())
            ),
        )


def check_drift(drifts: Iterable[Drift]) -> Iterable[Finding]:
    """Yield a finding for each drift, without properties that are expected to change."""
    for drift in drifts:
        changed = [path for path in drift.properties if path not in EXPECTED]
        if drift.properties and not changed:
            continue
        what = (
            "It was deleted."
            if drift.status == "DELETED"
            else f"It differs from its template{' in ' if changed else ''}{', '.join(changed)}."
        )
        yield warning(
            f"{drift.kind} {drift.resource} of {drift.stack}",
            what,
            "What was changed by hand is lost by a deployment, or makes it fail.",
            "Change the template instead, and deploy; or undo the change.",
        )


EXPECTED = ("/DeletionProtectionEnabled", "/DesiredCount", "/MinCapacity")
"""Set by `protect` and by scaling, not by templates."""
