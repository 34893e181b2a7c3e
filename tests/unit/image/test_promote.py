"""What is promoted is the very image that was built once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cdk.assembly import StackTemplate
from cdk.config import load_environment
from image import promote as promotion
from image.content import Variant, content_tag
from image.engines import Engine
from image.promote import Repository, authorization, command, digests_of, promote
from image.push import Login, PushError
from image.release import release
from scripts.setup.commands import ROOT
from tests.fakes.ecr import FakeEcr

DIGEST, OTHER = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32
VARIANT = Variant(models="none", base="any", torch_index="any")
ENGINE = Engine(name="docker", build=(), manage=(), run=None, mounts=False)


def stack(*images: Any) -> StackTemplate:
    task = {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"ContainerDefinitions": [{"Image": image} for image in images]},
    }
    template = {"Resources": {"Task": task, "Role": {"Type": "AWS::IAM::Role"}}}
    return StackTemplate(name="any", template=template, account=None, region=None)


def gpu_stack(image: Any) -> StackTemplate:
    found = stack(image)
    (container,) = found.template["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    container["ResourceRequirements"] = [{"Type": "GPU", "Value": "1"}]
    return found


def joined(reference: str) -> Any:
    return {"Fn::Join": ["", [{"Ref": "AWS::AccountId"}, ".dkr.ecr.any/processor", reference]]}


def test_should_find_the_digest_that_templates_run() -> None:
    assert digests_of([stack(joined(f"@{DIGEST}")), stack(joined(f"@{DIGEST}"))]) == [DIGEST]


def test_should_find_the_image_of_gpus_besides() -> None:
    stacks = [stack(joined(f"@{DIGEST}")), gpu_stack(joined(f"@{OTHER}"))]

    assert digests_of(stacks) == [DIGEST, OTHER]


@pytest.mark.parametrize(
    "stacks",
    [
        [stack(joined(":0.1.0"))],
        [stack(joined(f"@{DIGEST}")), stack(joined(f"@{OTHER}"))],
        [stack(joined(f"@{DIGEST}"), joined(":latest"))],
        [stack()],
        [stack(joined(f"@{DIGEST}")), gpu_stack(joined(":gpu-0.1.0"))],
        [gpu_stack(joined(f"@{DIGEST}"))],
    ],
    ids=["tag", "two digests", "a tag as well", "nothing", "a tag on GPUs", "GPUs only"],
)
def test_should_refuse_templates_without_one_digest(stacks: list[StackTemplate]) -> None:
    with pytest.raises(PushError, match="should run one image by its digest"):
        digests_of(stacks)


class Copier:
    """Stands for skopeo: copies between two fakes, as asked."""

    def __init__(self, source: FakeEcr, target: FakeEcr, *, arrives_as: str | None = None) -> None:
        self._source = source
        self._target = target
        self._arrives_as = arrives_as
        self.calls: list[tuple[str, str]] = []
        self.logins: list[str] = []

    def __call__(self, source: str, target: str, *, logins: list[Login]) -> None:
        self.calls.append((source, target))
        self.logins = [login.registry for login in logins]
        repository, _, digest = source.removeprefix(f"{self._source.registry}/").partition("@")
        assert digest in self._source.images[repository]
        name, _, tag = target.removeprefix(f"{self._target.registry}/").partition(":")
        self._target.images[name][self._arrives_as or digest] = [tag]


@pytest.fixture
def source() -> FakeEcr:
    return FakeEcr("releases.example", {"lifestream-releases": {DIGEST: ["cpu-1"], OTHER: []}})


@pytest.fixture
def target() -> FakeEcr:
    return FakeEcr("staging.example", {"lifestream-processor-staging": {}})


def places(source: FakeEcr, target: FakeEcr) -> tuple[Repository, Repository]:
    return (
        Repository(ecr=source, name="lifestream-releases", registry_id="111122223333"),
        Repository(ecr=target, name="lifestream-processor-staging"),
    )


def test_should_copy_the_image_with_its_digest_and_tag(
    source: FakeEcr, target: FakeEcr, monkeypatch: pytest.MonkeyPatch
) -> None:
    copier = Copier(source, target)
    monkeypatch.setattr(promotion, "copy", copier)

    said = promote(*places(source, target), DIGEST)

    assert target.images == {"lifestream-processor-staging": {DIGEST: ["cpu-1"]}}
    assert copier.calls == [
        (
            f"releases.example/lifestream-releases@{DIGEST}",
            "staging.example/lifestream-processor-staging:cpu-1",
        )
    ]
    assert copier.logins == ["releases.example", "staging.example"]
    assert "now has" in said


def test_should_ask_the_other_account_for_what_is_its_own(
    source: FakeEcr, target: FakeEcr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "copy", Copier(source, target))

    promote(*places(source, target), DIGEST)

    assert source.asked_of == {"111122223333"}
    assert target.asked_of == {None}


def test_should_name_an_image_without_a_tag_by_its_digest(
    source: FakeEcr, target: FakeEcr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "copy", Copier(source, target))

    promote(*places(source, target), OTHER)

    assert target.images["lifestream-processor-staging"] == {OTHER: ["cd" * 8]}


def test_should_copy_nothing_that_is_there(
    source: FakeEcr, target: FakeEcr, monkeypatch: pytest.MonkeyPatch
) -> None:
    copier = Copier(source, target)
    monkeypatch.setattr(promotion, "copy", copier)
    target.images["lifestream-processor-staging"] = {DIGEST: ["cpu-1"]}

    assert "already" in promote(*places(source, target), DIGEST)
    assert copier.calls == []


def test_should_refuse_an_image_that_was_never_released(source: FakeEcr, target: FakeEcr) -> None:
    with pytest.raises(PushError, match="never built and pushed"):
        promote(*places(source, target), "sha256:" + "0" * 64)


def test_should_refuse_another_digest_than_the_one_that_was_tested(
    source: FakeEcr, target: FakeEcr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "copy", Copier(source, target, arrives_as=OTHER))

    with pytest.raises(PushError, match=f"is {OTHER}, not {DIGEST}"):
        promote(*places(source, target), DIGEST)


def test_should_speak_plainly_with_this_machine_only() -> None:
    assert not [each for each in command("a.example/x", "b.example/x") if "tls" in each]
    local = command("a.example/x", "127.0.0.1:5000/x")
    assert "--dest-tls-verify=false" in local
    assert "--src-tls-verify=false" not in local


def test_should_keep_passwords_off_the_command_line() -> None:
    login = Login(registry="a.example", user="AWS", password="secret")  # noqa: S106 - a test's

    assert authorization([login]) == {"auths": {"a.example": {"auth": "QVdTOnNlY3JldA=="}}}
    assert "secret" not in json.dumps(command("a.example/x", "b.example/x"))


@pytest.fixture
def environments(tmp_path: Path) -> list[Path]:
    files = []
    for name in ("dev", "prod"):
        path = tmp_path / f"{name}.toml"
        path.write_text((ROOT / "environments" / f"{name}.toml").read_text())
        files.append(path)
    return files


def fail(why: str) -> Callable[..., str]:
    def called(*_arguments: object) -> str:
        raise AssertionError(why)

    return called


def test_should_build_once_and_write_the_digest_into_every_environment(
    source: FakeEcr, environments: list[Path]
) -> None:
    place = Repository(ecr=source, name="lifestream-releases")
    pushed = []

    def push(_engine: Engine, name: str, repository: str, login: Login) -> str:
        pushed.append((name, repository, login.registry))
        return OTHER

    found = release(
        place, ENGINE, VARIANT, files=environments, build=lambda *_: "any:tag", push_image=push
    )

    assert found == OTHER
    assert pushed == [("any:tag", "releases.example/lifestream-releases", "releases.example")]
    assert {load_environment(file).processor.image_tag for file in environments} == {OTHER}


def test_should_not_build_what_is_released_already(
    source: FakeEcr, environments: list[Path]
) -> None:
    source.images["lifestream-releases"][DIGEST] = [content_tag(VARIANT)]
    place = Repository(ecr=source, name="lifestream-releases")

    found = release(
        place,
        ENGINE,
        VARIANT,
        files=environments,
        build=fail("it was built again"),
        push_image=fail("it was pushed again"),
    )

    assert found == DIGEST
    assert {load_environment(file).processor.image_tag for file in environments} == {DIGEST}
