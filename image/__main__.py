"""`python -m image build|push`: see `make image`, `make push` and docs/image.md."""

import argparse
import sys
from collections.abc import Sequence

from image import push
from image.base import NoBaseError
from image.build import TOKEN_VARIABLE, BuildError, build, default_models
from image.content import ACCELERATORS, MODEL_SOURCES, PLATFORMS, Variant
from image.engines import NoEngineError, find_engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, or build and push; 1 with a reason where that cannot be done."""
    given = parser().parse_args(arguments)
    variant = Variant(
        accelerator=given.accelerator,
        models=given.models or default_models(),
        asr_models=tuple(given.asr_model or Variant().asr_models),
        platform=PLATFORMS[given.architecture] if given.architecture else None,
        base=given.base,
        torch_index=given.torch_index,
    )
    try:
        engine = find_engine()
        name = build(engine, variant)
        print(name)
        if given.command == "push":
            push.push_to_environments(engine, name, given.environment)
    except (NoEngineError, NoBaseError, BuildError, push.PushError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    top = argparse.ArgumentParser(prog="python -m image", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for name, what in (("build", "build the image"), ("push", "build it and push it to ECR")):
        command = commands.add_parser(name, help=what)
        command.add_argument(
            "--models", choices=MODEL_SOURCES, help=f"hf if {TOKEN_VARIABLE} is set"
        )
        command.add_argument("--accelerator", choices=ACCELERATORS, default="cpu")
        command.add_argument("--architecture", choices=sorted(PLATFORMS))
        command.add_argument("--asr-model", action="append", help="may be given more than once")
        command.add_argument("--base", help="another base image")
        command.add_argument("--torch-index", help="another index of PyTorch's wheels")
        if name == "push":
            command.add_argument(
                "--environment",
                action="append",
                required=True,
                help="an environment whose repository takes it; may be given more than once",
            )
    return top


if __name__ == "__main__":
    sys.exit(main())
