"""One environment file: its settings and tables, and the rules between the tables."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict
from pydantic.json_schema import SkipJsonSchema

from cdk.config.access import AccessConfig
from cdk.config.guardrails import GuardrailsConfig, TagsConfig
from cdk.config.media import MediaConfig
from cdk.config.network import NetworkConfig
from cdk.config.problems import read_toml, validated
from cdk.config.service import ServiceConfig
from cdk.config.settings import Settings, Violation, Violations, rule
from cdk.config.summary import SummaryConfig
from cdk.config.tables import (
    AlarmsConfig,
    BackupConfig,
    BudgetConfig,
    ChatConfig,
    DispatcherConfig,
    EncryptionConfig,
    ObservabilityConfig,
    ProcessorConfig,
    QueueConfig,
    ReaperConfig,
    StorageConfig,
    UploadsConfig,
)
from cdk.config.values import AccountId, Region
from cdk.config.workers import GpuConfig, PoolConfig, WorkersConfig
from runtime.core.contract import Launch

LAMBDA_VISIBILITY_FACTOR = 6
"""AWS asks for a visibility timeout of at least six function timeouts on a Lambda's source."""

RESERVED_DISK_GIB = 15
"""The image takes 3 at most, a day of decoded sound 3, and the sound for players a few."""


