"""Stops the functions' polls while SQS is out: they are the emulator's own, and pass no proxy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.outages import Outages
from chaos.system import System

LOOK_SECONDS = 0.5


class Pollers:
    """Switches every event source mapping off and on again with the outage of SQS."""

    def __init__(self, system: System, outages: Outages) -> None:
        self._functions = system.cloud.client("lambda")
        self._outages = outages
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._on = True

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the polls on."""
        self._stop.set()
        self._thread.join()
        self.follow(out=False)

    def follow(self, *, out: bool) -> None:
        """Switch the polls as SQS is now."""
        on = not out
        if on is self._on:
            return
        pages = self._functions.get_paginator("list_event_source_mappings").paginate()
        for page in pages:
            for mapping in page["EventSourceMappings"]:
                self._functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
        self._on = on

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.follow(out=self._outages.has("sqs"))


@contextmanager
def polls_stopped_in_outages(system: System, outages: Outages) -> Iterator[None]:
    """Stop the functions' polls during each outage of SQS within the block."""
    pollers = Pollers(system, outages)
    pollers.start()
    try:
        yield
    finally:
        pollers.stop()
