"""Gap (1.5.33, upstream): CloudFormation knows no budgets."""

from ministack.services import budgets

from local.emulator.cloudformation.handlers import Created, Properties, require


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
