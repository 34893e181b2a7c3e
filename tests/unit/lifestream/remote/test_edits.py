"""`lifestream edits ...` with the real application: every command, as typed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.core.jobs import Job
from runtime.corrections.edits import KINDS
from tests.golden.talk import FIRST, SECOND, TALK
from tests.unit.api.finished import finished
from tests.unit.api.world import World
from tests.unit.lifestream.remote.typed import Run, typed


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.client.close()


@pytest.fixture
def job(world: World) -> Job:
    return finished(world)


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    return typed(world, monkeypatch, "edits")


COMMANDS = {
    "rename_speaker": ("rename", FIRST, "Ada"),
    "merge_speakers": ("merge", SECOND, FIRST),
    "split_speaker": ("split", FIRST, "0", "SPEAKER_07"),
    "reassign_words": ("reassign", "SPEAKER_07", "1", "2"),
    "change_word": ("change", "0", "Ahoy"),
    "insert_words": ("insert", "0", "and so"),
    "delete_word": ("delete", "1"),
    "join_words": ("join", "0"),
    "start_sentence": ("start-sentence", "2"),
    "continue_sentence": ("continue-sentence", "2"),
    "change_title": ("title", "At sea"),
    "change_chapter": ("chapter", "0", "Morning"),
    "change_summary": ("summary", "0", "0", ""),
}


def journal(run: Run, job: Job, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert run("show", job.job_id, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_should_have_a_command_for_each_kind(
    run: Run, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert COMMANDS.keys() == KINDS.keys()
    for command, *arguments in COMMANDS.values():
        assert run(command, job.job_id, *arguments) == 0, command
    entries = journal(run, job, capsys)["entries"]
    assert [entry["edit"]["kind"] for entry in entries] == list(COMMANDS)


def test_should_undo_list_compare_and_restore(
    run: Run, job: Job, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    several = tmp_path / "edits.json"
    several.write_text(json.dumps([{"kind": "change_title", "text": "At sea"}]))
    assert run("apply", job.job_id, str(several)) == 0
    assert run("undo", job.job_id) == 0
    assert run("redo", job.job_id, "--revision", "2") == 0
    assert run("redo", job.job_id, "--revision", "2") == 1
    assert "edits.changed" in capsys.readouterr().err
    assert run("restore", job.job_id, "0") == 0
    assert run("revisions", job.job_id) == 0
    said = capsys.readouterr().out
    assert [action in said for action in ("undo", "redo", "restore")] == [True] * 3
    assert run("compare", job.job_id, "3") == 0
    assert json.loads(capsys.readouterr().out)["title"]["before"] == "At sea"


def test_should_export_and_import_captions(
    run: Run, job: Job, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run("title", job.job_id, "At sea")
    assert run("export", job.job_id, "--format", "vtt", "--folder", str(tmp_path)) == 0
    (path,) = tmp_path.iterdir()
    assert path.name == f"{job.job_id}.r1.vtt"
    word = TALK.sentences[0].words[0].word.text
    path.write_text(path.read_text().replace(word, "Ahoy", 1))
    run("title", job.job_id, "At the harbour")
    capsys.readouterr()
    assert run("import", job.job_id, str(path), "--dry-run") == 0
    assert '"change_word"' in capsys.readouterr().out
    assert run("import", job.job_id, str(path)) == 0
    found = journal(run, job, capsys)
    assert (found["revision"], found["words"][0]["text"]) == (3, "Ahoy")
    assert found["title"] == "At the harbour"


def test_should_show_sentences_words_and_doubtful_words(
    run: Run, job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    for option, rows in (
        ((), len(TALK.sentences)),
        (("--words",), sum(len(sentence.words) for sentence in TALK.sentences)),
        (("--doubtful", "0"), 0),
    ):
        assert run("show", job.job_id, *option) == 0
        assert len(capsys.readouterr().out.splitlines()) == rows + 1
