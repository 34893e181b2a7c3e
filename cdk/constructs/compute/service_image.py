"""The image of the API and the web pages: from the repository, or built as an asset."""

from pathlib import Path

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs

from cdk.config.values import IMAGE_ASSET

DOCKERFILE = "Dockerfile.service"

_ROOT = Path(__file__).resolve().parents[3]
_PLATFORMS = {"X86_64": assets.Platform.LINUX_AMD64, "ARM64": assets.Platform.LINUX_ARM64}


def service_image(images: ecr.IRepository, tag: str, *, architecture: str) -> ecs.ContainerImage:
    """Return the image of a tag or digest in the repository, or an asset if `tag` says so."""
    if tag != IMAGE_ASSET:
        return ecs.ContainerImage.from_ecr_repository(images, tag)
    return ecs.ContainerImage.from_asset(
        str(_ROOT), file=DOCKERFILE, platform=_PLATFORMS[architecture]
    )
