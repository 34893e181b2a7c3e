"""Results: what the manifest lists and nothing else, from the publication that counts now."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from runtime.core.contract import result_prefix
from runtime.core.jobs import Job, succeed
from tests.unit.api.world import BUCKET, World

FILES = {
    "summary.json": b'{"any": "summary"}',
    "summary.md": b"# Any summary",
    "transcript.vtt": b"WEBVTT\n",
    "thumbnails/scene-0001.webp": b"picture",
    "audio.m4a": b"sound",
}


def publish(world: World, job: Job, *, attempt: int = 1, **changes: bytes) -> Job:
    folder = f"{result_prefix(job.job_id)}attempts/{attempt}/"
    files = {**FILES, **{name.replace("_", "."): data for name, data in changes.items()}}
    listed = [
        {
            "name": name,
            "content_type": "any",
            "size_bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        for name, data in files.items()
    ]
    manifest = {"files": listed, "varying": [{"name": "metrics.json", "content_type": "any"}]}
    files = {**files, "metrics.json": b"{}", "manifest.json": json.dumps(manifest).encode()}
    for name, data in files.items():
        world.objects.write_bytes(data, BUCKET, folder + name, "any")
    done = succeed(job, now=world.clock.now(), result_key=f"{folder}summary.json")
    world.jobs.save(job, done)
    return done


@pytest.fixture
def job(world: World) -> Job:
    return publish(world, world.job("a talk.mp4"))


def get(world: World, job: Job, path: str, **headers: str) -> Any:
    return world.client.get(f"/v1/jobs/{job.job_id}/{path}", headers={**world.headers(), **headers})


def test_should_list_every_file_with_its_url(world: World, job: Job) -> None:
    found = get(world, job, "results").json()
    files = {file["name"]: file for file in found["files"]}
    assert set(files) == {*FILES, "metrics.json", "manifest.json"}
    vtt = files["transcript.vtt"]
    assert (vtt["content_type"], vtt["size_bytes"]) == ("text/vtt", 7)
    assert vtt["sha256"] == hashlib.sha256(b"WEBVTT\n").hexdigest()
    assert "attempts/1/transcript.vtt?" in vtt["url"]
    assert files["metrics.json"]["sha256"] is None
    assert "audio.m4a" in found["audio_url"]
    assert (found["media"]["content_type"], found["media"]["playable"]) == ("video/mp4", True)


def test_should_redirect_to_a_file_or_show_a_small_text(world: World, job: Job) -> None:
    redirect = get(world, job, "results/thumbnails/scene-0001.webp?inline=1")
    assert redirect.status_code == 307
    assert "thumbnails/scene-0001.webp" in redirect.headers["location"]
    assert get(world, job, "results/summary.json").status_code == 307
    shown = get(world, job, "results/summary.json?inline=1")
    assert shown.json() == {"any": "summary"}
    etag = shown.headers["etag"]
    same = get(world, job, "results/summary.json?inline=1", **{"If-None-Match": etag})
    assert (same.status_code, same.content) == (304, b"")
    assert get(world, job, "results/metrics.json?inline=1").headers["etag"]
    assert get(world, job, "results/manifest.json?inline=1").json()["files"]


@pytest.mark.parametrize(("suffix", "name"), [("vtt", "transcript.vtt"), ("md", "summary.md")])
def test_should_return_the_transcript_by_suffix(
    world: World, job: Job, suffix: str, name: str
) -> None:
    assert get(world, job, f"transcript.{suffix}").content == FILES[name]
    assert get(world, job, "transcript.pdf").status_code == 404


@pytest.mark.parametrize(
    "path", ["results/none.txt", "results/../../uploads/any", "results/%2e%2e/a", "results//etc"]
)
def test_should_show_nothing_that_the_manifest_does_not_list(
    world: World, job: Job, path: str
) -> None:
    assert get(world, job, path).status_code == 404


def test_should_show_the_publication_that_the_record_points_at(world: World, job: Job) -> None:
    folder = f"{result_prefix(job.job_id)}attempts/2/"
    data = b"WEBVTT\n\nnew"
    listed = [{"name": "transcript.vtt", "size_bytes": len(data), "sha256": "any"}]
    world.objects.write_bytes(data, BUCKET, f"{folder}transcript.vtt", "any")
    world.objects.write_bytes(
        json.dumps({"files": listed}).encode(), BUCKET, f"{folder}manifest.json", "any"
    )
    world.jobs.jobs[job.job_id] = replace(job, result_key=f"{folder}summary.json")
    assert get(world, job, "transcript.vtt").content == data


def test_should_have_no_results_before_they_are_published(world: World) -> None:
    job = world.job()
    assert get(world, job, "results").status_code == 404
    assert get(world, job, "media").status_code == 307
    world.objects.delete(BUCKET, job.source.key)
    assert get(world, job, "media").status_code == 404


def test_should_show_what_the_results_say_of_a_recording(world: World) -> None:
    summary = {
        "media": {"duration_seconds": 61.5},
        "language": "de",
        "speakers": [{"speaker": "SPEAKER_00"}, {"speaker": "SPEAKER_01"}],
        "scenes": [{"thumbnail": None}, {"thumbnail": "thumbnails/scene-0002.webp"}],
        "warnings": [{"code": "audio.clipped", "message": "Too loud.", "ranges": []}],
    }
    job = publish(world, world.job("a talk.mp4"), summary_json=json.dumps(summary).encode())
    for shown in (
        world.client.get(f"/v1/jobs/{job.job_id}", headers=world.headers()).json(),
        world.client.get("/v1/jobs", headers=world.headers()).json()["items"][0],
    ):
        assert (shown["duration_seconds"], shown["speakers"], shown["language"]) == (61.5, 2, "de")
        assert shown["thumbnail"]
        assert shown["warnings"] == [{"code": "audio.clipped", "message": "Too loud."}]
    stream = get(world, job, "events").text
    assert '"duration_seconds": 61.5' in stream


@pytest.mark.parametrize("broken", [b"no JSON", b"[]", b"null"])
def test_should_show_a_job_whose_results_cannot_be_read(world: World, broken: bytes) -> None:
    job = publish(world, world.job(), summary_json=broken)
    shown = world.client.get(f"/v1/jobs/{job.job_id}", headers=world.headers()).json()
    assert (shown["state"], shown["duration_seconds"]) == ("SUCCEEDED", None)
    assert world.log.actions("WARNING") == ["api.no_facts"]
