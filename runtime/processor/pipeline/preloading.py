"""Loads models in the background while the upload is fetched and its sound decoded."""

import logging
import threading
from collections.abc import Callable, Mapping

from runtime.core.contract import Stage

_LOG = logging.getLogger(__name__)


class Preloading:
    """Runs `loads`, one after another, in a thread once it is started.

    The process waits for a load under way when it ends, and begins no other: libraries crash where
    the interpreter goes while they load.
    A load must keep what it returns for the stage's own call. One that fails is logged only: the
    stage meets the same failure where it can be reported.
    """

    def __init__(self, loads: Mapping[Stage, Callable[[], object]]) -> None:
        self._loads = loads
        self._ended: Mapping[Stage, threading.Event] = {}

    def start(self) -> None:
        """Begin to load."""
        self._ended = {stage: threading.Event() for stage in self._loads}
        threading.Thread(target=self._run, name="preload").start()

    def wait(self, stage: Stage) -> None:
        """Wait until the stage's model is loaded, if loading was started."""
        if stage in self._ended:
            self._ended[stage].wait()

    def _run(self) -> None:
        for stage, load in self._loads.items():
            try:
                if threading.main_thread().is_alive():
                    load()
            except Exception as error:  # noqa: BLE001 - the stage reports it
                _LOG.info("the model of %s was not loaded ahead: %r", stage, error)
            finally:
                self._ended[stage].set()
