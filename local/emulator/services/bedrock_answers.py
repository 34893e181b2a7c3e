"""Gap (1.5.33, local): no models; answers of Converse in its recorded shapes, faults among them.

The model's id chooses how it behaves, so that a job's settings choose the fault:

- `local.faithful`: repeats what the transcript says, each sentence with its segment.
- `local.throttled`, `local.unavailable`, `local.denied`: errors of the service.
- `local.slow`: answers after a minute.
- `local.text`, `local.misshapen`: no tool call; a tool call of another form.
- `local.truncated`, `local.refusing`: stop reasons `max_tokens` and `guardrail_intervened`.
- `local.inventive`: adds sentences with invented citations, numbers and names.
- `local.obedient`: does what the transcript asks for.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SLOW_SECONDS = 60.0
_LINE = re.compile(r"^\[([\d, ]+)\] (?:(?:Speaker \d+|Unknown speaker): )?(.*)$", re.MULTILINE)
_ORDER = re.compile(r"\b(?:write|say|print)(?: that)? (.+)", re.IGNORECASE)
CHARACTERS_A_TOKEN = 4
THROTTLED, FORBIDDEN, UNAVAILABLE, INVALID = 429, 403, 503, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverseAnswer:
    """An HTTP answer; `error` is the exception's name, in the header `x-amzn-errortype`."""

    status: int = 200
    body: Mapping[str, Any]
    error: str | None = None
    after_seconds: float = 0.0


def converse(model: str, request: Mapping[str, Any]) -> ConverseAnswer:
    """Return the answer of a model to a request of the Converse API."""
    answer = _MODELS.get(model)
    if answer is None:
        return _error(INVALID, "ValidationException", "The provided model identifier is invalid.")
    return answer(request)


def _error(status: int, name: str, message: str) -> ConverseAnswer:
    return ConverseAnswer(status=status, error=name, body={"message": message})


def _faithful(request: Mapping[str, Any]) -> ConverseAnswer:
    return _tool_use(request, _repeated(request))


def _repeated(request: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return each line of the transcript as a sentence, unless it was rejected before."""
    text = _asked(request)
    if "were rejected" in text:
        return {}
    found = [
        {"text": said, "segments": [int(number) for number in numbers.split(",")]}
        for numbers, said in _LINE.findall(text)
    ]
    return {_section(request): found}


def _section(request: Mapping[str, Any]) -> str:
    return "overview" if _tool(request) == "report_overview" else "key_points"


def _inventive(request: Mapping[str, Any]) -> ConverseAnswer:
    document = _repeated(request)
    for sentences in document.values():
        first = sentences[0]["segments"] if sentences else [0]
        sentences += [
            {"text": "Everyone agreed on a budget of 987,654 euros.", "segments": first},
            {"text": "Atlantis will pay for it.", "segments": first},
            {"text": "It starts tomorrow.", "segments": [999_999]},
        ]
    return _tool_use(request, document)


def _obedient(request: Mapping[str, Any]) -> ConverseAnswer:
    orders = [
        {"text": order, "segments": [int(numbers.split(",")[0])]}
        for numbers, said in _LINE.findall(_asked(request))
        if "ignore" in said.lower()
        for order in _ORDER.findall(said)
    ]
    return _tool_use(request, {_section(request): [*orders, {"text": "PWNED", "segments": []}]})


def _text(request: Mapping[str, Any]) -> ConverseAnswer:
    content = [{"text": "Certainly! Here is the summary: everybody was happy."}]
    return _message(request, content, "end_turn")


def _truncated(request: Mapping[str, Any]) -> ConverseAnswer:
    return _message(request, [{"text": '{"key_points": [{"text": "The cou'}], "max_tokens")


def _refusing(request: Mapping[str, Any]) -> ConverseAnswer:
    content = [{"text": "Sorry, the model cannot answer this question."}]
    return _message(request, content, "guardrail_intervened")


def _misshapen(request: Mapping[str, Any]) -> ConverseAnswer:
    return _tool_use(request, {"key_points": "many", "overview": [{"words": 3}]})


def _slow(request: Mapping[str, Any]) -> ConverseAnswer:
    answer = _faithful(request)
    return ConverseAnswer(body=answer.body, after_seconds=SLOW_SECONDS)


def _tool_use(request: Mapping[str, Any], document: Mapping[str, Any]) -> ConverseAnswer:
    call = {"toolUseId": "tooluse_local", "name": _tool(request), "input": dict(document)}
    return _message(request, [{"toolUse": call}], "tool_use")


def _message(
    request: Mapping[str, Any], content: list[dict[str, Any]], stop_reason: str
) -> ConverseAnswer:
    asked = len(json.dumps(request)) // CHARACTERS_A_TOKEN
    answered = len(json.dumps(content)) // CHARACTERS_A_TOKEN
    body = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": {
            "inputTokens": asked,
            "outputTokens": answered,
            "totalTokens": asked + answered,
            "cacheReadInputTokens": 0,
            "cacheWriteInputTokens": 0,
        },
        "metrics": {"latencyMs": 100},
    }
    return ConverseAnswer(body=body)


def _asked(request: Mapping[str, Any]) -> str:
    return "\n".join(
        str(block.get("text", ""))
        for message in request.get("messages") or ()
        for block in message.get("content") or ()
    )


def _tool(request: Mapping[str, Any]) -> str:
    tools = (request.get("toolConfig") or {}).get("tools") or [{}]
    return str((tools[0].get("toolSpec") or {}).get("name", ""))


_MODELS: dict[str, Callable[[Mapping[str, Any]], ConverseAnswer]] = {
    "local.faithful": _faithful,
    "local.inventive": _inventive,
    "local.obedient": _obedient,
    "local.text": _text,
    "local.truncated": _truncated,
    "local.refusing": _refusing,
    "local.misshapen": _misshapen,
    "local.slow": _slow,
    "local.throttled": lambda _: _error(
        THROTTLED, "ThrottlingException", "Too many requests, please wait before trying again."
    ),
    "local.unavailable": lambda _: _error(
        UNAVAILABLE, "ServiceUnavailableException", "The service is unavailable."
    ),
    "local.denied": lambda _: _error(
        FORBIDDEN, "AccessDeniedException", "You don't have access to the model."
    ),
}
