"""Reads what the doctor judges from AWS: one function per kind of resource, nothing is changed."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from lifestream.adapters import Clients, unless_absent
from lifestream.doctor.snapshot import (
    Alarm,
    Bucket,
    Cluster,
    EventSource,
    Function,
    Image,
    Notification,
    Queue,
    Role,
    Rule,
    Service,
    Table,
    TaskDefinition,
)
from lifestream.environment import Stack
from runtime.aws.sdk_errors import typed_faults

ALARMS_A_CALL = 100
_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def resources(aws: Clients, stacks: Iterable[Stack]) -> dict[str, list[str]]:
    """Return the physical ids of all resources of the stacks, by type."""
    found: dict[str, list[str]] = {}
    for stack in stacks:
        pages = aws("cloudformation").get_paginator("list_stack_resources")
        with typed_faults(f"listing the resources of stack {stack.name}"):
            for page in pages.paginate(StackName=stack.name):
                for resource in page["StackResourceSummaries"]:
                    name = resource.get("PhysicalResourceId", "")
                    found.setdefault(resource["ResourceType"], []).append(name)
    return found


def table_names(aws: Clients, stacks: Iterable[Stack]) -> list[str]:
    """Return the names of all tables of the stacks."""
    found = resources(aws, stacks)
    return [name for kind in _TABLES for name in found.get(kind, [])]


def queue(aws: Clients, url: str) -> Queue:
    """Return a queue's settings and its number of messages, hidden ones included."""
    with typed_faults(f"reading the queue {url}"):
        given = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    policy = json.loads(given.get("RedrivePolicy") or "{}")
    receives = policy.get("maxReceiveCount")
    return Queue(
        name=url.rpartition("/")[2],
        arn=given["QueueArn"],
        visibility_seconds=int(given["VisibilityTimeout"]),
        encrypted=given.get("SqsManagedSseEnabled") == "true" or "KmsMasterKeyId" in given,
        messages=int(given["ApproximateNumberOfMessages"])
        + int(given.get("ApproximateNumberOfMessagesNotVisible", 0)),
        dead_letter_arn=policy.get("deadLetterTargetArn"),
        max_receives=None if receives is None else int(receives),
    )


def table(aws: Clients, name: str) -> Table:
    """Return a table's settings."""
    client = aws("dynamodb")
    with typed_faults(f"reading the table {name}"):
        described = client.describe_table(TableName=name)["Table"]
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = client.describe_continuous_backups(TableName=name)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    expires = ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    return Table(
        name=name,
        status=described["TableStatus"],
        ttl_attribute=ttl.get("AttributeName") if expires else None,
        point_in_time_recovery=recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        deletion_protection=bool(described.get("DeletionProtectionEnabled")),
        indexes=frozenset(
            index["IndexName"]
            for index in described.get("GlobalSecondaryIndexes", [])
            if index.get("IndexStatus", "ACTIVE") in {"ACTIVE", "UPDATING"}
        ),
    )


def bucket(aws: Clients, name: str) -> Bucket:
    """Return a bucket's settings."""
    client = aws("s3")
    with typed_faults(f"reading the settings of the bucket {name}"):
        versioning = client.get_bucket_versioning(Bucket=name)
        notification = client.get_bucket_notification_configuration(Bucket=name)
        public = unless_absent(
            "NoSuchPublicAccessBlockConfiguration",
            lambda: client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        )
        encryption = unless_absent(
            "ServerSideEncryptionConfigurationNotFoundError",
            lambda: client.get_bucket_encryption(Bucket=name),
        )
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return Bucket(
        name=name,
        versioned=versioning.get("Status") == "Enabled",
        private=public is not None and all(public.get(block) for block in blocks),
        encrypted=encryption is not None,
        notifications=tuple(_notifications(notification)),
    )


def _notifications(answer: Any) -> Iterator[Notification]:
    for each in answer.get("QueueConfigurations", []):
        if not any(event.startswith("s3:ObjectCreated:") for event in each["Events"]):
            continue
        rules = {
            rule["Name"].lower(): rule["Value"]
            for rule in each.get("Filter", {}).get("Key", {}).get("FilterRules", [])
        }
        yield Notification(
            queue_arn=each["QueueArn"],
            prefix=rules.get("prefix", ""),
            suffix=rules.get("suffix", ""),
        )


def function(aws: Clients, name: str) -> Function:
    """Return a function's settings and the queues that invoke it."""
    client = aws("lambda")
    with typed_faults(f"reading the function {name}"):
        given = client.get_function_configuration(FunctionName=name)
        mappings = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    return Function(
        name=name,
        handler=given["Handler"],
        state=given.get("State", "Active"),
        timeout_seconds=given["Timeout"],
        variables=given.get("Environment", {}).get("Variables", {}),
        role_arn=given["Role"],
        sources=tuple(
            EventSource(
                queue_arn=mapping["EventSourceArn"],
                enabled=mapping["State"] in {"Enabled", "Enabling", "Updating", "Creating"},
                reports_item_failures="ReportBatchItemFailures"
                in mapping.get("FunctionResponseTypes", []),
            )
            for mapping in mappings
        ),
    )


