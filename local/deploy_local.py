"""`make deploy-local ENV=...`: deploy one environment into a local cloud and keep it running."""

import shlex
import threading
from pathlib import Path
from typing import Annotated

import typer

from lifestream.view.console import Screen
from local import deploy, toolchain
from local.cloud import CloudError, LocalCloud
from local.commands import interrupt_on_sigterm, run_command
from runtime.core.contract import UPLOADS_PREFIX, EnvVar, Output

ENVIRONMENTS = toolchain.ROOT / "environments"
VARIABLES_FILE = "aws.sh"
UNKNOWN_ENVIRONMENT = 2


def main(
    environment: Annotated[
        str, typer.Argument(help="The name of a file of environments/, such as prod.")
    ],
    *,
    enforce: Annotated[
        bool, typer.Option("--enforce", help="Let each role do what it is granted and no more.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Stop as soon as all is deployed.")] = False,
) -> int:
    """Deploy one environment into a local cloud, print its outputs and stay until stopped."""
    screen = Screen()
    if complaint := unknown(environment, ENVIRONMENTS):
        screen.say(complaint)
        return UNKNOWN_ENVIRONMENT
    interrupt_on_sigterm()
    try:
        with screen.step("Starting the local cloud"):
            cloud = toolchain.start_cloud(enforce_permissions=enforce)
        with cloud:
            with screen.step(f"Deploying {environment} with the CDK command line"):
                outputs = deploy.deploy(cloud, environment=environment)
            screen.say()
            screen.fields(sorted(outputs.items()))
            screen.say()
            if not once:
                advise(screen, cloud, outputs[Output.MEDIA_BUCKET], environment)
                screen.say("It runs until Ctrl-C; nothing of it is kept.")
                threading.Event().wait()
    except (CloudError, deploy.DeployFailedError) as error:
        screen.say(str(error))
        return 1
    except KeyboardInterrupt:
        screen.say("Stopped; nothing is left running.")
    return 0


def unknown(environment: str, folder: Path) -> str | None:
    """Return the names of the environments when there is none of this name, else None."""
    existing = sorted(path.stem for path in folder.glob("*.toml"))
    if environment in existing:
        return None
    return f"There is no environment {environment!r}; give ENV= one of: {', '.join(existing)}."


def advise(screen: Screen, cloud: LocalCloud, bucket: str, environment: str) -> None:
    """Print what to do next, in another terminal."""
    variables = write_variables(cloud, environment)
    video = toolchain.MEDIA / "sample.mp4"
    screen.say("What to do next, in another terminal of this folder:")
    for line in (
        f". {shown(variables)}",
        upload_command(video, bucket),
        f".venv/bin/python -m lifestream jobs watch {UPLOADS_PREFIX}{video.name}",
        ".venv/bin/python -m lifestream doctor",
    ):
        screen.say(f"  {line}")
    screen.say()


def upload_command(video: Path, bucket: str) -> str:
    """Return a command that uploads a video by AWS's SDK alone, as any client would."""
    call = f"upload_file('{shown(video)}', '{bucket}', '{UPLOADS_PREFIX}{video.name}')"
    return f".venv/bin/python -c \"import boto3; boto3.client('s3').{call}\""


def write_variables(cloud: LocalCloud, environment: str) -> Path:
    """Write a file of shell variables by which AWS's tools and Lifestream's find this cloud."""
    values = {**cloud.aws_environment(), EnvVar.ENVIRONMENT.value: environment}
    path = cloud.state_dir / VARIABLES_FILE
    path.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
    )
    return path


def shown(path: Path) -> str:
    """Return a path as it is typed from the repository's folder."""
    return str(path.relative_to(toolchain.ROOT) if path.is_relative_to(toolchain.ROOT) else path)


if __name__ == "__main__":
    run_command(main, "make deploy-local")
