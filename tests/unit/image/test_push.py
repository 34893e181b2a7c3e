import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cdk.config import load_environment
from image import push
from image.content import Variant
from image.release import variants
from scripts.setup.commands import ROOT
from tests.infra.gpu import GPU, private

DIGEST = "sha256:" + "ab" * 32


class FakeEcr:
    """ECR's two calls that a push makes."""

    class exceptions:  # noqa: N801 - as botocore's clients have it
        class RepositoryNotFoundException(Exception):  # noqa: N818 - AWS's name
            pass

    def __init__(self, repositories: Mapping[str, str]) -> None:
        self._repositories = repositories

    def describe_repositories(self, repositoryNames: Sequence[str]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        found = [self._repositories[n] for n in repositoryNames if n in self._repositories]
        if not found:
            raise self.exceptions.RepositoryNotFoundException
        return {"repositories": [{"repositoryUri": uri} for uri in found]}

    def get_authorization_token(self) -> dict[str, Any]:
        token = base64.b64encode(b"AWS:the password").decode()
        return {
            "authorizationData": [
                {"authorizationToken": token, "proxyEndpoint": "https://any.example"}
            ]
        }


def test_should_find_the_environments_repository() -> None:
    ecr = FakeEcr({"lifestream-processor-dev": "any.example/lifestream-processor-dev"})
    uri = push.repository_uri(ecr, "lifestream-processor-dev")
    assert uri == "any.example/lifestream-processor-dev"


def test_should_say_that_the_repository_is_deployed_first() -> None:
    with pytest.raises(push.PushError, match="Deploy the storage stack"):
        push.repository_uri(FakeEcr({}), "lifestream-processor-dev")


def test_should_log_in_as_ecr_says() -> None:
    login = push.ecr_login(FakeEcr({}))
    assert (login.registry, login.user, login.password) == ("any.example", "AWS", "the password")


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_should_write_a_digest_that_the_environment_accepts(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    before = (ROOT / "environments" / file.name).read_text()
    file.write_text(before)
    push.write_digest(file, DIGEST)
    assert load_environment(file).processor.image_tag == DIGEST
    assert len(file.read_text().splitlines()) == len(before.splitlines())


def test_should_write_the_digest_of_a_gpu_image_to_its_own_table(tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    file.write_text(private((ROOT / "environments" / "dev.toml").read_text()) + GPU)
    before = load_environment(file)

    push.write_digest(file, DIGEST, table="gpu")

    after = load_environment(file)
    assert after.gpu is not None
    assert after.gpu.image_tag == DIGEST
    assert after.processor == before.processor


def test_should_name_the_files_that_have_a_gpu(tmp_path: Path) -> None:
    plain, with_gpu = tmp_path / "dev.toml", tmp_path / "fast.toml"
    plain.write_text((ROOT / "environments" / "dev.toml").read_text())
    with_gpu.write_text(private(plain.read_text()) + GPU)

    assert push.running([plain, with_gpu], "cpu") == [plain, with_gpu]
    assert push.running([plain, with_gpu], "gpu") == [with_gpu]
    cpu = Variant(models="none", base="any", torch_index=None)
    assert variants(cpu, [plain]) == [cpu]
    assert [each.accelerator for each in variants(cpu, [with_gpu])] == ["cpu", "gpu"]


def test_should_refuse_a_file_without_an_image_tag(tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    file.write_text("[processor]\n")
    with pytest.raises(push.PushError, match="image_tag"):
        push.write_digest(file, DIGEST)
