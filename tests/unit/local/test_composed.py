import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.composed import SETTLED_SECONDS, DropFolder
from runtime.core.jobs import Job, Source, State

COPIED_AT = 1_000.0


@dataclass
class Desk:
    """Takes uploads and hands over results, each by its video's name; the hour is set by hand."""

    folder: Path
    now: float = COPIED_AT + SETTLED_SECONDS
    uploads: list[str] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    delivered: list[tuple[str, State]] = field(default_factory=list)

    def copy(self, name: str, at: float = COPIED_AT) -> None:
        (self.folder / name).write_bytes(b"any")
        os.utime(self.folder / name, (at, at))

    def upload(self, video: Path) -> str:
        self.uploads.append(video.name)
        return video.name

    def job(self, job_id: str) -> Job | None:
        state = self.states.get(job_id)
        if state is None:
            return None
        source = Source(bucket="any", key=job_id, etag="any", size_bytes=1)
        return Job(source=source, state=state, attempt=1, created_at=0, updated_at=0)

    def deliver(self, video: Path, job: Job) -> None:
        self.delivered.append((video.name, job.state))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def drop(desk: Desk) -> DropFolder:
    return DropFolder(
        folder=desk.folder,
        upload=desk.upload,
        job=desk.job,
        deliver=desk.deliver,
        wall=lambda: desk.now,
    )


def test_should_take_each_finished_file_once(desk: Desk, drop: DropFolder) -> None:
    for name in ("b.MOV", "a.avi", "notes.txt", "half.mp4.part", ".hidden"):
        desk.copy(name)
    drop.poll()
    drop.poll()
    assert desk.uploads == ["a.avi", "b.MOV", "notes.txt"]


def test_should_not_take_a_file_that_is_still_being_copied(desk: Desk, drop: DropFolder) -> None:
    desk.copy("a.mp4", at=desk.now - SETTLED_SECONDS / 2)
    drop.poll()
    assert desk.uploads == []
    desk.now += SETTLED_SECONDS
    drop.poll()
    assert desk.uploads == ["a.mp4"]


def test_should_take_a_video_that_was_replaced(desk: Desk, drop: DropFolder) -> None:
    desk.copy("a.mp4")
    drop.poll()
    desk.copy("a.mp4", at=COPIED_AT - 500)
    drop.poll()
    assert desk.uploads == ["a.mp4", "a.mp4"]


@pytest.mark.parametrize("end", [State.SUCCEEDED, State.FAILED])
def test_should_hand_over_what_a_job_came_to_once(desk: Desk, drop: DropFolder, end: State) -> None:
    desk.copy("a.mp4")
    for state in (None, State.PENDING, State.RUNNING, end, end):
        if state is not None:
            desk.states["a.mp4"] = state
        drop.poll()
    assert desk.delivered == [("a.mp4", end)]
