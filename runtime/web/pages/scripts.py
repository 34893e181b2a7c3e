"""What scripts send and receive: bodies of a bounded size, and refusals as JSON."""

import json
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runtime.web.api_client import ApiError
from runtime.web.site import Page, Visit


class TooLargeError(Exception):
    """A body has more bytes than its page takes."""


async def body_of(request: Request, *, most_bytes: int) -> Any:
    """Return the JSON of a request, None without any; raise `TooLargeError`."""
    raw = await request.body()
    if len(raw) > most_bytes:
        raise TooLargeError
    return json.loads(raw) if raw else None


def refusals_as_json(handle: Page) -> Page:
    """Return a page whose refusals a script can read."""

    async def answered(visit: Visit) -> Response:
        try:
            return await handle(visit)
        except TooLargeError:
            return JSONResponse({"detail": "The request is too large."}, status_code=413)
        except ApiError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise
            return JSONResponse(error.as_json(), status_code=error.status)

    return answered
