"""A bill is what the templates hold times what the table says, and nothing unknown passes."""

from dataclasses import replace
from typing import Any

import pytest

from cdk.config import load_environment
from scripts.cost.__main__ import ROOT, money, page
from scripts.cost.bill import Line, UnpricedError, idle_month, total, video_hour
from scripts.cost.prices import LanguageModel, Prices, load
from scripts.cost.services import HostingCosts, month

TASK: dict[str, Any] = {
    "Type": "AWS::ECS::TaskDefinition",
    "Properties": {
        "RequiresCompatibilities": ["FARGATE"],
        "Cpu": "2048",
        "Memory": "4096",
        "EphemeralStorage": {"SizeInGiB": 30},
        "RuntimePlatform": {"CpuArchitecture": "X86_64"},
    },
}
REAPER = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"FunctionName": "lifestream-reaper-any", "MemorySize": 1024},
}


@pytest.fixture
def prices() -> Prices:
    """Prices that are easily multiplied: everything costs a dollar, every assumption is one."""
    real = load()
    return replace(
        real,
        usd=dict.fromkeys(real.usd, 1.0),
        assumed={**dict.fromkeys(real.assumed, 1.0), "free_disk_gb": 20.0, "spot_share": 0.5},
        hours=100.0,
    )


def of(*resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Resources": {str(number): each for number, each in enumerate(resources)}}]


def amounts(lines: list[Line]) -> dict[str, float]:
    return {line.what: line.usd for line in lines}


def test_should_charge_by_the_hour_and_by_the_month(prices: Prices) -> None:
    lines = idle_month(
        of({"Type": "AWS::EC2::NatGateway"}, {"Type": "AWS::EC2::EIP"}, {"Type": "AWS::KMS::Key"}),
        prices,
    )

    assert amounts(lines) == {"NAT gateway": 100, "public address": 100, "keys": 1, "image": 1}


def test_should_charge_interface_endpoints_by_zone_and_gateways_not_at_all(prices: Prices) -> None:
    interface = {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b", "c"]},
    }
    gateway = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}}

    assert amounts(idle_month(of(interface, gateway), prices))["interface endpoints"] == 300


def test_should_charge_an_alarm_by_its_metrics(prices: Prices) -> None:
    plain = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "any"}}
    maths = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a/b"}]},
    }

    assert amounts(idle_month(of(plain, maths), prices))["alarms"] == 3


def test_should_charge_sweeps_by_their_schedule(prices: Prices) -> None:
    rule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(5 minutes)"}}

    sweeps = amounts(idle_month(of(rule, REAPER), prices))["sweeps of the reaper"]

    runs, request, seconds_of_a_gb = 100 * 60 / 5, 1, 1
    assert sweeps == runs * (request + seconds_of_a_gb)


def test_should_refuse_a_schedule_that_it_cannot_count(prices: Prices) -> None:
    rule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "cron(0 5 * * ? *)"}}

    with pytest.raises(UnpricedError, match="cron"):
        idle_month(of(rule, REAPER), prices)


def test_should_refuse_a_type_that_no_one_priced(prices: Prices) -> None:
    with pytest.raises(UnpricedError, match="AWS::RDS::DBInstance: price it"):
        idle_month(of({"Type": "AWS::RDS::DBInstance"}), prices)


def test_should_charge_a_video_by_the_task_it_takes(prices: Prices) -> None:
    hours = 1 / 3600 + 1

    found = amounts(video_hour(of(TASK), prices, spot=False))

    assert found["vCPU hours"] == pytest.approx(2 * hours)
    assert found["memory, GB hours"] == pytest.approx(4 * hours)
    assert found["disk, GB hours"] == pytest.approx(10 * hours)


def test_should_charge_less_on_spot(prices: Prices) -> None:
    found = amounts(video_hour(of(TASK), prices, spot=True))

    assert found["vCPU hours"] == pytest.approx(0.5 * 2 * (1 / 3600 + 1))
    assert found["the video kept, GB months"] == 1


def test_should_charge_arm_by_its_own_price(prices: Prices) -> None:
    arm = {
        **TASK,
        "Properties": {**TASK["Properties"], "RuntimePlatform": {"CpuArchitecture": "ARM64"}},
    }
    cheaper = replace(prices, usd={**prices.usd, "fargate_arm_vcpu_hour": 0.0})

    assert amounts(video_hour(of(arm), cheaper, spot=False))["vCPU hours"] == 0


def test_should_take_the_task_of_one_job_and_not_a_larger_workers(prices: Prices) -> None:
    worker = {**TASK, "Properties": {**TASK["Properties"], "Cpu": "4096"}}
    gpu = {**TASK, "Properties": {"RequiresCompatibilities": ["EC2"]}}

    assert video_hour(of(worker, TASK, gpu), prices, spot=False) == video_hour(
        of(TASK), prices, spot=False
    )


def test_should_say_which_page_has_each_price() -> None:
    prices = load()

    assert all(source.startswith("aws.amazon.com/") for source in prices.sources)
    assert set(prices.why) == set(prices.assumed)
    assert all(prices.why.values())


def test_should_name_the_day_and_add_up() -> None:
    templates = of(TASK, {"Type": "AWS::KMS::Key"})

    written = page({"any": templates})

    assert load().read_on in written
    assert f"| **total** | **{money(total(idle_month(templates, load())), 2)}** |" in written


@pytest.mark.parametrize(
    ("usd", "shown"), [(0.0, "\u2013"), (0.004, "\u2013"), (0.3, "$0.30"), (1234.5, "$1,234.50")]
)
def test_should_write_amounts_as_people_do(usd: float, shown: str) -> None:
    assert money(usd, 2) == shown


def test_should_charge_functions_by_request_and_containers_at_rest(prices: Prices) -> None:
    settings = load_environment(ROOT / "environments" / "dev.toml").service
    assert settings is not None
    shape = {"cpu": 1024, "memory_mib": 2048, "min_tasks": 1, "spot_percent": 100}
    small = settings.model_copy(update={**shape, "on_demand_base": 0})
    idle, busy = month(small, 0, prices), month(small, 10, prices)
    # Two services of one task of three units an hour at half price; four addresses, a load
    # balancer; a list and a rule of the firewall.
    assert idle == HostingCosts(containers=2 * 0.5 * 3 * 100 + 4 * 100 + 100 + 2, functions=0)
    # A unit of the load balancer and the firewall for each request; a second of 2 GB, two calls.
    assert busy == HostingCosts(containers=idle.containers + 20, functions=10 * 4)


def test_should_price_a_models_tokens() -> None:
    model = LanguageModel(name="any", usd_million_in=1.0, usd_million_out=5.0, source="any")
    assert model.usd(200_000, 10_000) == pytest.approx(0.25)
    assert all(each.usd(1e6, 1e6) > 0 for each in load().models)
