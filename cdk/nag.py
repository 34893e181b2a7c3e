"""Every acknowledged finding of cdk-nag: where, which, why."""

from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from cdk.stage import EnvironmentStage

PACK = "AwsSolutions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A finding that stays: path below the stage, rule of the pack with its detail, reason."""

    path: str
    finding: str
    reason: str


_TASK_ROLE = "Processing/Processor/TaskRole/DefaultPolicy"
_EXECUTION_ROLE = "Processing/Processor/ExecutionRole/DefaultPolicy"
_WORKER_ROLE = "Workers/Pool/TaskRole/DefaultPolicy"
_WORKER_EXECUTION_ROLE = "Workers/Pool/ExecutionRole/DefaultPolicy"
_DISPATCHER_ROLE = "Processing/Dispatcher/Role/DefaultPolicy"
_REAPER_ROLE = "ControlPlane/Reaper/Role/DefaultPolicy"
_MEDIA = "arn:<AWS::Partition>:s3:::lifestream-media-{environment}-<AWS::AccountId>-<AWS::Region>"
_TASKS_OF = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task"
_TASKS = f"{_TASKS_OF}/<ClusterEB0386A7>"
_EXPORTED_CLUSTER = "lifestream-{environment}-processing:ExportsOutputRefClusterEB0386A796A0E3FE"

ACKNOWLEDGED = (
    Acknowledged(
        path="Processing/Processor/Definition",
        finding="ECS2",
        reason="The variables are names and numbers of this template; secrets are not among them.",
    ),
    Acknowledged(
        path=_EXECUTION_ROLE,
        finding="IAM5[Resource::*]",
        reason="ecr:GetAuthorizationToken knows no resource; pulling is limited to one repository.",
    ),
    Acknowledged(
        path=_DISPATCHER_ROLE,
        finding="IAM5[Resource::*]",
        reason="ecs:ListTasks knows no task resource; a condition limits it to the cluster.",
    ),
    Acknowledged(
        path=_DISPATCHER_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/uploads/*]",
        reason="Uploads have names of the users' own; reading is limited to their prefix.",
    ),
    Acknowledged(
        path=_DISPATCHER_ROLE,
        finding=f"IAM5[Resource::{_TASKS}/*]",
        reason="A task that is being started has no id yet; tagging is limited to RunTask.",
    ),
    Acknowledged(
        path="ControlPlane/DeadLetters",
        finding="SQS3",
        reason="It is the dead-letter queue of two rules and of a function's failed invocations.",
    ),
    Acknowledged(
        path=_REAPER_ROLE,
        finding="IAM5[Resource::*]",
        reason="ecs:ListTasks knows no task resource; a condition limits it to the cluster.",
    ),
    Acknowledged(
        path=_REAPER_ROLE,
        finding=f"IAM5[Resource::{_TASKS_OF}/{_EXPORTED_CLUSTER}/*]",
        reason="Any task of the cluster may hang; stopping ends at the cluster.",
    ),
    Acknowledged(
        path=_TASK_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/uploads/*]",
        reason="Uploads have names of the users' own; reading is limited to their prefix.",
    ),
    Acknowledged(
        path=_TASK_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/work/*]",
        reason="Checkpoints of every job lie below this prefix; one role serves all jobs.",
    ),
    Acknowledged(
        path=_TASK_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/results/*]",
        reason="Results of every job lie below this prefix; one role serves all jobs.",
    ),
)
"""`{environment}` in a finding stands for the environment's name."""

POOL_ACKNOWLEDGED = (
    Acknowledged(
        path="Workers/Pool/Definition",
        finding="ECS2",
        reason="The variables are names and numbers of this template; secrets are not among them.",
    ),
    Acknowledged(
        path=_WORKER_EXECUTION_ROLE,
        finding="IAM5[Resource::*]",
        reason="ecr:GetAuthorizationToken knows no resource; pulling is limited to one repository.",
    ),
    Acknowledged(
        path=_WORKER_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/uploads/*]",
        reason="Uploads have names of the users' own; reading is limited to their prefix.",
    ),
    Acknowledged(
        path=_WORKER_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/work/*]",
        reason="Checkpoints of every job lie below this prefix; one role serves all jobs.",
    ),
    Acknowledged(
        path=_WORKER_ROLE,
        finding=f"IAM5[Resource::{_MEDIA}/results/*]",
        reason="Results of every job lie below this prefix; one role serves all jobs.",
    ),
    Acknowledged(
        path=_WORKER_ROLE,
        finding=f"IAM5[Resource::{_TASKS_OF}/{_EXPORTED_CLUSTER}/*]",
        reason="A task learns its own id only while running; protection ends at the cluster.",
    ),
)
"""What there is besides in an environment with a pool."""


def acknowledge(stage: EnvironmentStage, *, environment: str) -> None:
    """Record the acknowledgements on the constructs they are about."""
    for item in (*ACKNOWLEDGED, *(POOL_ACKNOWLEDGED if stage.workers else ())):
        finding = item.finding.format(environment=environment)
        Validations.of(_find(stage, item.path)).acknowledge(
            Acknowledgment(id=f"{PACK}::{PACK}-{finding}", reason=item.reason)
        )


def _find(stage: EnvironmentStage, path: str) -> IConstruct:
    construct: IConstruct = stage
    for part in path.split("/"):
        child = construct.node.try_find_child(part)
        if child is None:
            raise LookupError(
                f"cdk/nag.py acknowledges a finding at {path}, and {construct.node.path} has no"
                f" {part}: correct the path, or remove what no longer applies"
            )
        construct = child
    return construct
