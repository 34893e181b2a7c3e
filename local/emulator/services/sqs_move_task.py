"""Gap (1.5.33, partly upstream): SQS has no message move tasks, by which a queue is redriven.

Upstream: AWS moves over minutes and can be cancelled.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import sqs

from local.emulator.patching import register
from runtime.core.clock import SystemClock, WallClock

Message = dict[str, Any]
Queue = dict[str, Any]
FindQueue = Callable[[str], Queue | None]

ORIGIN = "DeadLetterQueueSourceArn"
"""System attribute that names the queue which a dead letter came from."""

MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class MoveTasks:
    """Moves messages before the call returns; AWS takes minutes."""

    clock: WallClock
    find_queue: FindQueue
    _results: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Move every visible message to `DestinationArn`, or to the queue it came from.

        As on AWS a moved message is a new one: another id, no receives. Raises `LookupError` for
        a queue that does not exist.
        """
        source_arn, destination_arn = request["SourceArn"], request.get("DestinationArn")
        now = self.clock.now()
        source = self._queue(source_arn)
        moved = 0
        for message in list(source["messages"]):
            arn = destination_arn or message["sys"].get(ORIGIN)
            if message["visible_at"] > now or arn is None:
                continue
            self._queue(arn)["messages"].append(renewed(message, now))
            source["messages"].remove(message)
            moved += 1
        result = {
            "TaskHandle": uuid.uuid4().hex,
            "Status": "COMPLETED",
            "SourceArn": source_arn,
            "ApproximateNumberOfMessagesMoved": moved,
            "StartedTimestamp": int(now * MILLISECONDS),
            **({"DestinationArn": destination_arn} if destination_arn else {}),
        }
        self._results.setdefault(source_arn, []).insert(0, result)
        return {"TaskHandle": result["TaskHandle"]}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the latest moves out of a queue, the newest first."""
        count = int(request.get("MaxResults") or 1)
        results = self._results.get(request["SourceArn"], [])[:count]
        # AWS hides the handle of a move that can no longer be cancelled.
        return {"Results": [{k: v for k, v in r.items() if k != "TaskHandle"} for r in results]}

    def _queue(self, arn: str) -> Queue:
        queue = self.find_queue(arn)
        if queue is None:
            raise LookupError(f"The queue {arn} does not exist.")
        return queue


def renewed(message: Message, now: float) -> Message:
    """Return a moved message as its new queue holds it."""
    system = {name: value for name, value in message["sys"].items() if name != ORIGIN}
    return {
        **message,
        "id": str(uuid.uuid4()),
        "receipt_handle": None,
        "sent_at": now,
        "visible_at": now,
        "receive_count": 0,
        "first_receive_at": None,
        "sys": {**system, "SentTimestamp": str(int(now * MILLISECONDS))},
    }


def install() -> None:
    """Add the two calls to ministack's."""
    tasks = MoveTasks(SystemClock(), sqs._queue_by_arn)

    def start(request: Mapping[str, Any], _queue_url: str) -> dict[str, Any]:
        try:
            started = tasks.start(request)
        except LookupError as error:
            raise sqs._Err("ResourceNotFoundException", str(error)) from error
        esm_wake.set()
        return started

    calls = {
        "StartMessageMoveTask": start,
        "ListMessageMoveTasks": lambda request, _queue_url: tasks.list(request),
    }
    register(sqs._HANDLERS, calls.items(), __name__)
