"""The table of the service tier: the API and the web pages behind a load balancer."""

import ipaddress
from typing import Annotated, Literal

from annotated_types import Predicate
from pydantic import Field

from cdk.config.settings import Settings, Violation, Violations, rule, whole
from cdk.config.tables import LogLevel
from cdk.config.values import (
    FARGATE_MEMORY_MIB,
    IMAGE_ASSET,
    CertificateArn,
    FargateCpu,
    ImageTag,
    Origin,
    SecretArn,
    Several,
    SubnetId,
    TokenIssuer,
    Zone,
    text,
)


def _is_network(value: str) -> bool:
    try:
        ipaddress.IPv4Network(value)
    except ValueError:
        return False
    return True


Ingress = Annotated[
    str,
    Predicate(_is_network),
    Field(
        json_schema_extra={
            "pattern": r"^[0-9.]+/([0-9]|[12][0-9]|3[0-2])$",
            "allowed": "an IPv4 network without host bits, such as 203.0.113.0/24; 0.0.0.0/0 is"
            " everyone",
        }
    ),
]
TimeOfDay = Annotated[
    str, text("([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day in UTC such as 18:30, in quotes")
]
ClientId = Annotated[str, text(r"[\w.:/-]{1,128}", "the id of a client at the issuer")]

EVERYONE = "0.0.0.0/0"
_ALL = 100
_MOST_FUNCTION_MIB = 10240
_AS_ZONES = Field(min_length=2, max_length=3)


