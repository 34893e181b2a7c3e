"""What an account has: quotas, roles, addresses, bootstrap and image; nothing is changed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from lifestream.adapters import Clients, unless_absent
from lifestream.environment import Stack
from lifestream.preflight.needs import Needs
from runtime.aws.sdk_errors import error_code, typed_faults
from runtime.core.contract import SERVICE_NAME, stack_prefix
from runtime.core.errors import LifestreamError

T = TypeVar("T")

FARGATE_ON_DEMAND = ("fargate", "L-3032A538")
FARGATE_SPOT = ("fargate", "L-36FBB829")
G_INSTANCES = ("ec2", "L-DB2E81BA")
ELASTIC_IPS = ("ec2", "L-0263D0A3")
VPCS = ("vpc", "L-F678F1CE")
"""Quotas by service and code, as Service Quotas lists them."""

ECS_ROLE = ("AWSServiceRoleForECS", "ecs.amazonaws.com")
SCALING_ROLE = (
    "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "ecs.application-autoscaling.amazonaws.com",
)
GROUP_ROLE = ("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com")
"""Service-linked roles by name, and the service that each belongs to."""


@dataclass(kw_only=True)
class Account:
    """What was found; None for what could not be read, of which `unread` has the reasons."""

    concurrency: int | None = None
    quotas: dict[tuple[str, str], float | None] = field(default_factory=dict)
    elastic_ips: int | None = None
    vpcs: int | None = None
    roles: dict[str, bool | None] = field(default_factory=dict)
    free_addresses: dict[str, int] = field(default_factory=dict)
    bootstrap: int | None = None
    image: bool | None = None
    repository: bool | None = None
    zones_given_up: dict[int, list[str]] = field(default_factory=dict)
    """The stacks that still use a zone which the settings no longer have, by its number."""

    secrets: dict[str, bool | None] = field(default_factory=dict)
    prefix_lists: dict[str, str] = field(default_factory=dict)
    stacks: list[Stack] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)


def read_account(aws: Clients, needs: Needs, stacks: Callable[[], list[Stack]]) -> Account:
    """Return what the account has of an environment's needs."""
    account = Account()

    def read(subject: str, call: Callable[[], T]) -> T | None:
        try:
            with typed_faults(f"reading {subject}"):
                return call()
        except LifestreamError as error:
            account.unread[subject] = error.summary
            return None

    account.stacks = read("the stacks", stacks) or []
    account.concurrency = read("Lambda's concurrency", lambda: _concurrency(aws))
    for service, code in quotas_of(needs):
        account.quotas[service, code] = read(
            f"the quota {code} of {service}", partial(_quota, aws, service, code)
        )
    if needs.nat_gateways:
        account.elastic_ips = read(
            "Elastic IPs", lambda: len(aws("ec2").describe_addresses()["Addresses"])
        )
    if needs.creates_vpc:
        account.vpcs = read("VPCs", lambda: len(aws("ec2").describe_vpcs()["Vpcs"]))
    for name, _ in roles_of(needs):
        account.roles[name] = read(f"the role {name}", partial(_has_role, aws, name))
    if needs.subnet_ids:
        account.free_addresses = read("the subnets", lambda: _free(aws, needs.subnet_ids)) or {}
    account.bootstrap = read("the CDK's bootstrap stack", lambda: _bootstrap(aws, needs.qualifier))
    found = read("the image", lambda: _image(aws, needs))
    account.repository, account.image = found or (None, None)
    account.zones_given_up = read("exported subnets", lambda: _given_up(aws, needs)) or {}
    for arn in needs.secrets:
        account.secrets[arn] = read(f"the secret {arn}", partial(_has_secret, aws, arn))
    if needs.lacks_prefix_lists:
        account.prefix_lists = read("the prefix lists", lambda: _prefix_lists(aws)) or {}
    return account


def quotas_of(needs: Needs) -> list[tuple[str, str]]:
    """Return the quotas that an environment depends on."""
    return [
        *([FARGATE_ON_DEMAND] if "FARGATE" in needs.providers else []),
        *([FARGATE_SPOT] if "FARGATE_SPOT" in needs.providers else []),
        *([G_INSTANCES] if needs.gpu_vcpus else []),
        *([ELASTIC_IPS] if needs.nat_gateways else []),
        *([VPCS] if needs.creates_vpc else []),
    ]


