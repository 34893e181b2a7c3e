"""The monthly budget of an environment, which notifies before it is exceeded."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.naming import Names

_SPENT_PERCENT = 80
_FORECAST_PERCENT = 100


def monthly_budget(
    scope: Construct, construct_id: str, *, names: Names, usd: int, topic: sns.ITopic
) -> budgets.CfnBudget:
    """Return a new budget of all costs that carry the environment's tag.

    The tag `Environment` must be activated as a cost allocation tag once in the account that pays.
    """
    subscriber = budgets.CfnBudget.SubscriberProperty(
        subscription_type="SNS", address=topic.topic_arn
    )
    return budgets.CfnBudget(
        scope,
        construct_id,
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=names.budget,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=usd, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:Environment${names.environment}"]},
        ),
        notifications_with_subscribers=[
            budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                ),
                subscribers=[subscriber],
            )
            for kind, percent in (("ACTUAL", _SPENT_PERCENT), ("FORECASTED", _FORECAST_PERCENT))
        ],
    )
