"""Requests to the API: signed in, repeated where that is safe, refused with the API's reasons."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from runtime.core.clock import Sleeper
from runtime.core.errors import LifestreamError, Permanent, Retryable

TRIES = 5
FIRST_PAUSE_SECONDS = 1.0
TIMEOUT_SECONDS = 30.0
LOCAL_STATE = Path(".lifestream/up.json")
"""What `make up` writes: where its API is, and a token."""

_THROTTLED, _SERVER_ERROR, _FIRST_ERROR = 429, 500, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the API is, and a token or a key for it."""

    url: str
    token: str | None = None
    key: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers that sign a request in."""
        if self.key:
            return {"X-Api-Key": self.key}
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def account(
    *, url: str | None, token: str | None, key: str | None, local_state: Path = LOCAL_STATE
) -> Account:
    """Return the account that is named, else the local one of `make up`; raise `Permanent`."""
    if url is None and local_state.exists():
        state = json.loads(local_state.read_text())
        url, token = state["api"], token or (None if key else state["token"])
    if url is None:
        raise Permanent(
            "api.not_named",
            "No API is named, and none runs on this machine.",
            "Give --api or LIFESTREAM_API, or start one with `make up`.",
        )
    if not token and not key:
        raise Permanent(
            "api.not_signed_in",
            "There is neither a token nor a key.",
            "Give --token or --key, or LIFESTREAM_TOKEN or LIFESTREAM_API_KEY.",
        )
    return Account(url=url.rstrip("/"), token=token, key=key)


class ApiClient:
    """Calls one API. A POST carries an idempotency key, so that it may be repeated."""

    def __init__(self, account: Account, http: httpx.Client, *, sleeper: Sleeper) -> None:
        self._account = account
        self._http = http
        self._sleeper = sleeper

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the JSON answer, None for an empty one; raise `Permanent` or `Retryable`.

        A body of bytes is sent as it is, any other as JSON.
        """
        headers = {**self._account.headers(), **(headers or {})}
        if method == "POST":
            headers["Idempotency-Key"] = uuid4().hex
        answer = self.send(
            method,
            f"{self._account.url}{path}",
            headers=headers,
            **({"content": body} if isinstance(body, bytes) else {"json": body}),
            params={name: value for name, value in (query or {}).items() if value is not None},
        )
        return answer.json() if answer.content else None

    def file(self, path: str) -> bytes:
        """Return a file that the API redirects to; only the API gets the token or key."""
        answer = self.send("GET", f"{self._account.url}{path}", headers=self._account.headers())
        return self.send("GET", answer.headers["Location"]).content

    def send(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Return the answer of a request that may be repeated; raise as `call` does."""
        error: LifestreamError = Permanent("api.unreachable", "", "")
        for number in range(TRIES):
            try:
                answer = self._http.request(method, url, **request)
            except httpx.HTTPError as fault:
                error = _unreachable(fault)
            else:
                if answer.status_code < _FIRST_ERROR:
                    return answer
                error = refusal(answer)
                if isinstance(error, Permanent):
                    raise error
            if number < TRIES - 1:
                self._sleeper.sleep(FIRST_PAUSE_SECONDS * 2.0**number)
        raise error

    def follow(self, job_id: str) -> Iterator[dict[str, Any]]:
        """Yield the job whenever it has changed, the last one when it has ended.

        Reads the stream of events; where there is none, asks every few seconds.
        """
        last_id, streams = "", True
        while True:
            if streams:
                try:
                    for event_id, job in self._events(job_id, last_id):
                        last_id = event_id
                        yield job
                        if job["finished_at"] is not None:
                            return
                except httpx.HTTPError:
                    self._sleeper.sleep(FIRST_PAUSE_SECONDS)
                except Permanent as error:
                    if error.code != "events.unavailable":
                        raise
                    streams = False
            else:
                job = self.call("GET", f"/v1/jobs/{job_id}")
                yield job
                if job["finished_at"] is not None:
                    return
                self._sleeper.sleep(2.0)

    def _events(self, job_id: str, last_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        headers = {**self._account.headers(), **({"Last-Event-ID": last_id} if last_id else {})}
        url = f"{self._account.url}/v1/jobs/{job_id}/events"
        with self._http.stream("GET", url, headers=headers) as answer:
            if answer.status_code >= _FIRST_ERROR:
                answer.read()
                raise refusal(answer)
            for line in answer.iter_lines():
                name, _, value = line.partition(":")
                if name == "id":
                    last_id = value.strip()
                elif name == "data":
                    yield last_id, json.loads(value)


def refusal(answer: httpx.Response) -> LifestreamError:
    """Return the error of an answer that is none: `Retryable` where a repetition may help."""
    try:
        problem = answer.json()
        code, detail, remedy = problem["code"], problem["detail"], problem["remedy"]
    except (ValueError, KeyError, TypeError):
        host = answer.request.url.host
        code, detail = f"http.{answer.status_code}", f"{host} answered {answer.status_code}."
        remedy = "Check the address, or try again."
    passing = answer.status_code == _THROTTLED or (
        answer.status_code >= _SERVER_ERROR and not str(code).endswith(".unavailable")
    )
    return (Retryable if passing or code == "unavailable" else Permanent)(code, detail, remedy)


def _unreachable(fault: httpx.HTTPError) -> Retryable:
    return Retryable(
        "api.unreachable",
        f"The API did not answer ({type(fault).__name__}).",
        "Check the address and the network, then repeat the command.",
    )
