"""Language models behind OpenAI's API: model servers on one's own machines, and OpenAI's own."""

import json
from collections.abc import Mapping
from typing import Any

from runtime.core.chat import Answer, ModelError, Question
from runtime.core.contract import SummarizerName
from runtime.core.summary import ModelUsage

RETRIES = 2
NO_KEY = "none"
"""The client insists on a key; servers on one's own machines need none."""


class OpenAIChatModel:
    """Asks a model by chat completions; the client retries throttles and lost connections."""

    service: str = SummarizerName.OPENAI.value

    def __init__(
        self, *, endpoint: str | None, api_key: str | None, model: str, timeout_seconds: float
    ) -> None:
        from openai import OpenAI

        self.model = model
        self._client = OpenAI(
            base_url=endpoint,
            api_key=api_key or NO_KEY,
            timeout=timeout_seconds,
            max_retries=RETRIES,
        )

    def ask(self, question: Question) -> Answer:
        """Return the answer; raise `ModelError`."""
        from openai import OpenAIError

        create: Any = self._client.chat.completions.create
        try:
            response = create(
                model=self.model,
                messages=[
                    {"role": "system", "content": question.system},
                    {"role": "user", "content": question.text},
                ],
                max_tokens=question.max_output_tokens,
                temperature=0,
                tools=[
                    {
                        "type": "function",
                        "function": {
                            "name": question.tool,
                            "description": question.description,
                            "parameters": dict(question.schema),
                        },
                    }
                ],
                tool_choice={"type": "function", "function": {"name": question.tool}},
            )
        except OpenAIError as error:
            raise ModelError(_code(error), str(error), ModelUsage(requests=1)) from error
        return _read(response, question.tool)


def _code(error: Exception) -> str:
    import openai

    # A timeout is a connection error too, so it comes first.
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (openai.APITimeoutError, "timeout"),
        (openai.APIConnectionError, "unreachable"),
        (openai.RateLimitError, "throttled"),
        (openai.InternalServerError, "unreachable"),
        (openai.AuthenticationError, "denied"),
        (openai.PermissionDeniedError, "denied"),
        (openai.NotFoundError, "denied"),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), "invalid")


def _read(response: Any, tool: str) -> Answer:
    used = response.usage
    cached = getattr(getattr(used, "prompt_tokens_details", None), "cached_tokens", None) or 0
    asked = used.prompt_tokens if used else 0
    usage = ModelUsage(
        requests=1,
        input_tokens=asked - cached,
        cached_tokens=cached,
        output_tokens=used.completion_tokens if used else 0,
    )
    if not response.choices:
        raise ModelError("malformed", "an answer without a choice", usage)
    choice = response.choices[0]
    if choice.finish_reason == "length":
        raise ModelError("truncated", "the answer has more than max_tokens", usage)
    if choice.finish_reason == "content_filter" or getattr(choice.message, "refusal", None):
        raise ModelError("refused", "the model or a filter refused", usage)
    document = _document(choice.message, tool)
    if document is None:
        raise ModelError("malformed", f"no arguments of {tool}", usage)
    return Answer(document=document, usage=usage)


def _document(message: Any, tool: str) -> Mapping[str, Any] | None:
    """Return the tool's arguments; some servers write them as the message itself."""
    texts = [call.function.arguments for call in message.tool_calls or () if _is(call, tool)]
    for text in (*texts, message.content):
        try:
            document = json.loads(text or "")
        except ValueError:
            continue
        if isinstance(document, Mapping):
            return document
    return None


def _is(call: Any, tool: str) -> bool:
    return getattr(getattr(call, "function", None), "name", None) == tool
