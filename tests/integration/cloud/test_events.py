import json
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.conftest import Containers
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud


def test_should_announce_every_change_of_a_task(containers: Containers, cloud: LocalCloud) -> None:
    sqs, events = cloud.client("sqs"), cloud.client("events")
    queue = sqs.create_queue(QueueName=containers.name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    cluster = containers.ecs.describe_clusters(clusters=[containers.name])["clusters"][0]
    pattern = {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {"clusterArn": [cluster["clusterArn"]]},
    }
    events.put_rule(Name=containers.name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=containers.name, Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])
    task, _ = containers.run_to_end(["end_with", "11"])

    seen: dict[str, Any] = {}

    def all_seen() -> bool:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in received.get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            seen[detail["lastStatus"]] = detail
        return {"PENDING", "RUNNING", "STOPPED"} <= set(seen)

    until(all_seen, "all events have arrived")
    stopped = seen["STOPPED"]
    assert stopped["taskArn"] == task["taskArn"]
    assert stopped["containers"][0]["exitCode"] == 11
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert seen["PENDING"]["version"] < seen["RUNNING"]["version"] < stopped["version"]
