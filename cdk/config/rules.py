"""Rules for single settings: what is allowed, in words, and the test for it."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FARGATE_MEMORY_MIB: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}
"""Memory (MiB) that Fargate offers with each CPU size (1024 units a vCPU), from the ECS guide."""

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""The retention periods that CloudWatch Logs accepts (PutRetentionPolicy)."""

_PRIVATE_NETWORKS = tuple(
    ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a setting may be: `allowed` completes the sentence "allowed is ..."."""

    allowed: str
    accepts: Callable[[Any], bool]


def whole_number(low: int, high: int, why: str = "") -> Rule:
    """Return the rule for an integer within bounds, both included."""
    return Rule(
        allowed=f"a whole number from {low} to {high}" + (f" ({why})" if why else ""),
        # bool is an int to Python but not to whoever reads the file.
        accepts=lambda value: type(value) is int and low <= value <= high,
    )


def one_of(*values: str | int, why: str = "") -> Rule:
    """Return the rule for a choice."""
    return Rule(
        allowed="one of " + ", ".join(map(str, values)) + (f" ({why})" if why else ""),
        accepts=lambda value: any(type(value) is type(v) and value == v for v in values),
    )


def true_or_false() -> Rule:
    """Return the rule for a switch."""
    return Rule(allowed="true or false", accepts=lambda value: isinstance(value, bool))


def text(pattern: str, allowed: str) -> Rule:
    """Return the rule for a string that matches a pattern from end to end."""
    form = re.compile(pattern)
    return Rule(
        allowed=allowed,
        accepts=lambda value: isinstance(value, str) and form.fullmatch(value) is not None,
    )


def list_of(item: Rule, *, most: int, least: int = 0) -> Rule:
    """Return the rule for a list of different values that each follow a rule."""
    return Rule(
        allowed=f"a list of {least} to {most}, each once: {item.allowed}",
        accepts=lambda value: (
            isinstance(value, list)
            and least <= len(value) <= most
            and all(item.accepts(each) for each in value)
            and len(set(value)) == len(value)
        ),
    )


def private_network() -> Rule:
    """Return the rule for a VPC's address range."""
    return Rule(
        allowed=(
            "a private IPv4 network of /16 to /24 with no host bits set, such as 10.20.0.0/16"
            " (within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)"
        ),
        accepts=_is_private_network,
    )


def _is_private_network(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        return False
    smallest, largest = 24, 16
    return largest <= network.prefixlen <= smallest and any(
        network.subnet_of(private) for private in _PRIVATE_NETWORKS
    )


NAME = text(
    r"(?=.{2,12}$)[a-z][a-z0-9]*(-[a-z0-9]+)*",
    "2 to 12 lower-case letters, digits and single hyphens, starting with a letter"
    " (bucket names must fit 63 characters)",
)
ACCOUNT = text(r"\d{12}", "12 digits in quotes, or the key left out")
REGION = text(
    r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as us-east-1 in quotes, or the key left out"
)
VPC = text(r"vpc-[0-9a-f]{8,17}", "a VPC's id such as vpc-0a1b2c3d in quotes, or the key left out")
SUBNET = text(r"subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0a1b2c3d in quotes")
ZONE = text(
    r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "an availability zone's name such as us-east-1a in quotes"
)
PREFIX_LIST = text(
    r"pl-[0-9a-f]{8,17}", "a prefix list's id such as pl-0a1b2c3d in quotes, or the key left out"
)
ORIGIN = text(
    r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?",
    "a web page's origin in quotes: https:// and a host name in lower case, without a path;"
    " http:// for localhost only",
)
EMAIL = text(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address in quotes")
IMAGE_ASSET = "asset"
"""Instead of a tag: `cdk deploy` builds the image, in CDK's own repository."""

IMAGE_TAG = text(
    r"sha256:[0-9a-f]{64}|[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}",
    "an image tag: 1 to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-';"
    " or a digest: sha256: and 64 hexadecimal digits; or asset, to have cdk deploy build it",
)
MODEL = text(
    r"[a-z0-9][a-z0-9.-]*", "a model's name such as whisper-base: lower-case letters, digits, ., -"
)

AUDIO_TRACK = text(
    r"default|[1-9]\d?|[a-z]{2,3}",
    "default (the track that the file marks so), a number from 1 in quotes, or a language's code"
    " such as eng",
)

WORKER_IDLE_MINUTES = whole_number(1, 180)
WORKER_VISIBILITY_SECONDS = whole_number(
    120, 43200, "a worker's heart beats every half minute; SQS allows 12 hours"
)
WORKER_RECEIVES = whole_number(5, 1000, "a worker about to go gives messages back unread")
WORKER_JOB_SECONDS = whole_number(
    60, 9900, "deployments wait for workers, and CloudFormation gives up after 3 hours"
)
