"""Entry point of the CDK app: `cdk synth`, `cdk deploy`, or `python app.py` into `cdk.out`."""

import os
import sys
from pathlib import Path

from cdk.application import build
from cdk.config import ConfigError

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize the chosen environments; a wrong one is told without a traceback."""
    # The command line names its own place by CDK_OUTDIR.
    outdir = None if "CDK_OUTDIR" in os.environ else ROOT / "cdk.out"
    try:
        app = build(ROOT, outdir=outdir)
    except ConfigError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
