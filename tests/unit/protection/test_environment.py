import pytest

from runtime.core.contract import EnvVar, Metric
from runtime.protection import environment
from runtime.protection.agent_client import AgentClient
from runtime.protection.answers import NotApplicable, ProtectionClient
from runtime.protection.environment import (
    ApiTarget,
    NoClient,
    choose_client,
    read_protection_environment,
)
from runtime.protection.errors import ProtectionSettingError
from runtime.protection.ports import ProtectionMetric
from tests.fakes.clock import FakeClock
from tests.fakes.log import CapturedLog
from tests.fakes.protection import FakeProtection

AGENT = {"ECS_AGENT_URI": "http://169.254.170.2/api/any-id"}
API = {"ECS_CLUSTER_NAME": "any-cluster", "ECS_TASK_ARN": "any-arn", "AWS_REGION": "eu-west-1"}


class Chooser:
    def __init__(self) -> None:
        self.log = CapturedLog()
        self.targets: list[ApiTarget] = []

    def __call__(self, environ: dict[str, str]) -> ProtectionClient:
        return choose_client(
            read_protection_environment(environ), make_api_client=self.api, log=self.log
        )

    def api(self, target: ApiTarget) -> ProtectionClient:
        self.targets.append(target)
        return FakeProtection(clock=FakeClock())


def test_should_prefer_the_agent() -> None:
    choose = Chooser()
    assert isinstance(choose({**AGENT, **API}), AgentClient)
    assert choose.targets == []


def test_should_fall_back_on_the_api() -> None:
    choose = Chooser()
    choose(API)
    assert choose.targets == [ApiTarget("any-cluster", "any-arn", "eu-west-1")]
    assert choose.log.lines[0].fields == {
        "cluster": "any-cluster",
        "task_arn": "any-arn",
        "region": "eu-west-1",
    }


def test_should_take_us_east_1_where_no_region_is_set() -> None:
    assert read_protection_environment({}).region == "us-east-1"


def test_should_do_nothing_outside_ecs_and_say_so_once() -> None:
    choose = Chooser()
    client = choose({})
    for answer in (client.enable(7), client.disable(), client.read()):
        assert answer == NotApplicable("this process does not run in ECS")
    assert choose.log.actions() == ["protection.off"]


@pytest.mark.parametrize("off", ["false", "0", " False "])
def test_should_do_nothing_when_switched_off(off: str) -> None:
    choose = Chooser()
    assert isinstance(choose({**AGENT, "ECS_ENABLE_TASK_PROTECTION": off}), NoClient)
    assert choose.log.actions() == ["protection.off"]


@pytest.mark.parametrize("on", ["true", "1", "TRUE", ""])
def test_should_protect_when_switched_on_or_left_alone(on: str) -> None:
    assert isinstance(Chooser()({**AGENT, "ECS_ENABLE_TASK_PROTECTION": on}), AgentClient)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"ECS_ENABLE_TASK_PROTECTION": "yes"}, "must be true, false or nothing"),
        ({"ECS_ENABLE_TASK_PROTECTION": "true"}, "neither ECS_AGENT_URI nor ECS_TASK_ARN"),
        ({"ECS_TASK_ARN": "any-arn"}, "ECS_CLUSTER_NAME"),
        ({"ECS_AGENT_URI": "169.254.170.2"}, "ECS_AGENT_URI"),
        ({"ECS_AGENT_URI": "https://169.254.170.2"}, "ECS_AGENT_URI"),
    ],
)
def test_should_refuse_half_a_configuration(environ: dict[str, str], says: str) -> None:
    with pytest.raises(ProtectionSettingError, match=says):
        Chooser()(environ)


def test_should_use_the_names_of_the_contract() -> None:
    """The package has its own names, so that it needs nothing of Lifestream."""
    for name in ("ECS_ENABLE_TASK_PROTECTION", "ECS_AGENT_URI", "ECS_CLUSTER_NAME", "ECS_TASK_ARN"):
        assert getattr(environment, name) == EnvVar[name].value
    assert {metric.value for metric in ProtectionMetric} <= {metric.value for metric in Metric}
