"""Every shape in which a vendor reports tokens: where in an answer it stands, and what each name means. Pure.

A shape is recognised by its names, not by the tenant's format, since one tenant may call several vendors' paths.

Sources: OpenAI https://platform.openai.com/docs/api-reference (usage; also DeepSeek, Groq, Mistral, Moonshot, xAI),
Anthropic https://docs.anthropic.com/en/api/messages, Gemini https://ai.google.dev/api/generate-content (UsageMetadata),
Ollama https://github.com/ollama/ollama/blob/main/docs/api.md, Cohere https://docs.cohere.com/reference/chat,
Bedrock https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_MAX_TOKENS: Final = 1 << 40  # more is not a count

type Place = Mapping[str, Place | None]

#: Where a report stands: None is the report itself, a mapping the members of an object, or of each object in a list.
PLACES: Final[Place] = {
    "usage": None,
    "usageMetadata": None,
    "usage_metadata": None,
    "meta": None,  # Cohere v1
    "amazon-bedrock-invocationMetrics": None,
    "x_groq": {"usage": None},
    "choices": {"usage": None},  # Moonshot
    "message": {"usage": None},  # Anthropic's message_start
    "response": {"usage": None, "usageMetadata": None, "meta": None},  # Responses, Gemini's wrapped form, Cohere v1
    "delta": {"usage": None},  # Cohere v2
}
#: Reports without an object of their own: members of the answer itself (Ollama, llama.cpp, Bedrock's Llama and Titan).
COUNTERS: Final = frozenset(
    {
        "prompt_eval_count",
        "eval_count",
        "tokens_evaluated",
        "tokens_predicted",
        "prompt_token_count",
        "generation_token_count",
        "inputTextTokenCount",
    }
)

# What each name counts, written without `_` and in lower case; the parts are the attributes of Counts.
_NAMES: Final = {
    "prompttokens": "prompt",
    "prompttokencount": "prompt",
    "promptevalcount": "prompt",
    "tokensevaluated": "prompt",
    "inputtexttokencount": "prompt",
    "tooluseprompttokencount": "tool_prompt",
    "inputtokens": "input",
    "inputtokencount": "input",
    "cachereadinputtokens": "read",
    "cachereadinputtokencount": "read",
    "cachecreationinputtokens": "written",
    "cachecreationinputtokencount": "written",
    "cachewriteinputtokens": "written",
    "cachewriteinputtokencount": "written",
    "cachedtokens": "cached",
    "numcachedtokens": "cached",
    "promptcachehittokens": "cached",
    "cachedcontenttokencount": "cached",
    "completiontokens": "completion",
    "outputtokens": "completion",
    "outputtokencount": "completion",
    "evalcount": "completion",
    "tokenspredicted": "completion",
    "generationtokencount": "completion",
    "candidatestokencount": "candidates",
    "responsetokencount": "candidates",
    "thoughtstokencount": "thoughts",
    "reasoningtokens": "reasoning",
    "totaltokens": "total",
    "totaltokencount": "total",
}
_PROMPT_DETAILS: Final = {"cachedtokens": "cached", "cachewritetokens": "stored", "cachecreationtokens": "stored"}
_COMPLETION_DETAILS: Final = {"reasoningtokens": "reasoning", "thinkingtokens": "reasoning"}
# Objects within a report. Of Cohere's two, `tokens` is what the model saw, `billed_units` what is charged.
_INNER: Final = {
    "prompttokensdetails": _PROMPT_DETAILS,
    "prompttokendetails": _PROMPT_DETAILS,
    "inputtokensdetails": _PROMPT_DETAILS,
    "inputtokendetails": _PROMPT_DETAILS,
    "completiontokensdetails": _COMPLETION_DETAILS,
    "completiontokendetails": _COMPLETION_DETAILS,
    "outputtokensdetails": _COMPLETION_DETAILS,
    "outputtokendetails": _COMPLETION_DETAILS,
}
_EPHEMERAL: Final = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")

_GENERATED: Final = ("completion", "candidates")
_PARTS: Final = (
    *_GENERATED,
    "cached",
    "input",
    "prompt",
    "read",
    "reasoning",
    "stored",
    "thoughts",
    "tool_prompt",
    "total",
    "written",
)


@dataclass(slots=True)
class Tokens:
    """None: the answer did not say. prompt includes what came from or went to the vendor's prompt cache.

    estimated: the vendor's own numbers did not come, or not the last of them.
    """

    prompt: int | None = None
    cached_prompt: int | None = None
    cache_write: int | None = None
    completion: int | None = None
    reasoning: int | None = None
    estimated: bool = False


class Counts:
    """The parts of one answer's usage as reports name them; a later report replaces what an earlier one said.

    Nulls and what is not a count are ignored. So is a zero after another number: counts are cumulative.
    """

    __slots__ = (*_PARTS, "generations")

    def __init__(self) -> None:
        for part in _PARTS:
            setattr(self, part, None)
        self.generations = 0  # how often a part of the completion was reported

    cached: int | None  # of the prompt, read from the vendor's cache, and within `prompt` or `input`
    candidates: int | None  # generated without what was thought
    completion: int | None
    input: int | None  # the prompt with `cached`, but without `read` and `written`
    prompt: int | None
    read: int | None
    reasoning: int | None
    stored: int | None  # of the prompt, written to the cache, and within `prompt` or `input`
    thoughts: int | None
    tool_prompt: int | None
    total: int | None
    written: int | None

    def read_answer(self, answer: Mapping[str, Any]) -> None:
        """All reports of an answer, or of one event of it."""
        for name, value in answer.items():
            if name in PLACES:
                self._read_place(PLACES[name], value)
            elif name in COUNTERS:
                self.take({name: value})

    def _read_place(self, place: Place | None, value: Any) -> None:
        if place is None:
            if isinstance(value, dict):
                self.take(value)
            return
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, dict):
                for name, inner in each.items():
                    if name in place:
                        self._read_place(place[name], inner)

    def take(self, report: Mapping[str, Any]) -> None:
        """One report."""
        inner = report.get("tokens")
        if not isinstance(inner, dict):
            inner = report.get("billed_units")
        if isinstance(inner, dict):
            self._note_all(inner, _NAMES)
        self._note_all(report, _NAMES)
        parts = report.get("cache_creation")
        if isinstance(parts, dict) and report.get("cache_creation_input_tokens") is None:
            written = [count for name in _EPHEMERAL if (count := count_of(parts.get(name))) is not None]
            if written:
                self._note("written", sum(written))

    def _note_all(self, report: Mapping[str, Any], names: Mapping[str, str]) -> None:
        for name, value in report.items():
            plain = name.replace("_", "").lower()
            if (part := names.get(plain)) is not None:
                self._note(part, count_of(value))
            elif isinstance(value, dict) and (inner := _INNER.get(plain)) is not None:
                self._note_all(value, inner)

    def _note(self, part: str, count: int | None) -> None:
        if count or (count == 0 and getattr(self, part) is None):
            setattr(self, part, count)
            if count and part in _GENERATED:
                self.generations += 1

    @property
    def reported(self) -> bool:
        """Whether there was any report."""
        return any(getattr(self, part) is not None for part in _PARTS)

    @property
    def generated(self) -> int | None:
        """What has been reported of the completion."""
        return self.completion if self.candidates is None else self.candidates

    def tokens(self) -> Tokens:
        """The parts added up, each token once."""
        prompt = self._prompt()
        completion, reasoning = self._completion(prompt or 0)
        return Tokens(
            prompt=prompt,
            cached_prompt=self.cached if self.read is None else self.read,
            cache_write=self.stored if self.written is None else self.written,
            completion=completion,
            reasoning=reasoning,
        )

    def _prompt(self) -> int | None:
        read, written = self.read or 0, self.written or 0
        outside = read + written
        if self.prompt is not None:
            prompt = self.prompt + (self.tool_prompt or 0)
            parts = max(self.cached or 0, read) + max(self.stored or 0, written)
            return prompt if parts <= prompt else prompt + parts  # a part is not more than the whole
        if self.input is not None or self.read is not None or self.written is not None:
            given = self.input or 0
            if outside and self.cached is not None and self.total == given + (self.completion or 0):
                return given  # in both vendors' ways: OpenAI's total says that the parts are within
            inside = 0 if outside else (self.cached or 0) + (self.stored or 0)
            return given + outside + (inside if inside > given else 0)
        return self.total if self.completion is None and self.candidates is None else None

    def _completion(self, prompt: int) -> tuple[int | None, int | None]:
        """-> completion, and of it reasoning. Gemini and xAI report the two next to each other."""
        thoughts = self.reasoning if self.thoughts is None else self.thoughts
        said = self.generated
        if said is None:
            return self.thoughts, thoughts
        if thoughts is None or self.completion is None:
            apart = self.thoughts is not None and self.total != prompt + said
        else:
            apart = thoughts > said or (thoughts > 0 and self.total == prompt + said + thoughts)
        return said + (thoughts or 0 if apart else 0), thoughts


def count_of(value: object) -> int | None:
    """A count, also one written as 12.0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_TOKENS:
        return None
    return int(value) if value == int(value) else None
