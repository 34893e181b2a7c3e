"""The dead-letter queue of the jobs queue on SQS."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from runtime.aws.sdk_errors import error_code, typed_faults
from runtime.core.dead_letters import DeadLetter
from runtime.core.errors import Retryable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
"""The most messages that SQS returns by a receive."""

HIDDEN_SECONDS = 120
"""Visibility timeout of received dead letters: longer than any command works on ten."""

RECEIVE_WAIT_SECONDS = 1
"""A long poll asks all of SQS's servers; a short poll may miss messages."""

_GONE = ("MessageNotInflight", "InvalidParameterValue", "ReceiptHandleIsInvalid")
"""Error codes of SQS for a receipt that is no longer valid: deleted, purged or received again."""


class SqsDeadLetters:
    """The dead-letter queue of the jobs queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url
        self._name = url.rpartition("/")[2]

    def sample(self) -> list[DeadLetter]:
        """Return up to ten messages and leave all visible; calls may repeat and miss some.

        None when no message is visible. The queue has no redrive policy, so no number of receives
        moves a message.
        """
        return self._receive(hidden_seconds=0)

    def receive(self) -> list[DeadLetter]:
        """Return up to ten messages and hide them for two minutes; none when it is empty."""
        return self._receive(hidden_seconds=HIDDEN_SECONDS)

    def delete(self, letter: DeadLetter) -> None:
        """Remove a received message for good."""
        doing = f"deleting message {letter.message_id} from the queue {self._name}"
        with typed_faults(doing, expected=_GONE):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)

    def release(self, letter: DeadLetter) -> None:
        """Make a received message visible again."""
        doing = f"releasing message {letter.message_id} to the queue {self._name}"
        with typed_faults(doing, expected=_GONE):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )

    def count(self) -> int:
        """Return about how many messages there are, hidden ones included."""
        with typed_faults(f"reading the queue {self._name}"):
            found = self._client.get_queue_attributes(
                QueueUrl=self._url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )["Attributes"]
        return sum(int(value) for value in found.values())

    def purge(self) -> None:
        """Remove all messages for good; raise `Retryable` within a minute of the last purge."""
        with typed_faults(f"purging the queue {self._name}"):
            try:
                self._client.purge_queue(QueueUrl=self._url)
            except ClientError as error:
                if not error_code(error).endswith("PurgeQueueInProgress"):
                    raise
                raise Retryable(
                    "dlq.purging",
                    f"The queue {self._name} is being purged already.",
                    "Try again in a minute.",
                ) from error

    def _receive(self, *, hidden_seconds: int) -> list[DeadLetter]:
        with typed_faults(f"receiving from the queue {self._name}"):
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=hidden_seconds,
                WaitTimeSeconds=RECEIVE_WAIT_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
        return [
            DeadLetter(
                message_id=message["MessageId"],
                receipt=message["ReceiptHandle"],
                body=message["Body"],
                sent_at=int(message["Attributes"]["SentTimestamp"]) / 1000,
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
            )
            for message in answer.get("Messages", [])
        ]
