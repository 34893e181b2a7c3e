from collections.abc import Iterator

import pytest

from tests.fakes.aws_endpoint import AwsEndpoint, aws_endpoint


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEndpoint]:
    """The only AWS that SDK clients of a test can reach."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with aws_endpoint() as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
        yield served
