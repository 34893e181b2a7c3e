"""Cloud assemblies of the app as it is, each synthesized once for all processes of a session."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from runtime.core.contract import Launch
from tests.sharing import Base, made_once

ROOT = Path(__file__).resolve().parents[1]


def synthesized(factory: Base) -> Path:
    """Return every environment's templates, each with a task for every job."""
    return _made(factory, "assembly", {"launch": Launch.ON_DEMAND})


def synthesized_with_pool(factory: Base, environment: str) -> Path:
    """Return one environment's templates, with workers."""
    context = {"environment": environment, "launch": Launch.POOL}
    return _made(factory, f"assembly-{environment}-pool", context)


def _made(factory: Base, name: str, context: Mapping[str, str]) -> Path:

    def synthesize(folder: Path) -> None:
        # As the CDK command line would pass them.
        variables = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)}
        subprocess.run(
            [sys.executable, str(ROOT / "app.py")],
            cwd=ROOT,
            env={**os.environ, **variables},
            check=True,
        )

    return made_once(factory, name, synthesize)
