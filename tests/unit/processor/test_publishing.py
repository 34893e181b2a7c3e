"""What readers see of a job's results while attempts publish, fail, die and wake up late."""

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core import jobs as lifecycle
from runtime.core.contract import ExitCode, Metric, ResultFile
from runtime.core.errors import Permanent, Retryable
from runtime.core.jobs import State
from runtime.core.media import Voice
from runtime.corrections.edits import ChangeTitle
from runtime.corrections.revisions import Revisions
from runtime.results.published import open_results
from runtime.results.render.files import render_files
from runtime.results.voices import VOICES_FILE, read_voices
from tests.fakes.killing import Killed
from tests.fakes.objects import InMemoryObjectStore
from tests.unit.processor.studio import BUCKET, Studio

OTHER = (
    "The museum was built by merchants long ago. Its stone walls keep the winter cold out.",
    "Thank you for the story of the museum. Now tell us about the river in the hills.",
)
Call = Callable[[], object]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(work_dir=tmp_path)


def reprocess_with_another_model(studio: Studio) -> None:
    studio.jobs.save(studio.job, lifecycle.reprocess(studio.job, now=studio.clock.now()))
    studio.said, studio.asr_model = OTHER, "a-better-model"


def contradicting(studio: Studio) -> list[str]:
    """The current results that are not as their manifest says."""
    results = open_results(studio.job, studio.objects)
    return [
        file["name"]
        for file in json.loads(results.manifest)["files"]
        if hashlib.sha256(results.read(file["name"])).hexdigest() != file["sha256"]
    ]


def before_writing(studio: Studio, ending: str, act: Call) -> None:
    """Act once, before the first object whose key ends like this is written."""
    real, acted = studio.objects.write_bytes, list[str]()

    def write(data: bytes, bucket: str, key: str, content_type: str) -> None:
        if key.endswith(ending) and not acted:
            acted.append(key)
            act()
        real(data, bucket, key, content_type)

    studio.objects.write_bytes = write  # type: ignore[method-assign]


def dying(*_: object, **__: object) -> None:
    raise Killed


def test_should_write_nothing_that_is_current_before_all_is_written(studio: Studio) -> None:
    seen: list[str | None] = []
    before_writing(studio, ResultFile.MANIFEST, lambda: seen.append(studio.job.result_key))
    studio.run()
    assert seen == [None]
    assert contradicting(studio) == []


def test_should_keep_a_copy_for_people_at_a_path_that_stays(studio: Studio) -> None:
    studio.run()
    copy, results = studio.public_copy(), open_results(studio.job, studio.objects)
    assert copy == {name: results.read(name) for name in results.keys}
    prefix = f"results/{studio.job.job_id}/"
    written = [key for _, key in studio.objects.objects if key.startswith(prefix)]
    assert written[-1] == prefix + ResultFile.MANIFEST
    kinds = {studio.objects.objects[BUCKET, prefix + name].content_type for name in copy}
    assert {"text/markdown; charset=utf-8", "image/webp", "audio/mp4"} <= kinds


def test_should_leave_all_old_results_when_a_reprocess_fails(studio: Studio) -> None:
    studio.run()
    before, copy, listed = studio.published(), studio.public_copy(), studio.job.result_key
    reprocess_with_another_model(studio)

    def refuse() -> None:
        raise Permanent("aws.AccessDenied", "any", "any")

    before_writing(studio, "/" + ResultFile.CAPTIONS_VTT, refuse)
    assert studio.run() is ExitCode.PERMANENT_FAILURE
    assert (studio.job.state, studio.job.result_key) == (State.FAILED, listed)
    assert (studio.published(), studio.public_copy()) == (before, copy)
    assert contradicting(studio) == []


def test_should_hide_the_late_write_of_a_fenced_attempt(studio: Studio) -> None:
    def cancel_and_run_again() -> None:
        studio.jobs.save(studio.job, lifecycle.cancel(studio.job, now=studio.clock.now()))
        studio.jobs.save(studio.job, lifecycle.retry(studio.job, now=studio.clock.now()))
        studio.said, studio.asr_model = OTHER, "other-language"
        assert studio.run() is ExitCode.SUCCESS
        current.append(studio.published())

    current: list[dict[str, bytes]] = []
    attempt = studio.dispatch().attempt
    before_writing(studio, "/" + ResultFile.TRANSCRIPT_TEXT, cancel_and_run_again)
    assert studio.process(attempt) is ExitCode.LOST_CLAIM
    assert studio.published() == current[0]
    assert studio.public_copy()[ResultFile.SUMMARY_JSON] == current[0][ResultFile.SUMMARY_JSON]
    assert contradicting(studio) == []


def test_should_remove_older_attempts_once_newer_results_are_current(studio: Studio) -> None:
    studio.run()
    reprocess_with_another_model(studio)
    studio.run()
    results = open_results(studio.job, studio.objects)
    prefix = f"results/{studio.job.job_id}/"
    left = set(studio.objects.keys(BUCKET, prefix)) - {prefix + name for name in results.keys}
    assert left == set(results.keys.values())
    # The pictures and the sound are those of the first attempt, as another model changes neither.
    assert {key.split("/")[3] for key in left} == {"1", "3"}


