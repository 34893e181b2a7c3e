"""Every acknowledged finding of cdk-nag about promotion: where, which, why."""

from collections.abc import Mapping

from aws_cdk import App

from cdk.nag.acknowledge import MEDIA, AcknowledgedFinding, acknowledged, wildcard
from cdk.promotion.config import PromotionConfig
from cdk.promotion.targets import DeploymentTarget

_NO_INLINE_POLICY = "NIST.800.53.R5-IAMNoInlinePolicy"
_INLINE = (
    "A policy in the role it is for: it changes with the role and cannot be attached elsewhere."
)
_SIGN_IN = "ecr:GetAuthorizationToken knows no resource."
_NAMED_BY_PIPELINE = "Artifacts have names of CodePipeline's own; the bucket holds nothing else."
_LOGS_BY_S3 = "S3 delivers access logs only to buckets that it encrypts with its own keys."
_BUILD_LOGS = "Resource::arn:aws:logs:{region}:{account}:log-group:/aws/codebuild/"
_REPORTS = "Resource::arn:aws:codebuild:{region}:{account}:report-group/"
_ITSELF = "<PromotionUpdatePipelineSelfMutation12699CD7>"


def _target_wildcard(service: str, resource: str) -> str:
    return wildcard(f"arn:<AWS::Partition>:{service}:{{region}}:{{account}}:{resource}")


_OF_ACCESS = {
    _NO_INLINE_POLICY: _INLINE,
    wildcard("*"): "Listing stacks, describing groups and signing in to ECR know no resource.",
    _target_wildcard("cloudformation", "stack/lifestream-{environment}-*/*"): (
        "The environment's stacks share a prefix; their ids are known once they are there."
    ),
    _target_wildcard("dynamodb", "table/lifestream-*-{environment}"): (
        "Deletion protection is turned on for all tables of the environment."
    ),
    _target_wildcard("kms", "key/*"): (
        "A key's id is known once it is there; a condition limits it to the key's alias."
    ),
    _target_wildcard("ec2", "security-group/*"): (
        "A default group's id is known once it is there; a condition leaves tagged ones."
    ),
    wildcard(f"{MEDIA}/uploads/checks/*"): (
        "Checks upload below a prefix of their own, under a new name each time."
    ),
    wildcard(f"{MEDIA}/results/*"): (
        "The results of checks lie below a job's id, which its upload decides."
    ),
}
PER_ENVIRONMENT = tuple(
    AcknowledgedFinding(path="Access-{environment}", finding=finding, reason=reason)
    for finding, reason in _OF_ACCESS.items()
)

GITHUB = tuple(
    acknowledged(
        {
            _INLINE: {"Github-{account}": _NO_INLINE_POLICY},
            _SIGN_IN: {"Github-{account}": wildcard("*")},
        }
    )
)

_BY_CDK = {
    "actions of one kind on the bucket of artifacts": (
        *("Action::s3:Abort*", "Action::s3:DeleteObject*", "Action::s3:GetBucket*"),
        *("Action::s3:GetObject*", "Action::s3:List*"),
    ),
    "actions of one kind on the key of artifacts": (
        "Action::kms:GenerateDataKey*",
        "Action::kms:ReEncrypt*",
    ),
    "cloudformation:DescribeStacks for its own stack; bootstrap buckets are listed": (
        "Resource::*",
    ),
    "a condition limits it to the roles of bootstrapping": (
        "Resource::arn:*:iam::{account}:role/*",
    ),
    "publishing assets takes a build each, and their names follow the assets": (
        f"{_BUILD_LOGS}*",
        f"{_REPORTS}*",
    ),
    "the log streams of the build by which the pipeline updates itself": (
        f"{_BUILD_LOGS}{_ITSELF}:*",
    ),
    "the reports of the build by which the pipeline updates itself": (f"{_REPORTS}{_ITSELF}-*",),
}
"""What policies of CDK Pipelines contain, by its reason."""

_OF_PIPELINE = {
    _INLINE: {"Pipeline": _NO_INLINE_POLICY},
    "What builds print is encrypted by CloudWatch's own key, and holds no data.": {
        "Pipeline/Builds": "NIST.800.53.R5-CloudWatchLogGroupEncrypted"
    },
    _LOGS_BY_S3: {"Pipeline/AccessLogs": "NIST.800.53.R5-S3DefaultEncryptionKMS"},
    "Artifacts can be built again from the sources at any time.": {
        "Pipeline": "NIST.800.53.R5-S3BucketReplicationEnabled"
    },
    _NAMED_BY_PIPELINE: {"Pipeline": wildcard("<Artifacts82DD59A1.Arn>/*")},
    _SIGN_IN: {"Pipeline/Build": wildcard("*")},
}
PIPELINE = (
    *acknowledged(_OF_PIPELINE),
    *(
        AcknowledgedFinding(
            path="Pipeline/Promotion",
            finding=f"AwsSolutions-IAM5[{what}]",
            reason=f"CDK Pipelines writes this policy: {why}.",
        )
        for why, found in _BY_CDK.items()
        for what in found
    ),
)

_OF_OTHER_REGION = {
    _LOGS_BY_S3: {"Artifacts-{region}/AccessLogs": "NIST.800.53.R5-S3DefaultEncryptionKMS"},
    "Artifacts are built from the sources again whenever they are wanted.": {
        "Artifacts-{region}": "NIST.800.53.R5-S3BucketReplicationEnabled"
    },
    _NAMED_BY_PIPELINE: {
        "Pipeline/Promotion": wildcard("arn:aws:s3:::lifestream-artifacts-{account}-{region}/*")
    },
}
PER_OTHER_REGION = tuple(acknowledged(_OF_OTHER_REGION))


def acknowledge(app: App, config: PromotionConfig, targets: Mapping[str, DeploymentTarget]) -> None:
    """Record every acknowledgement; raise `LookupError` when there is no such construct.

    `targets` has the target of each environment.
    """
    for name, target in targets.items():
        for item in PER_ENVIRONMENT:
            item.record(app, environment=name, account=target.account, region=target.region)
    for item in (*(GITHUB if config.github else ()), *(PIPELINE if config.pipeline else ())):
        item.record(app, account=config.account, region=config.region)
    others = {target.region for target in targets.values()} - {config.region}
    for region in others if config.pipeline else ():
        for item in PER_OTHER_REGION:
            item.record(app, account=config.account, region=region)
