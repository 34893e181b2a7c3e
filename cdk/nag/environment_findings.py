"""Every acknowledged finding of cdk-nag: where, which, why."""

import json
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import IPolicyValidationPlugin
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from cdk.config import EnvironmentConfig
from cdk.nag.acknowledge import AcknowledgedFinding, construct_at
from cdk.nag.service_findings import SERVICE_FINDINGS
from cdk.stage import EnvironmentStage
from runtime.core.contract import Launch

REPORT = "validation-report.json"
"""Where synthesis leaves what was found and what of it was acknowledged."""


def _without_key(environment: EnvironmentConfig) -> bool:
    return not environment.encryption.customer_key


def _without_backup(environment: EnvironmentConfig) -> bool:
    return environment.backup is None


def _starts_tasks(environment: EnvironmentConfig) -> bool:
    return environment.launch == Launch.ON_DEMAND


def _has_workers(environment: EnvironmentConfig) -> bool:
    return environment.workers is not None


def _has_gpu(environment: EnvironmentConfig) -> bool:
    return environment.gpu is not None


def _with_nat(environment: EnvironmentConfig) -> bool:
    return environment.network.nat_gateways > 0


def _with_public_tasks(environment: EnvironmentConfig) -> bool:
    return environment.network.public_tasks


def _records_objects(environment: EnvironmentConfig) -> bool:
    return environment.access is not None and environment.access.data_events


def _own_network(environment: EnvironmentConfig) -> bool:
    return environment.network.vpc_id is None


def _unreserved_reaper(environment: EnvironmentConfig) -> bool:
    return environment.reaper.reserved_concurrency is None


_MEDIA = "arn:<AWS::Partition>:s3:::lifestream-media-{environment}-<AWS::AccountId>-<AWS::Region>"
_TASKS_OF = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task"
_MACHINES_OF = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:container-instance"
_EXPORTED_CLUSTER = "lifestream-{environment}-processing:ExportsOutputRefClusterEB0386A796A0E3FE"