def test_should_complete_what_an_attempt_has_published(studio: Studio) -> None:
    """It dies before its success is recorded, and the next attempt processes nothing."""
    attempt = studio.dispatch().attempt
    replace = studio.objects.replace
    studio.objects.replace = dying  # type: ignore[method-assign]
    with pytest.raises(Killed):
        studio.process(attempt)
    studio.objects.replace = replace  # type: ignore[method-assign]
    assert (studio.job.state, studio.job.published_by) == (State.RUNNING, attempt)
    published = studio.published()
    studio.used.clear()
    assert studio.run() is ExitCode.SUCCESS
    assert studio.used == []
    assert (studio.job.state, studio.published()) == (State.SUCCEEDED, published)
    assert studio.job.result_key == f"results/{studio.job.job_id}/attempts/{attempt}/summary.json"
    assert studio.public_copy().keys() == {*published, ResultFile.METRICS}


def test_should_process_again_for_a_new_request(studio: Studio) -> None:
    studio.run()
    studio.jobs.save(studio.job, lifecycle.reprocess(studio.job, now=studio.clock.now()))
    assert studio.job.published_by is None
    assert studio.run() is ExitCode.SUCCESS
    assert studio.job.published_by == studio.job.attempt


def test_should_succeed_at_the_last_run_although_the_copy_fails(studio: Studio) -> None:
    studio.max_runs = 1

    def refuse(*_: object, **__: object) -> None:
        studio.interruption.request_stop()
        raise Retryable("results.any", "Any.", "Any.")

    studio.objects.replace = refuse  # type: ignore[method-assign]
    ends = []
    for _ in range(2):
        studio.run()
        ends.append(studio.job.state)
    assert ends == [State.PENDING, State.SUCCEEDED]
    assert contradicting(studio) == []
    assert studio.metrics.codes(Metric.JOBS_FAILED) == []


def test_should_never_use_files_that_the_current_results_do_not_keep(studio: Studio) -> None:
    """A fenced attempt has left a checkpoint whose pictures are removed with that attempt."""
    studio.run()
    key = f"work/{studio.job.job_id}/thumbnails.json"
    late = json.loads(studio.objects.read_bytes(BUCKET, key))
    for file in late["value"]:
        file["folder"] = "attempts/0/"
    studio.objects.write_bytes(json.dumps(late).encode(), BUCKET, key, "application/json")
    reprocess_with_another_model(studio)
    assert studio.run() is ExitCode.SUCCESS
    assert contradicting(studio) == []


def test_should_keep_what_people_corrected_over_a_reprocess(studio: Studio) -> None:
    studio.run()
    revisions = Revisions(
        objects=studio.objects, jobs=studio.jobs, clock=studio.clock, render=render_files
    )
    title = ChangeTitle(text="At sea")
    edited = revisions.edit(studio.job, [title], author="ada", expected=0)
    reprocess_with_another_model(studio)
    studio.run()
    current = revisions.read(studio.job)
    assert current.document.title is None
    earlier = revisions.earlier_run(current)
    assert earlier is not None
    assert earlier.journal == edited.journal
    assert revisions.carry(studio.job, author="ben", expected=0).document.title == "At sea"


class Watched(InMemoryObjectStore):
    """Writes a manifest at once and other files late; notes what there is beside a manifest."""

    def __init__(self, objects: InMemoryObjectStore) -> None:
        super().__init__()
        self.objects = objects.objects
        self.beside: list[set[str]] = []

    def write_bytes(self, data: bytes, bucket: str, key: str, content_type: str) -> None:
        folder, _, name = key.rpartition("/")
        if name == ResultFile.MANIFEST:
            self.beside.append({key for _, key in list(self.objects) if key.startswith(folder)})
        else:
            threading.Event().wait(0.02)
        super().write_bytes(data, bucket, key, content_type)


def test_should_write_the_manifest_of_a_revision_last(studio: Studio) -> None:
    studio.run()
    watched = Watched(studio.objects)
    revisions = Revisions(
        objects=watched, jobs=studio.jobs, clock=studio.clock, render=render_files
    )
    edited = revisions.edit(studio.job, [ChangeTitle(text="At sea")], author="ada", expected=0)
    (beside,) = watched.beside
    own = {key for key in edited.results.keys.values() if edited.folder in key}
    assert own - beside == {edited.results.keys[ResultFile.MANIFEST]}


def test_should_keep_voices_where_no_reader_finds_them(studio: Studio) -> None:
    studio.kept_voices = (Voice(speaker="SPEAKER_00", seconds=9.0, vector=(1.0, 0.0)),)
    studio.run()
    results = open_results(studio.job, studio.objects)
    assert read_voices(results, studio.objects).voices == studio.kept_voices
    assert VOICES_FILE not in {*results.keys, *studio.public_copy()}
    assert VOICES_FILE.encode() not in results.manifest


def test_should_keep_no_voices_unless_an_environment_wants_them(studio: Studio) -> None:
    studio.run()
    assert not [key for _, key in studio.objects.objects if key.endswith(VOICES_FILE)]
