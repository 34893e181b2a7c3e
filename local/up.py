"""`make up`: the whole system with API and web pages, kept running until it is stopped."""

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lifestream.view.console import Screen
from local import deploy, toolchain
from local.cloud import CloudError, LocalCloud
from local.commands import interrupt_on_sigterm, run_command
from local.deploy_local import shown
from local.deployed import ENVIRONMENT
from local.emulator.load_balancing.doors import TEST
from local.emulator.settings import HOST
from local.issuer.process import IssuerError, local_issuer
from local.ports import free_port, reserve
from local.processes import answers
from local.service_settings import API, WEB, service_settings
from local.valkey import running_cache
from runtime.core.contract import API_PORT, SERVICE_NAME, WEB_PORT, EnvVar, Launch
from scripts.setup.wheels import UnavailableError

STATE_FILE = toolchain.STATE / "up.json"
USUAL_PORTS = {API: API_PORT, WEB: WEB_PORT}
BLUE_GREEN = {"deployment": "blue_green", "bake_minutes": 1}
READY_SECONDS = 60.0
POLL_SECONDS = 0.1
LINES_SHOWN = 12


class NotReadyError(RuntimeError):
    """A part of the system did not come up; the message says which and where its log is."""


FAILURES = (CloudError, UnavailableError, deploy.DeployFailedError, IssuerError, NotReadyError)
"""What keeps it from starting; the messages are for the user."""


def main(
    *,
    pool: Annotated[
        bool, typer.Option("--pool", help="Process by a pool of warm workers.")
    ] = False,
    functions: Annotated[
        bool,
        typer.Option("--functions", help='Host the services as functions: hosting = "lambda".'),
    ] = False,
    blue_green: Annotated[
        bool, typer.Option("--blue-green", help="Deploy the services blue/green.")
    ] = False,
    cache: Annotated[
        bool, typer.Option("--cache", help="Share rate limits in a Redis server of Debian.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Stop as soon as all is ready.")] = False,
    note: Annotated[Path, typer.Option(help="The file for addresses and the token.")] = STATE_FILE,
) -> int:
    """Start everything, print URLs and a token, and stay until Ctrl-C or SIGTERM."""
    screen = Screen()
    interrupt_on_sigterm()
    try:
        with running(
            screen,
            pool=pool,
            functions=functions,
            blue_green=blue_green,
            cache=cache,
            note=note,
        ) as written:
            show(screen, written, note)
            if not once:
                screen.say("It runs until Ctrl-C; nothing of it is kept.")
                threading.Event().wait()
    except FAILURES as error:
        screen.say(str(error))
        return 1
    except KeyboardInterrupt:
        screen.say("Stopped; nothing is left running.")
    return 0


@contextlib.contextmanager
def running(
    screen: Screen,
    *,
    pool: bool = False,
    functions: bool = False,
    blue_green: bool = False,
    cache: bool = False,
    note: Path = STATE_FILE,
) -> Iterator[Mapping[str, Any]]:
    """Run the system, and describe it in the file `note` for as long as it runs."""
    doors = {name: usual_or_free(port) for name, port in USUAL_PORTS.items()}
    urls = {name: f"http://{HOST}:{port}" for name, port in doors.items()}
    if functions:
        # API Gateway distinguishes its domains by name, without the port.
        urls[WEB] = f"http://localhost:{doors[WEB]}"
    tests = {name: free_port() for name in USUAL_PORTS} if blue_green else {}
    with contextlib.ExitStack() as stack:
        with screen.step("Starting the local cloud"):
            shared = stack.enter_context(shared_cache()) if cache else {}
            cloud = stack.enter_context(
                toolchain.start_cloud(
                    front_doors={**doors, **{f"{n}:{TEST}": p for n, p in tests.items()}},
                    service_environment=shared,
                )
            )
        with screen.step("Starting the local issuer of tokens"):
            issuer = stack.enter_context(local_issuer(cloud.state_dir / "issuer"))
        with screen.step("Deploying the templates with the CDK command line"):
            settings = service_settings(cloud.endpoint_url, issuer, urls)
            settings |= {"hosting": "lambda"} if functions else {}
            settings |= BLUE_GREEN if blue_green else {}
            outputs = deployed(cloud, settings, pool=pool)
        with screen.step("Waiting for the services"):
            for name, url in urls.items():
                await_health(name, url, cloud)
        written = {
            **urls,
            **{f"{name}_test": f"http://{HOST}:{port}" for name, port in tests.items()},
            "token": issuer.token,
            "issuer": issuer.url,
            "aws": cloud.endpoint_url,
            "bucket": outputs["MediaBucketName"],
            "state": str(cloud.state_dir),
            "pid": os.getpid(),
        }
        stack.enter_context(state_file(note, written))
        yield written


