"""An embedded AWS with nothing in it."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path

from local.cloud import LocalCloud
from local.images import Images


def empty_cloud(state_dir: Path) -> AbstractContextManager[LocalCloud]:
    """Start it; its functions run in the interpreter of the tests."""
    return LocalCloud.start(
        state_dir=state_dir, images=Images(), lambda_python=Path(sys.executable)
    )
