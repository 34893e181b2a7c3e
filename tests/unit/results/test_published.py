"""The pointer's reader, the public copy with another writer beside it, and what is removed."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.core.contract import ResultFile, attempt_folder, result_prefix
from runtime.core.jobs import Job, Source, State
from runtime.core.ports import ListedObject, ObjectChangedError, ObjectNotFoundError
from runtime.results.public_copy import PublicCopy
from runtime.results.published import open_results, read_results
from tests.fakes.log import CapturedLog
from tests.fakes.objects import InMemoryObjectStore

SOURCE = Source(bucket="media", key="uploads/any.mp4", etag="any-etag", size_bytes=1)
JOB = Job(source=SOURCE, state=State.SUCCEEDED, attempt=1, created_at=0.0, updated_at=0.0)
PREFIX = result_prefix(SOURCE.job_id)
PICTURE = "thumbnails/scene-0001.webp"
Step = Callable[[], object]


class NotCurrentError(Exception):
    """Other results are current."""


class Interrupted(InMemoryObjectStore):
    """Has something else happen before the call of a given number, counted from 0."""

    def __init__(self, objects: InMemoryObjectStore, at: int, meanwhile: Step) -> None:
        super().__init__()
        self.objects, self.writing = objects.objects, objects.writing
        self._at, self._meanwhile = at, meanwhile
        self.calls = 0

    def count(self) -> None:
        number, self.calls = self.calls, self.calls + 1
        if number == self._at:
            self._meanwhile()

    def list_objects(self, bucket: str, prefix: str) -> Iterator[ListedObject]:
        self.count()
        return iter(list(super().list_objects(bucket, prefix)))

    def replace(
        self, path: Path, bucket: str, key: str, content_type: str, *, expected: str | None
    ) -> None:
        self.count()
        super().replace(path, bucket, key, content_type, expected=expected)

    def remove(self, bucket: str, expected: Mapping[str, str]) -> None:
        self.count()
        super().remove(bucket, expected)


def publish(
    objects: InMemoryObjectStore, attempt: int, *, path: str | None = None, revision: str = ""
) -> Job:
    """Publish two files, one by its `path` if there is one, and return the job that shows them."""
    folder = attempt_folder(attempt, revision)
    files = {ResultFile.SUMMARY_JSON.value: f"summary of {folder}".encode()}
    if path is None:
        files[PICTURE] = f"picture of {folder}".encode()
    listed = [{"name": name} for name in files]
    if path is not None:
        listed.append({"name": PICTURE, "path": path})
    files[ResultFile.METRICS] = b"{}"
    varying = [{"name": ResultFile.METRICS}]
    files[ResultFile.MANIFEST] = json.dumps({"files": listed, "varying": varying}).encode()
    for name, content in files.items():
        objects.put("media", PREFIX + folder + name, content)
    return replace(JOB, attempt=attempt, result_key=PREFIX + folder + ResultFile.SUMMARY_JSON)


def copy_of(objects: InMemoryObjectStore) -> dict[str, bytes]:
    return {
        key.removeprefix(PREFIX): found.data
        for (_, key), found in objects.objects.items()
        if not key.startswith(PREFIX + "attempts/")
    }


def test_should_read_files_where_the_manifest_says_they_are() -> None:
    objects = InMemoryObjectStore()
    publish(objects, 1)
    results = open_results(publish(objects, 2, path=f"attempts/1/{PICTURE}"), objects)
    assert results.read("summary.json") == b"summary of attempts/2/"
    assert results.read(PICTURE) == b"picture of attempts/1/"
    assert results.keys[PICTURE] == f"{PREFIX}attempts/1/{PICTURE}"
    assert json.loads(results.read("manifest.json"))["files"]
    assert results.read("metrics.json") == b"{}"


def test_should_read_a_revision_behind_the_same_pointer() -> None:
    objects = InMemoryObjectStore()
    publish(objects, 1)
    revised = publish(objects, 1, revision="2-ab", path=f"attempts/1/{PICTURE}")
    results = open_results(revised, objects)
    assert results.read("summary.json") == b"summary of attempts/1/revisions/2-ab/"
    assert results.read(PICTURE) == b"picture of attempts/1/"


def test_should_read_results_from_before_attempts_had_folders() -> None:
    objects = InMemoryObjectStore()
    objects.put("media", PREFIX + "summary.json", b"old")
    objects.put("media", PREFIX + "manifest.json", b'{"files": [{"name": "summary.json"}]}')
    job = replace(JOB, result_key=PREFIX + "summary.json")
    assert open_results(job, objects).read("summary.json") == b"old"


@pytest.mark.parametrize("result_key", [None, PREFIX + "attempts/7/summary.json"])
def test_should_say_that_there_are_no_results(result_key: str | None) -> None:
    with pytest.raises(ObjectNotFoundError):
        open_results(replace(JOB, result_key=result_key), InMemoryObjectStore())


def test_should_read_the_new_results_when_the_old_ones_are_removed_meanwhile() -> None:
    objects = InMemoryObjectStore()
    jobs = [publish(objects, 1), publish(objects, 2)]
    objects.delete("media", PREFIX + "attempts/1/summary.json")
    read = read_results(lambda: jobs.pop(0), objects, lambda found: found.read("summary.json"))
    assert read == b"summary of attempts/2/"


def test_should_not_look_for_ever_for_a_missing_file() -> None:
    objects = InMemoryObjectStore()
    job = publish(objects, 1)
    objects.delete("media", PREFIX + "attempts/1/summary.json")
    with pytest.raises(ObjectNotFoundError):
        read_results(lambda: job, objects, lambda found: found.read("summary.json"))


# The public copy


def refresh(objects: InMemoryObjectStore, job: Job, current: list[Job], folder: Path) -> None:
    def require_current() -> None:
        if current[-1].result_key != job.result_key:
            raise NotCurrentError

    PublicCopy(
        objects=objects, folder=folder, require_current=require_current, log=CapturedLog()
    ).refresh(open_results(job, objects))


@pytest.mark.parametrize("at", range(8))
def test_should_show_the_newer_results_whenever_the_older_copier_wakes_up(
    tmp_path: Path, at: int
) -> None:
    """The older attempt sleeps before one of its calls, while a newer one publishes and copies."""
    objects, ended = InMemoryObjectStore(), list[str]()
    current = [publish(objects, 1)]

    def newer() -> None:
        current.append(publish(objects, 3))
        refresh(objects, current[-1], current, tmp_path)

    sleeping = Interrupted(objects, at, newer)
    try:
        refresh(sleeping, current[0], current, tmp_path)
    except NotCurrentError:
        ended.append("not current")
    # A refresh makes seven calls: two listings, four writes, and a removal where there is any.
    assert (len(current), bool(ended)) == ((2, True) if at <= 5 else (1, False))
    attempt = current[-1].attempt
    assert copy_of(objects) == {
        "summary.json": f"summary of attempts/{attempt}/".encode(),
        PICTURE: f"picture of attempts/{attempt}/".encode(),
        "metrics.json": b"{}",
        "manifest.json": objects.read_bytes("media", f"{PREFIX}attempts/{attempt}/manifest.json"),
    }


@pytest.mark.parametrize("at", range(8))
def test_should_win_over_an_older_copier_that_writes_in_between(tmp_path: Path, at: int) -> None:
    """The older attempt has listed its files before, and writes one of them as late as it can."""
    objects, key = InMemoryObjectStore(), PREFIX + "summary.json"
    old, new = publish(objects, 1), publish(objects, 3)
    refresh(objects, old, [old], tmp_path)
    objects.put("media", key, b"of an attempt before both")
    listed = objects.head("media", key).etag
    late = tmp_path / "late"
    late.write_bytes(b"summary of attempts/1/")

    def older() -> None:
        with suppress(ObjectChangedError):
            objects.replace(late, "media", key, "any/any", expected=listed)

    refresh(Interrupted(objects, at, older), new, [new], tmp_path)
    assert copy_of(objects)["summary.json"] == b"summary of attempts/3/"


def test_should_remove_what_newer_results_do_not_keep(tmp_path: Path) -> None:
    objects = InMemoryObjectStore()
    refresh(objects, (old := publish(objects, 1)), [old], tmp_path)
    objects.put("media", PREFIX + "thumbnails/scene-0009.webp", b"of the first layout")
    publish(objects, 2)
    publish(objects, 4)  # another attempt is at work
    new = publish(objects, 3, path=f"attempts/1/{PICTURE}")
    refresh(objects, new, [new], tmp_path)
    kept = {key.removeprefix(PREFIX) for _, key in objects.objects} - copy_of(objects).keys()
    own = {"summary.json", "metrics.json", "manifest.json"}
    assert kept == {
        f"attempts/1/{PICTURE}",
        *(f"attempts/3/{name}" for name in own),
        *(f"attempts/4/{name}" for name in {*own, PICTURE}),
    }
    assert copy_of(objects).keys() == {*own, PICTURE}
