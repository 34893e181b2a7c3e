"""The API's dead letters behind the pages, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LISTING = "python -m lifestream --environment dev dlq list"
COMMAND = "python -m lifestream --environment dev dlq redrive --all"


@dataclass
class DeadLetters:
    """`letters` as the API returns them; `hidden` more are not listed, `refused` is a problem."""

    letters: list[dict[str, Any]] = field(default_factory=list)
    hidden: int = 0
    refused: dict[str, Any] | None = None

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.letters) + self.hidden

    def add(self, job: dict[str, Any] | None = None, **more: Any) -> None:
        """Add a letter about a job, or one that names an upload without a job."""
        number = len(self.letters) + 1
        subject = {
            "about": f"uploads/{job['name']}" if job else "uploads/new.mp4",
            "job_id": job["job_id"] if job else None,
            "state": job["state"] if job else "no job yet",
            "job": job,
        }
        letter = {
            "message_id": f"00000000-0000-4000-8000-{number:012}",
            "kind": "s3_event",
            "sent_at": 1_777_800_000.0 + number,
            "receives": 5,
            "problem": None,
            "concerns": [subject],
        }
        self.letters.append({**letter, **more})

    def route(self, admin: Callable[[], bool]) -> Route:
        """Return the route that lists the letters to admins."""

        async def listed(_: Request) -> Response:
            if not admin():
                return JSONResponse({"code": "auth.forbidden", "status": 403}, 403)
            if self.refused:
                return JSONResponse(self.refused, self.refused["status"])
            return JSONResponse(
                {
                    "letters": self.letters,
                    "total": self.total,
                    "complete": not self.hidden,
                    "list_command": LISTING,
                    "redrive_command": COMMAND,
                }
            )

        return Route("/v1/dead-letters", listed)
