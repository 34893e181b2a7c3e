"""The API, the bucket and the identity provider behind the pages, in memory and in one process.

It honours the API's contract as far as the pages use it; `tests/e2e` runs them with the real ones.
"""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from tests.browser.correctable import Correctable, edit_routes
from tests.browser.dead_letters import DeadLetters
from tests.browser.identity_provider import SUBJECT, IdentityProvider
from tests.browser.known_voices import KnownVoices

PART_SIZE = 5 * 1024 * 1024


@dataclass
class Recording:
    """A job, its results' folder and its original."""

    job: dict[str, Any]
    results: Path | None = None
    media: Path | None = None
    playable: bool = True
    partial: list[dict[str, Any]] = field(default_factory=list)
    corrections: Correctable | None = None


class FakeService:
    """Holds recordings and uploads; a test changes them with `change`."""

    def __init__(self) -> None:
        self.url = ""
        self.identity = IdentityProvider(lambda: self.url)
        self.voices, self.dead_letters = KnownVoices(), DeadLetters()
        self.reset()
        self._listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events = 0

    def reset(self) -> None:
        """Forget all recordings and uploads."""
        self.recordings: dict[str, Recording] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.parts: dict[tuple[str, int], bytes] = {}
        self.confirmed: list[dict[str, Any]] = []
        self.refuse_uploads: dict[str, Any] | None = None
        self.may_store = threading.Event()
        self.may_store.set()
        self.parts_before_wait = 0
        self.pool_changes: list[dict[str, Any]] = []
        self._changed: list[str] = []
        self.admin = True
        self.keeps_streams = True
        self.identity.signed_out = 0
        vars(self.voices).update(vars(KnownVoices()))
        vars(self.dead_letters).update(vars(DeadLetters()))

    def add(self, job: dict[str, Any], **more: Any) -> str:
        """Add a recording and return its id."""
        job_id = job.setdefault("job_id", hashlib.sha256(job["name"].encode()).hexdigest()[:32])
        now = time.time() - len(self.recordings) * 5400
        empty: dict[str, Any] = {
            "title": None, "owner": SUBJECT, "stage": None, "progress": None, "stages": [],
            "waiting_for": None, "created_at": now, "updated_at": now, "started_at": None,
            "duration_seconds": None,
            "speakers": None, "language": None, "size_bytes": 0, "thumbnail": False, "error": None,
            "warnings": [], "options": {}, "attempt": 1, "revision": 0,
        }  # fmt: skip
        self.recordings[job_id] = Recording({**empty, **job}, **more)
        return str(job_id)

    def change(self, job_id: str, **fields: Any) -> None:
        """Change a job and send the event."""
        job = self.recordings[job_id].job
        job.update(fields, updated_at=time.time())
        self._changed.append(job_id)
        if self._loop is not None:
            for queue in list(self._listeners):
                self._loop.call_soon_threadsafe(queue.put_nowait, dict(job))

    def app(self) -> Starlette:
        """Return the service as an ASGI application."""
        route = Route
        return Starlette(
            routes=[
                *self.identity.routes(),
                route("/bucket/{upload}/{number:int}", self._put_part, methods=["PUT"]),
                route("/objects/{job_id}/media", self._object_media),
                route("/objects/{job_id}/{file:path}", self._object),
                route("/", self._about),
                route("/health", self._health),
                route("/v1/me", self._me),
                route("/v1/queues", self._queues),
                route("/v1/failures", self._failures),
                route("/v1/costs", self._costs),
                self.dead_letters.route(lambda: self.admin),
                route("/v1/pools/cpu", self._change_pool, methods=["POST"]),
                route("/v1/uploads", self._create_upload, methods=["POST"]),
                route("/v1/uploads/{upload}", self._upload, methods=["GET", "DELETE"]),
                route("/v1/uploads/{upload}/parts", self._addresses, methods=["POST"]),
                route("/v1/uploads/{upload}/confirm", self._confirm, methods=["POST"]),
                route("/v1/imports", self._import, methods=["POST"]),
                route("/v1/jobs", self._list),
                route("/v1/events", self._all_events),
                route("/v1/jobs/{job_id}", self._job, methods=["GET", "PATCH", "DELETE"]),
                *edit_routes(self._corrections),
                *self.voices.routes(),
                route("/v1/jobs/{job_id}/events", self._job_events),
                route("/v1/jobs/{job_id}/results", self._manifest),
                route("/v1/jobs/{job_id}/results/{file:path}", self._result),
                route("/v1/jobs/{job_id}/transcript/partial", self._partial),
                route("/v1/jobs/{job_id}/transcript.{kind}", self._transcript),
                route("/v1/jobs/{job_id}/media", self._media),
                route("/v1/jobs/{job_id}/{action}", self._act, methods=["POST"]),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=["*"],
                    allow_methods=["PUT", "GET"],
                    allow_headers=["*"],
                    expose_headers=["etag"],
                )
            ],
        )

    async def _put_part(self, request: Request) -> Response:
        name, number = request.path_params["upload"], request.path_params["number"]
        body = await request.body()
        if len(self.parts) >= self.parts_before_wait:
            await asyncio.to_thread(self.may_store.wait, 120)
        self.parts[name, number] = body
        return Response(headers={"etag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324

    def _recording(self, job_id: str) -> Recording:
        """Return a recording; the page of an earlier test may still ask for one that is gone."""
        found = self.recordings.get(job_id)
        if found is None:
            raise HTTPException(404)
        return found

    async def _object_media(self, request: Request) -> Response:
        media = self._recording(request.path_params["job_id"]).media
        return FileResponse(media) if media else Response(status_code=404)

    async def _object(self, request: Request) -> Response:
        folder = self._recording(request.path_params["job_id"]).results
        path = (folder or Path("/nowhere")) / request.path_params["file"]
        return FileResponse(path) if path.is_file() else Response(status_code=404)

    async def _about(self, _: Request) -> Response:
        return JSONResponse(
            {"service": "lifestream", "features": {"imports": True, "voices": self.voices.enabled}}
        )

    async def _health(self, _: Request) -> Response:
        queue = {"name": "queue", "ok": True, "detail": ""}
        return JSONResponse({"status": "ok", "activeJobs": 1, "dependencies": [queue]})

    async def _me(self, _: Request) -> Response:
        return JSONResponse({"owner": SUBJECT, "email": None, "scopes": [], "admin": self.admin})

    async def _queues(self, _: Request) -> Response:
        figures = {
            "waiting": 3, "in_work": 1, "oldest_seconds": 84, "workers_running": 1,
            "workers_desired": 2, "capacity": 4, "why_waiting": "pool.starting",
            "min_tasks": 0, "paused": False, "dead_letters": self.dead_letters.total,
        }  # fmt: skip
        on_demand = {"waiting": 0, "capacity": None, "min_tasks": None, "dead_letters": None}
        return JSONResponse([{"name": "cpu", **figures}, {"name": "gpu", **figures, **on_demand}])

    async def _failures(self, _: Request) -> Response:
        jobs = self._jobs()
        return JSONResponse([job for job in jobs if job["state"] == "FAILED"])

    async def _costs(self, _: Request) -> Response:
        days = [("2026-05-04", 6, 0.0812, 1), ("2026-05-03", 14, 0.2107, 0)]
        day = {"media_seconds": 5400.0}
        names = ("day", "jobs", "cost_usd", "unpriced")
        return JSONResponse(
            {
                "days": [{**day, **dict(zip(names, each, strict=True))} for each in days],
                "complete": True,
            }
        )

    async def _change_pool(self, request: Request) -> Response:
        self.pool_changes.append(await request.json())
        return JSONResponse({}, 202)

    async def _create_upload(self, request: Request) -> Response:
        if self.refuse_uploads:
            return JSONResponse(self.refuse_uploads, self.refuse_uploads["status"])
        body = await request.json()
        name = hashlib.sha256(f"{body['name']}{len(self.uploads)}".encode()).hexdigest()[:16]
        self.uploads[name] = body
        return JSONResponse(self._described(name), 201)

    def _described(self, name: str) -> dict[str, Any]:
        parts = -(-self.uploads[name]["size_bytes"] // PART_SIZE)
        return {
            "upload_id": name,
            "method": "multipart",
            "url": None,
            "headers": {},
            "part_size": PART_SIZE,
            "parts": [self._part(name, number) for number in range(1, min(parts, 2) + 1)],
            "parts_present": [
                {"number": number, "size_bytes": len(body), "etag": f'"{number}"'}
                for (owner, number), body in list(self.parts.items())
                if owner == name
            ],
        }

    def _part(self, name: str, number: int) -> dict[str, Any]:
        return {"number": number, "url": f"{self.url}/bucket/{name}/{number}", "headers": {}}

    async def _upload(self, request: Request) -> Response:
        name = request.path_params["upload"]
        if name not in self.uploads:
            return _problem(404, "not_found")
        if request.method == "DELETE":
            del self.uploads[name]
            return Response(status_code=204)
        return JSONResponse(self._described(name))

    async def _addresses(self, request: Request) -> Response:
        numbers = (await request.json())["numbers"]
        name = request.path_params["upload"]
        return JSONResponse({"parts": [self._part(name, number) for number in numbers]})

    async def _confirm(self, request: Request) -> Response:
        name = request.path_params["upload"]
        upload = self.uploads.pop(name)
        self.confirmed.append({**upload, **await request.json(), "upload_id": name})
        job_id = self.add(
            {"name": upload["name"], "state": "PENDING", "size_bytes": upload["size_bytes"]}
        )
        self.change(job_id)
        return JSONResponse({"job": self.recordings[job_id].job}, 202)

    async def _import(self, request: Request) -> Response:
        url = (await request.json())["url"]
        if "refused" in url:
            return _problem(422, "import.refused", "The link leads to no recording.")
        return JSONResponse({"import_id": "1", "state": "pending"}, 202)

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        jobs = self._jobs()
        jobs = [j for j in jobs if asked.get("text", "").lower() in j["name"].lower()]
        jobs = [j for j in jobs if j["state"] == asked.get("state", j["state"])]
        jobs.sort(key=lambda j: j["created_at"], reverse=asked.get("order") != "oldest")
        start, limit = int(asked.get("cursor") or 0), int(asked.get("limit") or 25)
        more = str(start + limit) if start + limit < len(jobs) else None
        return JSONResponse({"items": jobs[start : start + limit], "next_cursor": more})

    async def _job(self, request: Request) -> Response:
        recording = self.recordings.get(request.path_params["job_id"])
        if recording is None:
            return _problem(404, "not_found")
        if request.method == "DELETE":
            del self.recordings[request.path_params["job_id"]]
            return Response(status_code=204)
        if request.method == "PATCH":
            recording.job["title"] = (await request.json())["title"]
        return JSONResponse(recording.job)

    def _jobs(self) -> list[dict[str, Any]]:
        # The tests' thread adds recordings meanwhile: the copy is made at once.
        return [recording.job for recording in list(self.recordings.values())]

    def _corrections(self, job_id: str) -> Correctable:
        corrections = self._recording(job_id).corrections
        assert corrections is not None
        return corrections

    async def _act(self, request: Request) -> Response:
        states = {"cancel": "CANCELLED", "retry": "PENDING", "reprocess": "PENDING"}
        self.change(request.path_params["job_id"], state=states[request.path_params["action"]])
        return JSONResponse(self._recording(request.path_params["job_id"]).job, 202)

    async def _all_events(self, request: Request) -> Response:
        return self._stream(None, request)

    async def _job_events(self, request: Request) -> Response:
        return self._stream(request.path_params["job_id"], request)

    def _stream(self, job_id: str | None, request: Request) -> Response:
        if not self.keeps_streams:
            return JSONResponse({"code": "events.unavailable"}, 501)
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._listeners.add(queue)
        # As in the API, no change falls between the page and its stream.
        for changed in dict.fromkeys(self._changed) if job_id is None else (job_id,):
            if changed in self.recordings:
                queue.put_nowait(self.recordings[changed].job)

        async def events() -> AsyncIterator[str]:
            try:
                yield ": here\n\n"
                while not await request.is_disconnected():
                    try:
                        job = await asyncio.wait_for(queue.get(), 0.5)
                    except TimeoutError:
                        continue
                    if job_id in (None, job["job_id"]):
                        self._events += 1
                        yield f"id: {self._events}\nevent: job\ndata: {json.dumps(job)}\n\n"
            finally:
                self._listeners.discard(queue)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def _manifest(self, request: Request) -> Response:
        recording = self._recording(request.path_params["job_id"])
        folder = recording.results or Path("/nowhere")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return JSONResponse(
            {
                "revision": recording.corrections.journal.revision if recording.corrections else 0,
                "files": [
                    {
                        "name": str(path.relative_to(folder)),
                        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                    }
                    for path in files
                ],
                "media": {"content_type": "video/mp4", "playable": recording.playable},
            }
        )

    async def _result(self, request: Request) -> Response:
        if request.query_params.get("inline"):
            return await self._object(request)
        path = f"{request.path_params['job_id']}/{request.path_params['file']}"
        return RedirectResponse(f"{self.url}/objects/{path}", 307)

    async def _partial(self, request: Request) -> Response:
        sentences = self._recording(request.path_params["job_id"]).partial
        return JSONResponse({"sentences": sentences, "until_seconds": 60})

    async def _transcript(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        name = "summary.md" if kind == "md" else f"transcript.{kind}"
        return RedirectResponse(f"{self.url}/objects/{request.path_params['job_id']}/{name}", 307)

    async def _media(self, request: Request) -> Response:
        return RedirectResponse(f"{self.url}/objects/{request.path_params['job_id']}/media", 307)


def _problem(status: int, code: str, detail: str = "There is no such thing.") -> Response:
    body = {"status": status, "code": code, "title": "Refused", "detail": detail}
    return JSONResponse({**body, "remedy": "Check the link."}, status)
