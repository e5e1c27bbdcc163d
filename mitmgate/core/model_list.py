"""A vendor's list of models without those that may not be used. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from mitmgate.core.bounded_json import may_parse

_LISTS: Final = ("data", "models")  # OpenAI's and Anthropic's; Google's and Ollama's
_NAMES: Final = ("id", "name", "model")


def only_allowed(body: bytes, is_allowed: Callable[[str], bool]) -> bytes | None:
    """The list with its allowed models only, byte for byte the same when that is all; None for what is no such list.

    Anthropic's pages (https://docs.anthropic.com/en/api/models-list) go on from last_id: on a page that has one behind
    it, that stays as it was.
    """
    listing = _parsed(body)
    if listing is None:
        return None
    found = [name for name in _LISTS if name in listing]
    if not found or not all(isinstance(listing[name], list) for name in found):
        return None
    changed = False
    for name in found:
        kept = [model for model in listing[name] if _may_stay(model, is_allowed)]
        changed |= len(kept) != len(listing[name])
        listing[name] = kept
    if not changed:
        return body
    _set_ends(listing)
    return orjson.dumps(listing)


def with_aliases(body: bytes, aliases: Mapping[str, str]) -> bytes:
    """The list with each alias as a copy of the model that it stands for; the same bytes where there is none.

    Google's names have a prefix and Ollama's lists are of what is installed: those stay.
    """
    listing = _parsed(body)
    if listing is None or not isinstance(models := listing.get("data"), list):
        return body
    known = {model["id"]: model for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)}
    more = [{**known[model], "id": alias} for alias, model in aliases.items() if model in known and alias not in known]
    if not more:
        return body
    listing["data"] = [*models, *more]
    _set_ends(listing)
    return orjson.dumps(listing)


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        listing = orjson.loads(body) if may_parse(body) else None
    except orjson.JSONDecodeError:
        return None
    return listing if isinstance(listing, dict) else None


def _may_stay(model: Any, is_allowed: Callable[[str], bool]) -> bool:
    """What it is called must be allowed, under each of its names."""
    if not isinstance(model, dict):
        return False
    names = [model[name] for name in _NAMES if name in model]
    return bool(names) and all(isinstance(name, str) and is_allowed(name.removeprefix("models/")) for name in names)


def _set_ends(listing: dict[str, Any]) -> None:
    """first_id and last_id, where the format has them, as those of what is left."""
    if "first_id" in listing and "last_id" in listing and "data" in listing:
        ids = [model.get("id") for model in listing["data"]]
        listing["first_id"] = ids[0] if ids else None
        if not listing.get("has_more"):
            listing["last_id"] = ids[-1] if ids else None
