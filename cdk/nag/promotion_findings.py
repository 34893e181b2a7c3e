"""Every acknowledged finding of cdk-nag about promotion: where, which, why."""

from collections.abc import Mapping

from aws_cdk import App

from cdk.nag.acknowledge import AcknowledgedFinding
from cdk.promotion.config import PromotionConfig
from cdk.promotion.targets import DeploymentTarget

_MEDIA = "arn:<AWS::Partition>:s3:::lifestream-media-{environment}-<AWS::AccountId>-<AWS::Region>"
_INLINE = (
    "A policy in the role it is for: it changes with the role and cannot be attached elsewhere."
)
_OF_CDK = "CDK Pipelines writes this policy"
_BUILD_LOGS = "Resource::arn:aws:logs:{region}:{account}:log-group:/aws/codebuild/"
_REPORTS = "Resource::arn:aws:codebuild:{region}:{account}:report-group/"
_ITSELF = "<PromotionUpdatePipelineSelfMutation12699CD7>"

PER_ENVIRONMENT = (
    AcknowledgedFinding(
        path="Access-{environment}",
        finding="NIST.800.53.R5-IAMNoInlinePolicy",
        reason=_INLINE,
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding="AwsSolutions-IAM5[Resource::*]",
        reason="Listing stacks, describing groups and signing in to ECR know no resource.",
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudformation:{region}:{account}:"
        "stack/lifestream-{environment}-*/*]",
        reason="The environment's stacks share a prefix; their ids are known once they are there.",
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:dynamodb:{region}:{account}:"
        "table/lifestream-*-{environment}]",
        reason="Deletion protection is turned on for all tables of the environment.",
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:{region}:{account}:key/*]",
        reason="A key's id is known once it is there; a condition limits it to the key's alias.",
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:{region}:{account}:"
        "security-group/*]",
        reason="A default group's id is known once it is there; a condition leaves tagged ones.",
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding=f"AwsSolutions-IAM5[Resource::{_MEDIA}/uploads/checks/*]",
        reason="Checks upload below a prefix of their own, under a new name each time.",
    ),
    AcknowledgedFinding(
        path="Access-{environment}",
        finding=f"AwsSolutions-IAM5[Resource::{_MEDIA}/results/*]",
        reason="The results of checks lie below a job's id, which its upload decides.",
    ),
)

GITHUB = (
    AcknowledgedFinding(
        path="Github-{account}",
        finding="NIST.800.53.R5-IAMNoInlinePolicy",
        reason=_INLINE,
    ),
    AcknowledgedFinding(
        path="Github-{account}",
        finding="AwsSolutions-IAM5[Resource::*]",
        reason="ecr:GetAuthorizationToken knows no resource.",
    ),
)

PIPELINE = (
    AcknowledgedFinding(
        path="Pipeline",
        finding="NIST.800.53.R5-IAMNoInlinePolicy",
        reason=_INLINE,
    ),
    AcknowledgedFinding(
        path="Pipeline/Builds",
        finding="NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        reason="What builds print is encrypted by CloudWatch's own key, and holds no data.",
    ),
    AcknowledgedFinding(
        path="Pipeline/AccessLogs",
        finding="NIST.800.53.R5-S3DefaultEncryptionKMS",
        reason="S3 delivers access logs only to buckets that it encrypts with its own keys.",
    ),
    AcknowledgedFinding(
        path="Pipeline",
        finding="NIST.800.53.R5-S3BucketReplicationEnabled",
        reason="Artifacts can be built again from the sources at any time.",
    ),
    AcknowledgedFinding(
        path="Pipeline",
        finding="AwsSolutions-IAM5[Resource::<Artifacts82DD59A1.Arn>/*]",
        reason="Artifacts have names of CodePipeline's own; the bucket holds nothing else.",
    ),
    AcknowledgedFinding(
        path="Pipeline/Build",
        finding="AwsSolutions-IAM5[Resource::*]",
        reason="ecr:GetAuthorizationToken knows no resource.",
    ),
    *(
        AcknowledgedFinding(
            path="Pipeline/Promotion",
            finding=f"AwsSolutions-IAM5[{what}]",
            reason=f"{_OF_CDK}: {why}.",
        )
        for what, why in (
            ("Action::s3:Abort*", "actions of one kind on the bucket of artifacts"),
            ("Action::s3:DeleteObject*", "actions of one kind on the bucket of artifacts"),
            ("Action::s3:GetBucket*", "actions of one kind on the bucket of artifacts"),
            ("Action::s3:GetObject*", "actions of one kind on the bucket of artifacts"),
            ("Action::s3:List*", "actions of one kind on the bucket of artifacts"),
            ("Action::kms:GenerateDataKey*", "actions of one kind on the key of artifacts"),
            ("Action::kms:ReEncrypt*", "actions of one kind on the key of artifacts"),
            (
                "Resource::*",
                "cloudformation:DescribeStacks for its own stack; bootstrap buckets are listed",
            ),
            (
                "Resource::arn:*:iam::{account}:role/*",
                "a condition limits it to the roles of bootstrapping",
            ),
            (
                f"{_BUILD_LOGS}*",
                "publishing assets takes a build each, and their names follow the assets",
            ),
            (
                f"{_REPORTS}*",
                "publishing assets takes a build each, and their names follow the assets",
            ),
            (
                f"{_BUILD_LOGS}{_ITSELF}:*",
                "the log streams of the build by which the pipeline updates itself",
            ),
            (
                f"{_REPORTS}{_ITSELF}-*",
                "the reports of the build by which the pipeline updates itself",
            ),
        )
    ),
)


PER_OTHER_REGION = (
    AcknowledgedFinding(
        path="Artifacts-{region}/AccessLogs",
        finding="NIST.800.53.R5-S3DefaultEncryptionKMS",
        reason="S3 delivers access logs only to buckets that it encrypts with its own keys.",
    ),
    AcknowledgedFinding(
        path="Artifacts-{region}",
        finding="NIST.800.53.R5-S3BucketReplicationEnabled",
        reason="Artifacts are built from the sources again whenever they are wanted.",
    ),
    AcknowledgedFinding(
        path="Pipeline/Promotion",
        finding="AwsSolutions-IAM5[Resource::arn:aws:s3:::lifestream-artifacts-{account}-{region}/*]",
        reason="Artifacts have names of CodePipeline's own; the bucket holds nothing else.",
    ),
)


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
