"""Recordings read lately: reading six hours of words takes a third of a second."""

from collections import OrderedDict
from collections.abc import Hashable

from runtime.web.view.recording import Recording

MOST = 12


class RecentRecordings:
    """Keeps the recordings used last; a key names the content, so that nothing becomes stale."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Recording] = OrderedDict()

    def get(self, key: Hashable) -> Recording | None:
        """Return a recording, or None if it is not kept."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Hashable, recording: Recording) -> None:
        """Keep a recording in place of the one that was used longest ago."""
        self._kept[key] = recording
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
