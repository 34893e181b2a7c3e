"""Gap (1.5.33, upstream): the public parameters with ECS's machine images are missing."""

import hashlib
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ssm

from local.emulator.patching import patch

ECS_IMAGES = "/aws/service/ecs/optimized-ami/"


@patch(ssm, "_public_parameter")
def public_parameter(original: Any, name: str) -> Any:
    """Answer for each of them; no such image can be started."""
    found = original(name)
    if found is not None or not (
        name.startswith(ECS_IMAGES) and name.endswith("/recommended/image_id")
    ):
        return found
    digest = hashlib.sha256(name.encode()).hexdigest()
    return {
        "Name": name,
        "Type": "String",
        "Value": f"ami-{digest[:17]}",
        "Version": 1,
        "LastModifiedDate": 0,
        "ARN": f"arn:aws:ssm:{get_region()}::parameter{name}",
    }
