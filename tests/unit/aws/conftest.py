from collections.abc import Iterator

import pytest

from tests.fakes.aws_endpoint import AwsEndpoint, aws_endpoint


class NoTime:
    """What the SDK waits by before it tries again; this AWS needs no time to recover."""

    @staticmethod
    def sleep(seconds: float) -> None:
        assert seconds >= 0


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsEndpoint]:
    """The only AWS that SDK clients of a test can reach."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("botocore.endpoint.time", NoTime)
    with aws_endpoint() as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.url)
        yield served
