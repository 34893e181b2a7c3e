"""Gap: CloudFormation knows no budgets."""

from ministack.services import budgets

from local.emulator.cloudformation.handlers import Attributes, Properties, add

CREATED = 200


def install() -> None:
    """Add the type to ministack's."""
    add("AWS::Budgets::Budget", create_budget, delete_budget)


def create_budget(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    """Add a budget with its notifications; the physical id is its name."""
    given = dict(properties["Budget"])
    limit = given["BudgetLimit"]
    request = {
        "Budget": {**given, "BudgetLimit": {**limit, "Amount": str(limit["Amount"])}},
        "NotificationsWithSubscribers": properties.get("NotificationsWithSubscribers", []),
    }
    status, _, body = budgets._create_budget(request)
    if status != CREATED:
        raise ValueError(f"budget: {body!r}")
    return str(given["BudgetName"]), {}


def delete_budget(physical_id: str, _properties: Properties) -> None:
    """Remove a budget, if it is still there."""
    budgets._delete_budget({"BudgetName": physical_id})