def roles_of(needs: Needs) -> list[tuple[str, str]]:
    """Return the service-linked roles that an environment's services assume."""
    scales = needs.most_tasks is not None or needs.gpu_vcpus
    return [
        ECS_ROLE,
        *([SCALING_ROLE] if scales else []),
        *([GROUP_ROLE] if needs.gpu_vcpus else []),
    ]


def _concurrency(aws: Clients) -> int:
    limits = aws("lambda").get_account_settings()["AccountLimit"]
    return int(limits["ConcurrentExecutions"])


def _quota(aws: Clients, service: str, code: str) -> float:
    client, named = aws("service-quotas"), {"ServiceCode": service, "QuotaCode": code}
    # The account has the default until something was ever raised.
    answer = unless_absent(
        "NoSuchResourceException", lambda: client.get_service_quota(**named)
    ) or client.get_aws_default_service_quota(**named)
    return float(answer["Quota"]["Value"])


def _has_role(aws: Clients, name: str) -> bool:
    return unless_absent("NoSuchEntity", lambda: aws("iam").get_role(RoleName=name)) is not None


def _has_secret(aws: Clients, arn: str) -> bool:
    """Return whether there is a secret that is not about to be deleted."""
    found = unless_absent(
        "ResourceNotFoundException", lambda: aws("secretsmanager").describe_secret(SecretId=arn)
    )
    return found is not None and "DeletedDate" not in found


def _prefix_lists(aws: Clients) -> dict[str, str]:
    """Return the region's lists of addresses of S3 and DynamoDB, by service."""
    names = {f"com.amazonaws.{aws.region}.{service}": service for service in ("s3", "dynamodb")}
    found = aws("ec2").describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": list(names)}]
    )["PrefixLists"]
    return {names[each["PrefixListName"]]: each["PrefixListId"] for each in found}


def _given_up(aws: Clients, needs: Needs) -> dict[int, list[str]]:
    """Return the stacks that import the subnet of a zone which the settings no longer have."""
    client, found = aws("cloudformation"), {}
    network = f":stack/{stack_prefix(needs.environment)}network/"
    for page in client.get_paginator("list_exports").paginate():
        for export in page["Exports"]:
            zone = re.search(r"taskSubnet(\d+)Subnet", export["Name"])
            if zone is None or network not in export["ExportingStackId"]:
                continue
            if int(zone[1]) > needs.zones and (users := _importers(client, export["Name"])):
                found[int(zone[1])] = users
    return found


def _importers(client: Any, export: str) -> list[str]:
    # CloudFormation answers with an error where nothing imports the export.
    found = unless_absent("ValidationError", lambda: client.list_imports(ExportName=export))
    return list(found["Imports"]) if found else []


def _free(aws: Clients, subnet_ids: tuple[str, ...]) -> dict[str, int]:
    found = aws("ec2").describe_subnets(SubnetIds=list(subnet_ids))["Subnets"]
    return {subnet["SubnetId"]: subnet["AvailableIpAddressCount"] for subnet in found}


def _bootstrap(aws: Clients, qualifier: str) -> int:
    name = f"/cdk-bootstrap/{qualifier}/version"
    found = unless_absent("ParameterNotFound", lambda: aws("ssm").get_parameter(Name=name))
    return int(found["Parameter"]["Value"]) if found else 0


def _image(aws: Clients, needs: Needs) -> tuple[bool, bool]:
    """Return whether the repository exists, and whether it has the image."""
    tag = needs.image_tag
    identity = {"imageDigest": tag} if tag.startswith("sha256:") else {"imageTag": tag}
    name = f"{SERVICE_NAME}-processor-{needs.environment}"
    try:
        aws("ecr").describe_images(repositoryName=name, imageIds=[identity])
    except ClientError as error:
        if error_code(error) == "RepositoryNotFoundException":
            return False, False
        if error_code(error) == "ImageNotFoundException":
            return True, False
        raise
    return True, True
