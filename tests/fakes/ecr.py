"""ECR as promotions see it: repositories, images by digest and tag, a login."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError


class FakeEcr:
    """`images` is open to tests: repository -> digest -> tags."""

    def __init__(self, registry: str, repositories: Mapping[str, Mapping[str, list[str]]]) -> None:
        self.registry = registry
        self.images = {name: dict(images) for name, images in repositories.items()}
        self.asked_of: set[str | None] = set()

    def describe_repositories(
        self,
        *,
        repositoryNames: Sequence[str],  # noqa: N803 - AWS's name
        registryId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        (name,) = repositoryNames
        self._repository(name, registryId)
        return {"repositories": [{"repositoryUri": f"{self.registry}/{name}"}]}

    def describe_images(
        self,
        *,
        repositoryName: str,  # noqa: N803
        imageIds: Sequence[Mapping[str, str]],  # noqa: N803
        registryId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        (which,) = imageIds
        for digest, tags in self._repository(repositoryName, registryId).items():
            if which.get("imageDigest") == digest or which.get("imageTag") in tags:
                details = {"imageDigest": digest, **({"imageTags": tags} if tags else {})}
                return {"imageDetails": [details]}
        raise failure("ImageNotFoundException", "DescribeImages")

    def get_authorization_token(self) -> dict[str, Any]:
        token = base64.b64encode(b"AWS:the password").decode()
        said = {"authorizationToken": token, "proxyEndpoint": "https://own.example"}
        return {"authorizationData": [said]}

    def _repository(self, name: str, registry_id: str | None) -> dict[str, list[str]]:
        self.asked_of.add(registry_id)
        if name not in self.images:
            raise failure("RepositoryNotFoundException", "DescribeRepositories")
        return self.images[name]


def failure(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"Any {code}."}}, operation)
