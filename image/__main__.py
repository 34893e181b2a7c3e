"""`python -m image build|compose|push|release|promote|service`: docs/image.md, docs/service.md."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from cdk.assembly import AssemblyError, read_environments
from cdk.naming import RELEASES, Names
from image import compose as composition
from image import promote as promotion
from image import push as pushing
from image import release as releasing
from image import service
from image.build import TOKEN_VARIABLE, BuildError, default_models
from image.build import build as build_image
from image.content import PLATFORMS, Accelerator, Architecture, ModelSource, Variant
from image.debian_base import NoBaseError
from image.engines import NoEngineError, find_engine
from lifestream import command_line
from lifestream.command_parameters import provided
from scripts.setup.commands import ROOT

app = typer.Typer(help=__doc__, add_completion=False)

Models = Annotated[ModelSource | None, typer.Option(help=f"hf if {TOKEN_VARIABLE} is set.")]
AcceleratorOption = Annotated[Accelerator, typer.Option("--accelerator")]
ArchitectureOption = Annotated[Architecture | None, typer.Option("--architecture")]
AsrModels = Annotated[list[str] | None, typer.Option(help="May be repeated.")]
Base = Annotated[str | None, typer.Option(help="Another base image.")]
TorchIndex = Annotated[str | None, typer.Option(help="Another index of PyTorch's wheels.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 1 after printing why it failed."""
    try:
        return command_line.run(app, arguments)
    except (
        NoEngineError,
        NoBaseError,
        BuildError,
        pushing.PushError,
        AssemblyError,
        BotoCoreError,
        ClientError,
    ) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


@contextmanager
def variant(
    models: Models = None,
    accelerator: AcceleratorOption = "cpu",
    architecture: ArchitectureOption = None,
    asr_model: AsrModels = None,
    base: Base = None,
    torch_index: TorchIndex = None,
) -> Iterator[Variant]:
    """Yield the variant that the common options name."""
    yield Variant(
        accelerator=accelerator,
        models=models or default_models(),
        asr_models=tuple(asr_model or Variant().asr_models),
        platform=PLATFORMS[architecture] if architecture else None,
        base=base,
        torch_index=torch_index,
    )


of_variant = provided("chosen", by=variant)
"""Decorates a command that is passed `chosen` and has the options of a variant."""


@app.command()
@of_variant
def build(chosen: Variant) -> None:
    """Build the image."""
    print(build_image(find_engine(), chosen))


@app.command()
@of_variant
def push(
    chosen: Variant,
    *,
    environment: Annotated[
        list[str], typer.Option(help="Whose repository takes the image. May be repeated.")
    ],
) -> None:
    """Build the image and push it to the repositories of environments."""
    engine = find_engine()
    name = build_image(engine, chosen)
    print(name)
    table = pushing.TABLES[chosen.accelerator]
    pushing.push_to_environments(engine, name, environment, table=table)


@app.command("service")
def build_or_push_service(
    *,
    environment: Annotated[
        list[str] | None, typer.Option(help="Whose repository takes the image. May be repeated.")
    ] = None,
) -> None:
    """Build the image of the API and the web pages, and push it to environments."""
    engine = find_engine()
    name = service.build_service(engine)
    print(name)
    pushing.push_to_environments(
        engine,
        name,
        environment or [],
        table=service.TABLE,
        repository=lambda names: names.service_images,
    )


@app.command()
@of_variant
def release(chosen: Variant, *, repository: str = RELEASES) -> None:
    """Build the image once, push it to the repository of releases, write its digest."""
    engine = find_engine()
    releases = promotion.Repository(ecr=boto3.client("ecr"), name=repository)
    files = sorted(pushing.ENVIRONMENTS.glob("*.toml"))
    for each in releasing.variants(chosen, files):
        print(releasing.release(releases, engine, each, files=files))


@app.command()
def promote(
    *,
    environment: Annotated[str, typer.Option()],
    assembly: Path = ROOT / "cdk.out",
    repository: str = RELEASES,
    source_account: Annotated[
        str | None, typer.Option(help="The account of the repository, if it is another.")
    ] = None,
    source_region: Annotated[
        str | None, typer.Option(help="The region of the repository, if it is another.")
    ] = None,
) -> None:
    """Copy the released image to an environment's repository, under the same digest."""
    app = read_environments(assembly)
    if environment not in app:
        raise AssemblyError(f"{assembly} has no environment {environment}")
    stacks = app[environment]
    region = next(stack.region for stack in stacks)
    source = promotion.Repository(
        ecr=boto3.client("ecr", region_name=source_region),
        name=repository,
        registry_id=source_account,
    )
    target = promotion.Repository(
        ecr=boto3.client("ecr", region_name=region), name=Names(environment).processor
    )
    for digest in promotion.digests_of(stacks):
        print(promotion.promote(source, target, digest))


@app.command()
def compose(
    *,
    videos: Annotated[Path, typer.Option(help="The folder of videos.")],
    out: Annotated[Path, typer.Option(help="The folder of results.")],
    network: Annotated[
        composition.Network, typer.Option(help="host: reachable at this machine's loopback.")
    ] = composition.Network.NONE,
) -> int:
    """Run the local cloud, a pool, the API and the pages in containers."""
    return composition.compose(
        find_engine(), videos=videos.absolute(), out=out.absolute(), network=network
    )


if __name__ == "__main__":
    sys.exit(main())
