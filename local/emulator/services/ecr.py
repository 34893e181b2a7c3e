"""ECR's DescribeImages: an image that is asked for by name and is not there is an error.

ministack answers with an empty list, which the CDK command line takes for an image that is there:
it would never build one.
"""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr


def install() -> None:
    """Have the missing image told as ECR tells it."""
    describe = ecr._describe_images

    def describe_or_refuse(data: dict[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        for asked in data.get("imageIds") or ():
            if name in ecr._repositories and not ecr._find_image(name, asked):
                return error_response_json(
                    "ImageNotFoundException",
                    f"The image with imageId {asked} does not exist within the repository {name}",
                    400,
                )
        return describe(data)

    ecr._describe_images = describe_or_refuse
