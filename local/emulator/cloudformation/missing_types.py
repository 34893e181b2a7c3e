"""Gap (1.5.33, upstream): CloudFormation lacks types of services that are there otherwise.

That is: backup selections, budgets, capacity providers, a firewall's association and its logging.
Of a firewall there are only the records; no request passes through it.
"""

import json
import uuid

from ministack.services import backup, budgets, ecs, waf

from local.emulator.cloudformation.handlers import Created, Properties, camel_case, require


def create_selection(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Add a selection to its plan, which must exist; the physical id is the selection's."""
    given, plan = properties["BackupSelection"], properties["BackupPlanId"]
    request = {"BackupSelection": {**given, "SelectionName": given.get("SelectionName", "")}}
    body = require(backup._create_selection(plan, request), "backup selection")
    selection: str = json.loads(body)["SelectionId"]
    return selection, {"Id": selection, "SelectionId": selection, "BackupPlanId": plan}


def delete_selection(physical_id: str, properties: Properties) -> None:
    """Remove a selection from its plan, if it is still there."""
    backup._delete_selection(properties["BackupPlanId"], physical_id)


def create_budget(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Add a budget with its notifications; the physical id is its name."""
    given = dict(properties["Budget"])
    limit = given["BudgetLimit"]
    request = {
        "Budget": {**given, "BudgetLimit": {**limit, "Amount": str(limit["Amount"])}},
        "NotificationsWithSubscribers": properties.get("NotificationsWithSubscribers", []),
    }
    require(budgets._create_budget(request), "budget")
    return str(given["BudgetName"]), {}


def delete_budget(physical_id: str, _properties: Properties) -> None:
    """Remove a budget, if it is still there."""
    budgets._delete_budget({"BudgetName": physical_id})


def create_provider(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create a capacity provider; its physical id is its name."""
    given = camel_case({k: v for k, v in properties.items() if k != "Tags"})
    body = require(ecs._create_capacity_provider(given), "capacity provider")
    name: str = json.loads(body)["capacityProvider"]["name"]
    return name, {}


def update_provider(physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
    """Change a capacity provider's scaling, or replace it under another name."""
    if old.get("Name") != new.get("Name"):
        delete_provider(physical_id, old)
        return create_provider("", new, stack)
    given = {**camel_case(dict(new)), "name": physical_id}
    require(ecs._update_capacity_provider(given), "capacity provider")
    return physical_id, {}


def delete_provider(physical_id: str, _properties: Properties) -> None:
    """Remove a capacity provider, if it is still there."""
    ecs._delete_capacity_provider({"capacityProvider": physical_id})


def create_association(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Associate a firewall with a resource; a resource has one at most."""
    waf._associations[properties["ResourceArn"]] = properties["WebACLArn"]
    return f"association-{uuid.uuid4().hex}", {}


def delete_association(_physical_id: str, properties: Properties) -> None:
    """Take the firewall away."""
    waf._associations.pop(properties["ResourceArn"], None)


def create_logging(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Accept where a firewall that exists logs to; its id is the firewall's ARN, as on AWS."""
    arn = properties["ResourceArn"]
    if arn not in {acl["ARN"] for acl in waf._web_acls.values()}:
        raise ValueError(f"The web ACL '{arn}' does not exist")
    return arn, {}
