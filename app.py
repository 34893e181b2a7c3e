"""Entry point of the CDK app: `cdk synth`, `cdk deploy`, or `python app.py` into `cdk.out`."""

import os
import sys
from pathlib import Path

from cdk.application import build, synthesize
from cdk.config import ConfigError
from cdk.nag.environment_findings import StaleAcknowledgementError

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize the chosen environments; errors are reported without a traceback."""
    # The command line names its own place by CDK_OUTDIR.
    outdir = None if "CDK_OUTDIR" in os.environ else ROOT / "cdk.out"
    try:
        synthesize(build(ROOT, outdir=outdir))
    except (ConfigError, StaleAcknowledgementError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
