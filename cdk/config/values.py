"""Types of values: what they must look like, and in which words another is refused."""

import ipaddress
from typing import Annotated, Any, TypeVar

from annotated_types import Predicate
from pydantic import Field, Strict

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

IMAGE_ASSET = "asset"
"""Instead of a tag: `cdk deploy` builds the image, in CDK's own repository."""

_PRIVATE_NETWORKS = tuple(
    ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


def text(pattern: str, allowed: str) -> Any:
    """Return the constraint of a text that matches a pattern from end to end."""
    return Field(pattern=f"^({pattern})$", json_schema_extra={"allowed": allowed})


def _is_private_network(value: str) -> bool:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        return False
    smallest, largest = 24, 16
    return largest <= network.prefixlen <= smallest and any(
        network.subnet_of(private) for private in _PRIVATE_NETWORKS
    )


Value = TypeVar("Value")
Several = Annotated[
    tuple[Value, ...],
    Strict(strict=False),  # TOML has lists, not tuples; what is listed stays strict
    Field(json_schema_extra={"uniqueItems": True}),
]
"""A list of different texts."""


# A plain `Literal` of numbers would take True for 1 and 256.0 for 256.
FargateCpu = Annotated[
    int,
    Predicate(FARGATE_MEMORY_MIB.__contains__),
    Field(json_schema_extra={"enum": [*FARGATE_MEMORY_MIB], "why": "Fargate's sizes"}),
]
LogRetentionDays = Annotated[
    int,
    Predicate(LOG_RETENTION_DAYS.__contains__),
    Field(json_schema_extra={"enum": [*LOG_RETENTION_DAYS], "why": "what CloudWatch Logs accepts"}),
]
PrivateNetwork = Annotated[
    str,
    Predicate(_is_private_network),
    Field(
        json_schema_extra={
            "pattern": r"^[0-9.]+/(1[6-9]|2[0-4])$",
            "allowed": "a private IPv4 network of /16 to /24 with no host bits set, such as"
            " 10.20.0.0/16 (within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)",
        }
    ),
]
VaultArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[A-Za-z0-9_-]{2,50}",
        "the ARN of a backup vault",
    ),
]
AccountId = Annotated[str, text("[0-9]{12}", "12 digits in quotes")]
Region = Annotated[
    str, text("[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS region such as us-east-1 in quotes")
]
Zone = Annotated[
    str,
    text(
        "[a-z]{2}(-[a-z]+)+-[0-9][a-z]", "an availability zone's name such as us-east-1a in quotes"
    ),
]
VpcId = Annotated[str, text("vpc-[0-9a-f]{8,17}", "a VPC's id such as vpc-0a1b2c3d in quotes")]
SubnetId = Annotated[
    str, text("subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0a1b2c3d in quotes")
]
PrefixListId = Annotated[
    str, text("pl-[0-9a-f]{8,17}", "a prefix list's id such as pl-0a1b2c3d in quotes")
]
Origin = Annotated[
    str,
    text(
        r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?"
        r"|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?",
        "a web page's origin in quotes: https:// and a host name in lower case, without a path;"
        " http:// for localhost only",
    ),
]
CertificateArn = Annotated[
    str,
    text(
        "arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]{1,64}",
        "the ARN of an ACM certificate",
    ),
]
SecretArn = Annotated[
    str,
    text(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}",
        "the complete ARN of a secret, with its six last characters",
    ),
]
TokenIssuer = Annotated[
    str,
    text(
        r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?(/[\w./-]*)?"
        r"|http://127\.0\.0\.1:[0-9]{1,5}",
        "an OIDC issuer's URL: https://, as its discovery document has it; http:// for 127.0.0.1"
        " only",
    ),
]
EmailAddress = Annotated[str, text(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address in quotes")]
ImageTag = Annotated[
    str,
    text(
        "sha256:[0-9a-f]{64}|[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}",
        "an image tag: 1 to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-';"
        " or a digest: sha256: and 64 hexadecimal digits; or asset, to have cdk deploy build it",
    ),
]
GpuInstanceType = Annotated[
    str,
    text(r"(g|p)[0-9][a-z0-9-]*\.[0-9]*(x?large|metal)", "an EC2 type with a GPU: g4dn.xlarge"),
]
ModelName = Annotated[
    str,
    text(
        "[a-z0-9][a-z0-9.-]*",
        "a model's name such as whisper-base: lower-case letters, digits, ., -",
    ),
]
AudioTrack = Annotated[
    str,
    text(
        "default|[1-9][0-9]?|[a-z]{2,3}",
        "default (the track that the file marks so), a number from 1 in quotes, or a language's"
        " code such as eng",
    ),
]
SlackWorkspace = Annotated[str, text("T[A-Z0-9]{6,14}", "a workspace's id such as T01234567")]
SlackChannel = Annotated[str, text("[CG][A-Z0-9]{6,14}", "a channel's id such as C01234567")]
