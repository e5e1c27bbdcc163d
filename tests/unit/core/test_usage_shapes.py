"""Reports of tokens as vendors write them; each token is counted once."""

from __future__ import annotations

from typing import Any

import pytest

from mitmgate.core.usage_shapes import Counts, Tokens

DETAILS = {"prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 5}}
SHAPES: dict[str, tuple[list[dict[str, Any]], Tokens]] = {
    "OpenAI": ([{"usage": {"prompt_tokens": 10, "completion_tokens": 20, **DETAILS}}], Tokens(10, 4, None, 20, 5)),
    "embeddings": ([{"usage": {"prompt_tokens": 8, "total_tokens": 8}}], Tokens(8)),
    "Voyage": ([{"usage": {"total_tokens": 8}}], Tokens(8)),
    "floats": ([{"usage": {"prompt_tokens": 10.0, "completion_tokens": 2e1}}], Tokens(10, None, None, 20)),
    "Responses": (
        [
            {"type": "response.created", "response": {"usage": None}},
            {
                "type": "response.completed",
                "response": {
                    "usage": {
                        "input_tokens": 6,
                        "input_tokens_details": {"cached_tokens": 1},
                        "output_tokens": 8,
                        "output_tokens_details": {"reasoning_tokens": 2},
                    }
                },
            },
        ],
        Tokens(6, 1, None, 8, 2),
    ),
    "Anthropic": (
        [
            {"message": {"usage": {"input_tokens": 3602, "output_tokens": 1}}},
            {"usage": {"cache_read_input_tokens": 3604, "cache_creation_input_tokens": 0, "output_tokens": 878}},
        ],
        Tokens(7206, 3604, 0, 878),
    ),
    "Anthropic, zeros later": (
        [
            {"message": {"usage": {"input_tokens": 12, "cache_read_input_tokens": 5, "output_tokens": 1}}},
            {"usage": {"input_tokens": 0, "cache_read_input_tokens": None, "output_tokens": 8}},
        ],
        Tokens(17, 5, None, 8),
    ),
    "Anthropic, written by age": (
        [
            {
                "usage": {
                    "input_tokens": 1,
                    "output_tokens": 2,
                    "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
                }
            }
        ],
        Tokens(8, None, 7, 2),
    ),
    "Anthropic, written both ways": (
        [
            {
                "usage": {
                    "input_tokens": 1,
                    "output_tokens": 2,
                    "cache_creation_input_tokens": 7,
                    "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
                }
            }
        ],
        Tokens(8, None, 7, 2),
    ),
    "a gateway with both vendors' names": (
        [
            {
                "usage": {
                    "prompt_tokens": 100,
                    "completion_tokens": 5,
                    "cache_read_input_tokens": 80,
                    "prompt_tokens_details": {"cached_tokens": 80},
                }
            }
        ],
        Tokens(100, 80, None, 5),
    ),
    "a part larger than the whole": (
        [{"usage": {"prompt_tokens": 10, "completion_tokens": 5, "cache_read_input_tokens": 80}}],
        Tokens(90, 80, None, 5),
    ),
    "Gemini": (
        [
            {
                "usageMetadata": {
                    "promptTokenCount": 10,
                    "candidatesTokenCount": 5,
                    "thoughtsTokenCount": 7,
                    "toolUsePromptTokenCount": 2,
                    "cachedContentTokenCount": 3,
                    "totalTokenCount": 24,
                    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
                }
            }
        ],
        Tokens(12, 3, None, 12, 7),
    ),
    "Gemini, only thoughts yet": (
        [{"usageMetadata": {"promptTokenCount": 10, "thoughtsTokenCount": 7}}],
        Tokens(10, None, None, 7, 7),
    ),
    "Ollama": (
        [{"message": {"content": "x"}, "prompt_eval_count": 26, "eval_count": 298}],
        Tokens(26, None, None, 298),
    ),
    "llama.cpp": ([{"tokens_evaluated": 3, "tokens_predicted": 4}], Tokens(3, None, None, 4)),
    "Cohere v1": (
        [
            {
                "meta": {
                    "api_version": {"version": "1"},
                    "billed_units": {"input_tokens": 5, "output_tokens": 6},
                    "tokens": {"input_tokens": 70, "output_tokens": 8},
                }
            }
        ],
        Tokens(70, None, None, 8),
    ),
    "Cohere v1, billed only": ([{"meta": {"billed_units": {"input_tokens": 5}}}], Tokens(5)),
    "Cohere v1, streamed": (
        [{"event_type": "stream-end", "response": {"meta": {"tokens": {"input_tokens": 7, "output_tokens": 8}}}}],
        Tokens(7, None, None, 8),
    ),
    "Cohere v2": (
        [{"usage": {"tokens": {"input_tokens": 7, "output_tokens": 8}, "cached_tokens": 2}}],
        Tokens(7, 2, None, 8),
    ),
    "Cohere v2, streamed": (
        [{"type": "message-end", "delta": {"usage": {"tokens": {"input_tokens": 7, "output_tokens": 8}}}}],
        Tokens(7, None, None, 8),
    ),
    "Moonshot": (
        [{"choices": [{"usage": {"prompt_tokens": 19, "completion_tokens": 13, "cached_tokens": 10}}]}],
        Tokens(19, 10, None, 13),
    ),
    "Groq": (
        [{"x_groq": {"id": "r", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}, "choices": []}],
        Tokens(3, None, None, 4),
    ),
    "twice the same": (
        [{"usage": {"prompt_tokens": 3, "completion_tokens": 4}, "x_groq": {"usage": {"prompt_tokens": 3}}}],
        Tokens(3, None, None, 4),
    ),
    "DeepSeek": (
        [{"usage": {"prompt_tokens": 9, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 3}}],
        Tokens(9, 6),
    ),
    "xAI, reasoning next to the completion": (
        [
            {
                "usage": {
                    "prompt_tokens": 32,
                    "completion_tokens": 9,
                    "total_tokens": 135,
                    "completion_tokens_details": {"reasoning_tokens": 94},
                }
            }
        ],
        Tokens(32, None, None, 103, 94),
    ),
    "Bedrock": (
        [{"usage": {"inputTokens": 4, "outputTokens": 2, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 9}}],
        Tokens(113, 100, 9, 2),
    ),
    "Bedrock's Llama": ([{"prompt_token_count": 4, "generation_token_count": 2}], Tokens(4, None, None, 2)),
    "transcription": (
        [
            {
                "text": "x",
                "usage": {
                    "type": "tokens",
                    "input_tokens": 14,
                    "input_token_details": {"text_tokens": 0, "audio_tokens": 14},
                    "output_tokens": 45,
                    "total_tokens": 59,
                },
            }
        ],
        Tokens(14, None, None, 45),
    ),
    "transcription by the second": ([{"usage": {"type": "duration", "seconds": 9}}], Tokens()),
    "OpenRouter": (
        [
            {
                "usage": {
                    "prompt_tokens": 100,
                    "completion_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 50},
                }
            }
        ],
        Tokens(100, 3, 50, 2),
    ),
    "a model's own words": (
        [
            {
                "choices": [
                    {"message": {"content": '{"usage": {"prompt_tokens": 1}}', "usage_": {"prompt_tokens": 1}}}
                ],
                "message": {"tool_calls": [{"function": {"arguments": {"usage": {"prompt_tokens": 1}}}}]},
                "candidates": [{"content": {"parts": [{"functionCall": {"args": {"usage": {"eval_count": 1}}}}]}}],
            }
        ],
        Tokens(),
    ),
}


def counted(answers: list[dict[str, Any]]) -> Tokens:
    counts = Counts()
    for answer in answers:
        counts.read_answer(answer)
    return counts.tokens()


@pytest.mark.parametrize("name", SHAPES)
def test_each_vendors_shape(name: str) -> None:
    answers, tokens = SHAPES[name]
    assert counted(answers) == tokens


@pytest.mark.parametrize("name", SHAPES)
def test_a_report_that_comes_again_counts_once(name: str) -> None:
    answers, tokens = SHAPES[name]
    assert counted(answers + answers) == tokens


@pytest.mark.parametrize(
    "wrong", [None, "5", -1, 1.5, True, 1 << 60, 1e300, float("nan"), float("inf"), [], {}, {"tokens": []}]
)
@pytest.mark.parametrize("name", ["prompt_tokens", "input_tokens", "promptTokenCount", "cache_read_input_tokens"])
def test_what_is_no_count_is_ignored(name: str, wrong: object) -> None:
    for place in ("usage", "usageMetadata"):
        assert counted([{place: {name: wrong}}]) == Tokens()
        assert counted([{place: wrong}]) == Tokens()
