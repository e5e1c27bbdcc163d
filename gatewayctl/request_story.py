"""One request's whole story, as lines for one screen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gatewayctl.log_lines import outcome, with_detail
from gatewayctl.render import Column
from gatewayctl.text import cell, milliseconds, number
from mitmgate.core.retry import Failure, error_of

Story = Mapping[str, Any]

ATTEMPTS: Final = (
    Column("Attempt", keep=True, right=True),
    Column("Began", keep=True, right=True),
    Column("Took", keep=True, right=True),
    Column("End"),
    Column("Connection"),
)
_MEANINGS: Final = {
    **{failure.value: error_of(failure).message for failure in Failure},
    "client_closed": "The client went away before its answer was whole.",
    "broken": "The answer broke off.",
}
_STAGES: Final = (("auth", "auth_ms"), ("limit", "limit_ms"), ("cache", "cache_ms"), ("first byte", "first_byte_ms"))


def pairs_of(story: Story) -> list[tuple[str, str]]:
    """Names and values; what there is nothing to say of is left out."""
    pairs = [
        ("request", cell(story["request_id"])),
        ("began", _instant(story["at"])),
        ("who", _who(story)),
        ("what", _what(story)),
        ("client's id", cell(story["client_request_id"])),
        ("vendor's id", cell(story["upstream_request_id"])),
        ("answer", f"{story['status']} after {milliseconds(story['latency_ms'])}"),
        ("error", _error(story["error"]) + _more(story)),
        ("vendor's error", _vendor_error(story)),
        ("stages", _stages(story)),
        ("cache", _cache(story)),
        ("upstream", _upstream(story)),
        ("tokens", _tokens(story)),
        ("bytes", f"{number(story['request_bytes'])} of the request, {number(story['response_bytes'])} of the answer"),
    ]
    return [(name, value) for name, value in pairs if value not in ("", "-")]


def attempts_of(story: Story) -> list[tuple[str, ...]]:
    """A line for each attempt: when it began, how long it took, how it ended, on which connection."""
    return [
        (
            str(place),
            milliseconds(attempt["at_ms"]),
            milliseconds(attempt["ms"]),
            " ".join(cell(part) for part in (attempt["status"], attempt["error"]) if part is not None) or "-",
            _connection(attempt),
        )
        for place, attempt in enumerate(story["attempts_detail"], 1)
    ]


def _who(story: Story) -> str:
    key = [cell(story[part]) for part in ("key_name", "key_prefix") if story[part]]
    parts = [f"{cell(story['tenant_name'])} (tenant {story['tenant_id']})"]
    if story["key_id"] is not None:
        parts.append(f"key {' '.join([*key, f'({story["key_id"]})'])}")
    if story["client_address"]:
        parts.append(f"from {cell(story['client_address'])}")
    return ", ".join(parts)


def _what(story: Story) -> str:
    parts = [f"{cell(story['method'])} {cell(story['endpoint'])}"]
    if story["model"]:
        parts.append(f"model {cell(story['model'])}")
    if story["streamed"]:
        parts.append("streamed")
    return ", ".join(parts)


def _error(code: Any) -> str:
    meaning = _MEANINGS.get(code)
    return cell(code) if meaning is None else f"{cell(code)}: {meaning}"


def _vendor_error(story: Story) -> str:
    parts = (story["vendor_error_code"], story["vendor_error_message"])
    return ": ".join(cell(part) for part in parts if part is not None)


def _more(story: Story) -> str:
    more = story.get("refused_more")
    return f" (and {number(more)} more refused requests that have no row of their own)" if more else ""


def _stages(story: Story) -> str:
    return ", ".join(f"{name} {milliseconds(story[field])}" for name, field in _STAGES if story[field] is not None)


def _cache(story: Story) -> str:
    told = outcome(story)
    if story["cache"] == "hit":
        told = f"{told} hit"
        if story["similarity"] is not None:
            told += f", similarity {story['similarity']:.3f}"
        if story["cache_entry"]:
            told += f", of entry {cell(story['cache_entry'])}"
        if story["cache_stored_by"]:
            told += f", stored by request {cell(story['cache_stored_by'])}"
        if story["cache_age_s"] is not None:
            told += f", {number(story['cache_age_s'])} s old"
        return told
    told = with_detail(told if story["cache"] else "", story["cache_detail"]) or told
    if story["cache_nearest"] is not None:
        told += f" (nearest {story['cache_nearest']:.3f})"
    return told


def _upstream(story: Story) -> str:
    if not story["attempts"]:
        return "not asked"
    times = "once" if story["attempts"] == 1 else f"{story['attempts']} times"
    return f"{cell(story['upstream'])}, asked {times}"


def _tokens(story: Story) -> str:
    parts = []
    for name, of_these in (
        ("prompt", (("cached_prompt", "from the vendor's cache"), ("cache_write", "written to it"))),
        ("completion", (("reasoning", "reasoning"),)),
    ):
        if (count := story[f"{name}_tokens"]) is None:
            continue
        also = [f"{number(story[f'{part}_tokens'])} {words}" for part, words in of_these if story[f"{part}_tokens"]]
        parts.append(f"{number(count)} {name}" + (f" ({', '.join(also)})" if also else ""))
    tokens = ", ".join(parts)
    return f"{tokens}, partly estimated: the answer broke off" if tokens and story["usage_estimated"] else tokens


def _connection(attempt: Mapping[str, Any]) -> str:
    if attempt["reused"]:
        return "kept"
    if attempt["connect_ms"] is None:
        return "none"
    return f"new, {milliseconds(attempt['connect_ms'])}" + (", the kept one was closed" if attempt["stale"] else "")


def _instant(at: Any) -> str:
    try:
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
    except (TypeError, ValueError):
        return cell(at)
