"""The services as containers: the API and the web pages, each an ECS service."""

from aws_cdk import Aws
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk.config.service import ServiceConfig
from cdk.constructs import permissions
from cdk.constructs.compute.http_service import HttpService, HttpSite, host_of
from cdk.constructs.compute.http_task import HttpContainer
from cdk.constructs.compute.service_parts import (
    API,
    WEB,
    ServiceResources,
    api_permissions,
    api_variables,
    web_permissions,
    web_variables,
)
from runtime.core.contract import API_COMMAND, API_PORT, TRUE, WEB_COMMAND, WEB_PORT, EnvVar


def add_api(scope: Construct, resources: ServiceResources, site: HttpSite) -> HttpService:
    """Return the API's service."""
    service = HttpService(
        scope,
        "Api",
        environment=resources.environment,
        settings=resources.settings,
        site=site,
        container=HttpContainer(
            name=API,
            command=API_COMMAND,
            port=API_PORT,
            port_variable=EnvVar.API_PORT,
            host=host_of(str(resources.settings.api_url)),
            priority=1,
            variables={
                **api_variables(resources),
                EnvVar.AWS_REGION: Aws.REGION,
                EnvVar.ECS_ENABLE_TASK_PROTECTION: TRUE,
            },
        ),
    )
    service.allow(*api_permissions(resources), permissions.protect_tasks(resources.cluster))
    if resources.cache:
        resources.cache.accept_from(service.security_group, API)
    return service


def add_web(scope: Construct, resources: ServiceResources, site: HttpSite) -> HttpService:
    """Return the service of the web pages."""
    settings = resources.settings
    # Within the cluster, by ECS Service Connect: no detour through the load balancer, which may
    # admit other networks only.
    variables = web_variables(resources, api_url=f"http://{API}:{API_PORT}")
    service = HttpService(
        scope,
        "Web",
        environment=resources.environment,
        settings=settings,
        site=site,
        container=HttpContainer(
            name=WEB,
            command=WEB_COMMAND,
            port=WEB_PORT,
            port_variable=EnvVar.WEB_PORT,
            host=host_of(str(settings.web_url)),
            priority=2,
            variables={**variables, EnvVar.AWS_REGION: Aws.REGION},
            secrets=_web_secrets(scope, settings),
        ),
    )
    service.allow(*web_permissions(resources))
    return service


def _web_secrets(scope: Construct, settings: ServiceConfig) -> dict[EnvVar, ecs.Secret]:
    if settings.oidc_client_secret_arn is None:
        return {}
    secret = secretsmanager.Secret.from_secret_complete_arn(
        scope, "ClientSecret", settings.oidc_client_secret_arn
    )
    return {EnvVar.OIDC_CLIENT_SECRET: ecs.Secret.from_secrets_manager(secret)}
