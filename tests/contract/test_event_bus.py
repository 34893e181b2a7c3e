"""An event on EventBridge arrives with its detail where a rule sends it."""

import json
from uuid import uuid4

import pytest

from runtime.aws import clients
from runtime.aws.event_bus import EventBridgeBus
from runtime.aws.queues import SqsQueue
from runtime.core.job_events import DETAIL_TYPE, SOURCE, JobEvent


@pytest.mark.cloud
@pytest.mark.usefixtures("cloud")
def test_should_put_an_event_that_a_rule_matches() -> None:
    name = f"bus-{uuid4().hex[:8]}"
    events, sqs = clients.events("us-east-1"), clients.sqs("us-east-1")
    events.create_event_bus(Name=name)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"source": [SOURCE], "detail-type": [DETAIL_TYPE], "detail": {"state": ["FAILED"]}}
    events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": arn["QueueArn"]}])
    bus = EventBridgeBus(events, bus=name)
    for state in ("RUNNING", "FAILED"):
        bus.put(
            JobEvent(event_id=f"any-{state}", event_type="any", owner=None, detail={"state": state})
        )
    queue = SqsQueue(sqs, url)
    message = queue.receive(20)
    assert message is not None
    received = json.loads(message.body)
    assert received["detail"] == {
        "state": "FAILED",
        "event_id": "any-FAILED",
        "event_type": "any",
    }
    assert queue.receive(0) is None
    events.close()
    sqs.close()
