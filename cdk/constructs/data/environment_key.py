"""The environment's KMS key, usable only through the services that store its data."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.constructs.permissions import via_service
from cdk.constructs.permissions.statement import let_service
from cdk.naming import Names, anomalies_arn, bucket_arn, budget_arn, local_arn, log_groups_arn

ENCRYPTING_SERVICES = ("s3", "dynamodb", "sqs", "secretsmanager", "backup")
"""Services that call KMS on behalf of their callers."""

_BY_GRANT = ("dynamodb", "backup", "ecr")
_SCALING_ROLE = "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

_THIS_KEY = "*"
"""What `*` means in the policy of a key."""

_MANAGE = (
    *("CreateAlias", "DeleteAlias", "UpdateAlias", "DescribeKey", "UpdateKeyDescription"),
    *("EnableKey", "DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion"),
    *("EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "ListKeyRotations"),
    *("GetKeyPolicy", "ListKeyPolicies", "PutKeyPolicy", "ListGrants", "RevokeGrant"),
    *("ListResourceTags", "TagResource", "UntagResource"),
)
_USE = (
    *("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"),
    *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "DescribeKey"),
)


def environment_key(
    scope: Construct,
    construct_id: str,
    *,
    names: Names,
    removal_policy: RemovalPolicy,
    machines: bool = False,
    anomalies: bool = False,
) -> kms.Key:
    """Return a new key, rotated every year.

    Its policy lets the account's administrators manage it but not use it. The policies of roles
    decide who may use it through which service. Where a service acts without a role (logs, events,
    alarms, disks of tasks), the policy names the service and its source. With `machines`, EC2 Auto
    Scaling may encrypt their volumes.
    """
    return kms.Key(
        scope,
        construct_id,
        alias=names.key_alias,
        description=f"Lifestream {names.environment}: what is kept",
        enable_key_rotation=True,
        # The longest that KMS allows: all that the key encrypts is lost with it.
        pending_window=Duration.days(30),
        removal_policy=removal_policy,
        policy=iam.PolicyDocument(
            statements=[
                management(),
                _allow(
                    "UseThroughKeepers",
                    iam.AccountRootPrincipal(),
                    _USE,
                    {"StringEquals": _via(*ENCRYPTING_SERVICES)},
                ),
                # DynamoDB, AWS Backup and ECR use the key between calls, by a grant.
                _allow(
                    "GrantsOfKeepers",
                    iam.AccountRootPrincipal(),
                    ("CreateGrant",),
                    {
                        "StringEquals": _via(*_BY_GRANT),
                        "Bool": {"kms:GrantIsForAWSResource": "true"},
                    },
                ),
                _allow(
                    "EndOfGrants",
                    iam.AccountRootPrincipal(),
                    ("RetireGrant",),
                    {"StringEquals": _via("ecr")},
                ),
                _allow(
                    "Logs",
                    iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com"),
                    # DescribeKey has no encryption context to compare.
                    tuple(action for action in _USE if action != "DescribeKey"),
                    {
                        "ArnLike": {
                            "kms:EncryptionContext:aws:logs:arn": [
                                log_groups_arn(names.environment),
                                local_arn("logs", f"log-group:{names.firewall_log_group}"),
                            ]
                        }
                    },
                ),
                let_encrypt("UploadEvents", "s3", bucket_arn(names.media_bucket)),
                let_encrypt(
                    "LostEvents", "events", local_arn("events", f"rule/{names.stack('*')}")
                ),
                let_encrypt(
                    "Alarms", "cloudwatch", local_arn("cloudwatch", f"alarm:{names.alarm('*')}")
                ),
                let_encrypt("Budget", "budgets", budget_arn(names)),
                *([let_encrypt("Anomalies", "costalerts", anomalies_arn())] if anomalies else []),
                *_disks_of_tasks(names),
                *(_volumes_of_machines() if machines else ()),
            ]
        ),
    )


def _via(*services: str) -> dict[str, object]:
    return {"kms:ViaService": [via_service(service) for service in services]}


def _disks_of_tasks(names: Names) -> list[iam.PolicyStatement]:
    """Let Fargate encrypt the disks of this cluster's tasks.

    See "Create an encryption key for Fargate ephemeral storage" in the guide of ECS.
    """
    fargate = iam.ServicePrincipal("fargate.amazonaws.com")
    of_the_cluster: dict[str, object] = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": Aws.ACCOUNT_ID,
        "kms:EncryptionContext:aws:ecs:clusterName": names.cluster,
    }
    return [
        _allow(
            "DisksOfTasks",
            fargate,
            ("GenerateDataKeyWithoutPlaintext",),
            {"StringEquals": of_the_cluster},
        ),
        _allow(
            "GrantsOfDisks",
            fargate,
            ("CreateGrant",),
            {
                "StringEquals": of_the_cluster,
                "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt"]},
            },
        ),
    ]


def _volumes_of_machines() -> list[iam.PolicyStatement]:
    """Let Auto Scaling's service-linked role encrypt volumes through EC2.

    A condition names the role: as a principal, it would have to exist before the key.
    """
    role = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/aws-service-role/{_SCALING_ROLE}"
    through_ec2: dict[str, dict[str, object]] = {
        "ArnEquals": {"aws:PrincipalArn": role},
        "StringEquals": {"kms:CallerAccount": Aws.ACCOUNT_ID, "kms:ViaService": via_service("ec2")},
    }
    return [
        _allow("VolumesOfMachines", iam.AnyPrincipal(), _USE, through_ec2),
        _allow(
            "GrantsOfVolumes",
            iam.AnyPrincipal(),
            ("CreateGrant",),
            {**through_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def management() -> iam.PolicyStatement:
    """Let the account's administrators manage a key and not use it.

    Without such a statement the key's policy could never be changed again.
    """
    return _allow("Manage", iam.AccountRootPrincipal(), _MANAGE, {})


def let_encrypt(sid: str, service: str, source: str) -> iam.PolicyStatement:
    """Let a service encrypt what one source of this account has it send."""
    return let_service(sid, service, source, ("kms:Decrypt", "kms:GenerateDataKey"), _THIS_KEY)


def _allow(
    sid: str,
    principal: iam.IPrincipal,
    actions: tuple[str, ...],
    conditions: dict[str, dict[str, object]],
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        principals=[principal],
        actions=[f"kms:{action}" for action in actions],
        resources=[_THIS_KEY],
        conditions=conditions,
    )
