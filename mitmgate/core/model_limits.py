"""Where models are limited: whatever may name another one than those allowed, wherever in a request it stands. Pure.

The top-level `model` and the path's model are judged by the chain, which fills in defaults and aliases. All else is
judged by the look of its name, so that a vendor's way to name a model that nobody here has heard of is refused:
OpenRouter's `models`, LiteLLM's `fallbacks`, Azure's `deployment`, `modelId`, a `model` within a tool, `?model=`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

_search_naming: Final = re.compile(r"model|deployment|fallback").search
# Compared without case and punctuation; they choose a model, or something that has one.
_NAMING: Final = frozenset(
    {"agentid", "assistantid", "engine", "engineid", "enginename", "preset", "route", "router", "xportkeyconfig"}
)
_CHOOSES_AT_TOP: Final = frozenset({"from"})  # what Ollama makes a model of
# What users put there is theirs: a tool may well take a parameter called `model`.
_FREE: Final = frozenset(
    {
        "arguments",
        "content",
        "contents",
        "documents",
        "input",
        "inputexamples",
        "inputschema",
        "jsonschema",
        "labels",
        "messages",
        "metadata",
        "parameterdefinitions",
        "parameters",
        "parametersjsonschema",
        "properties",
        "responsejsonschema",
        "responseschema",
        "schema",
        "systeminstruction",
        "variables",
    }
)
_drop_punctuation: Final = functools.partial(re.compile(r"[^a-z0-9]+").sub, "")
_split_query: Final = re.compile(r"[&;]").split
_MAX_SHOWN: Final = 100
_DECODINGS: Final = 3


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """The sets that a model must be in: the tenant's, the key's, or both. in_path: the path's model, judged before."""

    allowed: tuple[frozenset[str], ...]
    in_path: str | None = None

    def permits(self, model: str) -> bool:
        return all(model in names for names in self.allowed)

    def names(self, model: str) -> bool:
        """As permits, for a body, where Gemini repeats the path's model as `models/X`."""
        return self.permits(model) or (self.in_path is not None and model.removeprefix("models/") == self.in_path)

    def in_body(self, body: Mapping[str, Any]) -> str | None:
        """The member, besides the top-level `model`, that may name a model not allowed; None when there is none."""
        open_values: list[Any] = []
        for name, value in body.items():
            if name == "model":
                continue
            plain = _plain(name)
            if (_names_model(plain) or plain in _CHOOSES_AT_TOP) and not self._permits_all(value):
                return _shown(name)
            if plain not in _FREE and type(value) in (dict, list):
                open_values.append(value)
        while open_values:
            value = open_values.pop()
            if type(value) is list:
                open_values.extend(one for one in value if one and type(one) in (dict, list))
                continue
            for name, inner in value.items():
                plain = _plain(name)
                if _names_model(plain):
                    if not self._permits_all(inner):
                        return _shown(name)
                elif plain not in _FREE and type(inner) in (dict, list):
                    open_values.append(inner)
        return None

    def in_query(self, query: str) -> tuple[str | None, bool]:
        """The parameter that may name a model not allowed, if there is one; and whether one names a model that is."""
        named = False
        for parameter in _split_query(query):
            name, _, value = parameter.partition("=")
            name = _unquoted(name)
            if _names_model(_plain(name)):
                if not self.permits(unquote_plus(value)):
                    return _shown(name), named
                named = True
        return None, named

    def in_headers(self, fields: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The header that may name a model not allowed, such as Azure's `azureml-model-deployment`."""
        for name, value in fields:
            text = name.decode("latin-1")
            if _names_model(_plain(text)) and not self.permits(value.decode("latin-1").strip()):
                return _shown(text)
        return None

    def _permits_all(self, value: Any) -> bool:
        """Whether all that the value holds is allowed; what is no string may name one all the same."""
        open_values = [value]
        while open_values:
            value = open_values.pop()
            if isinstance(value, str):
                if not self.names(value):
                    return False
            elif isinstance(value, dict):
                open_values.extend(value.values())
            elif isinstance(value, list):
                open_values.extend(value)
            elif value is not None and not isinstance(value, bool):
                return False
        return True


def _names_model(plain: str) -> bool:
    return plain in _NAMING or _search_naming(plain) is not None


def _plain(name: str) -> str:
    return _remembered_plain(name) if len(name) <= _MAX_SHOWN else _drop_punctuation(name.casefold())


@functools.lru_cache(maxsize=1024)
def _remembered_plain(name: str) -> str:
    return _drop_punctuation(name.casefold())


def _unquoted(name: str) -> str:
    for _ in range(_DECODINGS):
        decoded = unquote_plus(name)
        if decoded == name:
            break
        name = decoded
    return name


def _shown(name: str) -> str:
    """The name as an error may show it: short, and nothing that is not printable ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in name[:_MAX_SHOWN])
