"""`python -m image build|compose|push|release|promote`: see docs/image.md and docs/deploy.md."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cdk.assembly import AssemblyError, read_environments
from cdk.naming import RELEASES, Names
from image import promote, push
from image.build import TOKEN_VARIABLE, BuildError, build, default_models
from image.compose import compose
from image.content import ACCELERATORS, MODEL_SOURCES, PLATFORMS, Variant
from image.debian_base import NoBaseError
from image.engines import NoEngineError, find_engine
from image.release import release, variants
from scripts.setup.commands import ROOT


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; 1 with a reason where that cannot be done."""
    given = parser().parse_args(arguments)
    try:
        if given.command == "promote":
            promote_image(given)
        elif given.command == "compose":
            return compose(find_engine(), videos=given.videos.absolute(), out=given.out.absolute())
        else:
            build_image(given)
    except (
        NoEngineError,
        NoBaseError,
        BuildError,
        push.PushError,
        AssemblyError,
        BotoCoreError,
        ClientError,
    ) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def build_image(given: argparse.Namespace) -> None:
    """Build; and push or release what was built."""
    variant = Variant(
        accelerator=given.accelerator,
        models=given.models or default_models(),
        asr_models=tuple(given.asr_model or Variant().asr_models),
        platform=PLATFORMS[given.architecture] if given.architecture else None,
        base=given.base,
        torch_index=given.torch_index,
    )
    engine = find_engine()
    if given.command == "release":
        place = promote.Place(ecr=boto3.client("ecr"), name=given.repository)
        files = sorted(push.ENVIRONMENTS.glob("*.toml"))
        for each in variants(variant, files):
            print(release(place, engine, each, files=files))
        return
    name = build(engine, variant)
    print(name)
    if given.command == "push":
        push.push_to_environments(engine, name, given.environment, accelerator=variant.accelerator)


def promote_image(given: argparse.Namespace) -> None:
    """Bring the images that an environment's templates name into its repository."""
    app = read_environments(given.assembly)
    if given.environment not in app:
        raise AssemblyError(f"{given.assembly} has no environment {given.environment}")
    stacks = app[given.environment]
    region = next(stack.region for stack in stacks)
    source = promote.Place(
        ecr=boto3.client("ecr", region_name=given.source_region),
        name=given.repository,
        registry_id=given.source_account,
    )
    target = promote.Place(
        ecr=boto3.client("ecr", region_name=region), name=Names(given.environment).processor
    )
    for digest in promote.digests_of(stacks):
        print(promote.promote(source, target, digest))


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    top = argparse.ArgumentParser(prog="python -m image", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    _promotion(commands)
    composed = commands.add_parser("compose", help="run the local cloud and a pool in containers")
    composed.add_argument("--videos", type=Path, required=True, help="the folder they come from")
    composed.add_argument("--out", type=Path, required=True, help="the folder of results")
    for name, what in (
        ("build", "build the image"),
        ("push", "build it and push it to the repositories of environments"),
        ("release", "build it once, push it to the repository of releases, write its digest"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument(
            "--models", choices=MODEL_SOURCES, help=f"hf if {TOKEN_VARIABLE} is set"
        )
        command.add_argument("--accelerator", choices=ACCELERATORS, default="cpu")
        command.add_argument("--architecture", choices=sorted(PLATFORMS))
        command.add_argument("--asr-model", action="append", help="may be given more than once")
        command.add_argument("--base", help="another base image")
        command.add_argument("--torch-index", help="another index of PyTorch's wheels")
        if name == "release":
            command.add_argument("--repository", default=RELEASES)
        if name == "push":
            command.add_argument(
                "--environment",
                action="append",
                required=True,
                help="an environment whose repository takes it; may be given more than once",
            )
    return top


def _promotion(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "promote", help="copy the released image to an environment's repository, digest and all"
    )
    command.add_argument("--environment", required=True)
    command.add_argument("--assembly", type=Path, default=ROOT / "cdk.out")
    command.add_argument("--repository", default=RELEASES)
    command.add_argument("--source-account", help="whose the repository is, if another account's")
    command.add_argument("--source-region", help="where it is, if in another region")


if __name__ == "__main__":
    sys.exit(main())
