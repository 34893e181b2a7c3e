"""The environment's KMS key, usable only through the services that store its data."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.constructs.permissions import via_service
from cdk.naming import Names, bucket_arn, budget_arn, local_arn, log_groups_arn

ENCRYPTING_SERVICES = ("s3", "dynamodb", "sqs", "secretsmanager", "backup")
"""Services that call KMS on behalf of their callers."""

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
    scope: Construct, construct_id: str, *, names: Names, removal_policy: RemovalPolicy
) -> kms.Key:
    """Return a new key, rotated every year.

    Its policy lets the account's administrators manage it but not use it. The policies of roles
    decide who may use it through which service. Where a service acts without a role (logs, events,
    alarms), the policy names the service and its source.
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
                    {
                        "StringEquals": {
                            "kms:ViaService": [
                                via_service(service) for service in ENCRYPTING_SERVICES
                            ]
                        }
                    },
                ),
                # DynamoDB and AWS Backup use the key between calls, by a grant.
                _allow(
                    "GrantsOfTables",
                    iam.AccountRootPrincipal(),
                    ("CreateGrant",),
                    {
                        "StringEquals": {
                            "kms:ViaService": [via_service("dynamodb"), via_service("backup")]
                        },
                        "Bool": {"kms:GrantIsForAWSResource": "true"},
                    },
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
                _service("UploadEvents", "s3", bucket_arn(names.media_bucket)),
                _service("LostEvents", "events", local_arn("events", f"rule/{names.stack('*')}")),
                _service(
                    "Alarms", "cloudwatch", local_arn("cloudwatch", f"alarm:{names.alarm('*')}")
                ),
                _service("Budget", "budgets", budget_arn(names)),
            ]
        ),
    )


def management() -> iam.PolicyStatement:
    """Let the account's administrators manage a key and not use it.

    Without such a statement the key's policy could never be changed again.
    """
    return _allow("Manage", iam.AccountRootPrincipal(), _MANAGE, {})


def _service(sid: str, service: str, source: str) -> iam.PolicyStatement:
    """Let a service encrypt what one source of this account has it send."""
    return _allow(
        sid,
        iam.ServicePrincipal(f"{service}.amazonaws.com"),
        ("Decrypt", "GenerateDataKey"),
        {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {"aws:SourceArn": source},
        },
    )


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
        # In a key policy, `*` means this key.
        resources=["*"],
        conditions=conditions,
    )
