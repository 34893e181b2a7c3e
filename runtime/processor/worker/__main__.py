"""Entry point of the container: `python -m runtime.processor.worker`."""

import os
import sys

from runtime.processor.worker.main import run

if __name__ == "__main__":
    sys.exit(run(os.environ))
