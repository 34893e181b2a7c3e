"""Accounts and regions of promotion, and the names of its roles."""

from dataclasses import dataclass

from aws_cdk import Aws, Environment

from cdk.config import EnvironmentConfig
from cdk.promotion.config import PromotionConfig
from runtime.core.contract import SERVICE_NAME

GITHUB_ISSUER = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE = "sts.amazonaws.com"

STEPS_ROLE = f"{SERVICE_NAME}-pipeline-steps"
"""The role of the pipeline's own steps, which may become each environment's promoter."""

BUILDER_ROLE = f"{SERVICE_NAME}-builder"
"""The role by which GitHub's workflow releases images."""


@dataclass(frozen=True, slots=True)
class DeploymentTarget:
    """An account and a region."""

    account: str
    region: str

    @property
    def environment(self) -> Environment:
        """The target, as stacks take it."""
        return Environment(account=self.account, region=self.region)

    def role_arn(self, name: str) -> str:
        """Return the ARN of a role by its name."""
        return f"arn:{Aws.PARTITION}:iam::{self.account}:role/{name}"

    @property
    def provider_arn(self) -> str:
        """The ARN of the account's trust in GitHub."""
        return f"arn:{Aws.PARTITION}:iam::{self.account}:oidc-provider/{GITHUB_ISSUER}"


def release_target(config: PromotionConfig) -> DeploymentTarget:
    """Return where images are released and the pipeline lives."""
    return DeploymentTarget(config.account, config.region)


def target_of(environment: EnvironmentConfig, config: PromotionConfig) -> DeploymentTarget:
    """Return where an environment is deployed: where it is pinned to, else with the releases."""
    if environment.account is None or environment.region is None:
        return release_target(config)
    return DeploymentTarget(environment.account, environment.region)


def promoter_role(environment: str) -> str:
    """Return the name of the role that brings images into an environment and proves it."""
    return f"{SERVICE_NAME}-promoter-{environment}"