ACKNOWLEDGED = (
    # Wildcards in policies; tests/infra/test_permissions.py says who has which.
    AcknowledgedFinding(
        path="",
        finding=f"AwsSolutions-IAM5[Resource::{_MEDIA}/uploads/*]",
        reason="Uploads have names of the users' own; reading is limited to their prefix.",
    ),
    AcknowledgedFinding(
        path="",
        finding=f"AwsSolutions-IAM5[Resource::{_MEDIA}/work/*]",
        reason="Checkpoints of every job lie below this prefix; one role serves all jobs.",
    ),
    AcknowledgedFinding(
        path="",
        finding=f"AwsSolutions-IAM5[Resource::{_MEDIA}/results/*]",
        reason="Results of every job lie below this prefix; one role serves all jobs.",
    ),
    AcknowledgedFinding(
        path="Processing",
        finding=f"AwsSolutions-IAM5[Resource::{_TASKS_OF}/<ClusterEB0386A7>/*]",
        reason="A task that is being started has no id yet; tagging is limited to RunTask.",
        when=_starts_tasks,
    ),
    AcknowledgedFinding(
        path="Processing",
        finding=(
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:"
            "task-definition/lifestream-processor-{environment}:*]"
        ),
        reason="Any revision of the family: a policy that named one would lag behind the function.",
        when=_starts_tasks,
    ),
    AcknowledgedFinding(
        path="",
        finding=(
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:"
            "log-group:/ecs/lifestream-commands-{environment}:*]"
        ),
        reason="The streams of one log group, which ECS Exec names after its sessions.",
        when=lambda environment: environment.execute_command,
    ),
    AcknowledgedFinding(
        path="Workers",
        finding=f"AwsSolutions-IAM5[Resource::{_TASKS_OF}/{_EXPORTED_CLUSTER}/*]",
        reason="A task learns its own id only while running; protection ends at the cluster.",
        when=_has_workers,
    ),
    AcknowledgedFinding(
        path="Gpu",
        finding=f"AwsSolutions-IAM5[Resource::{_TASKS_OF}/{_EXPORTED_CLUSTER}/*]",
        reason="A task learns its own id only while running; protection ends at the cluster.",
        when=_has_gpu,
    ),
    AcknowledgedFinding(
        path="Processing/Gpu/Role/DefaultPolicy",
        finding=f"AwsSolutions-IAM5[Resource::{_MACHINES_OF}/<ClusterEB0386A7>/*]",
        reason="A machine gets its id when it joins; polling and reporting end at the cluster.",
        when=_has_gpu,
    ),
    AcknowledgedFinding(
        path="Processing/Gpu/Machines",
        finding="AwsSolutions-AS3",
        reason="ECS scales it with its tasks, and it is the tasks that are watched.",
        when=_has_gpu,
    ),
    AcknowledgedFinding(
        path="ControlPlane/Reaper/Role/DefaultPolicy",
        finding=f"AwsSolutions-IAM5[Resource::{_TASKS_OF}/{_EXPORTED_CLUSTER}/*]",
        reason="Any task of the cluster may hang; stopping ends at the cluster.",
    ),
    AcknowledgedFinding(
        path="",
        finding="AwsSolutions-IAM5[Resource::*]",
        reason="Only for actions without resource-level permissions; tests list each of them.",
    ),
    AcknowledgedFinding(
        path="",
        finding="NIST.800.53.R5-IAMNoInlinePolicy",
        reason="Each policy belongs to one role, ends with it and cannot be attached elsewhere.",
    ),
    AcknowledgedFinding(
        path="Ingest",
        finding=(
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:events:<AWS::Region>:"
            "<AWS::AccountId>:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*]"
        ),
        reason="GuardDuty names its own rule; it may change only rules that it manages.",
        when=lambda environment: environment.uploads.malware_scan,
    ),
    # Functions
    AcknowledgedFinding(
        path="",
        finding="NIST.800.53.R5-LambdaInsideVPC",
        reason="Functions call AWS's own services alone and open no port; a VPC adds no wall.",
    ),
    AcknowledgedFinding(
        path="Processing/Dispatcher/Function",
        finding="NIST.800.53.R5-LambdaConcurrency",
        reason="Its event source's maximum concurrency limits it, without throttling messages.",
    ),
    AcknowledgedFinding(
        path="ControlPlane/Reaper/Function",
        finding="NIST.800.53.R5-LambdaConcurrency",
        reason="Few events reach it; a reserve would take runs from an account that has few.",
        when=_unreserved_reaper,
    ),
    AcknowledgedFinding(
        path="Processing/Dispatcher/Function",
        finding="NIST.800.53.R5-LambdaDLQ",
        reason="It is fed from a queue, which has dead letters of its own.",
    ),
    AcknowledgedFinding(
        path="ControlPlane/Reaper/Function",
        finding="NIST.800.53.R5-LambdaDLQ",
        reason="Its events that fail for good go to a queue, as the newer on-failure destination.",
    ),
    AcknowledgedFinding(
        path="Processing/Shift/Errors",
        finding="NIST.800.53.R5-CloudWatchAlarmAction",
        reason="CodeDeploy reads it during a shift; people are notified of the function's errors.",
        when=lambda environment: environment.dispatcher.canary_minutes is not None,
    ),
    AcknowledgedFinding(
        path="Ingest/Trail",
        finding="NIST.800.53.R5-CloudTrailCloudWatchLogsEnabled",
        reason="A log line for each call on an object would cost more than the calls.",
        when=_records_objects,
    ),
    AcknowledgedFinding(
        path="Ingest/Trail",
        finding="NIST.800.53.R5-CloudTrailEncryptionEnabled",
        reason="It lies beside the access logs, which S3 delivers under its own key alone.",
        when=_records_objects,
    ),
    # Data
    AcknowledgedFinding(
        path="ControlPlane/DeadLetters",
        finding="AwsSolutions-SQS3",
        reason="It is the dead-letter queue of two rules and of a function's failed invocations.",
    ),
    AcknowledgedFinding(
        path="Ingest",
        finding="NIST.800.53.R5-S3BucketReplicationEnabled",
        reason="Versions keep overwritten and deleted objects; results can be computed again.",
    ),
    AcknowledgedFinding(
        path="Ingest/AccessLogs",
        finding="NIST.800.53.R5-S3DefaultEncryptionKMS",
        reason="S3 delivers access logs only to buckets encrypted with its own keys.",
    ),
    AcknowledgedFinding(
        path="Ingest/Media",
        finding="NIST.800.53.R5-S3DefaultEncryptionKMS",
        reason="The environment has no key of its own; S3's own encrypts.",
        when=_without_key,
    ),
    AcknowledgedFinding(
        path="",
        finding="NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        reason="The environment has no key of its own; CloudWatch's own encrypts.",
        when=_without_key,
    ),
    AcknowledgedFinding(
        path="Storage",
        finding="NIST.800.53.R5-DynamoDBInBackupPlan",
        reason="Point-in-time recovery brings tables back; this environment wants no copies.",
        when=_without_backup,
    ),
    # Tasks and network
    AcknowledgedFinding(
        path="",
        finding="AwsSolutions-ECS2",
        reason="The variables are names and numbers of this template; secrets are not among them.",
    ),
    AcknowledgedFinding(
        path="Network/Vpc",
        finding="NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW",
        reason="Only NAT gateways are in subnets with a route to the internet.",
        when=_with_nat,
    ),
    AcknowledgedFinding(
        path="Network/Vpc",
        finding="NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW",
        reason="Tasks have public addresses here, by a setting that production is refused.",
        when=_with_public_tasks,
    ),
    AcknowledgedFinding(
        path="Network/Vpc",
        finding="NIST.800.53.R5-VPCDefaultSecurityGroupClosed",
        reason="Nothing uses the group; closing it takes a custom resource with rights of its own.",
        when=_own_network,
    ),
    *SERVICE_FINDINGS,
)
"""`{environment}` in a finding stands for the environment's name."""


