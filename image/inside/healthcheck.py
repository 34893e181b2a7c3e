"""The container's health: whether a job can read its models and write its scratch files.

Run as `python -I -S`: standard library only, a few hundredths of a second. Exits 0 when healthy.
"""

import os
import sys
from pathlib import Path

SCRATCH = "/tmp"  # noqa: S108 - the container's own
ENOUGH_BYTES = 64 * 1024 * 1024


def problems() -> list[str]:
    """Return what is wrong with the container, in words."""
    found = []
    models = Path(os.environ.get("MODELS_DIR", "/models"))
    if not os.access(models / "manifest.json", os.R_OK):
        found.append(f"there are no models in {models}")
    if not os.access(SCRATCH, os.W_OK):
        found.append(f"{SCRATCH} cannot be written to")
    else:
        space = os.statvfs(SCRATCH)
        if space.f_bavail * space.f_frsize < ENOUGH_BYTES:
            found.append(f"{SCRATCH} is full")
    return found


if __name__ == "__main__":
    wrong = problems()
    if wrong:
        sys.exit("unhealthy: " + "; ".join(wrong))
