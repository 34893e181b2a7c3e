"""Statements on queues, events and traces."""

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from cdk.constructs.permissions.statement import allow


def send_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Add messages to a queue."""
    return allow(["sqs:SendMessage"], queue.queue_arn)


def consume_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Receive messages from a queue, extend their visibility timeout, and delete them."""
    return allow(
        ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"], queue.queue_arn
    )


def count_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Read a queue's length."""
    return allow(["sqs:GetQueueAttributes"], queue.queue_arn)


def sample_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Read some of a queue's messages and its length; not to delete any or to extend a timeout."""
    return allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], queue.queue_arn)


def feed_function(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Be a queue's consumer: what Lambda's event source does with the function's role."""
    return allow(
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.queue_arn
    )


def put_events(bus: events.IEventBus) -> iam.PolicyStatement:
    """Put events on a bus."""
    return allow(["events:PutEvents"], bus.event_bus_arn)


def send_traces() -> iam.PolicyStatement:
    """Send trace segments to X-Ray, which has no resource type for them."""
    return allow(["xray:PutTraceSegments"], "*")
