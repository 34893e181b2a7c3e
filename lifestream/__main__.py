"""`python -m lifestream`."""

import sys

from lifestream.cli import main

if __name__ == "__main__":
    sys.exit(main())
