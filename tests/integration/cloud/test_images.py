"""ECR in the local cloud, as the CDK command line asks it."""

import uuid

import pytest

from local.cloud import LocalCloud

pytestmark = pytest.mark.cloud


def test_should_say_that_an_image_is_not_there(cloud: LocalCloud) -> None:
    ecr = cloud.client("ecr")
    name = f"any-{uuid.uuid4().hex[:8]}"
    ecr.create_repository(repositoryName=name)
    ecr.put_image(repositoryName=name, imageManifest="{}", imageTag="there")

    found = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "there"}])
    assert [image["imageTags"] for image in found["imageDetails"]] == [["there"]]
    with pytest.raises(ecr.exceptions.ImageNotFoundException):
        ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "absent"}])
