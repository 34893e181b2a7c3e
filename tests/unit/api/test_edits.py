"""Corrections over the API: revisions, conflicts, undo, restore."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from runtime.core.contract import attempt_folder, result_prefix
from runtime.core.jobs import Job
from runtime.results.published import open_results
from runtime.results.superseded import corrected_by, superseded
from tests.golden.talk import FIRST, TALK
from tests.unit.api.finished import finished, publish_talk
from tests.unit.api.world import BUCKET, OWNER, World

RENAME = {"kind": "rename_speaker", "speaker": FIRST, "name": "Ada Byron"}
TITLE = {"kind": "change_title", "text": "At the harbour"}


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
    listed = read(world, job, "revisions")
    assert listed["current"] == 5
    assert [each["action"] for each in listed["revisions"]] == [
        *("edits", "edits", "undo", "undo", "redo")
    ]
    assert {each["author"] for each in listed["revisions"]} == {OWNER}
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


def test_should_give_the_files_of_an_earlier_revision(world: World) -> None:
    job = finished(world)
    change(world, job, "edits", 0, edits=[RENAME])
    change(world, job, "edits", 1, edits=[TITLE])
    folders = []
    for revision in (0, 1, 2):
        place = f"/v1/jobs/{job.job_id}/revisions/{revision}/results/transcript.vtt"
        answer = world.client.get(place, headers=world.headers())
        assert answer.status_code == 307
        key = urlsplit(answer.headers["Location"]).path
        folders.append(re.sub(r"-[0-9a-f]+/", "/", key[key.index("attempts/") :]))
    assert folders == [
        "attempts/1/transcript.vtt",
        "attempts/1/revisions/1/transcript.vtt",
        "attempts/1/revisions/2/transcript.vtt",
    ]
    for place in ("revisions/3/results/transcript.vtt", "revisions/1/results/nothing.txt"):
        answer = world.client.get(f"/v1/jobs/{job.job_id}/{place}", headers=world.headers())
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    word = world.client.get(
        f"/v1/jobs/{job.job_id}/transcript.docx", headers=world.headers()
    ).headers["Location"]
    assert "/revisions/2-" in word


def test_should_compare_revisions(world: World) -> None:
    job = finished(world)
    change(world, job, "edits", 0, edits=[RENAME])
    change(world, job, "edits", 1, edits=[{"kind": "change_word", "word": "0", "text": "Ahoy"}])
    change(world, job, "edits/undo", 2)
    same = read(world, job, "revisions/1/compare")
    assert (same["before"], same["after"], same["words"], same["names"]) == (1, 3, [], [])
    other = read(world, job, "revisions/0/compare?with=2")
    assert [word["after"] for word in other["words"]] == ["Ahoy"]
    assert other["names"] == [{"place": FIRST, "before": None, "after": "Ada Byron"}]


def test_should_show_the_summary_by_indexes_that_stay(world: World) -> None:
    job = finished(world)
    gone = {"kind": "change_summary", "section": 0, "item": 0, "text": ""}
    before = read(world, job, "edits")["summary"]
    status, _ = change(world, job, "edits", 0, edits=[gone])
    assert status == 200
    after = read(world, job, "edits")["summary"]
    assert [item["found"] for item in after] == [item["found"] for item in before]
    assert after[0]["text"] is None
    assert [item["text"] for item in after[1:]] == [item["text"] for item in before[1:]]
    status, problem = change(
        world, job, "edits", 1, edits=[{**gone, "section": 0, "item": len(before)}]
    )
    assert (status, problem["code"]) == (422, "edits.no_such_item")


def upload(world: World, job: Job, content: str, query: str, revision: int) -> Any:
    return world.client.post(
        f"/v1/jobs/{job.job_id}/edits/import?{query}",
        content=content.encode(),
        headers={**world.headers(), "If-Match": f'"{revision}"', "Content-Type": "text/vtt"},
    )


def test_should_import_edited_captions_as_one_change(world: World) -> None:
    job = finished(world)
    captions = published(world, job, "transcript.vtt")
    first, second = (sentence.words[0].word.text for sentence in TALK.sentences[:2])
    edited = captions.replace(first, "Ahoy", 1).replace("Speaker 1", "Ada Byron")
    tried = upload(world, job, edited, "format=vtt&dry_run=1", 0)
    assert [edit["kind"] for edit in tried.json()["imported"]] == ["change_word", "rename_speaker"]
    assert tried.json()["revision"] == 0
    answer = upload(world, job, edited, "format=vtt", 0)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert published(world, job, "transcript.vtt") == edited
    same = upload(world, job, edited, "format=vtt", 1)
    assert (same.json()["imported"], same.json()["revision"]) == ([], 1)
    # Someone else has edited the file that was exported before: both changes are kept.
    other = captions.replace(f"{second} ", "Aye ", 1)
    assert upload(world, job, other, "format=vtt&base=0", 1).status_code == 200
    both = published(world, job, "transcript.vtt")
    assert ("Ahoy" in both, "Aye" in both, "Ada Byron" in both) == (True, True, True)
    change(world, job, "edits/undo", 2)
    change(world, job, "edits/undo", 3)
    assert published(world, job, "transcript.vtt") == captions


def test_should_refuse_a_file_that_it_cannot_import(world: World) -> None:
    job = finished(world)
    answer = upload(world, job, "no captions", "format=vtt", 0)
    assert (answer.status_code, answer.json()["code"]) == (422, "edits.unreadable_file")
    answer = upload(world, job, "WEBVTT\n", "format=vtt", 7)
    assert (answer.status_code, answer.json()["code"]) == (412, "edits.changed")
    answer = upload(world, job, "x" * (33 << 20), "format=vtt", 0)
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


def test_should_keep_corrections_of_an_earlier_run_and_carry_them_over(world: World) -> None:
    job = finished(world)
    change(world, job, "edits", 0, edits=[RENAME, TITLE])
    corrected = world.jobs.jobs[job.job_id]
    again = run_again(world, corrected)
    assert read(world, again, "revisions")["earlier_run"] == {
        "revision": 1,
        "edits": 2,
        "carried": False,
    }
    assert read(world, again, "edits/earlier")["entries"][0]["edit"] == RENAME
    assert "Ada Byron" not in published(world, again, "transcript.vtt")
    status, journal = change(world, again, "edits/carry", 0)
    assert (status, [entry["dropped"] for entry in journal["entries"]]) == (200, [False, False])
    assert "Ada Byron" in published(world, again, "transcript.vtt")
    assert read(world, again, "revisions")["earlier_run"]["carried"] is True
    change(world, again, "edits/undo", 1)
    assert "Ada Byron" not in published(world, again, "transcript.vtt")
    third = run_again(world, world.jobs.jobs[job.job_id])
    assert read(world, third, "revisions")["earlier_run"]["revision"] == 2
    status, problem = change(world, third, "edits/carry", 0)
    assert (status, problem["code"]) == (422, "edits.nothing_to_carry")


def run_again(world: World, job: Job) -> Job:
    """Publish the same findings as the next attempt, and remove what it supersedes."""
    before = open_results(job, world.objects)
    folder = attempt_folder(job.attempt + 1)
    done = replace(job, attempt=job.attempt + 1)
    done = publish_talk(world, done, folder, corrected=corrected_by(before))
    world.jobs.jobs[job.job_id] = done
    results = open_results(done, world.objects)
    listed = world.objects.list_objects(BUCKET, result_prefix(job.job_id))
    world.objects.remove(BUCKET, superseded(results, listed))
    return done
