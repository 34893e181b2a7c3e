"""Entry point of the container: `python -m runtime.processor`."""

import os
import sys

from runtime.processor.main import run

if __name__ == "__main__":
    sys.exit(run(os.environ))
