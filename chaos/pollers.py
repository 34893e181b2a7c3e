"""Stops the functions' polls while SQS is out: they are the emulator's own, and pass no proxy."""

from chaos.outages import Outages
from chaos.system import System
from runtime.core.periodic_thread import PeriodicThread

LOOK_SECONDS = 0.5


class Pollers(PeriodicThread):
    """Within its context, switches every event source mapping off during each outage of SQS."""

    def __init__(self, system: System, outages: Outages) -> None:
        super().__init__("pollers", every_seconds=LOOK_SECONDS)
        self._functions = system.cloud.client("lambda")
        self._outages = outages
        self._on = True

    def once(self) -> bool:
        """Switch the polls as SQS is now."""
        self.follow(out=self._outages.has("sqs"))
        return True

    def __exit__(self, *error: object) -> None:
        """Leave the polls on."""
        super().__exit__(*error)
        self.follow(out=False)

    def follow(self, *, out: bool) -> None:
        """Switch the polls off or on, unless they are."""
        on = not out
        if on is self._on:
            return
        pages = self._functions.get_paginator("list_event_source_mappings").paginate()
        for page in pages:
            for mapping in page["EventSourceMappings"]:
                self._functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
        self._on = on
