"""A language model that answers from a script, and a ledger in memory."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.core.chat import Answer, ModelError, Question
from runtime.core.summary import ModelUsage

USAGE = ModelUsage(requests=1, input_tokens=1000, output_tokens=100)
Reply = Mapping[str, Any] | ModelError


@dataclass
class ScriptedChatModel:
    """`reply` gives the document of each answer, or the error to raise."""

    reply: Callable[[Question], Reply]
    service: str = "bedrock"
    model: str = "any-model"
    asked: list[Question] = field(default_factory=list)

    def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        reply = self.reply(question)
        if isinstance(reply, ModelError):
            raise reply
        return Answer(document=reply, usage=USAGE)


@dataclass
class InMemorySpendLedger:
    spent_usd: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reserve(self, usd: float, *, limit_usd: float) -> bool:
        with self.lock:
            if self.spent_usd + usd > limit_usd:
                return False
            self.spent_usd += usd
            return True

    def settle(self, reserved_usd: float, spent_usd: float) -> None:
        self.spent_usd = max(0.0, self.spent_usd + spent_usd - reserved_usd)
