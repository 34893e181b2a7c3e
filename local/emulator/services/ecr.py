"""Gap (1.5.33, upstream): DescribeImages answers a missing image with an empty list.

The CDK command line takes the answer for an image that exists, and would never build one.
"""

from typing import Any

from ministack.services import ecr

from local.emulator.patching import patch, refusing


@patch(ecr, "_describe_images")
@refusing("ImageNotFoundException")
def missing(request: dict[str, Any]) -> str | None:
    """Return which image is named and does not exist, in the words of ECR."""
    name = request.get("repositoryName", "")
    for identifier in request.get("imageIds") or ():
        if name in ecr._repositories and not ecr._find_image(name, identifier):
            return (
                f"The image with imageId {identifier} does not exist within the repository {name}"
            )
    return None
