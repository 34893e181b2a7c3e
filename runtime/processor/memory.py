"""How much memory was held at most, as the kernel has counted."""

import resource
import sys


def peak_rss_mb() -> int:
    """Return the most memory this process has held at once, in megabytes."""
    return _megabytes(resource.RUSAGE_SELF)


def peak_of_children_mb() -> int:
    """Return the most memory that one of its ended children has held, in megabytes."""
    return _megabytes(resource.RUSAGE_CHILDREN)


def _megabytes(whose: int) -> int:
    peak = resource.getrusage(whose).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return round(peak / 1e6 if sys.platform == "darwin" else peak / 1e3)
