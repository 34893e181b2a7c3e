"""What the services cost a month in both hostings, by the number of requests."""

from dataclasses import dataclass

from cdk.config.service import ServiceConfig
from scripts.cost.prices import Prices

SERVICES = 2
ZONES = 2
MONTHLY_REQUESTS = (0, 100_000, 1_000_000, 10_000_000, 100_000_000)


@dataclass(frozen=True, slots=True)
class HostingCosts:
    """US dollars a month of one environment's services, by their hosting."""

    containers: float
    functions: float


def month(settings: ServiceConfig, requests: float, prices: Prices) -> HostingCosts:
    """Return the costs of a month with that many requests, by the fewest tasks that run."""
    return HostingCosts(
        containers=_containers(settings, requests, prices),
        functions=_functions(settings, requests, prices),
    )


def _containers(settings: ServiceConfig, requests: float, prices: Prices) -> float:
    usd, assumed, hours = prices.usd, prices.assumed, prices.hours
    kind = "arm" if settings.architecture == "ARM64" else "x86"
    task = (
        settings.cpu / 1024 * usd[f"fargate_{kind}_vcpu_hour"]
        + settings.memory_mib / 1024 * usd[f"fargate_{kind}_gb_hour"]
    )
    base = min(settings.on_demand_base, settings.min_tasks)
    spot = (settings.min_tasks - base) * settings.spot_percent / 100
    tasks = settings.min_tasks - spot + spot * assumed["spot_share"]
    addresses = SERVICES * settings.min_tasks + ZONES
    capacity = requests / assumed["load_balancer_requests_per_unit"]
    firewall = usd["firewall_list_month"] + assumed["firewall_rules"] * usd["firewall_rule_month"]
    return (
        SERVICES * tasks * task * hours
        + addresses * usd["public_address_hour"] * hours
        + usd["load_balancer_hour"] * hours
        + usd["load_balancer_capacity_hour"] * capacity
        + firewall
        + usd["firewall_request"] * requests
    )


def _functions(settings: ServiceConfig, requests: float, prices: Prices) -> float:
    usd = prices.usd
    kind = "arm" if settings.architecture == "ARM64" else "x86"
    seconds = prices.assumed["function_seconds_per_request"]
    work = settings.memory_mib / 1024 * seconds * usd[f"function_{kind}_gb_second"]
    return requests * (work + usd["function_request"] + usd["http_api_request"])
