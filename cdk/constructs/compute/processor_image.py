"""The image of a task: one from the repository, by tag or digest, or one built as an asset."""

from pathlib import Path

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs

from cdk.config.values import IMAGE_ASSET

DOCKERFILE = "Dockerfile.processor"

_ROOT = Path(__file__).resolve().parents[3]

_PLATFORMS = {
    "X86_64": assets.Platform.LINUX_AMD64,
    "ARM64": assets.Platform.LINUX_ARM64,
}


def processor_image(
    images: ecr.IRepository, tag: str, *, architecture: str = "X86_64", accelerator: str = "cpu"
) -> ecs.ContainerImage:
    """Return the image of a tag or digest in the repository, or an asset if `tag` says so.

    An asset takes its models from packages, because a build by `cdk deploy` has no token for the
    model hub. `.dockerignore` decides its context and its hash.
    """
    if tag != IMAGE_ASSET:
        return ecs.ContainerImage.from_ecr_repository(images, tag)
    arguments = {"MODELS": "packages", "ACCELERATOR": accelerator}
    if accelerator == "gpu":
        # PyPI's own build has CUDA.
        arguments["TORCH_INDEX"] = ""
    return ecs.ContainerImage.from_asset(
        str(_ROOT),
        file=DOCKERFILE,
        platform=_PLATFORMS[architecture],
        build_args=arguments,
    )
