"""Names are known without a look-up and fit what AWS allows."""

from pathlib import Path

import pytest

from cdk.config import load_environment
from cdk.naming import Names, removal_policy

ROOT = Path(__file__).resolve().parents[3]
LONGEST_NAME = "twelve-chars"
ACCOUNT_AND_LONGEST_REGION = "123456789012-ap-southeast-2"


def test_should_name_what_operators_look_for() -> None:
    names = Names("dev")

    assert names.dispatcher == "lifestream-dispatcher-dev"
    assert names.processor_log_group == "/ecs/lifestream-processor-dev"
    assert names.dispatcher_log_group == "/aws/lambda/lifestream-dispatcher-dev"
    assert names.reaper == "lifestream-reaper-dev"
    assert names.reaper_log_group == "/aws/lambda/lifestream-reaper-dev"
    assert names.alarm("jobs-failed") == "lifestream-dev-jobs-failed"
    assert names.stack("network") == "lifestream-dev-network"


@pytest.mark.parametrize("bucket", ["media_bucket", "access_log_bucket"])
def test_should_keep_bucket_names_within_63_characters(bucket: str) -> None:
    name: str = getattr(Names(LONGEST_NAME), bucket)
    prefix = name[: name.index("${")]

    assert len(prefix + ACCOUNT_AND_LONGEST_REGION) <= 63


@pytest.mark.parametrize(
    ("name", "policy"), [("dev", "DESTROY"), ("prod", "RETAIN_ON_UPDATE_OR_DELETE")]
)
def test_should_retain_data_where_the_environment_says_so(name: str, policy: str) -> None:
    environment = load_environment(ROOT / "environments" / f"{name}.toml")

    assert removal_policy(environment).name == policy