class EnvironmentConfig(Settings):
    """The settings that differ between environments."""

    name: SkipJsonSchema[str] = Field(description="the file's name")
    account: AccountId | None = None
    """The only account for deployments; any if omitted."""
    region: Region | None = None
    """The only region for deployments; any if omitted."""
    retain_data: bool
    """Buckets, tables, images and logs outlive their stacks."""
    launch: Annotated[Launch, Strict(strict=False)]
    """How jobs run: in a task of their own, or in a pool of warm workers."""
    container_insights: Literal["enabled", "enhanced"]
    """Level of detail of CloudWatch's container metrics."""
    execute_command: bool = False
    """Whether operators may run commands in tasks (ECS Exec); each session is logged."""
    network: NetworkConfig
    storage: StorageConfig
    encryption: EncryptionConfig
    uploads: UploadsConfig
    queue: QueueConfig
    dispatcher: DispatcherConfig
    reaper: ReaperConfig
    processor: ProcessorConfig
    media: MediaConfig
    observability: ObservabilityConfig
    alarms: AlarmsConfig
    backup: BackupConfig | None = None
    budget: BudgetConfig | None = None
    chat: ChatConfig | None = None
    pool: PoolConfig | None = None
    gpu: GpuConfig | None = None
    service: ServiceConfig | None = None
    summary: SummaryConfig | None = None
    tags: TagsConfig | None = None
    access: AccessConfig | None = None
    guardrails: GuardrailsConfig = GuardrailsConfig()

    @property
    def workers(self) -> PoolConfig | None:
        """The pool to deploy: jobs are launched by it, or it still has jobs to do."""
        used = self.pool is not None and (self.launch == Launch.POOL or self.pool.standby)
        return self.pool if used else None

    @property
    def services(self) -> ServiceConfig | None:
        """The service tier to deploy, if it is enabled."""
        return self.service if self.service and self.service.enabled else None

    @property
    def browser_origins(self) -> tuple[str, ...]:
        """Origins of pages that may use the media bucket: those listed, and the service's own."""
        own = self.services.web_url if self.services else None
        return tuple(dict.fromkeys((*self.uploads.allowed_origins, *([own] if own else []))))

    @rule("name")
    def _name_fits_bucket_names(self) -> Violations:
        if not re.fullmatch(r"(?=.{2,12}$)[a-z][a-z0-9]*(-[a-z0-9]+)*", self.name):
            yield (
                "2 to 12 lower-case letters, digits and single hyphens, starting with a letter"
                " (bucket names must fit 63 characters)"
            )

    @rule("region")
    def _account_and_region_together(self) -> Violations:
        if (self.region is None) != (self.account is None):
            yield f"given together with account, now {self.account!r} (name both or neither)"

    @rule("retain_data")
    def _production_retains_data(self) -> Violations:
        if not self.retain_data and (self.name == "prod" or self.name.startswith("prod-")):
            yield f"true in {self.name!r} (production data outlives its stack)"

    @rule("execute_command")
    def _shells_are_for_trying(self) -> Violations:
        if self.execute_command and self.retain_data:
            yield (
                "false while retain_data = true (a shell reads recordings, and needs a writable"
                " root file system)"
            )

    @rule("network.public_tasks")
    def _public_tasks_are_for_trying(self) -> Violations:
        if not self.network.public_tasks:
            return
        if self.retain_data:
            yield "false while retain_data = true (data worth retaining)"
        if self.gpu is not None:
            yield "false with a table [gpu] (ECS gives tasks on EC2 machines no public address)"

    @rule("alarms.emails")
    def _alarms_reach_somebody(self) -> Violations:
        if self.retain_data and not self.alarms.emails and self.chat is None:
            yield "one address or more, or a table [chat] (alarms about retained data reach people)"

    @rule("launch")
    def _pool_is_described(self) -> Violations:
        if self.launch == Launch.POOL and self.pool is None:
            yield f"{Launch.ON_DEMAND} while there is no table [pool] (add one for a pool)"

    @rule("network.s3_prefix_list")
    def _prefix_lists_close_the_network_of_a_region(self) -> Violations:
        network = self.network
        if network.s3_prefix_list and (network.nat_gateways > 0 or self.region is None):
            yield (
                f"left out unless network.nat_gateways = 0, now {network.nat_gateways} (a NAT"
                " gateway that is paid for should be used), and region is given, now"
                f" {self.region!r} (each has a list of its own)"
            )

    @rule("network.vpc_id")
    def _existing_vpc_is_in_the_region(self) -> Violations:
        zones = self.network.task_subnet_zones or ()
        if self.network.vpc_id is not None and not (
            self.region and all(zone[:-1] == self.region for zone in zones)
        ):
            yield (
                f"left out, or in the environment's region = {self.region!r}, as are"
                f" network.task_subnet_zones = {list(zones)} (a VPC is in one account and region,"
                " which must be pinned)"
            )

    @rule("service.subnet_ids")
    def _service_has_public_subnets(self) -> Violations:
        service = self.service
        if service is None:
            return
        existing, given = self.network.vpc_id is not None, service.subnet_ids is not None
        if service.enabled and existing != given:
            yield (
                "given exactly if network.vpc_id is (in a VPC of Lifestream's own they are created)"
            )

    @rule("access.vpc_endpoints")
    def _browsers_come_through_no_endpoint(self) -> Violations:
        if self.access and self.access.vpc_endpoints is not None and self.browser_origins:
            yield (
                "left out with uploads.allowed_origins or a service (browsers use the bucket over"
                " the internet)"
            )

    @rule("queue.visibility_timeout_seconds")
    def _queue_outwaits_the_dispatcher(self) -> Violations:
        timeout = self.dispatcher.timeout_seconds
        least = LAMBDA_VISIBILITY_FACTOR * timeout
        if self.queue.visibility_timeout_seconds < least:
            yield (
                f"at least {least}, {LAMBDA_VISIBILITY_FACTOR} x dispatcher.timeout_seconds"
                f" = {timeout} (else a message comes again while it is being worked on)"
            )

    @rule("dispatcher.claim_lease_seconds")
    def _claim_between_run_and_redelivery(self) -> Violations:
        timeout = self.dispatcher.timeout_seconds
        visibility = self.queue.visibility_timeout_seconds
        if not timeout < self.dispatcher.claim_lease_seconds <= visibility:
            yield (
                f"more than dispatcher.timeout_seconds = {timeout} (a live dispatcher keeps its"
                f" claim) and at most queue.visibility_timeout_seconds = {visibility}"
                " (the message that comes again finds the claim expired)"
            )

    @rule("reaper.silence_seconds")
    def _silence_before_overdue(self) -> Violations:
        timeout = self.processor.job_timeout_seconds
        if self.reaper.silence_seconds >= timeout:
            yield (
                f"less than processor.job_timeout_seconds = {timeout}"
                " (else a hung job is only noticed when it is overdue)"
            )

    @rule("alarms.job_wait_minutes")
    def _alarm_before_a_wait_ends(self) -> Violations:
        hours = self.reaper.max_wait_hours
        if self.alarms.job_wait_minutes >= 60 * hours:
            yield (
                f"less than 60 * reaper.max_wait_hours = {60 * hours}"
                " (a job that waited so long has failed)"
            )

    @rule("alarms.oldest_message_seconds")
    def _alarm_after_a_second_delivery(self) -> Violations:
        visibility = self.queue.visibility_timeout_seconds
        if self.alarms.oldest_message_seconds < 2 * visibility:
            yield (
                f"at least {2 * visibility}, 2 x queue.visibility_timeout_seconds = {visibility}"
                " (a message that comes again once is no reason for an alarm)"
            )

    @rule("media.max_gb")
    def _upload_fits_the_disk(self) -> Violations:
        disk = self.processor.ephemeral_storage_gib
        most = int((disk - RESERVED_DISK_GIB) * 1.073741824)
        if self.media.max_gb > most:
            yield (
                f"at most {most} with processor.ephemeral_storage_gib = {disk}"
                f" ({RESERVED_DISK_GIB} GiB are for the image and for what is made of the video)"
            )

    @rule("media.decoder_memory_mib")
    def _decoder_fits_the_task(self) -> Violations:
        memory = self.processor.memory_mib
        if self.media.decoder_memory_mib > memory:
            yield (
                f"at most processor.memory_mib = {memory} (else the task is killed, not the"
                " decoder)"
            )

    @rule("network.bedrock_endpoint")
    def _closed_network_reaches_the_model(self) -> Violations:
        network, summary = self.network, self.summary
        is_closed = network.interface_endpoints and not network.nat_gateways
        if (
            summary is not None
            and summary.summarizer == "bedrock"
            and is_closed
            and not network.bedrock_endpoint
        ):
            yield (
                'true with summary.summarizer = "bedrock" and no NAT gateway (tasks would not reach'
                " the model)"
            )

    @rule()
    def _pool_workers_are_in_time(self) -> Violations:
        if self.pool is not None:
            yield from self._in_time("pool", self.pool)

    @rule()
    def _gpu_workers_are_in_time(self) -> Violations:
        if self.gpu is not None:
            yield from self._in_time("gpu", self.gpu)

    def _in_time(self, table: str, workers: WorkersConfig) -> Violations:
        most = self.processor.job_timeout_seconds
        if workers.job_timeout_seconds > most:
            yield Violation(
                f"{table}.job_timeout_seconds",
                f"at most processor.job_timeout_seconds = {most}"
                " (by which the reaper stops a task that takes too long)",
            )


def load_environment(
    path: Path, *, launch: str | None = None, service: Mapping[str, Any] | None = None
) -> EnvironmentConfig:
    """Return an environment from `environments/<name>.toml`; raise `ConfigError`.

    `launch` and the settings in `service` override the file's own.
    """
    where = f"{path.parent.name}/{path.name}"
    document = read_toml(path, where)
    if launch is not None:
        document["launch"] = launch
    if service and isinstance(document.get("service", {}), dict):
        document["service"] = {**document.get("service", {}), **service}
    return parse_environment(path.stem, document, where=where)


def parse_environment(name: str, document: dict[str, Any], *, where: str) -> EnvironmentConfig:
    """Return an environment from a file's content; raise `ConfigError` with every problem.

    `where` is the file as a person knows it; it starts each problem's line.
    """
    return validated(EnvironmentConfig, document, where=where, name=name)
