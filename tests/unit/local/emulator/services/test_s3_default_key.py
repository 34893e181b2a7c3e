import pytest

from local.emulator.services.s3_default_key import ALGORITHM, KEY, with_default_key


def completed(headers: dict[str, str]) -> dict[str, str]:
    return with_default_key(headers, account="000000000000", region="us-east-1")


def test_should_name_the_aws_managed_key_where_none_is_given() -> None:
    found = completed({ALGORITHM: "aws:kms"})
    assert found[KEY] == "arn:aws:kms:us-east-1:000000000000:alias/aws/s3"


@pytest.mark.parametrize(
    "headers", [{}, {ALGORITHM: "AES256"}, {ALGORITHM: "aws:kms", KEY: "own-key"}]
)
def test_should_leave_other_writes_alone(headers: dict[str, str]) -> None:
    assert completed(headers) == headers
