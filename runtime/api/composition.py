"""The API on AWS: one composition for the container and for the Lambda function."""

from collections.abc import Mapping
from functools import partial

from limits.aio.storage import Storage

from runtime.api.access import is_visible
from runtime.api.auth.api_keys import ApiKeys
from runtime.api.auth.authenticator import Authenticator
from runtime.api.auth.issuer_keys import IssuerKeys
from runtime.api.auth.tokens import TokenVerifier
from runtime.api.background import QueueWorkers
from runtime.api.health import Health, unprotected
from runtime.api.idempotency import IdempotencyKeys
from runtime.api.import_service import import_service
from runtime.api.imports.records import Imports
from runtime.api.job_actions import JobActions
from runtime.api.job_facts import FactsReader
from runtime.api.live.hub import Hub
from runtime.api.measures import MeasureReports, Measures
from runtime.api.outbound.transport import Outbound
from runtime.api.rate_limits import RateLimits, shared_storage
from runtime.api.reads import ReadLog
from runtime.api.services import Services
from runtime.api.settings import ApiSettings
from runtime.api.uploads import Uploads
from runtime.api.webhooks.deliveries import Deliveries
from runtime.api.webhooks.endpoints import Endpoints
from runtime.api.webhooks.sender import OutboundPost, WebhookSender
from runtime.aws import clients
from runtime.aws.dead_letters import SqsDeadLetters
from runtime.aws.direct_reads import direct_reads
from runtime.aws.direct_transfers import S3DirectTransfers
from runtime.aws.erasures import DynamoErasures
from runtime.aws.job_listing import DynamoJobListing
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.queues import SqsQueue
from runtime.aws.service_records import DynamoRecords
from runtime.aws.worker_pools import EcsWorkerPools
from runtime.aws.xray import tracing_of
from runtime.core.clock import Clock
from runtime.core.contract import SERVICE_NAME, Compute
from runtime.core.log import Log
from runtime.core.spans import Span
from runtime.core.tracer import Tracing
from runtime.protection.ecs_api import connect as connect_protection
from runtime.voices.profiles import Profiles

WEBHOOK_THREADS = 4
"""A receiver that hangs holds one of them for a try."""

NO_RECORD = "health"
"""An id that no record has: looking for it shows that a table answers."""


