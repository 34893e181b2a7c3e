"""The environment's own KMS key: used through the services that keep our data, and no other way."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.constructs.permissions import via
from cdk.naming import Names, bucket_arn, budget_arn, log_groups_arn

KEEPERS = ("s3", "dynamodb", "sqs", "secretsmanager", "backup")
"""Services that ask KMS on behalf of whoever reads or writes what they keep."""

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

    Its policy lets the account's administrators manage it but not use it, and leaves who may use
    it, and through which service, to the policies of roles. Where there is no role (logs, events
    and alarms) it names the service and what it may act for.
    """
    return kms.Key(
        scope,
        construct_id,
        alias=names.key_alias,
        description=f"Lifestream {names.environment}: what is kept",
        enable_key_rotation=True,
        # The longest that KMS allows: without the key, all it protects is lost.
        pending_window=Duration.days(30),
        removal_policy=removal_policy,
        policy=iam.PolicyDocument(
            statements=[
                management(),
                _allow(
                    "UseThroughKeepers",
                    iam.AccountRootPrincipal(),
                    _USE,
                    {"StringEquals": {"kms:ViaService": [via(keeper) for keeper in KEEPERS]}},
                ),
                # A table's service goes on to open it while nobody is calling, as for backups.
                _allow(
                    "GrantsOfTables",
                    iam.AccountRootPrincipal(),
                    ("CreateGrant",),
                    {
                        "StringEquals": {"kms:ViaService": [via("dynamodb"), via("backup")]},
                        "Bool": {"kms:GrantIsForAWSResource": "true"},
                    },
                ),
                _allow(
                    "Logs",
                    iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com"),
                    _USE,
                    {
                        "ArnLike": {
                            "kms:EncryptionContext:aws:logs:arn": log_groups_arn(names.environment)
                        }
                    },
                ),
                _service("UploadEvents", "s3", bucket_arn(names.media_bucket)),
                _service("LostEvents", "events", _own("events", f"rule/{names.stack('*')}")),
                _service("Alarms", "cloudwatch", _own("cloudwatch", f"alarm:{names.alarm('*')}")),
                _service("Budget", "budgets", budget_arn(names)),
            ]
        ),
    )


def management() -> iam.PolicyStatement:
    """Let the account's administrators manage a key and not use it.

    Without a statement like this one nobody could ever change the key's policy again.
    """
    return _allow("Manage", iam.AccountRootPrincipal(), _MANAGE, {})


def _service(sid: str, service: str, source: str) -> iam.PolicyStatement:
    """Let a service send what it was told to by one source of this account."""
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
        # Of a key's policy, this key.
        resources=["*"],
        conditions=conditions,
    )


def _own(service: str, resource: str) -> str:
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"
