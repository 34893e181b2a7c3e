"""One recording: at work, failed, or ready in the player."""

import asyncio
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from runtime.web.api_client import ApiError
from runtime.web.site import Site, Visit, is_fragment
from runtime.web.view import jobs, words
from runtime.web.view.recording import Recording, read_recording

FORMATS = (
    ("md", "Summary and chapters", "Markdown"),
    ("txt", "Transcript for reading", "Text"),
    ("docx", "Transcript for Word", "DOCX"),
    ("vtt", "Captions for the web", "WebVTT"),
    ("srt", "Captions for other players", "SubRip"),
    ("tsv", "Table for spreadsheets", "TSV"),
    ("json", "Every word with its time", "JSON"),
)
WAVEFORM = "waveform.json"
READ_FILES = ("summary.json", "scenes.json", "transcript.json")
ACTIONS = ("cancel", "retry", "reprocess")
CAPTION_FILES = {"captions": "transcript.vtt", "chapters": "chapters.vtt"}


def routes(site: Site) -> list[Route]:
    """Return the routes of a recording."""
    base = "/recordings/{job_id}"
    return [
        Route(base, site.page(show)),
        Route(f"{base}/print", site.page(print_view)),
        Route(f"{base}/player.json", site.page(player_data)),
        Route(f"{base}/waveform.json", site.page(waveform)),
        Route(f"{base}/partial", site.page(partial)),
        Route(f"{base}/media", site.page(media)),
        Route(f"{base}/audio", site.page(audio)),
        Route(f"{base}/poster", site.page(poster)),
        Route(f"{base}/tracks/{{track}}.vtt", site.page(track)),
        Route(f"{base}/download/{{kind}}", site.page(download)),
        Route(f"{base}/files/{{file:path}}", site.page(file)),
        Route(f"{base}/title", site.page(rename), methods=["POST"]),
        Route(f"{base}/delete", site.page(delete), methods=["POST"]),
        Route(f"{base}/{{action}}", site.page(act), methods=["POST"]),
    ]


async def show(visit: Visit) -> Response:
    """Show the recording as its state demands."""
    job, service = await asyncio.gather(
        visit.api.get(f"/v1/jobs/{visit.job_id}"), visit.api.get("/")
    )
    if job["state"] != "SUCCEEDED":
        return visit.render("job.html", **progress(visit, job))
    manifest, recording = await read_results(visit)
    return visit.render(
        "player.html",
        base=f"/recordings/{visit.job_id}",
        job=job,
        row=jobs.row(job, visit.now),
        recording=recording,
        media=manifest.get("media") or {},
        formats=FORMATS,
        waveform=any(item["name"] == WAVEFORM for item in manifest["files"]),
        start=visit.request.query_params.get("t", ""),
        voices=bool(service["features"].get("voices")),
        first_visit="hint" not in visit.request.cookies,
        origin=visit.site.settings.public_url,
    )


def progress(visit: Visit, job: dict[str, Any]) -> dict[str, Any]:
    """Return what the page of a job at work shows."""
    return {
        "job": job,
        "row": jobs.row(job, visit.now),
        "steps": jobs.steps(job),
        "left": jobs.time_left(job, visit.now),
        "error": job.get("error"),
    }


def progress_html(visit: Visit, job: dict[str, Any]) -> str:
    """Return the HTML of a job's progress, for the live page."""
    return bytes(visit.render("parts/progress.html", **progress(visit, job)).body).decode()


async def partial(visit: Visit) -> Response:
    """Return what has been recognised so far; 204 where the service does not report it."""
    try:
        found = await visit.api.get(f"/v1/jobs/{visit.job_id}/transcript/partial")
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return visit.render("parts/partial.html", sentences=found["sentences"][-200:])


async def print_view(visit: Visit) -> Response:
    """Show the whole transcript on one page, for paper."""
    job = await visit.api.get(f"/v1/jobs/{visit.job_id}")
    _, recording = await read_results(visit)
    return visit.render("print.html", job=job, row=jobs.row(job, visit.now), recording=recording)


async def player_data(visit: Visit) -> Response:
    """Return the times of words and the timeline, of a revision."""
    manifest, recording = await read_results(visit)
    data = {"revision": manifest.get("revision") or 0, **recording.player_data()}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/json", headers={"cache-control": "no-cache"})


