"""What promotions ask of ECR: the fake and the emulated service answer alike."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from image.promote import Repository
from image.push import PushError
from local.cloud import LocalCloud
from tests.fakes.ecr import FakeEcr

MANIFEST = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
DIGEST = f"sha256:{hashlib.sha256(MANIFEST.encode()).hexdigest()}"
ABSENT = "sha256:" + "0" * 64
REPOSITORY = "any-images"


@pytest.fixture(params=["fake", pytest.param("emulator", marks=pytest.mark.cloud)])
def ecr(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield FakeEcr("any.example", {REPOSITORY: {DIGEST: ["one"]}})
        return
    cloud: LocalCloud = request.getfixturevalue("emulator")
    client = cloud.client("ecr")
    client.create_repository(repositoryName=REPOSITORY)
    client.put_image(repositoryName=REPOSITORY, imageManifest=MANIFEST, imageTag="one")
    yield client
    client.delete_repository(repositoryName=REPOSITORY, force=True)


def test_should_find_an_image_by_its_digest_and_by_its_tag(ecr: Any) -> None:
    place = Repository(ecr=ecr, name=REPOSITORY)

    assert place.tags(DIGEST) == ["one"]
    assert place.digest("one") == DIGEST


def test_should_find_no_image_where_there_is_none(ecr: Any) -> None:
    place = Repository(ecr=ecr, name=REPOSITORY)

    assert place.tags(ABSENT) is None
    assert place.digest("two") is None


def test_should_know_the_address_and_log_in_there(ecr: Any) -> None:
    place = Repository(ecr=ecr, name=REPOSITORY)

    login = place.login()

    assert place.address() == f"{login.registry}/{REPOSITORY}"
    assert login.user == "AWS"
    assert login.password


def test_should_say_when_there_is_no_repository(ecr: Any) -> None:
    with pytest.raises(PushError, match="RepositoryNotFoundException"):
        Repository(ecr=ecr, name="other").address()
