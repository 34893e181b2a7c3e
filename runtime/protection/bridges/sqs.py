"""A plain SQS loop: receive one message, protect, handle it, delete it. Needs boto3."""

from collections.abc import Callable
from typing import Any

from ..errors import ProtectionError
from ..guard import Guard
from ..process import default_guard
from ..session import ProcessingSession

PAUSE_SECONDS = 5.0
"""Before the next receive where this task got no protection; another task may take the message."""


def consume(
    client: Any,
    queue_url: str,
    handle: Callable[[dict[str, Any], ProcessingSession], None],
    *,
    guard: Guard | None = None,
    wait_seconds: int = 20,
) -> None:
    """Handle messages until the process is asked to stop.

    `client` is boto3's for SQS. `handle(message, session)` returns when the message is done; an
    error leaves it to be received again. The queue's visibility timeout must cover a job.
    """
    guard = default_guard() if guard is None else guard
    guard.defer_stop()
    while not guard.stopping:
        received = client.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=wait_seconds
        )
        for message in received.get("Messages", []):
            receipt = {"QueueUrl": queue_url, "ReceiptHandle": message["ReceiptHandle"]}
            try:
                # The message is deleted under protection: a stop in between would repeat the job.
                with guard.protected(message["MessageId"]) as session:
                    handle(message, session)
                    client.delete_message(**receipt)
            except ProtectionError:
                client.change_message_visibility(**receipt, VisibilityTimeout=0)
                guard.wait(PAUSE_SECONDS)
