"""Corrections behind the fake service: the project's own journal and rendering, over a folder."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.corrections.document import document_of
from runtime.corrections.edits import EditRefusedError, edit_of
from runtime.corrections.journal import Journal, entry_json
from runtime.corrections.render import corrected
from runtime.results.job_result import JobResult
from runtime.results.render.files import render_files
from tests.golden.talk import TALK

AUTHOR = "person-1"
DOUBTFUL = ("harbour", "slate")
SECONDS = 60.0
"""Everything is said within the test's video."""


def found_talk() -> JobResult:
    """Return the golden talk with two doubtful words, its last chapter within a minute."""
    shift = 3570.0

    def moved(value: float) -> float:
        return value - shift if value > shift else value

    chapters = tuple(
        replace(
            chapter,
            start_seconds=moved(chapter.start_seconds),
            end_seconds=moved(chapter.end_seconds),
            sentences=tuple(
                replace(
                    sentence,
                    words=tuple(
                        replace(
                            each,
                            word=replace(
                                each.word,
                                start_seconds=round(moved(each.word.start_seconds), 3),
                                end_seconds=round(moved(each.word.end_seconds), 3),
                                probability=0.2 if each.word.text in DOUBTFUL else 0.93,
                            ),
                        )
                        for each in sentence.words
                    ),
                )
                for sentence in chapter.sentences
            ),
        )
        for chapter in TALK.chapters
    )
    turns = tuple(
        replace(t, start_seconds=moved(t.start_seconds), end_seconds=moved(t.end_seconds))
        for t in TALK.turns
    )
    found = replace(TALK, chapters=chapters, turns=turns, duration_seconds=SECONDS)
    return replace(found, media_files=())


class Correctable:
    """A recording's journal; each revision is rendered into the folder that the service reads.

    `before_change` is called once, as if another person were faster.
    """

    def __init__(self, folder: Path, found: JobResult) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.found = found
        self.journals = [Journal()]
        self.before_change: Callable[[], None] | None = None
        self.history: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self._render(self.journal)

    @property
    def journal(self) -> Journal:
        """The present one."""
        return self.journals[-1]

    def edit(self, *edits: dict[str, Any]) -> None:
        """Edit as someone else."""
        now = time.time()
        longer = self.journal.appended([edit_of(e) for e in edits], author="other", at=now)
        self._publish(longer, "edits", now)

    def _publish(self, journal: Journal, action: str, at: float) -> None:
        # First the files: a test that sees the journal reads them.
        self._render(journal)
        self.journals.append(journal)
        change = {"revision": journal.revision, "action": action, "author": AUTHOR, "at": at}
        self.history.append(change)

    def _render(self, journal: Journal) -> None:
        document = journal.applied_to(document_of(self.found))
        for name, content in render_files(corrected(self.found, document)).items():
            part = self.folder.with_suffix(".part")
            part.write_bytes(content)
            part.replace(self.folder / name)

    def read(self) -> dict[str, Any]:
        """Return what `GET edits` answers."""
        document = self.journal.applied_to(document_of(self.found))
        words = [
            {
                "id": word.id,
                "text": word.text,
                "first": word.first,
                "edited": word.edited,
                "speaker": word.speaker,
            }
            for word in document.words
        ]
        return {
            **self.as_json(),
            "names": dict(document.names),
            "speakers": list(document.speakers),
            "chapters": list(document.chapter_titles),
            "summary": [
                {"section": s, "item": i, "text": document.summary.get((s, i), item.text)}
                for s, section in enumerate(self.found.summary.sections)
                for i, item in enumerate(section.items)
            ],
            "words": words,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the journal as answers have it."""
        return {
            "revision": self.journal.revision,
            "can_undo": bool(self.journal.active),
            "can_redo": any(e.undone and not e.discarded for e in self.journal.entries),
            "entries": [entry_json(entry) for entry in self.journal.entries],
        }

    def change(self, request: Request, body: dict[str, Any]) -> Response:
        """Answer a change as the API does."""
        key = request.headers.get("idempotency-key", "")
        if key and key in self.answers:
            return JSONResponse(self.answers[key])
        if self.before_change is not None:
            act, self.before_change = self.before_change, None
            act()
        if request.headers["if-match"] != f'"{self.journal.revision}"':
            return _refused(412, "edits.changed", "Someone was faster.")
        try:
            now = time.time()
            action = request.url.path.rsplit("/", 1)[1]
            self._publish(self._changed(action, request, body, now), action, now)
        except EditRefusedError as error:
            return _refused(422, error.code, str(error))
        self.answers[key] = self.as_json()
        return JSONResponse(self.answers[key])

    def _changed(self, action: str, request: Request, body: dict[str, Any], now: float) -> Journal:
        if action == "undo":
            return self.journal.undone(author=AUTHOR, at=now)
        if action == "redo":
            return self.journal.redone(author=AUTHOR, at=now)
        if action == "restore":
            return self.journal.as_of(
                self.journals[request.path_params["revision"]], author=AUTHOR, at=now
            )
        edits = [edit_of(each) for each in body["edits"]]
        return self.journal.appended(edits, author=AUTHOR, at=now)


def _refused(status: int, code: str, detail: str) -> Response:
    body = {"status": status, "code": code, "title": "Refused", "detail": detail}
    return JSONResponse({**body, "remedy": "Read it again."}, status)


def edit_routes(of: Callable[[str], Correctable]) -> list[Route]:
    """Return the routes of corrections of the recordings that `of` finds."""
    base = "/v1/jobs/{job_id}"

    async def read(request: Request) -> Response:
        recording = of(request.path_params["job_id"])
        etag = f'"{recording.journal.revision}"'
        return JSONResponse(recording.read(), headers={"etag": etag})

    async def change(request: Request) -> Response:
        recording = of(request.path_params["job_id"])
        return recording.change(request, await request.json() if await request.body() else {})

    async def revisions(request: Request) -> Response:
        recording = of(request.path_params["job_id"])
        current = recording.journal.revision
        return JSONResponse({"current": current, "revisions": recording.history})

    changes = ("edits", "edits/undo", "edits/redo", "revisions/{revision:int}/restore")
    return [
        Route(f"{base}/edits", read),
        Route(f"{base}/revisions", revisions),
        *(Route(f"{base}/{path}", change, methods=["POST"]) for path in changes),
    ]
