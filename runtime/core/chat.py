"""The port of language models: one question, one structured answer, and what it used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.core.summary import ModelUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question whose answer must follow a JSON Schema.

    `system` is the same for many questions and may be cached; `text` is what it is about. The
    answer has at most `max_output_tokens`. `tool` names the form of the answer.
    """

    system: str
    text: str
    tool: str
    description: str
    schema: Mapping[str, Any]
    max_output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A structured answer, not validated further, and what it used."""

    document: Mapping[str, Any]
    usage: ModelUsage


_MESSAGE_CHARACTERS = 300


class ModelError(Exception):
    """A model gave no usable answer.

    `code` says why: `throttled`, `timeout`, `unreachable`, `denied`, `refused`, `truncated`,
    `malformed`, `invalid`. `usage` is what was used nevertheless.
    """

    def __init__(self, code: str, reason: str, usage: ModelUsage | None = None) -> None:
        # A service's message may be a page; what was asked must not reach a log by it.
        self.reason = reason[:_MESSAGE_CHARACTERS]
        super().__init__(f"{code}: {self.reason}")
        self.code = code
        self.usage = usage or ModelUsage()

    @property
    def may_pass(self) -> bool:
        """Whether asking again may help; throttles and timeouts were retried by the adapter."""
        return self.code in {"malformed", "truncated"}


class ChatModel(Protocol):
    """A language model behind a service. Calls are safe from several threads."""

    @property
    def service(self) -> str:
        """The kind of service, `bedrock` or `openai`."""

    @property
    def model(self) -> str:
        """The model's or profile's id."""

    def ask(self, question: Question) -> Answer:
        """Return the answer; raise `ModelError`."""
