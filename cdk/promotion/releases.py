"""Where images that were built once wait to be promoted: one repository for all environments."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.naming import RELEASES
from cdk.promotion.targets import DeploymentTarget

READ = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:GetDownloadUrlForLayer",
)
WRITE = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
_IMAGES_KEPT = 50


class ReleasesStack(Stack):
    """`images`, the repository; `promoters` (target, role name) of other accounts may read it."""

    def __init__(
        self,
        scope: Construct,
        *,
        release_target: DeploymentTarget,
        promoters: Sequence[tuple[DeploymentTarget, str]],
    ) -> None:
        super().__init__(
            scope,
            "Releases",
            stack_name=RELEASES,
            description="Lifestream: images that were built once, to be promoted",
            env=release_target.environment,
            termination_protection=True,
        )
        self.images = ecr.Repository(
            self,
            "Images",
            repository_name=RELEASES,
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[
                ecr.LifecycleRule(
                    description=f"All but the last {_IMAGES_KEPT} images",
                    max_image_count=_IMAGES_KEPT,
                )
            ],
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        for target, role in promoters:
            if target.account != release_target.account:
                self._let_read(target, role)

    def _let_read(self, target: DeploymentTarget, role: str) -> None:
        self.images.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.AccountPrincipal(target.account)],
                actions=list(READ),
                # The role need not exist yet, as it would if it were the principal.
                conditions={"ArnEquals": {"aws:PrincipalArn": target.role_arn(role)}},
            )
        )
