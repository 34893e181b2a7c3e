"""Who may sign in: a Cognito user pool, or the OIDC issuer that the environment names."""

from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.naming import Names, removal_policy

ADMINS = "admin"
CALLBACK = "/callback"
_PASSWORD_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OIDC issuer and the client that the web pages are at it."""

    url: str
    client_id: str


class UserPool(Construct):
    """`pool`, `client` and `issuer`; only administrators create users."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        settings: ServiceConfig,
    ) -> None:
        super().__init__(scope, construct_id)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=Names(environment.name).user_pool,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.REQUIRED if environment.retain_data else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=_PASSWORD_CHARACTERS,
                require_digits=True,
                require_lowercase=True,
                require_uppercase=True,
                require_symbols=True,
            ),
            deletion_protection=environment.retain_data,
            removal_policy=removal_policy(environment),
        )
        self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(
                # Unique in the region among all accounts.
                domain_prefix=f"{Names(environment.name).prefix}-{Aws.ACCOUNT_ID}"
            ),
        )
        self.client = self.pool.add_client(
            "Web",
            generate_secret=False,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[
                    cognito.OAuthScope.OPENID,
                    cognito.OAuthScope.EMAIL,
                    cognito.OAuthScope.PROFILE,
                ],
                callback_urls=[f"{settings.web_url}{CALLBACK}"],
                logout_urls=[str(settings.web_url)],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
        )
        cognito.CfnUserPoolGroup(
            self,
            "Admins",
            user_pool_id=self.pool.user_pool_id,
            group_name=ADMINS,
            description="See every job, change the bounds of workers",
        )
        self.issuer = Issuer(self.pool.user_pool_provider_url, self.client.user_pool_client_id)
