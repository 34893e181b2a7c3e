"""The API among fakes, with tokens of a real signer."""

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from local.issuer.signer import Signer, new_key
from runtime.api.access import is_visible
from runtime.api.app import create_app
from runtime.api.auth.api_keys import ApiKeys
from runtime.api.auth.authenticator import Authenticator
from runtime.api.auth.issuer_keys import IssuerKeys
from runtime.api.auth.tokens import TokenVerifier
from runtime.api.health import Health, unprotected
from runtime.api.idempotency import IdempotencyKeys
from runtime.api.imports.download import Download
from runtime.api.imports.records import Claimed, Imports
from runtime.api.imports.workers import ImportWorkers
from runtime.api.job_actions import JobActions
from runtime.api.job_facts import FactsReader
from runtime.api.live.hub import Hub
from runtime.api.measures import Measures
from runtime.api.outbound.transport import Outbound
from runtime.api.rate_limits import RateLimits
from runtime.api.reads import ReadLog
from runtime.api.services import Services
from runtime.api.uploads import Uploads
from runtime.api.webhooks.deliveries import Deliveries
from runtime.api.webhooks.endpoints import Endpoints
from runtime.api.webhooks.sender import WebhookSender
from runtime.core.errors import LifestreamError, Retryable
from runtime.core.jobs import Job, claim_new, start
from runtime.core.spans import Span
from runtime.core.submission import Submission
from runtime.voices.profiles import Profiles
from tests.fakes.clock import FakeClock
from tests.fakes.dead_letters import FakeDeadLetters
from tests.fakes.erasures import InMemoryErasures
from tests.fakes.job_listing import InMemoryJobListing
from tests.fakes.jobs import InMemoryJobStore
from tests.fakes.log import CapturedLog
from tests.fakes.objects import InMemoryObjectStore
from tests.fakes.pools import FakePools
from tests.fakes.queue import FakeJobsQueue
from tests.fakes.service_records import InMemoryRecords
from tests.fakes.transfers import FakeTransfers
from tests.unit.event_loop import shared_loop

ISSUER = "https://issuer.example.test"
AUDIENCE = "any-client"
BUCKET = "any-media-bucket"
OWNER, STRANGER, ADMIN = "any-owner", "another-owner", "any-admin"
MAX_BYTES = 1 << 40


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """One key for all tests, because making one takes a tenth of a second."""
    return new_key()


@cache
def foreign_key() -> rsa.RSAPrivateKey:
    """The key of somebody who is not the issuer."""
    return new_key()


_routes: list[BaseRoute] = []


def served(services: Services) -> FastAPI:
    """Return the application, with the routes of the first one of this process.

    They find the services in the application that serves the request. FastAPI analyses the
    parameters of a router's routes at its first request, which would take most of a test's time.
    """
    app = create_app(services)
    if not _routes:
        _routes.extend(app.router.routes)
    app.router.routes = _routes
    return app


