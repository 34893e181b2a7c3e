"""Gap (1.5.33, local): no models. Added are models of this machine, faithful and faulty ones.

`bedrock_answers` has their ids; every other call is answered by ministack.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions

from local.emulator.patching import around, register
from local.emulator.services.bedrock_answers import converse

NAME = "bedrock-runtime"
_CONVERSE = re.compile(r"/model/(?P<model>[^/]+)/converse")

Response = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Models:
    """Answers Converse, with ministack's own `answer` for everything else."""

    answer: Callable[..., Awaitable[Response]]

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Response:
        """Answer one call."""
        match = _CONVERSE.fullmatch(unquote(path))
        if match is None:
            return await self.answer(method, path, headers, body, query)
        answer = converse(match["model"], json.loads(body))
        if answer.after_seconds:
            await asyncio.sleep(answer.after_seconds)
        answered = {"Content-Type": "application/json"}
        if answer.error:
            answered["x-amzn-ErrorType"] = answer.error
        return answer.status, answered, json.dumps(answer.body).encode()


def install() -> None:
    """Answer the calls of models; AWS authorizes Converse as InvokeModel."""

    @around(iam_actions, "extract_iam_action")
    def action_of(original: Any, *request: Any, **more: Any) -> Any:
        action = original(*request, **more)
        return "bedrock:InvokeModel" if action == "bedrock:Converse" else action

    models = Models(app.SERVICE_HANDLERS[NAME])
    register(app.SERVICE_HANDLERS, [(NAME, models.handle)], __name__)