def packs() -> list[IPolicyValidationPlugin]:
    """Return the rule packs that every environment must pass."""
    return [AwsSolutionsChecks(verbose=True), NIST80053R5Checks(verbose=True)]


def acknowledged_in(environment: EnvironmentConfig) -> tuple[AcknowledgedFinding, ...]:
    """Return what is acknowledged in an environment."""
    return tuple(item for item in ACKNOWLEDGED if item.when(environment))


def acknowledge(stage: EnvironmentStage) -> None:
    """Record the acknowledgements on the constructs they are about."""
    for item in acknowledged_in(stage.environment):
        item.record(stage, environment=stage.environment.name)


class StaleAcknowledgementError(Exception):
    """Something is acknowledged that cdk-nag no longer finds; the message names each."""


def refuse_stale(stages: Iterable[EnvironmentStage], *, assembly: Path) -> None:
    """Raise `StaleAcknowledgementError` unless each acknowledgement met a finding in synthesis."""
    met = {
        (finding["acknowledgedAt"], finding["acknowledgedId"])
        for report in json.loads((assembly / REPORT).read_text())["pluginReports"]
        for finding in report.get("suppressedViolations", ())
    }
    stale = [
        f"{path}: cdk-nag no longer finds {item.finding}"
        for stage in stages
        for item in acknowledged_in(stage.environment)
        for path in [construct_at(stage, item.path).node.path]
        if (path, item.id_in(environment=stage.environment.name)) not in met
    ]
    if stale:
        remedy = (
            "Remove each of these from cdk/nag/environment_findings.py, or narrow when it applies:"
        )
        raise StaleAcknowledgementError("\n".join([remedy, *stale]))