class FakeReceiver:
    """A webhook's receiver: `posts` is what it got, `status` what it answers."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []
        self.status = 204
        self.error: LifestreamError | None = None

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        self.posts.append((url, headers, body))
        if self.error is not None:
            raise self.error
        return self.status


class World:
    """One API process; `client` speaks to it, `token` signs a caller in."""

    def __init__(self, *, rate_limit: str = "100000/minute", **fields: Any) -> None:
        self.clock = FakeClock()
        self.log = CapturedLog()
        self.signer = Signer(ISSUER, signing_key(), clock=self.clock)
        self.issuer_calls: list[str] = []
        self.issuer_down = False
        self.jobs = InMemoryJobStore()
        self.objects = InMemoryObjectStore()
        self.transfers = FakeTransfers(self.objects)
        self.queue = FakeJobsQueue()
        self.upload_records = InMemoryRecords(self.clock)
        self.key_records = InMemoryRecords(self.clock)
        self.api_keys = ApiKeys(self.key_records, clock=self.clock)
        self.listing = InMemoryJobListing(self.jobs)
        self.hub = Hub(self.listing, clock=self.clock, log=self.log)
        self.webhook_records = InMemoryRecords(self.clock)
        self.webhook_queue = FakeJobsQueue()
        self.receiver = FakeReceiver()
        self.sender = WebhookSender(
            endpoints=Endpoints(self.webhook_records, clock=self.clock),
            deliveries=Deliveries(self.webhook_records),
            queue=self.webhook_queue,
            post=self.receiver,
            clock=self.clock,
            log=self.log,
            is_known=lambda job_id: is_visible(self.jobs.get(job_id)),
        )
        self.read_records = InMemoryRecords(self.clock)
        self.erasures = InMemoryErasures(self.jobs)
        self.pools = FakePools()
        self.dead_letters = FakeDeadLetters()
        self.outbound = Outbound(clock=self.clock)
        self.imports = Imports(self.upload_records, clock=self.clock)
        self.lines: list[str] = []
        self.spans: list[Span] = []
        self.measures = Measures(
            clock=self.clock, environment="test", service="any", write=self.lines.append
        )
        self.uploads = Uploads(
            bucket=BUCKET,
            records=self.upload_records,
            transfers=self.transfers,
            objects=self.objects,
            jobs=self.jobs,
            queue=self.queue,
            clock=self.clock,
            max_bytes=MAX_BYTES,
            counted=self.measures.uploaded,
            traced=self.spans.append,
        )
        self.import_workers = ImportWorkers(
            self.imports,
            self._download,
            worker="any-worker",
            count=1,
            required=False,
            clock=self.clock,
            log=self.log,
        )
        self.health = Health(
            {"jobs": lambda: self.jobs.get("none")}, clock=self.clock, protection=unprotected
        )
        self.services = Services(
            environment="test",
            measures=self.measures,
            authenticator=Authenticator(
                tokens=TokenVerifier(
                    keys=IssuerKeys(ISSUER, clock=self.clock, log=self.log, fetch=self._fetch),
                    issuer=ISSUER,
                    audience=AUDIENCE,
                    admin_group="admin",
                    clock=self.clock,
                ),
                keys=self.api_keys,
                log=self.log,
            ),
            api_keys=self.api_keys,
            rate_limits=RateLimits(rate_limit, clock=self.clock, log=self.log),
            uploads=self.uploads,
            imports=self.imports,
            import_workers=self.import_workers,
            actions=JobActions(
                jobs=self.jobs, objects=self.objects, queue=self.queue, clock=self.clock
            ),
            idempotency=IdempotencyKeys(self.upload_records, clock=self.clock),
            webhooks=self.sender.endpoints,
            deliveries=self.sender.deliveries,
            webhook_sender=self.sender,
            facts=FactsReader(self.objects, log=self.log),
            reads=ReadLog(self.read_records, days=30, clock=self.clock, log=self.log),
            erasures=self.erasures,
            jobs=self.jobs,
            listing=self.listing,
            objects=self.objects,
            transfers=self.transfers,
            queue=self.queue,
            hub=self.hub,
            health=self.health,
            clock=self.clock,
            log=self.log,
            features={"sse": True},
            pools=self.pools,
            **{
                "voices": Profiles(records=self.upload_records),
                "dead_letters": self.dead_letters,
                **fields,
            },
        )
        self.client = TestClient(served(self.services), follow_redirects=False)
        self.client.portal = shared_loop()

    def token(self, subject: str = OWNER, **claims: Any) -> str:
        """Return a token of this world's issuer."""
        groups = ["admin"] if subject == ADMIN else []
        return self.signer.token(subject, **{"audience": AUDIENCE, "groups": groups, **claims})

    def headers(self, subject: str = OWNER, **claims: Any) -> dict[str, str]:
        """Return the headers of a signed-in caller."""
        return {"Authorization": f"Bearer {self.token(subject, **claims)}"}

    def job(self, name: str = "any.mp4", *, owner: str = OWNER, title: str | None = None) -> Job:
        """Record a running job of an owner."""
        source = self.objects.put(BUCKET, f"uploads/{name}", name.encode())
        now = self.clock.now()
        claimed = claim_new(
            source,
            now=now,
            lease_seconds=60,
            submission=Submission(owner=owner, title=title),
        )
        self.jobs.create(claimed)
        running = start(claimed, now=now, task_arn=None)
        self.jobs.save(claimed, running)
        return running

    def _download(self, claimed: Claimed, stopping: threading.Event) -> Download:
        return Download(
            claimed=claimed,
            imports=self.imports,
            uploads=self.uploads,
            transfers=self.transfers,
            outbound=self.outbound,
            clock=self.clock,
            stopping=stopping,
        )

    def _fetch(self, url: str) -> Mapping[str, Any]:
        self.issuer_calls.append(url)
        if self.issuer_down:
            raise Retryable("auth.issuer_unavailable", "It is down.", "Wait.")
        if url == f"{ISSUER}/jwks.json":
            return self.signer.key_set()
        return {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks.json"}
