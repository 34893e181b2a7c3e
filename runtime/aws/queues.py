"""A work queue on SQS: attempts of jobs that wait for a worker, and those a worker has."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import error_code, typed_faults
from runtime.core.ports import Backlog, WorkMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

WAIT_SECONDS = 20
"""The longest poll that SQS allows."""


class SqsWorkQueue:
    """Sends and receives one message at a time; safe to share between threads.

    `client`'s calls are bounded; `polling`, by default the same, must wait longer for an answer
    than a poll takes, and is better off without retries: a poll whose answer is lost hides a
    message that nobody has.
    """

    def __init__(
        self, client: "SQSClient", queue_url: str, *, polling: "SQSClient | None" = None
    ) -> None:
        """Work on one queue."""
        self._client = client
        self._queue_url = queue_url
        self._polling = polling or client

    def send(self, body: str) -> None:
        """Add a message; sent twice after a lost answer it invites twice, harmlessly."""
        with typed_faults("sending a message to the work queue"):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)

    def backlog(self) -> Backlog:
        """Return about how many messages wait and how many are hidden."""
        with typed_faults("asking the work queue for its length"):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._queue_url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )
        found = answer["Attributes"]
        return Backlog(
            waiting=int(found["ApproximateNumberOfMessages"]),
            in_work=int(found["ApproximateNumberOfMessagesNotVisible"]),
        )

    def receive(self, wait_seconds: int = WAIT_SECONDS) -> WorkMessage | None:
        """Return the next message, hidden from others for the queue's visibility timeout."""
        with typed_faults("polling the work queue"):
            answer = self._polling.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait_seconds,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        for message in answer.get("Messages", []):
            return WorkMessage(
                message_id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                receives=int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
            )
        return None

    def hide(self, message: WorkMessage, seconds: int) -> None:
        """Keep a message that was received from others for so long from now, 0 gives it back.

        Raise `Permanent` when it is no longer ours to hide.
        """
        with typed_faults(f"hiding message {message.message_id} of the work queue"):
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=seconds,
            )

    def delete(self, message: WorkMessage) -> None:
        """Remove a message that was received; harmless when repeated."""
        with typed_faults(f"deleting message {message.message_id} of the work queue"):
            try:
                self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message.receipt)
            except ClientError as error:
                # Gone already, or received by somebody else since: either way not ours to delete.
                if error_code(error) != "ReceiptHandleIsInvalid":
                    raise
