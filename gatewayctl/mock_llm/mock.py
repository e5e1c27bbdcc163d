"""The mock itself: which vendor a request speaks to, and the failures it was told to make."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gatewayctl.mock_llm import anthropic_format, openai_format
from gatewayctl.mock_llm.replies import Ask, Reply

_FAILURES: Final = (
    (500, "The mock failed, as it was told to."),
    (503, "The mock is overloaded, as it was told to be."),
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the mock behaves. `fail_rate` is the share (0-1) of requests that end in 500 or 503."""

    latency_s: float = 0.0
    chunk_s: float = 0.0
    fail_rate: float = 0.0
    seed: int | None = None


class Mock:
    """Answers requests, whatever connection they came on."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._random = random.Random(behaviour.seed)  # noqa: S311 - a seed must repeat it

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        ask = self._ask(method, path, headers, body)
        anthropic = _is_anthropic(path, headers)
        if self._random.random() < self.behaviour.fail_rate:
            failure = self._random.choice(_FAILURES)
            return anthropic_format.error(ask, *failure) if anthropic else openai_format.error(ask, *failure)
        return anthropic_format.reply(ask) if anthropic else openai_format.reply(ask)

    def refusal(self, status: int, message: str) -> Reply:
        """The answer to what is no request at all: OpenAI's error object."""
        return openai_format.error(self._ask("", "", {}, b""), status, message)

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Ask:
        return Ask(method, path, headers, body, f"{self._random.getrandbits(96):024x}", int(time.time()))


def _is_anthropic(path: str, headers: Mapping[str, str]) -> bool:
    if path == "/v1/messages" or path.startswith("/v1/messages/"):
        return True
    return "anthropic-version" in headers and not path.startswith(("/v1/chat/", "/v1/completions", "/v1/embeddings"))
