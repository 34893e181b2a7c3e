"""Detection of unusual spending by AWS, for the costs that carry the environment's tag."""

import json

from aws_cdk import aws_ce as ce
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.naming import Names


def cost_anomalies(
    scope: Construct, construct_id: str, *, names: Names, usd: int, topic: sns.ITopic
) -> ce.CfnAnomalySubscription:
    """Return a new subscription: the topic is notified of an anomaly of this many dollars."""
    monitor = ce.CfnAnomalyMonitor(
        scope,
        f"{construct_id}Monitor",
        monitor_name=names.prefix,
        monitor_type="CUSTOM",
        monitor_specification=json.dumps(
            {"Tags": {"Key": "Environment", "Values": [names.environment]}}
        ),
    )
    return ce.CfnAnomalySubscription(
        scope,
        construct_id,
        subscription_name=names.prefix,
        frequency="IMMEDIATE",
        monitor_arn_list=[monitor.attr_monitor_arn],
        subscribers=[
            ce.CfnAnomalySubscription.SubscriberProperty(type="SNS", address=topic.topic_arn)
        ],
        threshold_expression=json.dumps(
            {
                "Dimensions": {
                    "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
                    "Values": [str(usd)],
                }
            }
        ),
    )
