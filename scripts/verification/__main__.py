"""`python -m scripts.verification smoke|full`: prove a deployed environment by using it.

The account and the region are those of the usual AWS variables; with AWS_ENDPOINT_URL it is the
local cloud. Exit status: 0 proven, 1 not.
"""

import argparse
import json
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import ClientError

from lifestream.adapters import Clients, clients_of_this_process, operations_of
from lifestream.environment import PARTS, Stack, outputs_of
from runtime.core.contract import stack_prefix
from runtime.core.errors import LifestreamError
from scripts.verification.checks import SETTLE_SECONDS, CheckFailedError, Verification

MEDIA = Path(__file__).resolve().parents[2] / ".lifestream" / "media"
SAMPLES = {"smoke": ("sample.mp4",), "full": ("talk.mp4", "sample.mp4")}
"""What is processed when nothing is given: the first there is."""

_ABSENT = "ValidationError"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks; 0 when all passed."""
    given = parser().parse_args(arguments)
    aws = clients_of_this_process()
    try:
        found = outputs_of(stacks(aws, given.environment), given.environment, place=aws.place)
        verification = Verification(
            operations=operations_of(aws, given.environment, found),
            run=given.run or uuid.uuid4().hex,
            settle_seconds=given.settle,
            say=lambda what: print(f"ok  {what}", flush=True),
        )
        video = given.video or sample(given.checks)
        print(f"{given.environment} in {aws.place}: {given.checks}, run {verification.run}")
        if given.checks == "smoke":
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


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    top = argparse.ArgumentParser(prog="python -m scripts.verification", description=__doc__)
    top.add_argument("checks", choices=sorted(SAMPLES))
    top.add_argument("--environment", default=os.environ.get("LIFESTREAM_ENVIRONMENT", "dev"))
    top.add_argument("--video", type=Path, help="with its .truth.json beside it, for `full`")
    top.add_argument("--run", help="names the uploads; by default something unique")
    top.add_argument(
        "--settle",
        type=float,
        default=SETTLE_SECONDS,
        metavar="SECONDS",
        help="how long a second event of an object may take to arrive (default: %(default)g)",
    )
    return top


def stacks(aws: Clients, environment: str) -> list[Stack]:
    """Return an environment's stacks, each asked for by its name.

    Listing all stacks of an account would take a right to see all of them.
    """
    found = []
    for part in PARTS:
        name = stack_prefix(environment) + part
        try:
            (stack,) = aws("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != _ABSENT:
                raise
            continue
        outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
        found.append(Stack(name=name, status=stack["StackStatus"], outputs=outputs))
    return found


def sample(checks: str) -> Path:
    """Return a sample video that `make setup` has made; raise `FileNotFoundError`."""
    for name in SAMPLES[checks]:
        if (MEDIA / name).exists():
            return MEDIA / name
    raise FileNotFoundError(f"There is no sample video in {MEDIA}: `make setup`, or --video PATH.")


if __name__ == "__main__":
    sys.exit(main())
