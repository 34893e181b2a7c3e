"""`upload` and `api jobs | show | watch | cancel | retry | ... | delete | reads | results`."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifestream.commands.api_command import JobId, calls_api
from lifestream.session import JsonOption
from lifestream.view.console import Screen
from lifestream.view.formatting import timestamp
from runtime.core.clock import SystemClock
from runtime.core.errors import Permanent

if TYPE_CHECKING:
    from lifestream.remote.client import ApiClient

app = typer.Typer(
    name="api", help="List, show, watch, cancel, retry, reprocess and delete your jobs by the API."
)

COLUMNS = ("JOB", "STATE", "STAGE", "PROGRESS", "NAME")
POLL_SECONDS = 5.0
FAILED_STATES = frozenset({"FAILED", "CANCELLED"})


@calls_api
def upload(
    client: "ApiClient",
    screen: Screen,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A recording.")],
    *,
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="As in GET /v1/options.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the job to its end.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Upload a recording by the API; repeated after an interruption, it goes on where it ended."""
    from lifestream.remote.uploading import Uploader  # noqa: PLC0415 - needs the HTTP client

    options = _options(option or [], title)
    with screen.transfer(f"Uploading {file.name}", file.stat().st_size) as on_bytes:
        uploader = Uploader(client=client, state_dir=_state_dir(), on_bytes=on_bytes)
        job = uploader.upload(file, options=options)
    if wait:
        job = _followed(client, job["job_id"], screen)
    if as_json:
        screen.json(job)
    else:
        screen.say(f"{job['job_id']}  {job['state']}  {job['name']}")
        _say_failure(screen, job)
    return 1 if job["state"] in FAILED_STATES else 0


@app.command("jobs")
@calls_api
def list_jobs(
    client: "ApiClient",
    screen: Screen,
    *,
    state: Annotated[list[str] | None, typer.Option(help="Only jobs in these states.")] = None,
    text: Annotated[str, typer.Option(help="In the title or the file name.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, metavar="N")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show your jobs, the newest first."""
    query = {"limit": limit, "state": state, "text": text or None}
    jobs = client.call("GET", "/v1/jobs", query=query)["items"]
    if as_json:
        screen.json(jobs)
    else:
        screen.table(COLUMNS, [_row(job) for job in jobs])


@app.command()
@calls_api
def show(client: "ApiClient", screen: Screen, job: JobId) -> None:
    """Show one job as JSON."""
    screen.json(client.call("GET", f"/v1/jobs/{job}"))


@app.command()
@calls_api
def watch(client: "ApiClient", screen: Screen, job: JobId) -> int:
    """Follow a job to its end; the status is 1 unless it succeeded."""
    found = _followed(client, job, screen)
    screen.say(f"{found['job_id']}  {found['state']}  {found['name']}")
    _say_failure(screen, found)
    return 1 if found["state"] in FAILED_STATES else 0


def _act(action: str) -> Callable[..., None]:
    @calls_api
    def command(client: "ApiClient", screen: Screen, job: JobId) -> None:
        found = client.call("POST", f"/v1/jobs/{job}/{action}")
        screen.say(f"{found['job_id']}  {found['state']}")

    return command


for _action, _help in (
    ("cancel", "Cancel a job that has not ended."),
    ("retry", "Run a failed or cancelled job again."),
    ("reprocess", "Run a job that has ended again."),
):
    app.command(_action, help=_help)(_act(_action))


@app.command()
@calls_api
def delete(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the certificate and print it.")
    ] = False,
) -> None:
    """Erase a job in any state, with its recording, its results and all their versions."""
    client.call("DELETE", f"/v1/jobs/{job}")
    screen.say(f"{job}  deleted")
    if not wait:
        return
    clock = SystemClock()
    while client.call("GET", f"/v1/jobs/{job}/erasure")["state"] != "erased":
        clock.sleep(POLL_SECONDS)
    screen.json(client.call("GET", f"/v1/jobs/{job}/erasure"))


@app.command()
@calls_api
def reads(
    client: "ApiClient",
    screen: Screen,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", help="All jobs if omitted.")] = None,
    *,
    owner: Annotated[
        str | None, typer.Option(help="Whose jobs, for admins; yours if omitted.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show who read or changed a job or all jobs; with --json, everything for a script."""
    jobs = [job] if job else [each["job_id"] for each in _pages(client, "/v1/jobs", owner)]
    found = [
        {"job_id": job_id, **each}
        for job_id in jobs
        for each in _pages(client, f"/v1/jobs/{job_id}/reads")
    ]
    if as_json:
        screen.json(found)
    else:
        rows = [
            [each["job_id"], timestamp(each["at"]) or "", each["owner"], each["action"]]
            for each in found
        ]
        screen.table(("JOB", "HOUR", "WHO", "WHAT"), rows)


def _pages(client: "ApiClient", path: str, owner: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a listing."""
    cursor: str | None = None
    while True:
        page = client.call("GET", path, query={"limit": 100, "cursor": cursor, "owner": owner})
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


@app.command()
@calls_api
def results(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    folder: Annotated[Path, typer.Argument(help="Where to put them.")] = Path(),
) -> None:
    """Download everything that a job has published."""
    for file in client.call("GET", f"/v1/jobs/{job}/results")["files"]:
        target = (folder / file["name"]).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise Permanent("results.name", f"{file['name']!r} is no name.", "Report it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(client.send("GET", file["url"]).content)
        screen.say(str(folder / file["name"]))


def _followed(client: "ApiClient", job_id: str, screen: Screen) -> dict[str, Any]:
    last: dict[str, Any] = {}
    for job in client.follow(job_id):
        last = job
        stage = job["stage"] or job["state"].lower()
        screen.note(f"{stage}  {100 * (job['progress'] or 0.0):.0f} %")
    return last


def _say_failure(screen: Screen, job: dict[str, Any]) -> None:
    error = job["error"]
    if error is not None:
        screen.note(f"{error['message']} [{error['code']}]")
        screen.note(error["remedy"])


def _options(given: list[str], title: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {} if title is None else {"title": title}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name:
            raise typer.BadParameter(f"{each!r} is no NAME=VALUE")
        options[name.replace("-", "_")] = int(value) if value.isdecimal() else value
    return options


def _row(job: dict[str, Any]) -> list[str]:
    progress = "" if job["progress"] is None else f"{100 * job['progress']:.0f} %"
    name = job["title"] or job["name"]
    return [job["job_id"], job["state"], job["stage"] or "", progress, name]


def _state_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "lifestream" / "uploads"
