import pytest
from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import fault
from runtime.core.errors import Retryable

CODES = ("RequestThrottled", "ThrottlingException", "ProvisionedThroughputExceededException")


@pytest.mark.parametrize("code", CODES)
def test_should_try_again_when_any_service_throttles(code: str) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    error = ClientError(answer, "AnyOperation")  # type: ignore[arg-type] # the rest is not read
    assert isinstance(fault(error, "calling"), Retryable)
