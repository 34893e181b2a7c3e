"""The doctor on an environment with workers: nothing to say at first, then what was broken."""

from collections.abc import Iterator
from typing import Any

import pytest

from runtime.core.contract import Output
from tests.integration.operations.conftest import Deployed

pytestmark = pytest.mark.cloud


def findings(pooled: Deployed) -> dict[str, str]:
    found = pooled.lifestream("doctor", "--json").json["findings"]
    # Nothing has swept yet, as an alarm says truly.
    return {
        each["subject"]: each["what"]
        for each in found
        if each["subject"] != f"alarm lifestream-{pooled.environment}-sweeps-missing"
    }


def target(pooled: Deployed) -> dict[str, str]:
    service = pooled.outputs[Output.WORKER_SERVICE]
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{pooled.outputs[Output.CLUSTER]}/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }


@pytest.fixture
def unscaled(pooled: Deployed) -> Iterator[Any]:
    """Nothing that scales the service, until the test ends."""
    client = pooled.cloud.client("application-autoscaling")
    client.deregister_scalable_target(**target(pooled))
    yield
    client.register_scalable_target(**target(pooled), MinCapacity=0, MaxCapacity=1)


def test_should_find_nothing_wrong_with_a_pool_as_deployed(pooled: Deployed) -> None:
    assert findings(pooled) == {}


@pytest.mark.usefixtures("unscaled")
def test_should_find_workers_that_nothing_scales(pooled: Deployed) -> None:
    service = pooled.outputs[Output.WORKER_SERVICE]

    assert findings(pooled) == {f"service {service}": "Nothing scales it."}


def test_should_find_what_workers_gave_up(pooled: Deployed) -> None:
    url = pooled.outputs[Output.WORK_DLQ_URL]
    sqs = pooled.cloud.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="given up")

    found = findings(pooled)
    sqs.purge_queue(QueueUrl=url)

    assert found[f"queue {url.rpartition('/')[2]}"] == "About 1 message(s) are in it."