def compose(
    settings: ApiSettings,
    *,
    clock: Clock,
    log: Log,
    environ: Mapping[str, str],
    sockets: bool = True,
    outbound: Outbound | None = None,
) -> Services:
    """Return the services on AWS adapters; without `sockets`, no connection is kept open.

    `environ` has the variables of task protection. `outbound` replaces the transport of imports,
    which reaches public hosts only.
    """
    s3 = clients.s3(settings.region)
    measures = Measures(
        clock=clock, environment=settings.environment, service=f"{SERVICE_NAME}-api"
    )
    dynamodb = clients.dynamodb(settings.region)
    measures.watch(dynamodb)
    dynamodb = direct_reads(dynamodb, clock=clock, called=measures.called)
    tracing = tracing_of(
        wanted=settings.tracing,
        region=settings.region,
        environment=settings.environment,
        clock=clock,
        log=log,
    )
    reports = MeasureReports(measures) if sockets else None
    jobs = DynamoJobStore(
        dynamodb, jobs_table=settings.jobs_table, idempotency_table=settings.idempotency_table
    )
    uploads = DynamoRecords(dynamodb, table=settings.uploads_table, clock=clock)
    keys = DynamoRecords(dynamodb, table=settings.api_keys_table, clock=clock)
    objects = S3ObjectStore(s3)
    queue = SqsQueue(clients.sqs(settings.region), settings.jobs_queue_url)
    transfers = S3DirectTransfers(clients.s3_signing(settings.region))
    listing = DynamoJobListing(dynamodb, jobs_table=settings.jobs_table, log=log)
    api_keys = ApiKeys(keys, clock=clock)
    webhook_records = DynamoRecords(dynamodb, table=settings.webhooks_table, clock=clock)
    endpoints, deliveries = Endpoints(webhook_records, clock=clock), Deliveries(webhook_records)
    sender, workers = None, None
    if settings.webhook_queue_url is not None:
        webhook_queue = SqsQueue(
            clients.sqs(settings.region),
            settings.webhook_queue_url,
            polling=clients.sqs_polling(settings.region),
        )
        sender = WebhookSender(
            endpoints=endpoints,
            deliveries=deliveries,
            queue=webhook_queue,
            post=OutboundPost(Outbound(clock=clock)),
            clock=clock,
            log=log,
            is_known=lambda job_id: is_visible(jobs.get(job_id)),
        )
        workers = QueueWorkers(
            webhook_queue, sender.work, count=WEBHOOK_THREADS, sleeper=clock, log=log
        )
    upload_service = Uploads(
        bucket=settings.media_bucket,
        records=uploads,
        transfers=transfers,
        objects=objects,
        jobs=jobs,
        queue=queue,
        clock=clock,
        max_bytes=settings.max_media_bytes,
        counted=measures.uploaded,
        traced=partial(_trace, tracing, soon=sockets),
    )
    imports = Imports(uploads, clock=clock)
    importing = (
        import_service(
            imports,
            upload_service,
            environ=environ,
            make_api_client=connect_protection,
            clock=clock,
            log=log,
            outbound=outbound,
        )
        if sockets
        else None
    )
    hub = Hub(listing, clock=clock, log=log) if sockets else None
    # Without sockets there is no process between requests: a queue's event source calls.
    running = [each for each in (hub, workers, importing, reports) if each is not None and sockets]
    health = Health(
        {
            "jobs": lambda: jobs.get(NO_RECORD),
            "uploads": lambda: uploads.get(NO_RECORD, NO_RECORD),
            "queue": queue.backlog,
        },
        clock=clock,
        protection=importing.status if importing else unprotected,
    )
    return Services(
        environment=settings.environment,
        authenticator=Authenticator(
            tokens=TokenVerifier(
                keys=IssuerKeys(settings.oidc_issuer, clock=clock, log=log),
                issuer=settings.oidc_issuer,
                audience=settings.oidc_audience,
                admin_group=settings.admin_group,
                clock=clock,
            ),
            keys=api_keys,
            log=log,
        ),
        api_keys=api_keys,
        rate_limits=RateLimits(
            settings.rate_limit, clock=clock, log=log, storage=_storage(settings)
        ),
        uploads=upload_service,
        imports=imports,
        import_workers=importing.workers if importing else None,
        actions=JobActions(
            jobs=jobs,
            objects=objects,
            queue=queue,
            clock=clock,
            object_days=settings.object_days,
        ),
        idempotency=IdempotencyKeys(uploads, clock=clock),
        webhooks=endpoints,
        deliveries=deliveries,
        webhook_sender=sender,
        facts=FactsReader(objects, log=log),
        reads=ReadLog(
            None
            if settings.reads_table is None
            else DynamoRecords(dynamodb, table=settings.reads_table, clock=clock),
            days=settings.read_days,
            clock=clock,
            log=log,
        ),
        erasures=DynamoErasures(
            dynamodb,
            jobs_table=settings.jobs_table,
            idempotency_table=settings.idempotency_table,
        ),
        jobs=jobs,
        listing=listing,
        objects=objects,
        transfers=transfers,
        queue=queue,
        hub=hub,
        health=health,
        measures=measures,
        clock=clock,
        log=log,
        pools=_pools(settings),
        voices=Profiles(records=uploads) if settings.known_voices else None,
        work_queues={
            kind: SqsQueue(clients.sqs(settings.region), url)
            for kind, url in settings.work_queue_urls.items()
        },
        dead_letters=(
            SqsDeadLetters(clients.sqs(settings.region), settings.jobs_dlq_url)
            if settings.jobs_dlq_url
            else None
        ),
        features={
            "sse": sockets,
            "websocket": sockets,
            "task_protection": importing is not None,
            "imports": importing is not None,
            "webhooks": sender is not None,
            "voices": settings.known_voices,
        },
        cors_origins=settings.cors_origins,
        starts=[each.start for each in running],
        stops=[each.stop for each in running],
    )


def _trace(tracing: Tracing, span: Span, *, soon: bool) -> None:
    """Send a span: in the background, or at once where nothing runs after a request."""
    tracing.add(span)
    if soon:
        tracing.flush_soon()
    else:
        tracing.flush()


def _storage(settings: ApiSettings) -> Storage | None:
    return shared_storage(settings.cache_url) if settings.cache_url else None


def _pools(settings: ApiSettings) -> EcsWorkerPools | None:
    named = {Compute.CPU: settings.worker_service, Compute.GPU: settings.gpu_worker_service}
    services = {kind: name for kind, name in named.items() if name is not None}
    if settings.cluster is None or not services:
        return None
    return EcsWorkerPools(
        clients.ecs(settings.region),
        clients.scaling(settings.region),
        cluster=settings.cluster,
        services=services,
    )
