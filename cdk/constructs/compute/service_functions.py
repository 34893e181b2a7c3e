"""The services as functions: the same image behind API Gateway, which costs nothing while idle."""

import json
from dataclasses import dataclass

from aws_cdk import Duration, Size
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.constructs import permissions
from cdk.constructs.compute.container import Variables, by_name
from cdk.constructs.compute.http_service import host_of
from cdk.constructs.compute.service_parts import (
    API,
    WEB,
    ServiceResources,
    api_permissions,
    api_variables,
    web_permissions,
    web_variables,
)
from cdk.constructs.observability.log_group import log_group
from runtime.core.contract import API_HANDLER, SERVICE_NAME, WEB_HANDLER

_RUNTIME_CLIENT = ["python", "-m", "awslambdaric"]
"""Replaces the image's entry point: asks Lambda for events and gives them to the handler."""

_TIMEOUT = Duration.seconds(29)
"""API Gateway gives up after 30 s; a webhook's try takes at most 20 s."""

_STAGE = "$default"
_BURST_SECONDS = 5
_WINDOW_SECONDS = 300
"""`service.requests_per_address` counts five minutes; the gateway counts all callers together."""

_WEBHOOKS_AT_ONCE = 5
_SCRATCH = Size.mebibytes(512)
_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "at": "$context.requestTime",
    "source": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    # Without the query string, which may hold a token.
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSite:
    """What the functions of an environment share: certificate, image repository, key."""

    certificate: acm.ICertificate
    images: ecr.IRepository
    key: kms.IKey | None


class HttpFunction(Construct):
    """`function`, `role`, `api` (of API Gateway) and `domain`; no one else may call the function.

    Only the domain answers: the gateway's own address is closed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        url: str,
        handler: str,
        resources: ServiceResources,
        site: FunctionSite,
        variables: Variables,
    ) -> None:
        super().__init__(scope, construct_id)
        environment, settings = resources.environment, resources.settings
        physical_name = f"{SERVICE_NAME}-{name}-{environment.name}"
        logs = log_group(
            self,
            "Logs",
            name=f"/aws/lambda/{physical_name}",
            environment=environment,
            key=site.key,
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        logs.grant_write(self.role)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            function_name=physical_name,
            description=f"Lifestream {name}: the service's image behind API Gateway",
            code=lambda_.DockerImageCode.from_ecr(
                site.images,
                tag_or_digest=settings.image_tag,
                entrypoint=_RUNTIME_CLIENT,
                cmd=[handler],
            ),
            architecture=(
                lambda_.Architecture.ARM_64
                if settings.architecture == "ARM64"
                else lambda_.Architecture.X86_64
            ),
            memory_size=settings.memory_mib,
            ephemeral_storage_size=_SCRATCH,
            timeout=_TIMEOUT,
            environment=by_name(variables),
            role=self.role.without_policy_updates(),
            log_group=logs,
        )
        self._add_gateway(physical_name, url, environment, settings, site)

    def allow(self, *statements: iam.PolicyStatement) -> None:
        """Add statements to the function's role."""
        for statement in statements:
            self.role.add_to_policy(statement)

    def _add_gateway(
        self,
        name: str,
        url: str,
        environment: EnvironmentConfig,
        settings: ServiceConfig,
        site: FunctionSite,
    ) -> None:
        self.domain = gateway.DomainName(
            self, "Domain", domain_name=host_of(url), certificate=site.certificate
        )
        self.api = gateway.HttpApi(
            self,
            "Gateway",
            api_name=name,
            description=f"Leads {url} to the function {name}",
            disable_execute_api_endpoint=True,
            create_default_stage=False,
            default_integration=integrations.HttpLambdaIntegration("Integration", self.function),
        )
        access = log_group(
            self,
            "AccessLogs",
            name=f"/aws/apigateway/{name}",
            environment=environment,
            key=site.key,
        )
        each_second = max(1, settings.requests_per_address // _WINDOW_SECONDS)
        stage = gateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            stage_name=_STAGE,
            auto_deploy=True,
            domain_mapping=gateway.DomainMappingOptions(domain_name=self.domain),
            throttle=gateway.ThrottleSettings(
                rate_limit=each_second * settings.max_tasks,
                burst_limit=each_second * settings.max_tasks * _BURST_SECONDS,
            ),
            detailed_metrics_enabled=False,
        )
        # The L2's own log format is fixed, and has the query string.
        own_format = gateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=access.log_group_arn, format=json.dumps(_ACCESS_LOG)
        )
        stage.node.default_child.access_log_settings = own_format  # type: ignore[union-attr]


def add_api_function(
    scope: Construct, resources: ServiceResources, site: FunctionSite
) -> HttpFunction:
    """Return the API as a function, which also works on the webhook queue."""
    made = HttpFunction(
        scope,
        "Api",
        name=API,
        url=str(resources.settings.api_url),
        handler=API_HANDLER,
        resources=resources,
        site=site,
        variables=api_variables(resources),
    )
    made.allow(*api_permissions(resources), permissions.feed_function(resources.webhooks.queue))
    made.function.add_event_source(
        event_sources.SqsEventSource(
            resources.webhooks.queue,
            # A receiver that hangs takes the time of a whole batch, and of the function.
            batch_size=1,
            report_batch_item_failures=True,
            max_concurrency=_WEBHOOKS_AT_ONCE,
        )
    )
    return made


def add_web_function(
    scope: Construct, resources: ServiceResources, site: FunctionSite
) -> HttpFunction:
    """Return the web pages as a function."""
    made = HttpFunction(
        scope,
        "Web",
        name=WEB,
        url=str(resources.settings.web_url),
        handler=WEB_HANDLER,
        resources=resources,
        site=site,
        variables=web_variables(resources, api_url=str(resources.settings.api_url)),
    )
    made.allow(*web_permissions(resources))
    return made
