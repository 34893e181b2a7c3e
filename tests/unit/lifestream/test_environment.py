import pytest

from lifestream.environment import REQUIRED, Stack, environments_among, outputs_of
from runtime.core.contract import Output
from runtime.core.errors import Permanent


def stack(name: str, **outputs: str) -> Stack:
    return Stack(name=name, status="CREATE_COMPLETE", outputs=outputs)


def test_should_gather_the_outputs_of_one_environment() -> None:
    half = len(REQUIRED) // 2
    stacks = [
        stack("CDKToolkit", BucketName="any"),
        stack("another-dev-ingest", **dict.fromkeys(REQUIRED, "theirs")),
        stack("lifestream-dev-storage", **dict.fromkeys(REQUIRED[:half], "ours")),
        stack("lifestream-dev-ingest", **dict.fromkeys(REQUIRED[half:], "ours")),
        stack("lifestream-prod-ingest", **dict.fromkeys(REQUIRED, "theirs")),
        stack("lifestream-dev-2-ingest", **dict.fromkeys(REQUIRED, "theirs")),
    ]
    stacks.append(stack("lifestream-dev-a-new-part", AnyOutput="ours"))
    outputs = outputs_of(stacks, "dev", place="any place")
    assert outputs == dict.fromkeys([*REQUIRED, "AnyOutput"], "ours")
    assert environments_among(stacks) == ["dev", "dev-2", "prod"]


def test_should_name_the_environments_there_are() -> None:
    with pytest.raises(Permanent, match=r"no environment 'dev' in any place.*there: prod\."):
        outputs_of([stack("lifestream-prod-ingest")], "dev", place="any place")


def test_should_name_the_outputs_that_are_missing() -> None:
    published = {output: "any" for output in REQUIRED if output is not Output.CLUSTER}
    with pytest.raises(Permanent, match="do not publish ClusterName"):
        outputs_of([stack("lifestream-dev-ingest", **published)], "dev", place="any")
