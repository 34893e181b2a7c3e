"""`python -m scripts.verification smoke|full`: prove a deployed environment by using it.

The account and the region are those of the usual AWS variables; with AWS_ENDPOINT_URL it is the
local cloud. Exit status: 0 proven, 1 not.
"""

import json
import sys
import uuid
from pathlib import Path
from typing import Annotated, Literal

import typer

from lifestream import adapters, command_line
from lifestream.adapters import clients_of_this_process, operations_of
from lifestream.environment import outputs_of
from runtime.core.contract import EnvVar
from runtime.core.errors import LifestreamError
from scripts.verification.checks import SETTLE_SECONDS, CheckFailedError, Verification

MEDIA = Path(__file__).resolve().parents[2] / ".lifestream" / "media"
SAMPLES = {"smoke": ("sample.mp4",), "full": ("talk.mp4", "sample.mp4")}
"""Default videos: the first that exists is used."""


app = typer.Typer(help=__doc__, add_completion=False)


@app.command()
def verify(
    checks: Annotated[Literal["full", "smoke"], typer.Argument(help="What is checked.")],
    *,
    environment: Annotated[str, typer.Option(envvar=EnvVar.ENVIRONMENT)] = "dev",
    video: Annotated[
        Path | None, typer.Option(help="With its .truth.json beside it, for `full`.")
    ] = None,
    run: Annotated[str | None, typer.Option(help="Names the uploads; unique by default.")] = None,
    settle: Annotated[
        float, typer.Option(metavar="SECONDS", help="Wait for repeated messages.")
    ] = SETTLE_SECONDS,
) -> int:
    """Run the checks; the exit status is 0 when all passed."""
    aws = clients_of_this_process()
    try:
        outputs = outputs_of(adapters.stacks(aws, environment), environment, place=aws.place)
        verification = Verification(
            operations=operations_of(aws, environment, outputs),
            run=run or uuid.uuid4().hex,
            settle_seconds=settle,
            say=lambda what: print(f"ok  {what}", flush=True),
        )
        video = video or sample(checks)
        print(f"{environment} in {aws.place}: {checks}, run {verification.run}")
        if checks == "smoke":
            verification.smoke(video)
        else:
            truth = json.loads(video.with_suffix(".truth.json").read_text())
            verification.full(video, truth)
    except (CheckFailedError, LifestreamError, FileNotFoundError) as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    finally:
        aws.close()
    return 0


def sample(checks: str) -> Path:
    """Return a sample video that `make setup` has made; raise `FileNotFoundError`."""
    for name in SAMPLES[checks]:
        if (MEDIA / name).exists():
            return MEDIA / name
    raise FileNotFoundError(f"There is no sample video in {MEDIA}: `make setup`, or --video PATH.")


if __name__ == "__main__":
    sys.exit(command_line.run(app))
