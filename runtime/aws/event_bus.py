"""Events on EventBridge."""

import json
from typing import Any

from runtime.aws.sdk_errors import typed_faults
from runtime.core.errors import Retryable
from runtime.core.job_events import DETAIL_TYPE, SOURCE, JobEvent


class EventBridgeBus:
    """Puts events on one bus."""

    def __init__(self, client: Any, *, bus: str) -> None:
        self._client = client
        self._bus = bus

    def put(self, event: JobEvent) -> None:
        """Put one event; raise `Retryable` where EventBridge takes none."""
        detail = {**event.detail, "event_id": event.event_id, "event_type": event.event_type}
        with typed_faults(f"putting an event on {self._bus}"):
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": SOURCE,
                        "DetailType": DETAIL_TYPE,
                        "Detail": json.dumps(detail, ensure_ascii=False),
                    }
                ]
            )
        if answer["FailedEntryCount"]:
            entry = answer["Entries"][0]
            raise Retryable(
                f"aws.{entry.get('ErrorCode', 'Unknown')}",
                f"EventBridge took no event for {self._bus}: {entry.get('ErrorMessage', '')}.",
                "The batch is tried again.",
            )
