"""Entry point of the CDK app of promotion: `cdk --app "python promotion.py" deploy ...`."""

import os
import sys
from pathlib import Path

from cdk.application import synthesize
from cdk.config import ConfigError
from cdk.nag.environment_findings import StaleAcknowledgementError
from cdk.promotion.application import build_promotion

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize the way to production; a wrong file is reported without a traceback."""
    # The command line names its own place by CDK_OUTDIR.
    outdir = None if "CDK_OUTDIR" in os.environ else ROOT / "promotion.out"
    try:
        synthesize(build_promotion(ROOT, outdir=outdir))
    except (ConfigError, StaleAcknowledgementError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
