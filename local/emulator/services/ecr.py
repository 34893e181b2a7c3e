"""Gap (1.5.33, upstream): DescribeImages answers a missing image with an empty list.

The CDK command line takes the answer for an image that exists, and would never build one.
"""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr

from local.emulator.patching import around


def install() -> None:
    """Refuse an image that is named and does not exist, as ECR does."""

    @around(ecr, "_describe_images")
    def describe(original: Any, data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        for identifier in data.get("imageIds") or ():
            if name in ecr._repositories and not ecr._find_image(name, identifier):
                message = (
                    f"The image with imageId {identifier} does not exist within the repository "
                    f"{name}"
                )
                return error_response_json("ImageNotFoundException", message, 400)
        return original(data)
