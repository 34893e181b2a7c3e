"""The service tier: the API and the web pages, their load balancer, events and webhooks."""

from collections.abc import Sequence

from aws_cdk import Duration
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
from cdk.constructs.compute.service_containers import ServiceResources, add_api, add_web
from cdk.constructs.data.job_queue import JobQueue
from cdk.constructs.data.service_cache import ServiceCache
from cdk.constructs.data.sign_in import Issuer, UserPool
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.constructs.network.firewall import Firewall
from cdk.constructs.network.public_load_balancer import PublicLoadBalancer
from cdk.constructs.network.public_subnets import PublicSubnets
from cdk.stacks.ingest import IngestStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.processing import ProcessingStack
from cdk.stacks.storage import ServiceStorage, StorageStack
from runtime.core.contract import Output

_WEBHOOK_VISIBILITY = Duration.seconds(60)
_WEBHOOK_RETENTION = Duration.days(4)
_WEBHOOK_RECEIVES = 20
"""Deliveries are repeated for a day with growing pauses before they are given up."""


class ServiceStack(EnvironmentStack):
    """`api` and `web` (services), `load_balancer`, `webhooks` (queue), `events`, `bus`."""

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
            description="Lifestream: API and web pages behind a load balancer",
            key=key,
        )
        self._environment, self._settings = environment, settings
        subnets = self._subnets(network)
        self.load_balancer = PublicLoadBalancer(
            self,
            "Balancer",
            environment=environment,
            settings=settings,
            vpc=network.vpc,
            subnets=subnets,
            log_bucket=ingest.access_logs,
        )
        self.firewall = Firewall(
            self,
            "Firewall",
            environment=environment,
            settings=settings,
            balancer=self.load_balancer.balancer,
            key=key,
        )
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
        namespace = discovery.HttpNamespace(
            self, "Namespace", name=self.names.prefix, description="Services find each other"
        )
        site = HttpSite(
            cluster=processing.cluster,
            vpc=network.vpc,
            subnets=subnets,
            load_balancer=self.load_balancer,
            namespace=namespace.namespace_arn,
            image=ecs.ContainerImage.from_ecr_repository(records.images, settings.image_tag),
            key=key,
        )
        resources = ServiceResources(
            environment=environment,
            settings=settings,
            site=site,
            jobs_table=storage.jobs_table,
            idempotency_table=storage.idempotency_table,
            uploads_table=records.uploads,
            api_keys_table=records.api_keys,
            webhooks_table=records.webhooks,
            sessions_table=records.sessions,
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
        self.api = add_api(self, resources)
        self.web = add_web(self, resources)
        self.api.accept_from(self.web)
        self.web.service.node.add_dependency(self.api.service)
        self._publish()

    def _subnets(self, network: NetworkStack) -> Sequence[ec2.ISubnet]:
        settings = self._settings
        if isinstance(network.vpc, ec2.Vpc):
            return PublicSubnets(self, "Public", vpc=network.vpc).subnets
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
        self.output(Output.API_SERVICE, self.api.service.service_name, "API service")
        self.output(Output.WEB_SERVICE, self.web.service.service_name, "Web service")
        self.output(
            Output.LOAD_BALANCER,
            self.load_balancer.balancer.load_balancer_dns_name,
            "What the names of both lead to",
        )
        self.output(Output.EVENT_BUS, self.bus.event_bus_name, "Changes of jobs")
        self.output(
            Output.WEBHOOK_DLQ_URL,
            self.webhooks.dead_letters.queue_url,
            "Webhooks that were given up",
        )
