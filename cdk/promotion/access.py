"""Who may bring images into an environment and prove it: one role, deployed before the first stage.

The pipeline's steps and GitHub's workflows become this role; it can do no more than they need.
"""

from aws_cdk import Aws, Duration, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.constructs.permissions.statement import allow
from cdk.naming import RELEASES, Names, bucket_arn
from cdk.promotion.config import PromotionConfig
from cdk.promotion.releases import READ, WRITE
from cdk.promotion.targets import (
    GITHUB_AUDIENCE,
    GITHUB_ISSUER,
    STEPS_ROLE,
    DeploymentTarget,
    promoter_role,
    release_target,
)
from runtime.core.contract import RESULTS_PREFIX, SERVICE_NAME, UPLOADS_PREFIX, stack_prefix

BOOTSTRAP_QUALIFIER = "hnb659fds"
"""The CDK's own, where an environment names no other."""

_BOOTSTRAP_ROLES = ("deploy", "file-publishing", "image-publishing", "lookup")


class AccessStack(Stack):
    """`role`, which an environment's promotion runs as."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: str,
        target: DeploymentTarget,
        config: PromotionConfig,
    ) -> None:
        super().__init__(
            scope,
            f"Access-{environment}",
            stack_name=f"{SERVICE_NAME}-access-{environment}",
            description=f"Lifestream: who may promote to {environment}",
            env=target.environment,
        )
        self._environment = environment
        self._target = target
        self._names = Names(environment)
        self.role = iam.Role(
            self,
            "Promoter",
            role_name=promoter_role(environment),
            description=f"Brings images to {environment}, deploys and proves it",
            max_session_duration=Duration.hours(config.session_hours),
            assumed_by=_trusted(environment, target, config),
        )
        for statement in (
            *self._images(config),
            *self._proof(),
            *self._guard(),
            *(self._deployment(config) if config.github else ()),
        ):
            self.role.add_to_policy(statement)
        Tags.of(self).add("Environment", environment)

    def _images(self, config: PromotionConfig) -> tuple[iam.PolicyStatement, ...]:
        releases = release_target(config)
        released = (
            f"arn:{Aws.PARTITION}:ecr:{releases.region}:{releases.account}:repository/{RELEASES}"
        )
        return (
            allow(["ecr:GetAuthorizationToken"], "*"),
            allow(READ, released),
            allow([*READ, *WRITE], self._arn("ecr", f"repository/{self._names.processor}")),
        )

    def _proof(self) -> tuple[iam.PolicyStatement, ...]:
        media = bucket_arn(self._names.media_bucket)
        # A key's id is known only once it is there; its alias is ours.
        ours = {"kms:ResourceAliases": f"alias/{SERVICE_NAME}-{self._environment}"}
        return (
            allow(["s3:GetObject", "s3:PutObject"], f"{media}/{UPLOADS_PREFIX}checks/*"),
            allow(["s3:GetObject"], f"{media}/{RESULTS_PREFIX}*"),
            allow(["dynamodb:GetItem"], self._arn("dynamodb", f"table/{self._names.jobs_table}")),
            allow(["sqs:GetQueueAttributes"], self._arn("sqs", self._names.jobs_dlq)),
            allow(["sqs:SendMessage"], self._arn("sqs", self._names.jobs_queue)),
            allow(
                ["kms:Decrypt", "kms:GenerateDataKey"],
                self._arn("kms", "key/*"),
                conditions={"ForAnyValue:StringEquals": ours},
            ),
        )

    def _guard(self) -> tuple[iam.PolicyStatement, ...]:
        stacks = self._arn("cloudformation", f"stack/{stack_prefix(self._environment)}*/*")
        return (
            allow(
                [
                    "cloudformation:DescribeStacks",
                    "cloudformation:GetTemplate",
                    "cloudformation:ListStackResources",
                    "cloudformation:UpdateTerminationProtection",
                ],
                stacks,
            ),
            allow(["cloudformation:ListStacks", "ec2:DescribeSecurityGroups"], "*"),
            # Rules of groups that no deployment made: those carry the tag.
            allow(
                ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
                self._arn("ec2", "security-group/*"),
                conditions={"Null": {"aws:ResourceTag/Environment": "true"}},
            ),
            allow(
                ["dynamodb:UpdateTable"],
                self._arn("dynamodb", f"table/{SERVICE_NAME}-*-{self._environment}"),
            ),
        )

    def _deployment(self, config: PromotionConfig) -> tuple[iam.PolicyStatement, ...]:
        # The CDK's own roles do what a deployment does, each its part.
        guardrails = config.environments[self._environment].guardrails
        qualifier = guardrails.bootstrap_qualifier or BOOTSTRAP_QUALIFIER
        where = f"{self._target.account}-{self._target.region}"
        names = (f"cdk-{qualifier}-{role}-role-{where}" for role in _BOOTSTRAP_ROLES)
        return (allow(["sts:AssumeRole"], *map(self._target.role_arn, names)),)

    def _arn(self, service: str, resource: str) -> str:
        return (
            f"arn:{Aws.PARTITION}:{service}:{self._target.region}:{self._target.account}:{resource}"
        )


def _trusted(environment: str, target: DeploymentTarget, config: PromotionConfig) -> iam.IPrincipal:
    trusted: list[iam.PrincipalBase] = []
    if config.pipeline is not None:
        released = release_target(config)
        trusted.append(
            iam.AccountPrincipal(released.account).with_conditions(
                {"ArnEquals": {"aws:PrincipalArn": released.role_arn(STEPS_ROLE)}}
            )
        )
    if config.github:
        trusted.append(github(target, config, f"environment:{environment}"))
    return iam.CompositePrincipal(*trusted)


def github(target: DeploymentTarget, config: PromotionConfig, context: str) -> iam.PrincipalBase:
    """Return GitHub's workflows of the repository, in exactly one context there."""
    subjects = config.github_subjects(context)
    return iam.FederatedPrincipal(
        target.provider_arn,
        {
            "StringEquals": {
                f"{GITHUB_ISSUER}:aud": GITHUB_AUDIENCE,
                f"{GITHUB_ISSUER}:sub": subjects if len(subjects) > 1 else subjects[0],
            }
        },
        "sts:AssumeRoleWithWebIdentity",
    )
