"""The official clients, told where the gateway is and nothing else."""

from __future__ import annotations

import anthropic
import openai

from tests.e2e.harness import Gateway


def openai_of(gateway: Gateway, key: str, **more: object) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0, **more)  # type: ignore[arg-type]


def anthropic_of(gateway: Gateway, key: str, **more: object) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0, **more)  # type: ignore[arg-type]
