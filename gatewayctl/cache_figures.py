"""The figures of `cache stats` and `cache top` for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.text import bar, byte_count, cell, instant, milliseconds, number, percent

_TOP: Final = (Column("Hits", keep=True, right=True), Column("Entry", keep=True), Column("Question"))
_WIDTH: Final = 20
_PROBABILITIES: Final = (
    Column("Probability", keep=True),
    Column("Hits", keep=True, right=True),
    Column("", keep=True),
    Column("Near misses", keep=True, right=True),
    Column("", keep=True),
)
_WOULD_BE: Final = (Column("Would-be hits", keep=True, right=True), Column("", keep=True))
_COUNTS: Final = ("hits", "near_misses", "would_be_hits")


def show_stats(title: str, answer: Mapping[str, Any], period: Mapping[str, Any]) -> None:
    """period: what `/admin/cache/analytics` says."""
    _show(title, answer)
    _show_period(period)
    if answer["top_cached_queries"]:
        click.echo()
        show_top(answer["top_cached_queries"])


def show_top(questions: Sequence[Mapping[str, Any]]) -> None:
    """The stored questions that were served most."""
    rows = [(number(each["hits"]), cell(each["entry"]), cell(each["question"])) for each in questions]
    render.table(_TOP, rows, empty="Nothing was served from the cache yet.")


def _show(title: str, answer: Mapping[str, Any]) -> None:
    kinds = ", ".join(f"{number(count)} {kind}" for kind, count in answer["hits_by_kind"].items())
    most = answer["max_bytes"]
    pairs = [
        ("entries", number(answer["total_cached"])),
        ("hits", f"{number(answer['total_hits'])} ({kinds})"),
        ("misses", number(answer["misses"])),
        ("hit rate", percent(answer["hit_rate"]) if answer["total_hits"] + answer["misses"] else "-"),
        ("hits an entry", cell(answer["avg_hits_per_entry"])),
        ("size", byte_count(answer["bytes"]) + ("" if most is None else f" of {byte_count(most)}")),
    ]
    if answer["matcher"]:
        pairs.append(("matcher", cell(answer["matcher"])))
    render.fields(pairs, title)


def _show_period(period: Mapping[str, Any]) -> None:
    exact, semantic, misses, saved = (period[name] for name in ("exact", "semantic", "misses", "saved"))
    asked = exact["requests"] + semantic["requests"] + misses["requests"]
    click.echo()
    pairs = [
        (kind, f"{number(each['requests'])}, {milliseconds(each['avg_response_time_ms'])} on average")
        for kind, each in (
            ("exact hits", exact),
            ("in other words", semantic),
            ("misses", misses),
            ("would-be hits", period["would_be_hits"]),
        )
        if each["requests"]
    ]
    if asked:
        tokens = f"{number(saved['prompt_tokens'])} prompt, {number(saved['completion_tokens'])} completion"
        pairs += [
            ("hit rate", percent(period["hit_rate"])),
            ("tokens saved", tokens),
            ("time saved", milliseconds(saved["time_ms"])),
        ]
    render.fields(pairs or [("requests", "none")], f"{instant(period['from'])} to {instant(period['to'])}")
    _show_probabilities(period["probabilities"])


def _show_probabilities(bins: Sequence[Mapping[str, Any]]) -> None:
    shown = [each for each in bins if any(each[name] for name in _COUNTS)]
    if not shown:
        return
    in_shadow = any(each["would_be_hits"] for each in shown)
    names = _COUNTS if in_shadow else _COUNTS[:2]
    most = max(each[name] for each in shown for name in names)
    rows = []
    for each in reversed(shown):
        row = [f"{each['from']:.2f} to {each['to']:.2f}"]
        for name in names:
            row += [number(each[name]), bar(each[name] / most, _WIDTH, render.encoding())]
        rows.append(tuple(row))
    click.echo()
    render.table((*_PROBABILITIES, *_WOULD_BE) if in_shadow else _PROBABILITIES, rows, empty="")
