"""How much memory was held at most, as the kernel has counted."""

import resource
import sys


def peak_rss_mb() -> int:
    """Return the most memory this process has held at once, in megabytes."""
    # Not of children: the kernel counts as theirs what their parent held when it started them.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)