def task_definition(aws: Clients, arn: str) -> TaskDefinition:
    """Return what a revision runs, and under which roles."""
    with typed_faults(f"reading the task definition {arn}"):
        given = aws("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    roles = (given.get("taskRoleArn"), given.get("executionRoleArn"))
    return TaskDefinition(
        arn=arn,
        active=given.get("status", "ACTIVE") == "ACTIVE",
        image_uri=given["containerDefinitions"][0]["image"],
        role_arns=tuple(role for role in roles if role),
    )


def service(aws: Clients, arn: str) -> Service:
    """Return a service of workers, with the status MISSING when there is none."""
    cluster, _, name = arn.rpartition("service/")[2].rpartition("/")
    target = f"service/{cluster}/{name}"
    with typed_faults(f"reading the service {name}"):
        found = aws("ecs").describe_services(cluster=cluster, services=[name])["services"]
        targets = aws("application-autoscaling").describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[target]
        )["ScalableTargets"]
    given = found[0] if found else {}
    deployments = {each["status"]: each for each in given.get("deployments", [])}
    return Service(
        name=name,
        status=given.get("status", "MISSING"),
        wanted=given.get("desiredCount", 0),
        running=given.get("runningCount", 0),
        pending=given.get("pendingCount", 0),
        rollout_failed=deployments.get("PRIMARY", {}).get("rolloutState") == "FAILED",
        scaled=bool(targets),
        task_definition_arn=given.get("taskDefinition", ""),
    )


def image(aws: Clients, uri: str) -> Image:
    """Look an image up in ECR; of another registry, and of the local cloud, nothing is known."""
    registry, _, path = uri.partition("/")
    if aws.endpoint_url or ".dkr.ecr." not in registry:
        return Image(uri=uri, exists=None)
    if "@" in path:
        repository, _, digest = path.partition("@")
        identity = {"imageDigest": digest}
    else:
        repository, _, tag = path.partition(":")
        identity = {"imageTag": tag or "latest"}
    with typed_faults(f"looking for the image {uri}"):
        found = unless_absent(
            "NotFoundException",
            lambda: aws("ecr").describe_images(
                registryId=registry.partition(".")[0],
                repositoryName=repository.partition(":")[0],
                imageIds=[identity],
            ),
        )
    return Image(uri=uri, exists=found is not None)


def role(aws: Clients, arn: str) -> Role:
    """Return whether a role exists; `arn` may be its name alone."""
    name = arn.rpartition("/")[2]
    with typed_faults(f"reading the role {name}"):
        found = unless_absent("NoSuchEntity", lambda: aws("iam").get_role(RoleName=name))
    return Role(arn=arn, exists=found is not None)


def rule(aws: Clients, name: str) -> Rule:
    """Return an EventBridge rule; `name` may be given as `bus|rule`, as CloudFormation does."""
    name = name.rpartition("|")[2].rpartition("/")[2]
    client = aws("events")
    with typed_faults(f"reading the rule {name}"):
        given = client.describe_rule(Name=name)
        targets = client.list_targets_by_rule(Rule=name)["Targets"]
    return Rule(
        name=name,
        enabled=given["State"] != "DISABLED",
        scheduled=bool(given.get("ScheduleExpression")),
        pattern=given.get("EventPattern", ""),
        target_arns=tuple(target["Arn"] for target in targets),
    )


def alarms(aws: Clients, names: list[str]) -> list[Alarm]:
    """Return these alarms as they are now."""
    found: list[Alarm] = []
    for start in range(0, len(names), ALARMS_A_CALL):
        with typed_faults("reading the alarms"):
            answer = aws("cloudwatch").describe_alarms(
                AlarmNames=names[start : start + ALARMS_A_CALL],
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            )
        found += [
            Alarm(
                name=alarm["AlarmName"],
                state=alarm["StateValue"],
                reason=alarm.get("StateReason", ""),
                scales=_only_scales(alarm.get("AlarmActions", [])),
            )
            for alarm in [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
        ]
    return found


def _only_scales(actions: list[str]) -> bool:
    return bool(actions) and all(":autoscaling:" in action for action in actions)


def cluster(aws: Clients, name: str) -> Cluster:
    """Return a cluster, with the status MISSING when there is none."""
    with typed_faults(f"reading the cluster {name}"):
        found = aws("ecs").describe_clusters(clusters=[name])["clusters"]
    return Cluster(name=name, status=found[0]["status"] if found else "MISSING")
