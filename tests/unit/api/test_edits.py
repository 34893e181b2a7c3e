"""Corrections over the API: revisions, conflicts, undo, restore."""

import json
from dataclasses import replace
from typing import Any

import pytest

from runtime.core.contract import ResultFile, attempt_folder, result_prefix
from runtime.core.jobs import Job, succeed
from runtime.results.findings import findings_bytes
from runtime.results.render.files import render_files, render_manifest
from tests.golden.talk import FIRST, TALK
from tests.unit.api.world import BUCKET, World

RENAME = {"kind": "rename_speaker", "speaker": FIRST, "name": "Ada Byron"}
TITLE = {"kind": "change_title", "text": "At the harbour"}


def finished(world: World) -> Job:
    """Record a job that has published a result."""
    running = world.job()
    result = replace(TALK, source=running.source, media_files=())
    rendered = {**render_files(result), ResultFile.FINDINGS: findings_bytes(result)}
    folder = attempt_folder(running.attempt)
    files = {
        **rendered,
        ResultFile.METRICS: b'{"media_seconds": 1.0}',
        ResultFile.MANIFEST: render_manifest(result, rendered, folder=folder),
    }
    prefix = result_prefix(running.job_id) + folder
    for name, content in files.items():
        world.objects.write_bytes(content, BUCKET, prefix + name, "any/type")
    done = succeed(
        running, now=world.clock.now(), result_key=prefix + ResultFile.SUMMARY_JSON.value
    )
    world.jobs.save(running, done)
    return done


def change(
    world: World, job: Job, path: str, revision: int | None, **body: Any
) -> tuple[int, dict[str, Any]]:
    headers = world.headers()
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    answer = world.client.post(f"/v1/jobs/{job.job_id}/{path}", json=body or None, headers=headers)
    if answer.is_success:
        assert answer.headers["ETag"] == f'"{answer.json()["revision"]}"'
    return answer.status_code, answer.json()


def read(world: World, job: Job, path: str) -> Any:
    place = f"/v1/jobs/{job.job_id}/{path}".rstrip("/")
    answer = world.client.get(place, headers=world.headers())
    assert answer.status_code == 200, answer.text
    return answer.json() if "json" in answer.headers["content-type"] else answer.text


def published(world: World, job: Job, name: str) -> str:
    return str(read(world, job, f"results/{name}?inline=1"))


def test_should_show_a_correction_in_every_file_at_once(world: World) -> None:
    job = finished(world)
    before = read(world, job, "edits")
    assert (before["revision"], before["can_undo"]) == (0, False)
    assert len(before["words"]) == sum(len(sentence.words) for sentence in TALK.sentences)
    status, after = change(world, job, "edits", 0, edits=[RENAME, TITLE])
    assert (status, after["revision"], after["can_undo"]) == (200, 1, True)
    assert "Ada Byron" in published(world, job, "transcript.vtt")
    assert "At the harbour" in published(world, job, "summary.md")
    assert read(world, job, "edits")["names"] == {FIRST: "Ada Byron"}
    assert read(world, job, "")["revision"] == 1
    assert read(world, job, "results")["revision"] == 1
    public = world.objects.read_bytes(BUCKET, f"{result_prefix(job.job_id)}transcript.srt")
    assert b"Ada Byron" in public


def test_should_undo_redo_and_restore_as_further_revisions(world: World) -> None:
    job = finished(world)
    original = published(world, job, "summary.json")
    change(world, job, "edits", 0, edits=[RENAME])
    renamed = published(world, job, "summary.json")
    change(world, job, "edits", 1, edits=[TITLE])
    change(world, job, "edits/undo", 2)
    assert published(world, job, "summary.json") == renamed
    change(world, job, "edits/undo", 3)
    assert published(world, job, "summary.json") == original
    status, after = change(world, job, "edits/redo", 4)
    assert (status, after["revision"]) == (200, 5)
    assert published(world, job, "summary.json") == renamed
    assert read(world, job, "revisions/2")["entries"][1]["undone"] is False
    status, after = change(world, job, "revisions/2/restore", 5)
    assert (status, after["revision"]) == (200, 6)
    assert "At the harbour" in published(world, job, "summary.md")
    status, _ = change(world, job, "revisions/0/restore", 6)
    assert published(world, job, "summary.json") == original


def test_should_refuse_the_second_of_two_people(world: World) -> None:
    job = finished(world)
    change(world, job, "edits", 0, edits=[RENAME])
    status, problem = change(world, job, "edits", 0, edits=[TITLE])
    assert (status, problem["code"]) == (412, "edits.changed")
    assert "1" in problem["detail"]
    assert "At the harbour" not in published(world, job, "summary.md")


def test_should_refuse_a_pointer_that_moved_meanwhile(world: World) -> None:
    """Both have read revision 0; the other's is published between our reading and writing."""
    job = finished(world)
    moved: list[int] = []

    def meanwhile(name: str) -> None:
        if name == "save" and not moved:
            moved.append(1)
            status, _ = change(world, job, "edits", 0, edits=[TITLE])
            assert status == 200

    world.jobs.before_call = meanwhile
    status, problem = change(world, job, "edits", 0, edits=[RENAME])
    assert (status, problem["code"]) == (412, "edits.changed")
    assert "Ada Byron" not in published(world, job, "transcript.vtt")
    assert "At the harbour" in published(world, job, "summary.md")


def test_should_change_nothing_where_one_edit_does_not_fit(world: World) -> None:
    job = finished(world)
    gone = {"kind": "delete_word", "word": "99999"}
    status, problem = change(world, job, "edits", 0, edits=[RENAME, gone])
    assert (status, problem["code"]) == (422, "edits.no_such_word")
    assert read(world, job, "edits")["revision"] == 0


@pytest.mark.parametrize(
    ("path", "revision", "status", "code"),
    [
        ("edits/undo", None, 428, "edits.revision_required"),
        ("edits/undo", 7, 412, "edits.changed"),
        ("edits/undo", 0, 422, "edits.nothing_to_undo"),
        ("edits/redo", 0, 422, "edits.nothing_to_redo"),
        ("revisions/9/restore", 0, 422, "edits.no_such_revision"),
    ],
)
def test_should_say_why_it_refuses(
    world: World, path: str, revision: int | None, status: int, code: str
) -> None:
    answered, problem = change(world, finished(world), path, revision)
    assert (answered, problem["code"]) == (status, code)


def test_should_not_correct_a_job_without_results(world: World) -> None:
    status, problem = change(world, world.job(), "edits", 0, edits=[RENAME])
    assert (status, problem["code"]) == (409, "edits.not_ended")


def test_should_keep_the_files_it_does_not_render(world: World) -> None:
    job = finished(world)
    change(world, job, "edits", 0, edits=[RENAME])
    manifest = json.loads(published(world, job, "manifest.json").replace("'", '"'))
    by_name = {file["name"]: file for file in manifest["files"]}
    assert by_name["findings.json.gz"]["path"].startswith("attempts/1/")
    assert "path" not in by_name["transcript.vtt"]
    assert read(world, job, "results/metrics.json?inline=1") == {"media_seconds": 1.0}
