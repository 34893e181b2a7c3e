"""`edits ...`: corrects a job's results by the API; one command for each kind of edit."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lifestream.command_parameters import spread
from lifestream.commands.api_command import JobId, calls_api
from lifestream.commands.edit_kinds import EDIT_KINDS, EditKind
from lifestream.session import JsonOption
from lifestream.view.console import Screen
from runtime.core.errors import Permanent
from runtime.results.render.text import clock

if TYPE_CHECKING:
    from lifestream.remote.client import ApiClient

app = typer.Typer(
    name="edits",
    help="Correct a job's results by the API: words, speakers, titles; undo, revisions, files.",
)

RevisionOption = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="The revision that is corrected, if it is current."),
]
Number = Annotated[int, typer.Argument(min=0, metavar="REVISION", help="0 is the machine's.")]

FORMATS = ("srt", "vtt", "json")
_REVISION = re.compile(r"\.r(?P<revision>\d+)\.")


def _making(edit: EditKind) -> Callable[..., None]:
    def command(
        client: "ApiClient",
        screen: Screen,
        job: JobId,
        *,
        revision: RevisionOption = None,
        **given: Any,
    ) -> None:
        body = {"edits": [{"kind": edit.kind, **given}]}
        _say(screen, _post(client, job, "edits", revision, body))

    return calls_api(spread(command, edit.arguments))


for _kind in EDIT_KINDS:
    app.command(_kind.command, help=_kind.help)(_making(_kind))


@app.command()
@calls_api
def show(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    *,
    words: Annotated[bool, typer.Option("--words", help="Each word with its id.")] = False,
    doubtful: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, metavar="P", help="Only words less probable than this."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the sentences, or the words, with the ids that edits name."""
    found = client.call("GET", f"/v1/jobs/{job}/edits")
    if as_json:
        screen.json(found)
        return
    names = found["names"]
    rows: list[list[str]] = []
    for word in found["words"]:
        if doubtful is not None and (word["edited"] or word["probability"] >= doubtful):
            continue
        if words or doubtful is not None or word["first"] or not rows:
            speaker = f"{word['speaker']} {names.get(word['speaker'], '')}".strip()
            rows.append([word["id"], clock(word["start_seconds"]), speaker, word["text"]])
        else:
            rows[-1][-1] += f" {word['text']}"
    screen.table(("WORD", "TIME", "SPEAKER", "TEXT"), rows)
    screen.note(f"revision {found['revision']}")


def _stepping(step: str) -> Callable[..., None]:
    @calls_api
    def command(
        client: "ApiClient", screen: Screen, job: JobId, *, revision: RevisionOption = None
    ) -> None:
        _say(screen, _post(client, job, f"edits/{step}", revision))

    return command


for _step, _help in (
    ("undo", "Take the last edit back, or the last import."),
    ("redo", "Make the edit again that was taken back last."),
    ("carry", "Carry the corrections of the run before over to these results."),
):
    app.command(_step, help=_help)(_stepping(_step))


@app.command()
@calls_api
def restore(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    number: Number,
    *,
    revision: RevisionOption = None,
) -> None:
    """Return to the edits of an earlier revision, in a new one."""
    answer = _post(client, job, f"revisions/{number}/restore", revision)
    _say(screen, answer)


@app.command()
@calls_api
def revisions(
    client: "ApiClient", screen: Screen, job: JobId, *, as_json: JsonOption = False
) -> None:
    """List who made which revision."""
    found = client.call("GET", f"/v1/jobs/{job}/revisions")
    if as_json:
        screen.json(found)
        return
    columns = ("REVISION", "BY", "AUTHOR", "EDITS")
    screen.table(
        columns,
        [
            [str(each["revision"]), each["action"], each["author"], str(each["edits"])]
            for each in found["revisions"]
        ],
    )
    screen.note(f"revision {found['current']} is current")
    earlier = found["earlier_run"]
    if earlier is not None and not earlier["carried"]:
        screen.note(f"{earlier['edits']} corrections of the run before wait for `edits carry`")


@app.command()
@calls_api
def compare(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    before: Number,
    after: Annotated[int | None, typer.Argument(min=0, metavar="[REVISION]")] = None,
) -> None:
    """Show what differs between two revisions as JSON; the second is the current one."""
    path = f"/v1/jobs/{job}/revisions/{before}/compare"
    screen.json(client.call("GET", path, query={"with": after}))


@app.command("export")
@calls_api
def export_file(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    form: Annotated[str, typer.Option("--format", help="srt, vtt or json.")] = "srt",
    folder: Annotated[Path, typer.Option("--folder", file_okay=False)] = Path(),
    *,
    revision: RevisionOption = None,
) -> None:
    """Write the transcript to be edited elsewhere; its name says which revision it is."""
    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(FORMATS)}")
    number = _current(client, job) if revision is None else revision
    content = client.file(f"/v1/jobs/{job}/revisions/{number}/results/transcript.{form}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{job}.r{number}.{form}"
    path.write_bytes(content)
    screen.say(str(path))


@app.command("import")
@calls_api
def import_file(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As exported.")],
    *,
    base: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The revision it was exported from."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the edits only.")] = False,
    revision: RevisionOption = None,
) -> None:
    """Make the edits that an exported transcript was given elsewhere, as one change."""
    named = _REVISION.search(file.name)
    number = _current(client, job) if revision is None else revision
    query = {
        "format": file.suffix.removeprefix("."),
        "base": base if base is not None or named is None else int(named["revision"]),
        "dry_run": "1" if dry_run else None,
    }
    answer = client.call(
        "POST",
        f"/v1/jobs/{job}/edits/import",
        file.read_bytes(),
        query=query,
        headers={"If-Match": f'"{number}"'},
    )
    for edit in answer["imported"]:
        screen.say(json.dumps(edit, ensure_ascii=False))
    _say(screen, answer)


@app.command()
@calls_api
def apply(
    client: "ApiClient",
    screen: Screen,
    job: JobId,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JSON list.")],
    *,
    revision: RevisionOption = None,
) -> None:
    """Make the edits of a file as `POST /v1/jobs/{id}/edits` takes them: all, or none."""
    try:
        edits = json.loads(file.read_text())
    except ValueError as error:
        raise Permanent("edits.invalid", f"{file} is no JSON.", "Correct it.") from error
    answer = _post(client, job, "edits", revision, {"edits": edits})
    _say(screen, answer)


def _current(client: "ApiClient", job: str) -> int:
    return int(client.call("GET", f"/v1/jobs/{job}")["revision"])


def _post(
    client: "ApiClient",
    job: str,
    path: str,
    revision: int | None,
    body: dict[str, Any] | None = None,
) -> Any:
    number = _current(client, job) if revision is None else revision
    headers = {"If-Match": f'"{number}"'}
    return client.call("POST", f"/v1/jobs/{job}/{path}", body, headers=headers)


def _say(screen: Screen, answer: dict[str, Any]) -> None:
    screen.note(f"revision {answer['revision']}")