class ServiceConfig(Settings):
    """The API and the web pages: containers behind a load balancer, or functions.

    Without the table, or while `enabled` is false, there is neither, and none of their costs.
    """

    enabled: bool
    """Deploy it; `-c service=on` and `-c service=off` decide for one deployment."""
    hosting: Literal["containers", "lambda"] = "containers"
    """Always-on containers behind a load balancer, or functions behind API Gateway, which cost
    nothing while idle, push nothing to pages and import from no URL."""
    api_url: Origin | None = None
    """Address of the API; its DNS name must lead to the load balancer or the gateway's domain."""
    web_url: Origin | None = None
    """Address of the web pages; its DNS name must lead to the load balancer or the gateway's
    domain."""
    certificate_arn: CertificateArn | None = None
    """ACM certificate of both names, in the environment's region."""
    ingress: Annotated[Several[Ingress], Field(min_length=1, max_length=50)]
    """Networks that may connect to the load balancer."""
    subnet_ids: Annotated[Several[SubnetId], _AS_ZONES] | None = None
    """Public subnets of an existing VPC for load balancer and services; left out, they are
    created."""
    subnet_zones: Annotated[Several[Zone], _AS_ZONES] | None = None
    """Availability zones of these subnets, in the same order."""
    cpu: FargateCpu
    """CPU units of each task, 1024 for each vCPU."""
    memory_mib: int = whole(512, 122880, "Fargate's bounds")
    """Memory of each task."""
    architecture: Literal["X86_64", "ARM64"]
    """Processor architecture of the image; ARM64 costs a fifth less."""
    image_tag: ImageTag
    """The service's image in the environment's repository `lifestream-service-...`."""
    min_tasks: int = whole(1, 10)
    """Minimum number of tasks of each service."""
    max_tasks: int = whole(1, 50)
    """Maximum number of tasks of each service."""
    cpu_percent: int = whole(20, 90)
    """Average CPU utilization that scaling keeps to."""
    requests_per_task: int = whole(60, 100_000)
    """Requests a minute to each task that scaling keeps to."""
    on_demand_base: int = whole(0, 50)
    """Number of tasks of each service that are never on Spot capacity."""
    spot_percent: int = whole(0, 100)
    """Share of the other tasks on Spot capacity."""
    off_hours_begin: TimeOfDay | None = None
    """From then on, no tasks run; left out, they always do."""
    off_hours_end: TimeOfDay | None = None
    """From then on, tasks run again, Monday to Friday."""
    deployment: Literal["rolling", "blue_green"]
    """How a new version takes over: task by task, or all at once after a test."""
    bake_minutes: int = whole(0, 1440, "ECS allows a day")
    """With blue_green, how long the old version stays ready for a rollback."""
    known_voices: bool = False
    """Keep how speakers sound, so that owners can enrol voices of people who consented and have
    names proposed (docs/voices.md)."""
    requests_per_address: int = whole(100, 2_000_000, "AWS WAF starts at 10; a page makes dozens")
    """Requests within five minutes after which an address is blocked for a while."""
    oidc_issuer: TokenIssuer | None = None
    """OIDC issuer whose tokens are accepted; left out, a Cognito user pool is created."""
    oidc_client_id: ClientId | None = None
    """Client of the web pages at that issuer, also the audience of tokens."""
    oidc_client_secret_arn: SecretArn | None = None
    """Secrets Manager's ARN of that client's secret, if it has one."""
    media_origins: Annotated[Several[Origin], Field(max_length=5)] = ()
    """Further origins from which pages load media, such as a CDN before the media bucket."""
    cache: bool
    """A Valkey cache for rate limits and events of several instances."""
    log_level: LogLevel
    """Minimum severity of log lines."""

    @rule("image_tag")
    def _image_is_pushed(self) -> Violations:
        if self.image_tag == IMAGE_ASSET:
            yield "a tag or digest (`python -m image service` builds it)"

    @rule()
    def _functions_have_their_bounds(self) -> Violations:
        if self.hosting != "lambda":
            return
        if self.memory_mib > _MOST_FUNCTION_MIB:
            yield Violation("memory_mib", f"at most {_MOST_FUNCTION_MIB} with service.hosting")
        if self.ingress != (EVERYONE,):
            yield Violation(
                "ingress",
                f'["{EVERYONE}"] with service.hosting = "lambda" (an HTTP API knows no networks)',
            )
        if self.cache:
            yield Violation("cache", 'false with service.hosting = "lambda" (it is in no network)')
        if self.oidc_client_secret_arn is not None:
            yield Violation(
                "oidc_client_secret_arn",
                'left out with service.hosting = "lambda" (a function\'s variables are readable)',
            )

    @rule("memory_mib")
    def _memory_goes_with_cpu(self) -> Violations:
        sizes = FARGATE_MEMORY_MIB[self.cpu]
        if self.memory_mib not in sizes:
            yield (
                f"with service.cpu = {self.cpu} one of {', '.join(map(str, sizes))}"
                " (the pairs that Fargate offers)"
            )

    @rule("min_tasks")
    def _fewest_within_most(self) -> Violations:
        if self.min_tasks > self.max_tasks:
            yield f"at most service.max_tasks = {self.max_tasks}"

    @rule("on_demand_base")
    def _base_within_capacity(self) -> Violations:
        if self.on_demand_base and self.spot_percent == _ALL:
            yield "0 while service.spot_percent = 100 (ECS places nothing on capacity of no weight)"

    @rule()
    def _addresses_are_given(self) -> Violations:
        for name in ("api_url", "web_url", "certificate_arn"):
            if self.enabled and getattr(self, name) is None:
                yield Violation(
                    name, "given while service.enabled = true (browsers connect by HTTPS alone)"
                )
        if self.api_url is not None and self.api_url == self.web_url:
            yield Violation(
                "web_url", "another address than service.api_url (the host decides which answers)"
            )

    @rule("oidc_issuer")
    def _issuer_and_client_together(self) -> Violations:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            yield "given together with service.oidc_client_id, or both left out"

    @rule("off_hours_begin")
    def _off_hours_begin_and_end(self) -> Violations:
        if (self.off_hours_begin is None) != (self.off_hours_end is None):
            yield "given together with service.off_hours_end, or both left out"

    @rule("subnet_ids")
    def _subnets_have_zones(self) -> Violations:
        if len(self.subnet_ids or ()) != len(self.subnet_zones or ()):
            yield "given together with as many service.subnet_zones"
