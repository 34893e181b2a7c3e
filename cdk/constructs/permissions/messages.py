"""Statements on queues, events and traces."""

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs


def send_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Add messages to a queue."""
    return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])


def consume_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Receive messages from a queue, extend their visibility timeout, and delete them."""
    return iam.PolicyStatement(
        actions=["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"],
        resources=[queue.queue_arn],
    )


def count_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Read a queue's length."""
    return iam.PolicyStatement(actions=["sqs:GetQueueAttributes"], resources=[queue.queue_arn])


def sample_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Read some of a queue's messages and its length; not to delete any or to extend a timeout."""
    return iam.PolicyStatement(
        actions=["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], resources=[queue.queue_arn]
    )


def feed_function(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Be a queue's consumer: what Lambda's event source does with the function's role."""
    return iam.PolicyStatement(
        actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        resources=[queue.queue_arn],
    )


def put_events(bus: events.IEventBus) -> iam.PolicyStatement:
    """Put events on a bus."""
    return iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus.event_bus_arn])


def send_traces() -> iam.PolicyStatement:
    """Send trace segments to X-Ray, which has no resource type for them."""
    return iam.PolicyStatement(actions=["xray:PutTraceSegments"], resources=["*"])
