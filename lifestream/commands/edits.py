"""`edits ...`: corrects a job's results by the API; one command for each kind of edit."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from lifestream.commands.remote import ApiOption, JobId, KeyOption, TokenOption, connected
from lifestream.session import JsonOption, session_of
from lifestream.view.console import Screen
from runtime.core.errors import Permanent
from runtime.results.render.text import clock

app = typer.Typer()

RevisionOption = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="The revision that is corrected, if it is current."),
]
Speaker = Annotated[str, typer.Argument(metavar="SPEAKER", help="A label, such as SPEAKER_00.")]
Into = Annotated[str, typer.Argument(metavar="INTO", help="The label of the other speaker.")]
Word = Annotated[str, typer.Argument(metavar="WORD", help="A word's id, as `edits show` has it.")]
Text = Annotated[str, typer.Argument(metavar="TEXT")]
Index = Annotated[int, typer.Argument(min=0, metavar="INDEX", help="Counted from 0.")]
Number = Annotated[int, typer.Argument(min=0, metavar="REVISION", help="0 is the machine's.")]

FORMATS = ("srt", "vtt", "json")
_REVISION = re.compile(r"\.r(?P<revision>\d+)\.")


def _command(function: Callable[..., Any]) -> Callable[..., int]:
    """Return a command that makes the edit which `function` returns."""

    def command(
        context: typer.Context,
        job: str,
        *,
        revision: int | None,
        api: str | None,
        token: str | None,
        key: str | None,
        **given: Any,
    ) -> int:
        edit = function(**given)
        with connected(api, token, key) as client:
            answer = _post(client, job, "edits", revision, {"edits": [edit]})
        _say(session_of(context).screen, answer)
        return 0

    first: dict[str, Any] = {"context": typer.Context, "job": JobId}
    options: dict[str, Any] = {
        "revision": RevisionOption,
        "api": ApiOption,
        "token": TokenOption,
        "key": KeyOption,
    }
    given = inspect.signature(function).parameters
    kind, only = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # what Typer reads
        [
            *(inspect.Parameter(name, kind, annotation=hint) for name, hint in first.items()),
            *given.values(),
            *(
                inspect.Parameter(name, only, annotation=hint, default=None)
                for name, hint in options.items()
            ),
        ]
    )
    hints = {name: parameter.annotation for name, parameter in given.items()}
    command.__annotations__ = {**first, **hints, **options, "return": int}
    command.__doc__ = function.__doc__
    return command


def _edit(name: str, kind: str) -> Callable[[Callable[..., dict[str, Any]]], None]:
    def added(function: Callable[..., dict[str, Any]]) -> None:
        def edit(**given: Any) -> dict[str, Any]:
            return {"kind": kind, **function(**given)}

        edit.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
        edit.__doc__ = function.__doc__
        app.command(name)(_command(edit))

    return added


@_edit("rename", "rename_speaker")
def _rename(speaker: Speaker, name: Text) -> dict[str, Any]:
    """Give a speaker a name, everywhere; an empty one takes it back."""
    return {"speaker": speaker, "name": name}


@_edit("merge", "merge_speakers")
def _merge(speaker: Speaker, into: Into) -> dict[str, Any]:
    """Say that two speakers were one person."""
    return {"speaker": speaker, "into": into}


@_edit("split", "split_speaker")
def _split(speaker: Speaker, word: Word, into: Into) -> dict[str, Any]:
    """Say that from a word on, a speaker is another one, who may be new."""
    return {"speaker": speaker, "word": word, "into": into}


@_edit("reassign", "reassign_words")
def _reassign(
    speaker: Speaker, words: Annotated[list[str], typer.Argument(metavar="WORD...")]
) -> dict[str, Any]:
    """Say who said some words; the speaker may be new."""
    return {"speaker": speaker, "words": words}


@_edit("change", "change_word")
def _change(word: Word, text: Text) -> dict[str, Any]:
    """Write a word otherwise; several words share its time."""
    return {"word": word, "text": text}


@_edit("insert", "insert_words")
def _insert(after: Word, text: Text) -> dict[str, Any]:
    """Insert words after a word."""
    return {"after": after, "text": text}


@_edit("delete", "delete_word")
def _delete(word: Word) -> dict[str, Any]:
    """Delete a word."""
    return {"word": word}


@_edit("join", "join_words")
def _join(word: Word) -> dict[str, Any]:
    """Make a word and the next of its sentence one."""
    return {"word": word}


@_edit("start-sentence", "start_sentence")
def _start_sentence(word: Word) -> dict[str, Any]:
    """Begin a sentence with a word."""
    return {"word": word}


@_edit("continue-sentence", "continue_sentence")
def _continue_sentence(word: Word) -> dict[str, Any]:
    """Begin no sentence with a word: it continues the one before."""
    return {"word": word}


@_edit("title", "change_title")
def _title(text: Text) -> dict[str, Any]:
    """Give the recording a title; an empty one takes it back."""
    return {"text": text}


@_edit("chapter", "change_chapter")
def _chapter(index: Index, text: Text) -> dict[str, Any]:
    """Give a chapter another title."""
    return {"chapter": index, "text": text}


@_edit("summary", "change_summary")
def _summary(section: Index, item: Index, text: Text) -> dict[str, Any]:
    """Write a sentence of the summary otherwise; an empty text removes it."""
    return {"section": section, "item": item, "text": text}


@app.command()
def show(
    context: typer.Context,
    job: JobId,
    *,
    words: Annotated[bool, typer.Option("--words", help="Each word with its id.")] = False,
    doubtful: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, metavar="P", help="Only words less probable than this."),
    ] = None,
    as_json: JsonOption = False,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """Show the sentences, or the words, with the ids that edits name."""
    screen = session_of(context).screen
    with connected(api, token, key) as client:
        found = client.call("GET", f"/v1/jobs/{job}/edits")
    if as_json:
        screen.json(found)
        return 0
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
    return 0


def _step(name: str, help_text: str) -> None:
    def command(
        context: typer.Context,
        job: JobId,
        *,
        revision: RevisionOption = None,
        api: ApiOption = None,
        token: TokenOption = None,
        key: KeyOption = None,
    ) -> int:
        with connected(api, token, key) as client:
            answer = _post(client, job, f"edits/{name}", revision)
        _say(session_of(context).screen, answer)
        return 0

    app.command(name, help=help_text)(command)


_step("undo", "Take the last edit back, or the last import.")
_step("redo", "Make the edit again that was taken back last.")
_step("carry", "Carry the corrections of the run before over to these results.")


@app.command()
def restore(
    context: typer.Context,
    job: JobId,
    number: Number,
    *,
    revision: RevisionOption = None,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """Return to the edits of an earlier revision, in a new one."""
    with connected(api, token, key) as client:
        answer = _post(client, job, f"revisions/{number}/restore", revision)
    _say(session_of(context).screen, answer)
    return 0


@app.command()
def revisions(
    context: typer.Context,
    job: JobId,
    *,
    as_json: JsonOption = False,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """List who made which revision."""
    screen = session_of(context).screen
    with connected(api, token, key) as client:
        found = client.call("GET", f"/v1/jobs/{job}/revisions")
    if as_json:
        screen.json(found)
        return 0
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
    return 0


@app.command()
def compare(
    context: typer.Context,
    job: JobId,
    before: Number,
    after: Annotated[int | None, typer.Argument(min=0, metavar="[REVISION]")] = None,
    *,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """Show what differs between two revisions as JSON; the second is the current one."""
    with connected(api, token, key) as client:
        path = f"/v1/jobs/{job}/revisions/{before}/compare"
        session_of(context).screen.json(client.call("GET", path, query={"with": after}))
    return 0


@app.command("export")
def export_file(
    context: typer.Context,
    job: JobId,
    form: Annotated[str, typer.Option("--format", help="srt, vtt or json.")] = "srt",
    folder: Annotated[Path, typer.Option("--folder", file_okay=False)] = Path(),
    *,
    revision: RevisionOption = None,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """Write the transcript to be edited elsewhere; its name says which revision it is."""
    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is none of {', '.join(FORMATS)}")
    with connected(api, token, key) as client:
        number = _current(client, job) if revision is None else revision
        content = client.file(f"/v1/jobs/{job}/revisions/{number}/results/transcript.{form}")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{job}.r{number}.{form}"
    path.write_bytes(content)
    session_of(context).screen.say(str(path))
    return 0


@app.command("import")
def import_file(
    context: typer.Context,
    job: JobId,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="As exported.")],
    *,
    base: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The revision it was exported from."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the edits only.")] = False,
    revision: RevisionOption = None,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """Make the edits that an exported transcript was given elsewhere, as one change."""
    named = _REVISION.search(file.name)
    screen = session_of(context).screen
    with connected(api, token, key) as client:
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
    return 0


@app.command()
def apply(
    context: typer.Context,
    job: JobId,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JSON list.")],
    *,
    revision: RevisionOption = None,
    api: ApiOption = None,
    token: TokenOption = None,
    key: KeyOption = None,
) -> int:
    """Make the edits of a file as `POST /v1/jobs/{id}/edits` takes them: all, or none."""
    try:
        edits = json.loads(file.read_text())
    except ValueError as error:
        raise Permanent("edits.invalid", f"{file} is no JSON.", "Correct it.") from error
    with connected(api, token, key) as client:
        answer = _post(client, job, "edits", revision, {"edits": edits})
    _say(session_of(context).screen, answer)
    return 0


def _current(client: Any, job: str) -> int:
    return int(client.call("GET", f"/v1/jobs/{job}")["revision"])


def _post(
    client: Any, job: str, path: str, revision: int | None, body: dict[str, Any] | None = None
) -> Any:
    number = _current(client, job) if revision is None else revision
    headers = {"If-Match": f'"{number}"'}
    return client.call("POST", f"/v1/jobs/{job}/{path}", body, headers=headers)


def _say(screen: Screen, answer: dict[str, Any]) -> None:
    screen.note(f"revision {answer['revision']}")
