"""Gap (1.5.33, upstream): CloudFormation knows no capacity providers of machines."""

import json

from ministack.services import ecs

from local.emulator.cloudformation.handlers import Created, Properties, camel_case, require


def create_provider(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create a provider; its physical id is its name."""
    given = camel_case({k: v for k, v in properties.items() if k != "Tags"})
    body = require(ecs._create_capacity_provider(given), "capacity provider")
    name: str = json.loads(body)["capacityProvider"]["name"]
    return name, {}


def update_provider(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
    """Change its scaling, or replace it under another name."""
    if old.get("Name") != new.get("Name"):
        delete_provider(physical_id, old)
        return create_provider("", new, stack)
    given = {**camel_case(dict(new)), "name": physical_id}
    require(ecs._update_capacity_provider(given), "capacity provider")
    return physical_id, {}


def delete_provider(physical_id: str, _properties: Properties) -> None:
    """Remove a provider, if it is still there."""
    ecs._delete_capacity_provider({"capacityProvider": physical_id})
