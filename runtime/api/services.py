"""Everything that the routes work with, composed once per process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.api.auth.api_keys import ApiKeys
from runtime.api.auth.authenticator import Authenticator
from runtime.api.health import Health
from runtime.api.idempotency import IdempotencyKeys
from runtime.api.imports.records import Imports
from runtime.api.imports.workers import ImportWorkers
from runtime.api.job_actions import JobActions
from runtime.api.job_facts import FactsReader
from runtime.api.live.hub import Hub
from runtime.api.measures import Measures
from runtime.api.rate_limits import RateLimits
from runtime.api.reads import ReadLog
from runtime.api.uploads import Uploads
from runtime.api.webhooks.deliveries import Deliveries
from runtime.api.webhooks.endpoints import Endpoints
from runtime.api.webhooks.sender import WebhookSender
from runtime.core.clock import Clock
from runtime.core.contract import Compute
from runtime.core.dead_letters import VisibleLetters
from runtime.core.erasure import ErasureRecords
from runtime.core.errors import Permanent
from runtime.core.log import Log
from runtime.core.ports import CountedQueue, JobStore, MessageSender, ObjectStore
from runtime.core.service_ports import DirectTransfers, JobListing, Pools
from runtime.voices.profiles import Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one API process; `starts` and `stops` run with the application."""

    environment: str
    authenticator: Authenticator
    api_keys: ApiKeys
    rate_limits: RateLimits
    uploads: Uploads
    actions: JobActions
    idempotency: IdempotencyKeys
    imports: Imports
    import_workers: ImportWorkers | None
    webhooks: Endpoints
    deliveries: Deliveries
    webhook_sender: WebhookSender | None
    facts: FactsReader
    reads: ReadLog
    erasures: ErasureRecords
    jobs: JobStore
    listing: JobListing
    objects: ObjectStore
    transfers: DirectTransfers
    queue: MessageSender
    hub: Hub | None
    health: Health
    measures: Measures
    clock: Clock
    log: Log
    pools: Pools | None = None
    work_queues: Mapping[Compute, CountedQueue] = field(default_factory=dict)
    dead_letters: VisibleLetters | None = None
    voices: Profiles | None = None
    features: Mapping[str, bool] = field(default_factory=dict)
    cors_origins: Sequence[str] = ()
    starts: Sequence[Callable[[], object]] = field(default=())
    stops: Sequence[Callable[[], object]] = field(default=())

    def unreadable(self, error: Permanent) -> None:
        """Log a record that cannot be read, and is left out of a listing."""
        self.log.warning("api.unreadable", code=error.code, error=error.summary)
