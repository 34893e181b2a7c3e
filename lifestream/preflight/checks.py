"""What an account lacks for an environment, each with the command that mends it."""

from collections.abc import Iterator
from math import ceil

from lifestream.doctor.findings import Finding, error, note, warning
from lifestream.preflight.account import (
    ELASTIC_IPS,
    FARGATE_ON_DEMAND,
    FARGATE_SPOT,
    G_INSTANCES,
    VPCS,
    Account,
    roles_of,
)
from lifestream.preflight.needs import Needs

KEPT_UNRESERVED = 100
"""Concurrency that Lambda keeps for functions without a reserve."""

LEAST_BOOTSTRAP = 6
"""What the rule CheckBootstrapVersion of every template demands."""

IMAGE_ASSET = "asset"
DEFAULT_QUALIFIER = "hnb659fds"

_FAILED_CREATION = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


def check_account(needs: Needs, account: Account) -> list[Finding]:
    """Return what is missing or too small; no finding means that a deployment can begin."""
    return [
        *check_quotas(needs, account),
        *_network(needs, account),
        *_zones(needs, account),
        *_image(needs, account),
        *_secrets(account),
        *_prefix_lists(needs, account),
        *_receivers(needs),
        *_stacks(account),
        *_unread(account),
    ]


def check_quotas(needs: Needs, account: Account) -> list[Finding]:
    """Return what a deployed environment lacks of its account."""
    return [
        *_concurrency(needs, account),
        *_fargate(needs, account),
        *_machines(needs, account),
        *_roles(needs, account),
        *_bootstrap(needs, account),
    ]


def _concurrency(needs: Needs, account: Account) -> Iterator[Finding]:
    limit = account.concurrency
    if limit is None:
        return
    wanted = needs.reserved_concurrency + KEPT_UNRESERVED
    if needs.reserved_concurrency and limit < wanted:
        yield error(
            "Lambda concurrency",
            f"The account allows {limit}; the reaper reserves {needs.reserved_concurrency}.",
            f"Lambda refuses a reserve that leaves less than {KEPT_UNRESERVED} to all others.",
            f"Leave reaper.reserved_concurrency out of environments/{needs.environment}.toml, or: "
            + _raise("lambda", "L-B99A9384", wanted),
        )
    elif limit < needs.dispatcher_concurrency + 1:
        yield warning(
            "Lambda concurrency",
            f"The account allows {limit}; the dispatcher may use {needs.dispatcher_concurrency}.",
            "A burst of uploads throttles the reaper and every other function of the account.",
            _raise("lambda", "L-B99A9384", 1000),
        )


def _fargate(needs: Needs, account: Account) -> Iterator[Finding]:
    for provider, quota, name in (
        ("FARGATE", FARGATE_ON_DEMAND, "Fargate On-Demand vCPUs"),
        ("FARGATE_SPOT", FARGATE_SPOT, "Fargate Spot vCPUs"),
    ):
        value = account.quotas.get(quota)
        if provider not in needs.providers or value is None:
            continue
        most = needs.most_tasks or 1
        if value < needs.task_vcpus:
            yield error(
                name,
                f"The quota is {value:g}; one task takes {needs.task_vcpus:g}.",
                "No task can start.",
                _raise(*quota, ceil(needs.task_vcpus * most)),
            )
        elif needs.most_tasks and value < needs.task_vcpus * most:
            yield warning(
                name,
                f"The quota is {value:g}; {most} workers take {needs.task_vcpus * most:g}.",
                f"At most {int(value // needs.task_vcpus)} jobs run at once; others wait.",
                _raise(*quota, ceil(needs.task_vcpus * most)),
            )
        elif not needs.most_tasks:
            yield note(
                name,
                f"The quota is {value:g}: {int(value // needs.task_vcpus)} job(s) at once.",
                "Jobs beyond it wait for capacity.",
                _raise(*quota, ceil(needs.task_vcpus * 10)),
            )


def _machines(needs: Needs, account: Account) -> Iterator[Finding]:
    value = account.quotas.get(G_INSTANCES)
    if value is not None and value < needs.gpu_vcpus:
        yield error(
            "EC2 G instances",
            f"The quota is {value:g} vCPUs; the machines take {needs.gpu_vcpus}.",
            "Workers with a GPU cannot start; their jobs wait.",
            _raise(*G_INSTANCES, needs.gpu_vcpus),
        )


