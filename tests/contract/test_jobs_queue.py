"""What is sent to the jobs queue arrives as it was sent."""

import pytest

from runtime.aws import clients
from runtime.aws.queue import SqsJobsQueue
from runtime.core.messages import requeue_message


@pytest.mark.cloud
@pytest.mark.usefixtures("cloud")
def test_should_deliver_a_message_as_it_was_sent() -> None:
    client = clients.sqs("us-east-1")
    url = client.create_queue(QueueName="any-jobs")["QueueUrl"]
    SqsJobsQueue(client, url).send(requeue_message("any-job"))
    (message,) = client.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert message["Body"] == requeue_message("any-job")
    client.close()
