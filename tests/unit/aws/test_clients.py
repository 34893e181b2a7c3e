from collections.abc import Callable
from typing import Any

import pytest

from runtime.aws import clients
from tests.fakes.aws_endpoint import AwsEndpoint


@pytest.mark.parametrize(
    ("make", "attempts"), [(clients.s3, 2), (clients.dynamodb, 2), (clients.ecs, 1)]
)
def test_should_bound_every_call(
    endpoint: AwsEndpoint, make: Callable[[str], Any], attempts: int
) -> None:
    del endpoint
    client = make("eu-west-1")
    config = client.meta.config
    assert client.meta.region_name == "eu-west-1"
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries["total_max_attempts"] == attempts
    client.close()
