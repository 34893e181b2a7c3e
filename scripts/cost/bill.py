"""An environment's bill: what it costs when idle, and what an hour of video adds."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from scripts.cost.prices import Prices

Resource = Mapping[str, Any]

USED = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::Backup::BackupPlan",
        "AWS::GuardDuty::MalwareProtectionPlan",
        "AWS::Backup::BackupSelection",
        "AWS::Backup::BackupVault",
        "AWS::Budgets::Budget",
        "AWS::CE::AnomalyMonitor",
        "AWS::CE::AnomalySubscription",
        "AWS::Chatbot::SlackChannelConfiguration",
        "AWS::CloudTrail::Trail",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentConfig",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::Lambda::Alias",
        "AWS::Lambda::Version",
        "AWS::DynamoDB::Table",
        "AWS::EC2::FlowLog",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::LaunchTemplate",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::Cluster",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::Policy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::QueryDefinition",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    }
)
"""Types that are free when idle."""


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
    resources = [r for template in templates for r in template.get("Resources", {}).values()]
    lines = [line for resource in resources for line in _idle(resource, prices)]
    functions = {r["Properties"]["FunctionName"]: r for r in resources if r["Type"] == _FUNCTION}
    lines += _sweeps(resources, functions, prices)
    lines.append(
        Line(
            what="image",
            count=prices.assumed["image_gb"],
            each=prices.usd["image_gb_month"],
        )
    )
    return _summed(lines)


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


def _task(templates: Sequence[Mapping[str, Any]]) -> Resource:
    """Return the properties of the task that one job is: the smallest that runs on Fargate."""
    found: list[Resource] = [
        resource["Properties"]
        for template in templates
        for resource in template.get("Resources", {}).values()
        if resource["Type"] == _TASK
        and "FARGATE" in resource["Properties"].get("RequiresCompatibilities", ())
    ]
    return min(found, key=lambda task: (int(task["Cpu"]), int(task["Memory"])))


def _pull(templates: Sequence[Mapping[str, Any]], prices: Prices) -> Line:
    """Return what the calls of a task cost on their way; media and layers go to S3 for nothing."""
    through_nat = any(
        r["Type"] == "AWS::EC2::NatGateway"
        for template in templates
        for r in template.get("Resources", {}).values()
    )
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
    elif kind not in USED | _ELSEWHERE:
        raise UnpricedError(f"{kind}: price it in scripts/cost/bill.py, or add it to USED there")


def _sweeps(
    resources: Sequence[Resource], functions: Mapping[Any, Resource], prices: Prices
) -> Iterator[Line]:
    for rule in resources:
        expression = rule.get("Properties", {}).get("ScheduleExpression")
        if rule["Type"] != "AWS::Events::Rule" or expression is None:
            continue
        found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
        if found is None:
            raise UnpricedError(f"{expression}: scripts/cost/bill.py reads rates only")
        every = int(found[1]) * {"minute": 1, "hour": 60, "day": 1440}[found[2]]
        runs = prices.hours * 60 / every
        (reaper,) = (f for name, f in functions.items() if "reaper" in str(name))
        gb = reaper["Properties"]["MemorySize"] / 1024
        seconds = prices.assumed["sweep_seconds"]
        yield Line(
            what="sweeps of the reaper",
            count=runs,
            each=prices.usd["function_request"]
            + gb * seconds * prices.usd["function_arm_gb_second"],
        )
    if any(rule.get("Properties", {}).get("ScheduleExpression") for rule in resources):
        # A metric is charged once while it is written to, however often.
        yield Line(
            what="metrics of sweeps",
            count=prices.assumed["metrics_per_sweep"],
            each=prices.usd["custom_metric_month"],
        )


def _summed(lines: Iterable[Line]) -> list[Line]:
    counts: dict[tuple[str, float], float] = {}
    for line in lines:
        counts[line.what, line.each] = counts.get((line.what, line.each), 0.0) + line.count
    return [Line(what=what, count=count, each=each) for (what, each), count in counts.items()]
