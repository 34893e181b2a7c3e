"""The jobs queue on SQS, as its senders see it."""

from typing import TYPE_CHECKING

from runtime.aws.sdk_errors import typed_faults

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsJobsQueue:
    """Adds messages to the queue that the dispatcher works on."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """Take a client whose calls are bounded; it may be shared between threads."""
        self._client = client
        self._queue_url = queue_url

    def send(self, body: str) -> None:
        """Add a message; sent twice after a lost answer it is worked on twice, harmlessly."""
        with typed_faults("sending a message to the jobs queue"):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)
