"""Language models of Amazon Bedrock, by the Converse API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
)

from runtime.aws.sdk_errors import error_code, http_status, is_throttle
from runtime.core.chat import Answer, ModelError, Question
from runtime.core.contract import SummarizerName
from runtime.core.summary import ModelUsage

REFUSALS = frozenset({"guardrail_intervened", "content_filtered"})
CUT_OFF = frozenset({"max_tokens", "model_context_window_exceeded"})

_SERVER_ERROR = 500
_CODES: Mapping[str, str] = {
    "AccessDeniedException": "denied",
    "ResourceNotFoundException": "denied",
    "ModelTimeoutException": "timeout",
    "ModelNotReadyException": "throttled",
    "ServiceQuotaExceededException": "throttled",
    "ServiceUnavailableException": "throttled",
    "ModelErrorException": "invalid",
    "ValidationException": "invalid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """A Bedrock guardrail that sees every question and answer."""

    identifier: str
    version: str


class BedrockChatModel:
    """Asks a model or inference profile; the client retries throttles and lost connections.

    The answer is the input of the one tool that the model must call. `caches_prompts` marks the
    instructions for the prompt cache; models without one refuse the mark.
    """

    service: str = SummarizerName.BEDROCK.value

    def __init__(
        self,
        client: Any,
        *,
        model: str,
        guardrail: Guardrail | None = None,
        caches_prompts: bool = False,
    ) -> None:
        self.model = model
        self._client = client
        self._guardrail = guardrail
        self._caches_prompts = caches_prompts

    def ask(self, question: Question) -> Answer:
        """Return the answer; raise `ModelError`."""
        try:
            response = self._client.converse(**self._request(question))
        except (ClientError, BotoCoreError) as error:
            raise _model_error(error) from error
        return read_answer(response, question.tool)

    def _request(self, question: Question) -> dict[str, Any]:
        mark = [{"cachePoint": {"type": "default"}}] if self._caches_prompts else []
        request: dict[str, Any] = {
            "modelId": self.model,
            "system": [{"text": question.system}, *mark],
            "messages": [{"role": "user", "content": [{"text": question.text}]}],
            "inferenceConfig": {"maxTokens": question.max_output_tokens, "temperature": 0.0},
            "toolConfig": {
                "tools": [
                    {
                        "toolSpec": {
                            "name": question.tool,
                            "description": question.description,
                            "inputSchema": {"json": dict(question.schema)},
                        }
                    }
                ],
                "toolChoice": {"tool": {"name": question.tool}},
            },
        }
        if self._guardrail is not None:
            request["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.identifier,
                "guardrailVersion": self._guardrail.version,
            }
        return request


def read_answer(response: Mapping[str, Any], tool: str) -> Answer:
    """Return the tool's input of a Converse response; raise `ModelError`."""
    usage = _usage(response.get("usage") or {})
    reason = str(response.get("stopReason"))
    if reason in REFUSALS:
        raise ModelError("refused", reason, usage)
    if reason in CUT_OFF:
        raise ModelError("truncated", reason, usage)
    message = (response.get("output") or {}).get("message") or {}
    for block in message.get("content") or ():
        call = block.get("toolUse")
        if call and call.get("name") == tool and isinstance(call.get("input"), Mapping):
            return Answer(document=call["input"], usage=usage)
    raise ModelError("malformed", f"no input of {tool} (stop reason {reason})", usage)


def _usage(usage: Mapping[str, Any]) -> ModelUsage:
    return ModelUsage(
        requests=1,
        input_tokens=int(usage.get("inputTokens", 0)),
        cached_tokens=int(usage.get("cacheReadInputTokens", 0)),
        cache_write_tokens=int(usage.get("cacheWriteInputTokens", 0)),
        output_tokens=int(usage.get("outputTokens", 0)),
    )


def _model_error(error: ClientError | BotoCoreError) -> ModelError:
    asked = ModelUsage(requests=1)
    if isinstance(error, ClientError):
        code = _CODES.get(error_code(error))
        if is_throttle(error):
            code = "throttled"
        elif code is None:
            code = "unreachable" if http_status(error) >= _SERVER_ERROR else "invalid"
        return ModelError(code, str(error), asked)
    if isinstance(error, ReadTimeoutError | ConnectTimeoutError):
        return ModelError("timeout", str(error), asked)
    return ModelError(
        "denied" if isinstance(error, NoCredentialsError) else "unreachable", str(error), asked
    )
