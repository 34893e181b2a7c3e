import json
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.stacks import Resources, Stacks, resource
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud

MOST = 3


def queue_metric(identifier: str, name: str) -> dict[str, Any]:
    dimension = {"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}
    metric = {"Namespace": "AWS/SQS", "MetricName": name, "Dimensions": [dimension]}
    statistic = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
    return {"Id": identifier, "ReturnData": False, "MetricStat": statistic}


def alarm(expression: str, threshold: int, comparison: str, policy: str) -> Resources:
    return resource(
        "CloudWatch::Alarm",
        Metrics=[
            {"Id": "expr", "Expression": expression},
            queue_metric("waiting", "ApproximateNumberOfMessagesVisible"),
            queue_metric("in_work", "ApproximateNumberOfMessagesNotVisible"),
        ],
        Threshold=threshold,
        ComparisonOperator=comparison,
        EvaluationPeriods=1,
        TreatMissingData="notBreaching",
        AlarmActions=[{"Ref": policy}],
    )


def policy(name: str, kind: str, *steps: dict[str, int]) -> Resources:
    configuration = {"AdjustmentType": kind, "Cooldown": 60, "StepAdjustments": steps}
    return resource(
        "ApplicationAutoScaling::ScalingPolicy",
        PolicyName=name,
        PolicyType="StepScaling",
        ScalingTargetId={"Ref": "Target"},
        StepScalingPolicyConfiguration=configuration,
    )


def pool(containers: Containers, *, most: int = MOST) -> Resources:
    """Return a service that follows a queue."""
    return {
        "Queue": resource("SQS::Queue", QueueName=f"{containers.name}-work"),
        "Service": resource(
            "ECS::Service",
            Cluster=containers.name,
            ServiceName="pool",
            TaskDefinition=containers.define("wait", "0"),
            DesiredCount=0,
        ),
        "Target": resource(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId={"Fn::Sub": f"service/{containers.name}/${{Service.Name}}"},
            MinCapacity=0,
            MaxCapacity=most,
        ),
        "Grow": policy("grow", "ChangeInCapacity", step(1, 0, 1), step(2, 1, None)),
        "Shrink": policy("shrink", "ExactCapacity", step(0, None, 0)),
        "Missing": alarm(
            "IF(waiting > 0, CEIL((waiting + FILL(in_work, 0)) / 2) - FILL(in_work, 0), 0)",
            1,
            "GreaterThanOrEqualToThreshold",
            "Grow",
        ),
        "Idle": alarm("waiting + in_work", 1, "LessThanThreshold", "Shrink"),
    }


def step(adjustment: int, lower: int | None, upper: int | None) -> dict[str, int]:
    bounds = {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"ScalingAdjustment": adjustment, **given}


def wanted(containers: Containers) -> int:
    found = containers.ecs.describe_services(cluster=containers.name, services=["pool"])
    count: int = found["services"][0]["desiredCount"]
    return count


def test_should_follow_a_queue_up_and_down_to_nothing(
    cloud: LocalCloud, stacks: Stacks, containers: Containers
) -> None:
    created = stacks.create(pool(containers))
    assert wanted(containers) == 0
    sqs = cloud.client("sqs")
    for number in range(4):
        sqs.send_message(QueueUrl=created["Queue"], MessageBody=str(number))
    until(lambda: wanted(containers) >= 2, "the pool has grown")
    until(lambda: wanted(containers) == MOST, "the pool has grown to its bound")
    sqs.purge_queue(QueueUrl=created["Queue"])
    until(lambda: wanted(containers) == 0, "the pool rests at zero")
    stacks.delete()
    policies = cloud.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=f"service/{containers.name}/pool"
    )
    assert policies["ScalingPolicies"] == []


def test_should_change_the_bounds_with_the_stack(
    cloud: LocalCloud, stacks: Stacks, containers: Containers
) -> None:
    stacks.create(pool(containers))
    stacks.update(pool(containers, most=7))
    (target,) = cloud.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{containers.name}/pool"]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 7)
    stacks.delete()


def test_should_tell_a_topic_that_an_alarm_has_been_raised(
    cloud: LocalCloud, containers: Containers
) -> None:
    sns, sqs, cloudwatch = (cloud.client(name) for name in ("sns", "sqs", "cloudwatch"))
    topic = sns.create_topic(Name=containers.name)["TopicArn"]
    inbox = sqs.create_queue(QueueName=f"{containers.name}-inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    watched = {"Namespace": "Any", "MetricName": "Failures"}
    cloudwatch.put_metric_alarm(
        AlarmName=containers.name,
        Metrics=[
            {
                "Id": "m",
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {**watched, "Dimensions": [{"Name": "Of", "Value": "us"}]},
                    "Period": 60,
                    "Stat": "Sum",
                },
            },
            {"Id": "e", "Expression": "FILL(m, 0) * 2"},
        ],
        Threshold=6.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        EvaluationPeriods=1,
        AlarmActions=[topic],
    )
    for of, value in (("others", 100.0), ("us", 3.0)):
        datum = {"MetricName": "Failures", "Value": value, "Dimensions": [dimension(of)]}
        cloudwatch.put_metric_data(Namespace="Any", MetricData=[datum])
    received = until(
        lambda: sqs.receive_message(QueueUrl=inbox, WaitTimeSeconds=1).get("Messages"), "a message"
    )
    notice = json.loads(json.loads(received[0]["Body"])["Message"])
    assert (notice["AlarmName"], notice["NewStateValue"]) == (containers.name, "ALARM")
    assert notice["NewStateReason"].startswith("[6.0]")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[containers.name])["MetricAlarms"]
    assert found["Metrics"][1]["Expression"] == "FILL(m, 0) * 2"


def dimension(of: str) -> dict[str, str]:
    return {"Name": "Of", "Value": of}
