"""Which image a task runs: one that was pushed, by tag or digest, or one built on the way."""

from pathlib import Path

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs

from cdk.config.rules import IMAGE_ASSET

DOCKERFILE = "Dockerfile.processor"

_ROOT = Path(__file__).resolve().parents[3]

_PLATFORMS = {
    "X86_64": assets.Platform.LINUX_AMD64,
    "ARM64": assets.Platform.LINUX_ARM64,
}


def processor_image(
    images: ecr.IRepository, tag: str, *, architecture: str = "X86_64", accelerator: str = "cpu"
) -> ecs.ContainerImage:
    """Return the image of a tag or digest in the repository, or the one to be built.

    What is built has its models from packages: a build by `cdk deploy` has no secret to fetch
    others with. Its context is what `.dockerignore` lets in, and so is its hash.
    """
    if tag != IMAGE_ASSET:
        return ecs.ContainerImage.from_ecr_repository(images, tag)
    arguments = {"MODELS": "packages", "ACCELERATOR": accelerator}
    if accelerator == "gpu":
        # The build with CUDA is PyPI's own.
        arguments["TORCH_INDEX"] = ""
    return ecs.ContainerImage.from_asset(
        str(_ROOT),
        file=DOCKERFILE,
        platform=_PLATFORMS[architecture],
        build_args=arguments,
    )
