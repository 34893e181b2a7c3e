"""What a load balancer counts: a request and the class of its answer, by target group."""

from collections.abc import Iterator

import pytest
from ministack.services import alb, cloudwatch

from local.emulator.load_balancing.request_metrics import NAMESPACE, count, status_class
from local.emulator.load_balancing.targets import Target
from tests.unit.local.emulator.ecs.blue_green.services import ACCOUNT, PRIMARY, PRODUCTION, rules

BALANCER = "app/any/1"
LISTENER = f"{ACCOUNT}:listener/{BALANCER}/2"


@pytest.fixture(autouse=True)
def load_balancer() -> Iterator[None]:
    alb._rules[PRODUCTION] = {**rules()[PRODUCTION], "ListenerArn": LISTENER}
    alb._listeners[LISTENER] = {"LoadBalancerArn": f"{ACCOUNT}:loadbalancer/{BALANCER}"}
    yield
    for store in (alb._rules, alb._listeners, cloudwatch._metrics):
        store.clear()


@pytest.mark.parametrize(
    ("answer", "hundreds"),
    [
        (b"HTTP/1.1 200 OK\r\n", 2),
        (b"HTTP/1.1 503 Service Unavailable\r\n", 5),
        (b"HTTP/1.1 101 Switching Protocols\r\n", 1),
        (b"no answer of HTTP", None),
        (b"", None),
    ],
)
def test_should_know_the_class_of_an_answer(answer: bytes, hundreds: int | None) -> None:
    assert status_class(answer) == hundreds


def test_should_publish_requests_and_failures_of_a_target_group() -> None:
    target = Target(port=1, group=PRIMARY, account="000000000000", region="us-east-1")
    for hundreds in (2, 5, 5):
        count(target, hundreds)
    dimensions = {"LoadBalancer": BALANCER, "TargetGroup": "targetgroup/blue/1"}
    key = cloudwatch._dims_key(dimensions)
    found = {
        name: len(cloudwatch._metrics[NAMESPACE, name, key])
        for name in ("RequestCount", "HTTPCode_Target_2XX_Count", "HTTPCode_Target_5XX_Count")
    }
    assert list(found.values()) == [3, 1, 2]