@contextlib.contextmanager
def shared_cache() -> Iterator[Mapping[str, str]]:
    """Run a cache; yield the variable by which the API finds it."""
    with tempfile.TemporaryDirectory() as folder, running_cache(Path(folder)) as url:
        yield {EnvVar.CACHE_URL: url}


def deployed(cloud: LocalCloud, service: Mapping[str, Any], *, pool: bool) -> dict[str, str]:
    """Deploy the environment and return its outputs; a failure shows the services' last lines."""
    try:
        return deploy.deploy(
            cloud,
            environment=ENVIRONMENT,
            launch=Launch.POOL if pool else None,
            service=service,
        )
    except deploy.DeployFailedError as error:
        lines = [f"{name}: {line}" for name in (API, WEB) for line in last_lines(cloud, name)]
        raise deploy.DeployFailedError("\n".join([str(error), *lines])) from error


def last_lines(cloud: LocalCloud, name: str) -> list[str]:
    """Return the last lines that a service logged, none without its log group."""
    logs = cloud.client("logs")
    group = f"/ecs/{SERVICE_NAME}-{name}-{ENVIRONMENT}"
    try:
        events = logs.filter_log_events(logGroupName=group)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in events[-LINES_SHOWN:]]


def await_health(name: str, url: str, cloud: LocalCloud) -> None:
    """Wait until a service answers through its load balancer; raise `NotReadyError`."""
    deadline = time.monotonic() + READY_SECONDS
    while not healthy(url):
        if time.monotonic() > deadline:
            raise NotReadyError(
                f"{url}/health did not answer with 200 in {READY_SECONDS:.0f} s. The service {name}"
                f" logs to the group /ecs/lifestream-{name}-{ENVIRONMENT} of {cloud.endpoint_url}."
            )
        time.sleep(POLL_SECONDS)


def healthy(url: str) -> bool:
    """Return whether `GET /health` answers 200."""
    return answers(f"{url}/health")


@contextlib.contextmanager
def state_file(path: Path, content: Mapping[str, Any]) -> Iterator[None]:
    """Keep a file of JSON for this user alone while the context lasts: it holds a token."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(content, indent=2) + "\n")
    part.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def usual_or_free(port: int) -> int:
    """Return the port if this machine has it free, else another one."""
    return port if reserve(port) else free_port()


def show(screen: Screen, written: Mapping[str, Any], note: Path) -> None:
    """Print where everything is and what to do with it."""
    screen.say()
    screen.fields(
        [
            ("web pages", str(written[WEB])),
            ("API", f"{written[API]}/docs"),
            *((name, str(url)) for name, url in written.items() if name.endswith(f"_{TEST}")),
            ("issuer", str(written["issuer"])),
            ("local AWS", str(written["aws"])),
            ("token", str(written["token"])),
        ]
    )
    screen.say()
    screen.say("In another terminal of this folder:")
    token = f"$(jq -r .token {shown(note)})"
    screen.say(f'  curl -H "Authorization: Bearer {token}" {written[API]}/v1/me')
    screen.say()


if __name__ == "__main__":
    run_command(main, "make up")
