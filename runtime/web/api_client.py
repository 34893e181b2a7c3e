"""The API as the pages call it: on behalf of a person, with that person's token."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(None, connect=5.0, read=60.0)
"""The API sends a heartbeat on an open stream every 15 s."""


@dataclass(kw_only=True, eq=False)
class ApiError(Exception):
    """The API's refusal: HTTP status, stable code, what happened, what to do."""

    status: int
    code: str
    title: str
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return one line for logs."""
        return f"{self.status} {self.code}: {self.detail}"

    def as_json(self) -> dict[str, Any]:
        """Return what scripts show."""
        return asdict(self)


class ApiClient:
    """Calls the API with `token`; every method raises `ApiError`."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **params: str | int | None) -> Any:
        """Return the JSON at `path`."""
        return (await self.call("GET", path, params=params)).json()

    async def text(self, path: str, **params: str | int | None) -> str:
        """Return the text at `path`, wherever a redirect leads."""
        return (await self.call("GET", path, params=params, follow=True)).text

    async def location(self, path: str) -> str:
        """Return where `path` redirects to."""
        answer = await self.call("GET", path)
        if "location" not in answer.headers:
            raise _unavailable(f"{path} is no redirect")
        return answer.headers["location"]

    async def send(
        self, method: str, path: str, body: object = None, *, key: str | None = None
    ) -> Any:
        """Send JSON; `key` makes a repeated call have one effect. Return the answer's JSON."""
        headers = {"idempotency-key": key} if key else {}
        answer = await self.call(method, path, body=body, headers=headers)
        return answer.json() if answer.content else None

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | None] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = False,
    ) -> httpx.Response:
        """Return the answer, unless it is an error."""
        try:
            answer = await self._http.request(
                method,
                path,
                params={name: value for name, value in (params or {}).items() if value is not None},
                json=body,
                headers={**self._headers, **(headers or {})},
                follow_redirects=follow,
                timeout=TIMEOUT,
            )
        except httpx.HTTPError as error:
            raise _unavailable(str(error)) from error
        if answer.is_error:
            raise _error(answer)
        return answer

    @asynccontextmanager
    async def stream(
        self, path: str, *, last_event_id: str | None = None
    ) -> AsyncIterator[AsyncIterator[str]]:
        """Yield the lines of a stream of events."""
        headers = {**self._headers, "accept": "text/event-stream"}
        if last_event_id:
            headers["last-event-id"] = last_event_id
        request = self._http.stream("GET", path, headers=headers, timeout=STREAM_TIMEOUT)
        try:
            async with request as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _error(answer)
                yield answer.aiter_lines()
        except httpx.HTTPError as error:
            raise _unavailable(str(error)) from error


def _unavailable(detail: str) -> ApiError:
    return ApiError(
        status=503,
        code="api.unavailable",
        title="The service does not answer",
        detail=detail or "The API gave no answer.",
        remedy="Wait a moment and try again.",
    )


def _error(answer: httpx.Response) -> ApiError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    return ApiError(
        status=answer.status_code,
        code=str(problem.get("code", f"http.{answer.status_code}")),
        title=str(problem.get("title", answer.reason_phrase)),
        detail=str(problem.get("detail", "")),
        remedy=str(problem.get("remedy") or ""),
    )
