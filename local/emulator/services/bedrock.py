"""Gap (1.5.33, local): no models. Added are models of this machine, faithful and faulty ones.

`bedrock_answers` has their ids; every other call is answered by ministack.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions

from local.emulator.patching import patch
from local.emulator.services.bedrock_answers import converse

_CONVERSE = re.compile(r"/model/(?P<model>[^/]+)/converse")


@patch(app.SERVICE_HANDLERS, "bedrock-runtime")
async def handle(
    original: Any, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
) -> Any:
    """Answer Converse here."""
    match = _CONVERSE.fullmatch(unquote(path))
    if match is None:
        return await original(method, path, headers, body, query)
    answer = converse(match["model"], json.loads(body))
    if answer.after_seconds:
        await asyncio.sleep(answer.after_seconds)
    answered = {"Content-Type": "application/json"}
    if answer.error:
        answered["x-amzn-ErrorType"] = answer.error
    return answer.status, answered, json.dumps(answer.body).encode()


@patch(iam_actions, "extract_iam_action")
def action_of(original: Any, *request: Any, **more: Any) -> Any:
    """Authorize Converse as InvokeModel, like AWS."""
    action = original(*request, **more)
    return "bedrock:InvokeModel" if action == "bedrock:Converse" else action
