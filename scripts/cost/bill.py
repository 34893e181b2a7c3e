"""An environment's bill: what it costs when idle, and what an hour of video adds."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from scripts.cost.prices import Prices

Resource = Mapping[str, Any]

FREE = {
    "ApplicationAutoScaling": {"ScalableTarget", "ScalingPolicy"},
    "AutoScaling": {"AutoScalingGroup"},
    "Backup": {"BackupPlan", "BackupSelection", "BackupVault"},
    "Budgets": {"Budget"},
    "CE": {"AnomalyMonitor", "AnomalySubscription"},
    "Chatbot": {"SlackChannelConfiguration"},
    "CloudTrail": {"Trail"},
    "CodeDeploy": {"Application", "DeploymentConfig", "DeploymentGroup"},
    "DynamoDB": {"Table"},
    "EC2": {
        "FlowLog",
        "InternetGateway",
        "LaunchTemplate",
        "Route",
        "RouteTable",
        "SecurityGroup",
        "Subnet",
        "SubnetRouteTableAssociation",
        "VPC",
        "VPCGatewayAttachment",
    },
    "ECS": {
        "CapacityProvider",
        "Cluster",
        "ClusterCapacityProviderAssociations",
        "Service",
        "TaskDefinition",
    },
    "GuardDuty": {"MalwareProtectionPlan"},
    "IAM": {"InstanceProfile", "ManagedPolicy", "Policy", "Role"},
    "KMS": {"Alias"},
    "Lambda": {"Alias", "EventInvokeConfig", "Function", "Permission", "Version"},
    "Logs": {"LogGroup", "QueryDefinition"},
    "S3": {"Bucket", "BucketPolicy"},
    "SNS": {"Subscription", "Topic", "TopicPolicy"},
    "SQS": {"Queue", "QueuePolicy"},
}
"""Types that are free when idle, by service."""


class UnpricedError(Exception):
    """A template has a type of resource without a price that is not listed as free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill: a count of units at a price each, in US dollars."""

    what: str
    count: float
    each: float

    @property
    def usd(self) -> float:
        """The amount of the line."""
        return self.count * self.each


def total(lines: Iterable[Line]) -> float:
    """Return the sum of the lines."""
    return sum(line.usd for line in lines)


def idle_month(templates: Sequence[Mapping[str, Any]], prices: Prices) -> list[Line]:
    """Return the cost of an environment in a month without an upload."""
    resources = _resources(templates)
    lines = [line for resource in resources for line in _idle(resource, prices)]
    lines += _sweeps(resources, prices)
    usd = prices.usd["image_gb_month"]
    return _summed([*lines, Line(what="image", count=prices.assumed["image_gb"], each=usd)])


def video_hour(
    templates: Sequence[Mapping[str, Any]],
    prices: Prices,
    *,
    spot: bool,
    work: str = "seconds_of_work_per_second",
) -> list[Line]:
    """Return the cost of processing a video of an hour and keeping it for a month.

    `work` names the assumption about the processing time.
    """
    usd, assumed = prices.usd, prices.assumed
    task = _task(templates)
    hours = assumed["task_start_seconds"] / 3600 + assumed[work]
    kind = "arm" if task.get("RuntimePlatform", {}).get("CpuArchitecture") == "ARM64" else "x86"
    share = assumed["spot_share"] if spot else 1.0
    disk = float(task.get("EphemeralStorage", {}).get("SizeInGiB", 20)) - assumed["free_disk_gb"]
    size = assumed["video_gb_per_hour"]
    return [
        Line(
            what="vCPU hours",
            count=hours * float(task["Cpu"]) / 1024,
            each=usd[f"fargate_{kind}_vcpu_hour"] * share,
        ),
        Line(
            what="memory, GB hours",
            count=hours * float(task["Memory"]) / 1024,
            each=usd[f"fargate_{kind}_gb_hour"] * share,
        ),
        Line(what="disk, GB hours", count=hours * disk, each=usd["fargate_disk_gb_hour"] * share),
        _pull(templates, prices),
        Line(what="logs, GB", count=assumed["log_gb_per_hour"], each=usd["log_gb"]),
        Line(
            what="metrics, for each hour in which they are written",
            count=assumed["metrics_per_job"] * ceil(hours),
            each=usd["custom_metric_month"] / prices.hours,
        ),
        Line(what="table writes", count=assumed["table_writes_per_hour"], each=usd["table_write"]),
        Line(what="objects written", count=assumed["objects_per_hour"], each=usd["storage_write"]),
        Line(what="the video kept, GB months", count=size, each=usd["storage_gb_month"]),
    ]


_FUNCTION = "AWS::Lambda::Function"
_TASK = "AWS::ECS::TaskDefinition"


def _resources(templates: Sequence[Mapping[str, Any]]) -> list[Resource]:
    return [each for template in templates for each in template.get("Resources", {}).values()]


def _task(templates: Sequence[Mapping[str, Any]]) -> Resource:
    """Return the properties of the task that one job is: the smallest that runs on Fargate."""
    found: list[Resource] = [
        resource["Properties"]
        for resource in _resources(templates)
        if resource["Type"] == _TASK
        and "FARGATE" in resource["Properties"].get("RequiresCompatibilities", ())
    ]
    return min(found, key=lambda task: (int(task["Cpu"]), int(task["Memory"])))


def _pull(templates: Sequence[Mapping[str, Any]], prices: Prices) -> Line:
    """Return what the calls of a task cost on their way; media and layers go to S3 for nothing."""
    through_nat = any(r["Type"] == "AWS::EC2::NatGateway" for r in _resources(templates))
    each = prices.usd["nat_gb"] if through_nat else prices.usd["endpoint_gb"]
    return Line(
        what="calls of AWS on their way, GB", count=prices.assumed["call_gb_per_hour"], each=each
    )


_FIXED = {
    "AWS::EC2::NatGateway": ("NAT gateway", "nat_gateway_hour"),
    "AWS::EC2::EIP": ("public address", "public_address_hour"),
    "AWS::KMS::Key": ("keys", "key_month"),
    "AWS::SecretsManager::Secret": ("secrets", "secret_month"),
    "AWS::CloudWatch::Dashboard": ("dashboard", "dashboard_month"),
}
"""What costs the same however it is configured: how people call it, and its price."""

_ELSEWHERE = {"AWS::ECR::Repository", "AWS::Events::Rule"}
"""Priced apart: by the image in it, and by the function it wakes."""


def _idle(resource: Resource, prices: Prices) -> Iterator[Line]:
    kind, usd, properties = resource["Type"], prices.usd, resource.get("Properties", {})
    if kind in _FIXED:
        what, price = _FIXED[kind]
        count = prices.hours if price.endswith("_hour") else 1
        yield Line(what=what, count=count, each=usd[price])
    elif kind == "AWS::EC2::VPCEndpoint":
        # The gateways of S3 and DynamoDB cost nothing.
        zones = len(properties.get("SubnetIds", ()))
        each = usd["interface_endpoint_zone_hour"]
        if zones:
            yield Line(what="interface endpoints", count=prices.hours * zones, each=each)
    elif kind == "AWS::CloudWatch::Alarm":
        metrics = sum("MetricStat" in metric for metric in properties.get("Metrics", ()))
        yield Line(what="alarms", count=metrics or 1, each=usd["alarm_metric_month"])
    elif kind == "AWS::Lambda::EventSourceMapping":
        polls = prices.assumed["polls_per_second"] * 3600 * prices.hours
        yield Line(what="polls of queues", count=polls, each=usd["queue_request"])
    elif kind not in _ELSEWHERE and not _is_free(kind):
        raise UnpricedError(f"{kind}: price it in scripts/cost/bill.py, or add it to FREE there")


def _is_free(kind: str) -> bool:
    service, _, name = kind.removeprefix("AWS::").partition("::")
    return name in FREE.get(service, ())


def _sweeps(resources: Sequence[Resource], prices: Prices) -> Iterator[Line]:
    usd, assumed = prices.usd, prices.assumed
    rules = [each for each in resources if each["Type"] == "AWS::Events::Rule"]
    schedules = [each["Properties"].get("ScheduleExpression") for each in rules]
    for expression in filter(None, schedules):
        found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
        if found is None:
            raise UnpricedError(f"{expression}: scripts/cost/bill.py reads rates only")
        every = int(found[1]) * {"minute": 1, "hour": 60, "day": 1440}[found[2]]
        functions = [each["Properties"] for each in resources if each["Type"] == _FUNCTION]
        (reaper,) = (each for each in functions if "reaper" in str(each["FunctionName"]))
        gb_seconds = reaper["MemorySize"] / 1024 * assumed["sweep_seconds"]
        yield Line(
            what="sweeps of the reaper",
            count=prices.hours * 60 / every,
            each=usd["function_request"] + gb_seconds * usd["function_arm_gb_second"],
        )
    if any(schedules):
        # A metric is charged once while it is written to, however often.
        each = usd["custom_metric_month"]
        yield Line(what="metrics of sweeps", count=assumed["metrics_per_sweep"], each=each)


def _summed(lines: Iterable[Line]) -> list[Line]:
    counts: dict[tuple[str, float], float] = {}
    for line in lines:
        counts[line.what, line.each] = counts.get((line.what, line.each), 0.0) + line.count
    return [Line(what=what, count=count, each=each) for (what, each), count in counts.items()]