def _network(needs: Needs, account: Account) -> Iterator[Finding]:
    # What an environment has already is counted among what the account uses.
    deployed = any(stack.name.endswith("-network") for stack in account.stacks)
    for name, quota, used, wanted in (
        ("Elastic IPs", ELASTIC_IPS, account.elastic_ips, needs.nat_gateways),
        ("VPCs", VPCS, account.vpcs, int(needs.creates_vpc)),
    ):
        limit = account.quotas.get(quota)
        if limit is not None and used is not None and not deployed and used + wanted > limit:
            yield error(
                name,
                f"The quota is {limit:g}, {used} are in use, {wanted} more are needed.",
                "The network stack cannot be created.",
                _raise(*quota, used + wanted),
            )
    free = account.free_addresses or (
        {"each task subnet": needs.free_addresses_per_subnet}
        if needs.free_addresses_per_subnet is not None
        else {}
    )
    for subnet, addresses in free.items():
        if addresses < needs.addresses_per_subnet:
            yield error(
                f"Addresses of {subnet}",
                f"{addresses} are free; {needs.addresses_per_subnet} may be needed.",
                "A task without an address does not start.",
                f"Choose a larger network.cidr or other subnets in environments/"
                f"{needs.environment}.toml.",
            )


def _zones(needs: Needs, account: Account) -> Iterator[Finding]:
    for zone, users in account.zones_given_up.items():
        yield error(
            f"Zone {zone}",
            f"network.zones is {needs.zones}, and {', '.join(users)} still use zone {zone}.",
            "CloudFormation refuses to delete an export that is in use.",
            f"In environments/{needs.environment}.toml zones = {zone} and zones_in_use ="
            f" {needs.zones}; deploy; then zones = {needs.zones} without zones_in_use.",
        )


def _roles(needs: Needs, account: Account) -> Iterator[Finding]:
    for name, service in roles_of(needs):
        if account.roles.get(name) is False:
            yield error(
                name,
                "The account has no such service-linked role.",
                "The first deployment that needs it may come before AWS has created it.",
                f"aws iam create-service-linked-role --aws-service-name {service}",
            )


def _bootstrap(needs: Needs, account: Account) -> Iterator[Finding]:
    if account.bootstrap is not None and account.bootstrap < LEAST_BOOTSTRAP:
        yield error(
            "CDK bootstrap",
            f"Its version is {account.bootstrap}; {LEAST_BOOTSTRAP} is needed."
            if account.bootstrap
            else "The account is not bootstrapped in this region.",
            "`cdk deploy` uploads templates and assumes roles that the bootstrap stack has.",
            "npx cdk bootstrap"
            + ("" if needs.qualifier == DEFAULT_QUALIFIER else f" --qualifier {needs.qualifier}"),
        )


def _image(needs: Needs, account: Account) -> Iterator[Finding]:
    if needs.image_tag == IMAGE_ASSET or account.image is not False:
        return
    push = f"make push ENVIRONMENT={needs.environment}"
    stack = f"npx cdk deploy 'Lifestream-{needs.environment}/Storage'"
    yield warning(
        "Processor image",
        f"The repository has no image {needs.image_tag}."
        if account.repository
        else "There is no repository yet.",
        "A task cannot start without its image.",
        push if account.repository else f"{stack} && {push}",
    )


def _secrets(account: Account) -> Iterator[Finding]:
    for arn, exists in account.secrets.items():
        if exists is False:
            name = arn.rpartition(":secret:")[2]
            yield error(
                f"Secret {name}",
                "There is no such secret, or it is about to be deleted.",
                "A task that is given it cannot start.",
                f"aws secretsmanager create-secret --name {name[: -len('-XXXXXX')]}"
                " --secret-string VALUE, then its ARN in the environment's file.",
            )


def _prefix_lists(needs: Needs, account: Account) -> Iterator[Finding]:
    if account.prefix_lists.keys() >= {"s3", "dynamodb"}:
        lists = account.prefix_lists
        yield note(
            "Egress of tasks",
            "Their security group admits HTTPS to every address.",
            "The endpoints are the only routes, but a route may be added one day.",
            f's3_prefix_list = "{lists["s3"]}" and dynamodb_prefix_list ='
            f' "{lists["dynamodb"]}" in [network], with account and region, in'
            f" environments/{needs.environment}.toml.",
        )


def _receivers(needs: Needs) -> Iterator[Finding]:
    for address in needs.receivers:
        # RFC 2606 reserves these domains for examples; mail to them is never delivered.
        if address.rpartition(".")[0].rpartition("@")[2] == "example":
            yield error(
                "Alarm receivers",
                f"{address} is an example.",
                "Alarms have no recipient.",
                f"Put addresses of your own into alarms.emails of environments/"
                f"{needs.environment}.toml.",
            )


def _stacks(account: Account) -> Iterator[Finding]:
    for stack in account.stacks:
        if stack.status in _FAILED_CREATION:
            yield error(
                stack.name,
                f"The stack is {stack.status}.",
                "It cannot be updated, and its name is taken.",
                f"aws cloudformation delete-stack --stack-name {stack.name}",
            )


def _unread(account: Account) -> Iterator[Finding]:
    for subject, reason in account.unread.items():
        yield note(
            subject,
            "It cannot be read.",
            reason,
            "Allow the reading, or look at it in the console.",
        )


def _raise(service: str, code: str, value: int) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --service-code {service}"
        f" --quota-code {code} --desired-value {value}"
    )
