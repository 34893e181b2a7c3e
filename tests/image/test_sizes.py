"""What the image weighs on its way to a task, and that what is pushed is what was built."""

import hashlib
import json
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdk.config import load_environment
from image import push
from image.engines import Engine
from image.promote import copy
from image.push import Login
from local.ports import free_port, reserve
from runtime.core.clock import SystemClock
from scripts.setup.commands import ROOT, cache_folder
from tests.image.helpers import output_of

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
WITH_MODELS_BYTES = 785_000_000
"""Networks exported for ONNX Runtime lie beside the weights that they are exported from."""

WITHOUT_MODELS_BYTES = 600_000_000
CODE_BYTES = 1_400_000
REGISTRY_PORT = 19_999
"""Below those that `free_port` gives; Podman knows by it which layers the registry has."""

MOST_KEPT_BYTES = 3_000_000_000


@dataclass(frozen=True, slots=True)
class Pushed:
    """The image as a registry has it; `layers` are compressed bytes, the base's first."""

    repository: str
    digest: str
    manifest: bytes
    steps: tuple[str, ...]

    @property
    def layers(self) -> list[int]:
        return [layer["size"] for layer in json.loads(self.manifest)["layers"]]

    def of(self, copied: str) -> int:
        """The size of the layer that copies a folder into the image."""
        return next(
            size for size, step in zip(self.layers, self.steps, strict=True) if copied in step
        )


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A container registry on this machine, with the layers that were pushed before.

    As with a real one, only layers that it lacks are compressed and sent. Repositories are new.
    """
    folder, port = tmp_path_factory.mktemp("registry"), REGISTRY_PORT
    images = cache_folder() / "registry"
    if not reserve(port):  # another run has it
        images, port = folder / "images", free_port()
    elif sum(path.lstat().st_size for path in images.rglob("*")) > MOST_KEPT_BYTES:
        shutil.rmtree(images)
    address = f"127.0.0.1:{port}"
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(images)}},
        "http": {"addr": address},
    }
    (folder / "config.yml").write_text(json.dumps(settings))
    with (folder / "log").open("wb") as log:
        command = ["docker-registry", "serve", str(folder / "config.yml")]
        with subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process:
            while not answers(address):
                assert process.poll() is None, (folder / "log").read_text()
                SystemClock().sleep(0.1)
            yield address
            process.terminate()
    shutil.rmtree(folder, ignore_errors=True)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def pushed(engine: Engine, image: str, registry: str) -> Pushed:
    repository = f"{registry}/{uuid.uuid4().hex}"
    digest = push.push(engine, image, repository, None)
    output_of(engine, "untag", image, f"{repository}:{image.rpartition(':')[2]}")
    address = f"http://{repository.replace('/', '/v2/')}/manifests/{digest}"
    request = urllib.request.Request(address, headers={"Accept": MANIFEST})
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - ours
        manifest = answer.read()
    config = json.loads(output_of(engine, "image", "inspect", image))[0]
    steps = [h["created_by"] for h in config["History"] if not h.get("empty_layer")]
    return Pushed(repository, digest, manifest, tuple(steps))


def test_should_stay_within_its_weight(pushed: Pushed) -> None:
    total, models = sum(pushed.layers), pushed.of("/models")
    print(f"compressed: {total / 1e6:.0f} MB, of which models {models / 1e6:.0f} MB")  # noqa: T201
    assert total <= WITH_MODELS_BYTES
    assert total - models <= WITHOUT_MODELS_BYTES


def test_should_change_only_a_small_layer_with_the_code(pushed: Pushed) -> None:
    order = [
        name for step in pushed.steps for name in ("/models", "/opt/venv", "/app") if name in step
    ]
    assert order == ["/models", "/opt/venv", "/app"]
    assert pushed.of("/app") <= CODE_BYTES


def test_should_tell_the_digest_that_the_registry_serves(pushed: Pushed) -> None:
    assert pushed.digest == f"sha256:{hashlib.sha256(pushed.manifest).hexdigest()}"


def test_should_copy_the_image_to_another_repository_digest_and_all(
    pushed: Pushed, registry: str
) -> None:
    anyone = Login(registry=registry, user="any", password="any")  # noqa: S106 - not checked
    promoted = uuid.uuid4().hex

    copy(f"{pushed.repository}@{pushed.digest}", f"{registry}/{promoted}:any", logins=[anyone])

    address = f"http://{registry}/v2/{promoted}/manifests/any"
    request = urllib.request.Request(address, headers={"Accept": MANIFEST})
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - ours
        assert answer.headers["Docker-Content-Digest"] == pushed.digest
        assert answer.read() == pushed.manifest


def test_should_write_a_digest_that_environments_accept(pushed: Pushed, tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    shutil.copy(ROOT / "environments" / "dev.toml", file)
    push.write_digest(file, pushed.digest)
    assert load_environment(file).processor.image_tag == pushed.digest
