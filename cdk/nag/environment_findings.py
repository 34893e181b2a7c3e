"""Every acknowledged finding of cdk-nag: where, which, why."""

import json
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import IPolicyValidationPlugin
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from cdk.config import EnvironmentConfig
from cdk.nag.acknowledge import (
    MEDIA,
    TASKS,
    AcknowledgedFinding,
    acknowledged,
    construct_at,
    local_wildcard,
    wildcard,
)
from cdk.nag.service_findings import SERVICE_FINDINGS
from cdk.stage import EnvironmentStage
from runtime.core.contract import Launch

REPORT = "validation-report.json"
"""Where synthesis leaves what was found and what of it was acknowledged."""

_CLUSTER = "<ClusterEB0386A7>"

_ALWAYS = {
    # Wildcards in policies; tests/infra/test_permissions.py says who has which.
    "Uploads have names of the users' own; reading is limited to their prefix.": {
        "": wildcard(f"{MEDIA}/uploads/*")
    },
    "Checkpoints of every job lie below this prefix; one role serves all jobs.": {
        "": wildcard(f"{MEDIA}/work/*")
    },
    "Results of every job lie below this prefix; one role serves all jobs.": {
        "": wildcard(f"{MEDIA}/results/*")
    },
    "Any task of the cluster may hang; stopping ends at the cluster.": {
        "ControlPlane/Reaper/Role/DefaultPolicy": TASKS
    },
    "Only for actions without resource-level permissions; tests list each of them.": {
        "": wildcard("*")
    },
    "Each policy belongs to one role, ends with it and cannot be attached elsewhere.": {
        "": "NIST.800.53.R5-IAMNoInlinePolicy"
    },
    # Functions
    "Functions call AWS's own services alone and open no port; a VPC adds no wall.": {
        "": "NIST.800.53.R5-LambdaInsideVPC"
    },
    "Its event source's maximum concurrency limits it, without throttling messages.": {
        "Processing/Dispatcher/Function": "NIST.800.53.R5-LambdaConcurrency"
    },
    "It is fed from a queue, which has dead letters of its own.": {
        "Processing/Dispatcher/Function": "NIST.800.53.R5-LambdaDLQ"
    },
    "Its events that fail for good go to a queue, as the newer on-failure destination.": {
        "ControlPlane/Reaper/Function": "NIST.800.53.R5-LambdaDLQ"
    },
    # Data
    "It is the dead-letter queue of two rules and of a function's failed invocations.": {
        "ControlPlane/DeadLetters": "AwsSolutions-SQS3"
    },
    "Versions keep overwritten and deleted objects; results can be computed again.": {
        "Ingest": "NIST.800.53.R5-S3BucketReplicationEnabled"
    },
    "S3 delivers access logs only to buckets encrypted with its own keys.": {
        "Ingest/AccessLogs": "NIST.800.53.R5-S3DefaultEncryptionKMS"
    },
    # Tasks
    "The variables are names and numbers of this template; secrets are not among them.": {
        "": "AwsSolutions-ECS2"
    },
}
_LAUNCHES = {
    "A task that is being started has no id yet; tagging is limited to RunTask.": {
        "Processing": local_wildcard("ecs", f"task/{_CLUSTER}/*")
    },
    "Any revision of the family: a policy that named one would lag behind the function.": {
        "Processing": local_wildcard("ecs", "task-definition/lifestream-processor-{environment}:*")
    },
}
_COMMANDS = {
    "The streams of one log group, which ECS Exec names after its sessions.": {
        "": local_wildcard("logs", "log-group:/ecs/lifestream-commands-{environment}:*")
    },
}
_WORKERS = {
    "A task learns its own id only while running; protection ends at the cluster.": {
        "Workers": TASKS
    },
}
_GPU = {
    "A task learns its own id only while running; protection ends at the cluster.": {"Gpu": TASKS},
    "A machine gets its id when it joins; polling and reporting end at the cluster.": {
        "Processing/Gpu/Role/DefaultPolicy": local_wildcard(
            "ecs", f"container-instance/{_CLUSTER}/*"
        )
    },
    "ECS scales it with its tasks, and it is the tasks that are watched.": {
        "Processing/Gpu/Machines": "AwsSolutions-AS3"
    },
}
_SCANS = {
    "GuardDuty names its own rule; it may change only rules that it manages.": {
        "Ingest": local_wildcard("events", "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*")
    },
}
_UNRESERVED = {
    "Few events reach it; a reserve would take runs from an account that has few.": {
        "ControlPlane/Reaper/Function": "NIST.800.53.R5-LambdaConcurrency"
    },
}
_SHIFTS = {
    "CodeDeploy reads it during a shift; people are notified of the function's errors.": {
        "Processing/Shift/Errors": "NIST.800.53.R5-CloudWatchAlarmAction"
    },
}
_TRAIL = {
    "A log line for each call on an object would cost more than the calls.": {
        "Ingest/Trail": "NIST.800.53.R5-CloudTrailCloudWatchLogsEnabled"
    },
    "It lies beside the access logs, which S3 delivers under its own key alone.": {
        "Ingest/Trail": "NIST.800.53.R5-CloudTrailEncryptionEnabled"
    },
}
_WITHOUT_KEY = {
    "The environment has no key of its own; S3's own encrypts.": {
        "Ingest/Media": "NIST.800.53.R5-S3DefaultEncryptionKMS"
    },
    "The environment has no key of its own; CloudWatch's own encrypts.": {
        "": "NIST.800.53.R5-CloudWatchLogGroupEncrypted"
    },
}
_WITHOUT_BACKUP = {
    "Point-in-time recovery brings tables back; this environment wants no copies.": {
        "Storage": "NIST.800.53.R5-DynamoDBInBackupPlan"
    },
}
_NAT_GATEWAYS = {
    "Only NAT gateways are in subnets with a route to the internet.": {
        "Network/Vpc": "NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW"
    },
}
_PUBLIC_TASKS = {
    "Tasks have public addresses here, by a setting that production is refused.": {
        "Network/Vpc": "NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW"
    },
}
_OWN_VPC = {
    "Nothing uses the group; closing it takes a custom resource with rights of its own.": {
        "Network/Vpc": "NIST.800.53.R5-VPCDefaultSecurityGroupClosed"
    },
}

ACKNOWLEDGED = (
    *acknowledged(_ALWAYS),
    *acknowledged(_LAUNCHES, lambda given: given.launch == Launch.ON_DEMAND),
    *acknowledged(_COMMANDS, lambda given: given.execute_command),
    *acknowledged(_WORKERS, lambda given: given.workers is not None),
    *acknowledged(_GPU, lambda given: given.gpu is not None),
    *acknowledged(_SCANS, lambda given: given.uploads.malware_scan),
    *acknowledged(_UNRESERVED, lambda given: given.reaper.reserved_concurrency is None),
    *acknowledged(_SHIFTS, lambda given: given.dispatcher.canary_minutes is not None),
    *acknowledged(_TRAIL, lambda given: given.access is not None and given.access.data_events),
    *acknowledged(_WITHOUT_KEY, lambda given: not given.encryption.customer_key),
    *acknowledged(_WITHOUT_BACKUP, lambda given: given.backup is None),
    *acknowledged(_NAT_GATEWAYS, lambda given: given.network.nat_gateways > 0),
    *acknowledged(_PUBLIC_TASKS, lambda given: given.network.public_tasks),
    *acknowledged(_OWN_VPC, lambda given: given.network.vpc_id is None),
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
