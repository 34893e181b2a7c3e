"""A queue on SQS: the jobs queue as its senders use it, and the work queues of the workers."""

import math
from typing import TYPE_CHECKING

from runtime.aws.sdk_errors import typed_faults
from runtime.core.ports import Backlog, WorkMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_DELAY_SECONDS = 900
"""The longest delay that SQS allows."""

WAIT_SECONDS = 20
"""The longest poll that SQS allows."""


class SqsQueue:
    """Sends and receives one message at a time; safe to share between threads.

    The calls of `client` are bounded. `polling` is the client for long polls, by default the same.
    Its read timeout must exceed a poll, and it should not retry: a lost answer to a poll hides a
    message until its visibility timeout.
    """

    def __init__(
        self, client: "SQSClient", queue_url: str, *, polling: "SQSClient | None" = None
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._polling = polling or client

    def send(self, body: str, *, delay_seconds: float = 0.0) -> None:
        """Send a message, received after a delay of at most 900 s.

        A retry after a lost answer may send it twice.
        """
        with typed_faults(f"sending a message to {self._queue_url}"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=body,
                DelaySeconds=min(MAX_DELAY_SECONDS, math.ceil(delay_seconds)),
            )

    def backlog(self) -> Backlog:
        """Return the approximate numbers of waiting and hidden messages."""
        with typed_faults(f"reading the length of {self._queue_url}"):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._queue_url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        found = answer["Attributes"]
        return Backlog(
            waiting=int(found["ApproximateNumberOfMessages"]),
            in_work=int(found["ApproximateNumberOfMessagesNotVisible"]),
            delayed=int(found["ApproximateNumberOfMessagesDelayed"]),
        )

    def receive(self, wait_seconds: int = WAIT_SECONDS) -> WorkMessage | None:
        """Return the next message, hidden from others for the queue's visibility timeout."""
        with typed_faults(f"polling {self._queue_url}"):
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
        """Set a received message's visibility timeout, from now; 0 returns it to the queue.

        Raise `Permanent` when the receipt is no longer valid.
        """
        with typed_faults(f"hiding message {message.message_id}"):
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=seconds,
            )

    def delete(self, message: WorkMessage) -> None:
        """Delete a received message; idempotent."""
        # Ignored: already deleted, or received again by another worker.
        doing = f"deleting message {message.message_id}"
        with typed_faults(doing, expected=("ReceiptHandleIsInvalid",)):
            self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message.receipt)
