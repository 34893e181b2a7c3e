"""Copies an image that was tested to the repository of the next environment, digest and all.

Nothing is built and no layer is repacked, so the digest stays: a different one is refused.
"""

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cdk.assembly import StackTemplate
from image.push import LOOPBACK, Login, PushError, ecr_login

COPY_SECONDS = 3600.0
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MISSING = "ImageNotFoundException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository and how to speak to its registry; `registry_id` is the account's, if another."""

    ecr: Any
    name: str
    registry_id: str | None = None

    def address(self) -> str:
        """Return the repository's address, without scheme; raise `PushError` if there is none."""
        try:
            found = self.ecr.describe_repositories(repositoryNames=[self.name], **self._registry())
        except ClientError as error:
            raise PushError(f"{self.name}: {error}") from error
        return str(found["repositories"][0]["repositoryUri"])

    def login(self) -> Login:
        """Return a login that may read and write.

        ECR's password is the caller's, good for every registry that the caller may use.
        """
        return replace(ecr_login(self.ecr), registry=self.address().partition("/")[0])

    def tags(self, digest: str) -> list[str] | None:
        """Return an image's tags, or None when the repository does not have it."""
        found: list[str] | None = self._image({"imageDigest": digest}, "imageTags")
        return found

    def digest(self, tag: str) -> str | None:
        """Return the digest of the image with a tag, or None."""
        found: str | None = self._image({"imageTag": tag}, "imageDigest")
        return found

    def _image(self, which: Mapping[str, str], what: str) -> Any:
        try:
            answer = self.ecr.describe_images(
                repositoryName=self.name, imageIds=[which], **self._registry()
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _MISSING:
                raise
            return None
        # The emulated service answers with nothing instead of refusing.
        found = answer["imageDetails"]
        return found[0].get(what, []) if found else None

    def _registry(self) -> dict[str, str]:
        return {"registryId": self.registry_id} if self.registry_id else {}


def digests_of(stacks: Iterable[StackTemplate]) -> list[str]:
    """Return the digests that an environment's templates run: one, and one more where GPUs are.

    Raise `PushError` for anything else. A tag may come to mean another image; only a digest can be
    promoted.
    """
    containers = [
        container
        for stack in stacks
        for resource in stack.template.get("Resources", {}).values()
        if resource["Type"] == "AWS::ECS::TaskDefinition"
        for container in resource["Properties"]["ContainerDefinitions"]
    ]
    with_gpu = [container for container in containers if "ResourceRequirements" in container]
    without = [container for container in containers if container not in with_gpu]
    return [_digest(without), *([_digest(with_gpu)] if with_gpu else [])]


def _digest(containers: Sequence[Mapping[str, Any]]) -> str:
    images = [json.dumps(container["Image"]) for container in containers]
    found: set[str] = {digest for image in images for digest in _DIGEST.findall(image)}
    tagged = [image for image in images if not _DIGEST.search(image)]
    if len(found) != 1 or tagged:
        said = ", ".join(sorted(found) + tagged) or "none"
        raise PushError(f"The templates should run one image by its digest, and run: {said}.")
    return found.pop()


def promote(source: Repository, target: Repository, digest: str) -> str:
    """Bring an image into the target's repository; return what was done, for a person.

    Raise `PushError` when it is not there, or not the same, afterwards.
    """
    if target.tags(digest) is not None:
        return f"{target.name} has {digest} already"
    tags = source.tags(digest)
    if tags is None:
        raise PushError(f"{source.name} has no image {digest}: it was never built and pushed.")
    tag = tags[0] if tags else digest.removeprefix("sha256:")[:16]
    copy(
        f"{source.address()}@{digest}",
        f"{target.address()}:{tag}",
        logins=[source.login(), target.login()],
    )
    if target.digest(tag) != digest:
        raise PushError(f"{target.name}:{tag} is {target.digest(tag)}, not {digest}, after a copy.")
    return f"{target.name} now has {digest} as {tag}"


def copy(source: str, target: str, *, logins: Sequence[Login]) -> None:
    """Copy an image between registries with skopeo; raise `PushError` with what it said."""
    with tempfile.TemporaryDirectory() as folder:
        # On the command line, everybody on the machine could read the passwords.
        note = Path(folder) / "auth.json"
        note.write_text(json.dumps(authorization(logins)))
        note.chmod(0o600)
        done = subprocess.run(
            [*command(source, target), "--authfile", str(note)],
            check=False,
            capture_output=True,
            text=True,
            timeout=COPY_SECONDS,
        )
    if done.returncode != 0:
        raise PushError(f"skopeo could not copy {source} to {target}: {done.stderr.strip()[-600:]}")


def command(source: str, target: str) -> list[str]:
    """Return the copying command, without who may do it."""
    # Only a registry on this machine may speak without TLS.
    plain = [
        f"--{which}-tls-verify=false"
        for which, address in (("src", source), ("dest", target))
        if address.startswith(LOOPBACK)
    ]
    ends = [f"docker://{source}", f"docker://{target}"]
    return ["skopeo", "copy", "--all", *plain, *ends]


def authorization(logins: Sequence[Login]) -> dict[str, Any]:
    """Return what skopeo reads logins from."""
    return {
        "auths": {
            login.registry: {
                "auth": base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
            }
            for login in logins
        }
    }