async def waveform(visit: Visit) -> Response:
    """Return how loud the recording is over time."""
    text = await visit.api.text(f"/v1/jobs/{visit.job_id}/results/{WAVEFORM}", inline=1)
    return Response(text, media_type="application/json", headers={"cache-control": "no-cache"})


async def media(visit: Visit) -> Response:
    """Redirect to the original."""
    return RedirectResponse(await visit.api.location(f"/v1/jobs/{visit.job_id}/media"))


async def audio(visit: Visit) -> Response:
    """Redirect to the sound alone."""
    return await _result(visit, "audio.m4a")


async def poster(visit: Visit) -> Response:
    """Redirect to a picture of the recording; sound alone has none (204)."""
    manifest = await visit.api.get(f"/v1/jobs/{visit.job_id}/results")
    names = [f["name"] for f in manifest["files"] if f["name"].startswith("thumbnails/")]
    if not names:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return await _result(visit, names[min(1, len(names) - 1)])


async def file(visit: Visit) -> Response:
    """Redirect to a file of the results."""
    return await _result(visit, str(visit.request.path_params["file"]))


async def track(visit: Visit) -> Response:
    """Return captions or chapters; browsers load tracks from the page's own origin only."""
    name = CAPTION_FILES.get(str(visit.request.path_params["track"]))
    if name is None:
        return Response(status_code=404)
    text = await visit.api.text(f"/v1/jobs/{visit.job_id}/results/{name}", inline=1)
    return PlainTextResponse(text, media_type="text/vtt")


async def download(visit: Visit) -> Response:
    """Send a transcript in a format, under the recording's name."""
    kind = str(visit.request.path_params["kind"])
    if kind not in {name for name, _, _ in FORMATS}:
        return Response(status_code=404)
    address = f"/v1/jobs/{visit.job_id}/transcript.{kind}"
    answer = await visit.api.call("GET", address, follow=True)
    stem = words.file_stem(await _name(visit))
    headers = {
        "content-disposition": (
            f"attachment; filename=\"transcript.{kind}\"; filename*=UTF-8''{quote(stem)}.{kind}"
        )
    }
    kind_of_text = answer.headers.get("content-type", "application/octet-stream")
    return Response(answer.content, headers=headers, media_type=kind_of_text)


async def rename(visit: Visit) -> Response:
    """Change the title."""
    title = str((await visit.request.form()).get("title", "")).strip()
    await visit.api.send("PATCH", f"/v1/jobs/{visit.job_id}", {"title": title or None})
    return _back(visit, f"/recordings/{visit.job_id}")


async def delete(visit: Visit) -> Response:
    """Delete the recording and its results."""
    await visit.api.send("DELETE", f"/v1/jobs/{visit.job_id}")
    return _back(visit, "/")


async def act(visit: Visit) -> Response:
    """Cancel the job, or run it again."""
    action = str(visit.request.path_params["action"])
    if action not in ACTIONS:
        return Response(status_code=404)
    await visit.api.send("POST", f"/v1/jobs/{visit.job_id}/{action}")
    return _back(visit, f"/recordings/{visit.job_id}")


def _back(visit: Visit, address: str) -> Response:
    if is_fragment(visit.request):
        return Response(status_code=204, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)


async def _result(visit: Visit, name: str) -> Response:
    address = await visit.api.location(f"/v1/jobs/{visit.job_id}/results/{quote(name)}")
    return RedirectResponse(address, headers={"cache-control": "private, max-age=300"})


async def _name(visit: Visit) -> str:
    return words.name_of(await visit.api.get(f"/v1/jobs/{visit.job_id}"))


async def read_results(visit: Visit) -> tuple[dict[str, Any], Recording]:
    """Return the manifest and the recording; the result files are read side by side."""
    manifest = await visit.api.get(f"/v1/jobs/{visit.job_id}/results")
    present = {item["name"]: item.get("sha256") for item in manifest["files"]}
    key = (visit.job_id, *(present.get(name) for name in READ_FILES))
    if all(present.get(name) for name in READ_FILES if name in present):
        kept = visit.site.recent.get(key)
        if kept is not None:
            return manifest, kept

    async def read(name: str) -> Any:
        if name not in present:
            return None
        return json.loads(await visit.api.text(f"/v1/jobs/{visit.job_id}/results/{name}", inline=1))

    summary, scenes, transcript = await asyncio.gather(*(read(name) for name in READ_FILES))
    recording = await asyncio.to_thread(read_recording, summary or {}, scenes, transcript)
    visit.site.recent.put(key, recording)
    return manifest, recording
