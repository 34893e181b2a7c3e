"""Known voices behind the fake service, as the API answers."""

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LEAST_SECONDS = 5.0
HEARD_SECONDS = 30.0


@dataclass
class KnownVoices:
    """Samples and proposals; `named` are the names that people gave, by recording."""

    enabled: bool = False
    samples: list[dict[str, Any]] = field(default_factory=list)
    proposals: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    named: dict[str, dict[str, str]] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        """Return the routes of known voices."""
        return [
            Route("/v1/voices", self._list),
            Route("/v1/voices", self._enrol, methods=["POST"]),
            Route("/v1/voices", self._erase, methods=["DELETE"]),
            Route("/v1/voices/{profile}", self._erase, methods=["DELETE"]),
            Route("/v1/jobs/{job_id}/voices", self._propose),
        ]

    async def _list(self, _: Request) -> Response:
        if not self.enabled:
            return _refused(409, "voices.off", "This environment knows no voices.")
        profiles: dict[str, dict[str, Any]] = {}
        for sample in self.samples:
            kept = {name: value for name, value in sample.items() if name not in _PROFILE}
            profile = {name: sample[name] for name in _PROFILE}
            profiles.setdefault(sample["profile"], {**profile, "samples": []})["samples"].append(
                kept
            )
        return JSONResponse({"profiles": list(profiles.values())})

    async def _enrol(self, request: Request) -> Response:
        given = await request.json()
        name = self.named.get(given["job_id"], {}).get(given["speaker"])
        if not given["consented_by"]:
            return _refused(422, "request.invalid", "consented_by is too short.")
        if name is None:
            return _refused(422, "voices.not_named", "No person has named this speaker.")
        seconds = self.heard.get(given["speaker"], HEARD_SECONDS)
        if seconds < LEAST_SECONDS:
            return _refused(422, "voices.too_little", "The speaker has less than 5 s alone.")
        now = time.time()
        sample = {
            **given,
            "profile": hashlib.sha256(name.casefold().encode()).hexdigest()[:24],
            "name": name,
            "seconds": seconds,
            "model": "any",
            "consented_at": now,
            "enrolled_by": "person-1",
            "enrolled_at": now,
        }
        self.samples.append(sample)
        return JSONResponse({k: v for k, v in sample.items() if k not in _PROFILE}, 201)

    async def _erase(self, request: Request) -> Response:
        profile = request.path_params.get("profile")
        kept = [s for s in self.samples if profile not in (None, s["profile"])]
        erased, self.samples[:] = len(self.samples) - len(kept), kept
        if profile and not erased:
            return _refused(404, "not_found", "There is no such profile.")
        return JSONResponse({"samples": erased})

    async def _propose(self, request: Request) -> Response:
        return JSONResponse({"proposals": self.proposals.get(request.path_params["job_id"], [])})


_PROFILE = ("profile", "name")


def _refused(status: int, code: str, detail: str) -> Response:
    body = {"status": status, "code": code, "title": "Refused", "detail": detail}
    return JSONResponse({**body, "remedy": "Choose another recording."}, status)
