"""What an environment needs of its account, read from its file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from math import ceil
from pathlib import Path
from typing import Any

from runtime.core.contract import Launch
from runtime.core.errors import Permanent

UNITS_PER_VCPU = 1024

ADDRESSED_ZONES = 3
"""Zones among which the addresses of a new VPC are divided, used or not."""

ENDPOINTS = 9
"""Interface endpoints of an environment that has all of them, each with an address in each zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Quotas, addresses, roles, secrets and an image that an environment uses.

    `task_vcpus` are those of one task. `most_tasks` is the pool's size, None on demand, where
    uploads decide. `gpu_vcpus` are those of all machines with a GPU. With `lacks_prefix_lists`,
    egress could be narrowed to the region's lists of addresses.
    """

    environment: str
    task_vcpus: float
    most_tasks: int | None
    providers: tuple[str, ...]
    reserved_concurrency: int
    dispatcher_concurrency: int
    nat_gateways: int
    creates_vpc: bool
    zones: int
    subnet_ids: tuple[str, ...]
    addresses_per_subnet: int
    free_addresses_per_subnet: int | None
    gpu_vcpus: int
    image_tag: str
    receivers: tuple[str, ...]
    qualifier: str
    secrets: tuple[str, ...]
    lacks_prefix_lists: bool


def read_needs(path: Path) -> Needs:
    """Return the needs of an environment's file; raise `Permanent` if there is no such file."""
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Permanent(
            "preflight.no_environment",
            f"There is no file {path.name} in environments/.",
            "Name an environment that has one: --environment NAME.",
        ) from None
    return needs_of(settings, path.stem)


def needs_of(settings: Mapping[str, Any], environment: str) -> Needs:
    """Return the needs of an environment's parsed file."""
    network, processor, gpu = settings["network"], settings["processor"], settings.get("gpu")
    pool = settings["pool"] if settings["launch"] == Launch.POOL else None
    tasks = (pool["max_tasks"] if pool else 0) + (gpu["max_tasks"] if gpu else 0)
    zones = network["zones"] if "vpc_id" not in network else len(network["task_subnet_ids"])
    endpoints = ENDPOINTS if network["interface_endpoints"] else 0
    return Needs(
        environment=environment,
        task_vcpus=processor["cpu"] / UNITS_PER_VCPU,
        most_tasks=pool["max_tasks"] if pool else None,
        providers=_pool_providers(pool) if pool else tuple(processor["capacity_providers"]),
        reserved_concurrency=settings["reaper"].get("reserved_concurrency", 0),
        dispatcher_concurrency=settings["dispatcher"]["max_concurrency"],
        nat_gateways=network["nat_gateways"],
        creates_vpc="vpc_id" not in network,
        zones=zones,
        subnet_ids=tuple(network.get("task_subnet_ids", ())),
        # A rolling deployment may run two tasks for each one.
        addresses_per_subnet=ceil(2 * max(tasks, 1) / zones) + endpoints,
        free_addresses_per_subnet=_free_addresses(network),
        gpu_vcpus=gpu["max_tasks"] * ceil(gpu["cpu"] / UNITS_PER_VCPU) if gpu else 0,
        image_tag=processor["image_tag"],
        receivers=tuple(settings["alarms"]["emails"]),
        qualifier=settings.get("guardrails", {}).get("bootstrap_qualifier", "hnb659fds"),
        secrets=_secrets(settings),
        lacks_prefix_lists=(
            network["interface_endpoints"]
            and not network["nat_gateways"]
            and "s3_prefix_list" not in network
        ),
    )


def _secrets(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ARNs of secrets that containers are given."""
    service = settings.get("service", {})
    named = (
        settings.get("summary", {}).get("api_key_secret"),
        service.get("oidc_client_secret_arn") if service.get("enabled") else None,
    )
    return tuple(arn for arn in named if arn)


def _pool_providers(pool: Mapping[str, Any]) -> tuple[str, ...]:
    weights = {"FARGATE": pool["on_demand_weight"], "FARGATE_SPOT": pool["spot_weight"]}
    return tuple(provider for provider, weight in weights.items() if weight)


def _free_addresses(network: Mapping[str, Any]) -> int | None:
    """Return the addresses of a task subnet that is created; None for existing subnets."""
    if "vpc_id" in network:
        return None
    total = IPv4Network(network["cidr"]).num_addresses
    # CDK gives each subnet an equal power of two; AWS keeps five addresses of each.
    parts = ADDRESSED_ZONES * 2 if network["nat_gateways"] else ADDRESSED_ZONES
    share = 1 << (total // parts).bit_length() - 1
    return share - 5
