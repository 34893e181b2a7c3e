"""GitHub's workflows without a stored key: the identity provider, and who releases images."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.constructs.permissions.statement import allow
from cdk.promotion.access import github
from cdk.promotion.config import PromotionConfig
from cdk.promotion.releases import READ, WRITE
from cdk.promotion.targets import BUILDER_ROLE, GITHUB_AUDIENCE, GITHUB_ISSUER, DeploymentTarget
from runtime.core.contract import SERVICE_NAME


class GithubStack(Stack):
    """The provider, unless the account has it, and with `images` the role that may push to them."""

    def __init__(
        self,
        scope: Construct,
        *,
        target: DeploymentTarget,
        config: PromotionConfig,
        images: ecr.IRepository | None,
    ) -> None:
        super().__init__(
            scope,
            f"Github-{target.account}",
            stack_name=f"{SERVICE_NAME}-github",
            description="Lifestream: trust in GitHub's workflows",
            env=target.environment,
        )
        provider = None
        if not config.github_provider_exists:
            provider = iam.OidcProviderNative(
                self, "Provider", url=f"https://{GITHUB_ISSUER}", client_ids=[GITHUB_AUDIENCE]
            )
        if images is not None:
            builder = self._builder(target, config, images)
            if provider is not None:
                builder.node.add_dependency(provider)

    def _builder(
        self, target: DeploymentTarget, config: PromotionConfig, images: ecr.IRepository
    ) -> iam.Role:
        role = iam.Role(
            self,
            "Builder",
            role_name=BUILDER_ROLE,
            description="Releases images that the branch was built to",
            max_session_duration=Duration.hours(2),
            assumed_by=github(target, config, f"ref:refs/heads/{config.branch}"),
        )
        role.add_to_policy(allow(["ecr:GetAuthorizationToken"], "*"))
        role.add_to_policy(allow([*READ, *WRITE], images.repository_arn))
        return role
