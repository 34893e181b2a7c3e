"""The service tier: the API and the web pages, what leads to them, events and webhooks."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_servicediscovery as discovery
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.constructs.compute.http_service import HttpSite
from cdk.constructs.compute.job_events import JobEvents
from cdk.constructs.compute.service_containers import add_api, add_web
from cdk.constructs.compute.service_functions import (
    FunctionSite,
    HttpFunction,
    add_api_function,
    add_web_function,
)
from cdk.constructs.compute.service_parts import ServiceResources
from cdk.constructs.data.job_queue import JobQueue
from cdk.constructs.data.service_cache import ServiceCache
from cdk.constructs.data.sign_in import Issuer, UserPool
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.network.firewall import Firewall
from cdk.constructs.network.public_load_balancer import PublicLoadBalancer
from cdk.constructs.network.public_subnets import PublicSubnets
from cdk.constructs.observability.front_metrics import (
    FrontMetrics,
    balancer_metrics,
    gateway_metrics,
)
from cdk.stacks.ingest import IngestStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.storage import ServiceStorage, StorageStack
from runtime.core.contract import Output

CONTAINERS = "containers"
_WEBHOOK_VISIBILITY = Duration.seconds(60)
_WEBHOOK_RETENTION = Duration.days(4)
_WEBHOOK_RECEIVES = 20
"""Deliveries are repeated for a day with growing pauses before they are given up."""


class ServiceStack(EnvironmentStack):
    """`load_balancer` (None with functions), `functions`, `webhooks` (queue), `events`, `bus`.

    `answers` are the metrics of requests.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: EnvironmentConfig,
        settings: ServiceConfig,
        key: kms.IKey | None,
        network: NetworkStack,
        storage: StorageStack,
        records: ServiceStorage,
        ingest: IngestStack,
        processing: ProcessingStack,
    ) -> None:
        super().__init__(
            scope,
            "Service",
            environment=environment,
            description="Lifestream: API and web pages",
            key=key,
        )
        self._environment, self._settings = environment, settings
        self._network, self._ingest = network, ingest
        self._cluster, self._images = processing.cluster, records.images
        self.load_balancer: PublicLoadBalancer | None = None
        self.functions: tuple[HttpFunction, ...] = ()
        subnets = self._subnets(network) if settings.hosting == CONTAINERS else ()
        if settings.hosting == CONTAINERS:
            self.load_balancer = self._add_load_balancer(subnets)
        self.webhooks = self._create_webhook_queue()
        self.bus = events.EventBus(self, "Bus", event_bus_name=self.names.event_bus)
        self.events = JobEvents(
            self,
            "Events",
            environment=environment,
            log_level=settings.log_level,
            cluster=processing.cluster,
            jobs_table=storage.jobs_table,
            idempotency_table=storage.idempotency_table,
            bus=self.bus,
            webhooks=self.webhooks.queue,
            key=key,
        )
        cache = (
            ServiceCache(
                self, "Cache", name=self.names.cache, vpc=network.vpc, subnets=subnets, key=key
            )
            if settings.cache
            else None
        )
        resources = ServiceResources(
            environment=environment,
            settings=settings,
            cluster=processing.cluster,
            key=key,
            jobs_table=storage.jobs_table,
            idempotency_table=storage.idempotency_table,
            uploads_table=records.uploads,
            api_keys_table=records.api_keys,
            webhooks_table=records.webhooks,
            sessions_table=records.sessions,
            reads_table=records.reads,
            jobs=ingest.jobs,
            work=ingest.work,
            gpu_work=ingest.gpu_work,
            webhooks=self.webhooks,
            bus=self.bus,
            media_bucket_name=ingest.media.bucket_name,
            media_bucket_domain=ingest.media.bucket_regional_domain_name,
            issuer=self._issuer(),
            cache=cache,
        )
        if self.load_balancer is None:
            self._add_functions(resources)
        else:
            self._add_containers(resources, self.load_balancer, subnets)
        self._publish()

    @property
    def answers(self) -> FrontMetrics:
        """The metrics of what answers requests."""
        if self.load_balancer is not None:
            # Its name in metrics, which ends in an id of its own.
            return balancer_metrics(self.load_balancer.balancer.load_balancer_full_name)
        return gateway_metrics([function.api.api_id for function in self.functions])

    def _add_load_balancer(self, subnets: Sequence[ec2.ISubnet]) -> PublicLoadBalancer:
        load_balancer = PublicLoadBalancer(
            self,
            "Balancer",
            environment=self._environment,
            settings=self._settings,
            vpc=self._network.vpc,
            subnets=subnets,
            log_bucket=self._ingest.access_logs,
        )
        Firewall(
            self,
            "Firewall",
            environment=self._environment,
            settings=self._settings,
            balancer=load_balancer.balancer,
            key=self.key,
        )
        return load_balancer

    def _add_containers(
        self,
        resources: ServiceResources,
        load_balancer: PublicLoadBalancer,
        subnets: Sequence[ec2.ISubnet],
    ) -> None:
        namespace = discovery.HttpNamespace(
            self, "Namespace", name=self.names.prefix, description="Services find each other"
        )
        site = HttpSite(
            cluster=self._cluster,
            vpc=self._network.vpc,
            subnets=subnets,
            load_balancer=load_balancer,
            namespace=namespace.namespace_arn,
            image=ecs.ContainerImage.from_ecr_repository(self._images, self._settings.image_tag),
            key=self.key,
        )
        api, web = add_api(self, resources, site), add_web(self, resources, site)
        api.accept_from(web)
        web.service.node.add_dependency(api.service)
        self.output(Output.API_SERVICE, api.service.service_name, "API service")
        self.output(Output.WEB_SERVICE, web.service.service_name, "Web service")
        self.output(
            Output.LOAD_BALANCER,
            load_balancer.balancer.load_balancer_dns_name,
            "What the names of both lead to",
        )

    def _add_functions(self, resources: ServiceResources) -> None:
        site = FunctionSite(
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", str(self._settings.certificate_arn)
            ),
            images=self._images,
            key=self.key,
        )
        api = add_api_function(self, resources, site)
        web = add_web_function(self, resources, site)
        self.functions = (api, web)
        self.output(Output.API_GATEWAY, api.api.api_id, "API's gateway")
        self.output(Output.WEB_GATEWAY, web.api.api_id, "Gateway of the web pages")
        self.output(Output.API_DOMAIN, api.domain.regional_domain_name, "What the API's name is")
        self.output(Output.WEB_DOMAIN, web.domain.regional_domain_name, "What the pages' name is")

    def _subnets(self, network: NetworkStack) -> Sequence[ec2.ISubnet]:
        settings = self._settings
        if isinstance(network.vpc, ec2.Vpc):
            return PublicSubnets(self, "Public", vpc=network.vpc, zones=network.used_zones).subnets
        pairs = zip(settings.subnet_ids or (), settings.subnet_zones or (), strict=True)
        return [
            ec2.Subnet.from_subnet_attributes(
                self, f"publicSubnet{number}", subnet_id=subnet, availability_zone=zone
            )
            for number, (subnet, zone) in enumerate(pairs, start=1)
        ]

    def _create_webhook_queue(self) -> JobQueue:
        return JobQueue(
            self,
            "Webhooks",
            name=self.names.webhook_queue,
            dead_letter_name=self.names.webhook_dlq,
            visibility_timeout=_WEBHOOK_VISIBILITY,
            max_receive_count=_WEBHOOK_RECEIVES,
            retention=_WEBHOOK_RETENTION,
            key=self.key,
        )

    def _issuer(self) -> Issuer:
        issuer, client = self._settings.oidc_issuer, self._settings.oidc_client_id
        if issuer is not None and client is not None:
            return Issuer(issuer, client)
        users = UserPool(self, "Users", environment=self._environment, settings=self._settings)
        self.output(Output.USER_POOL, users.pool.user_pool_id, "Who may sign in")
        self.output(Output.USER_POOL_CLIENT, users.client.user_pool_client_id, "The web pages")
        return users.issuer

    def _publish(self) -> None:
        self.output(Output.API_URL, str(self._settings.api_url), "API")
        self.output(Output.WEB_URL, str(self._settings.web_url), "Web pages")
        self.output(Output.EVENT_BUS, self.bus.event_bus_name, "Changes of jobs")
        self.output(
            Output.WEBHOOK_DLQ_URL,
            self.webhooks.dead_letters.queue_url,
            "Webhooks that were given up",
        )
