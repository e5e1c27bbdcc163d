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
        for kind, each in (("exact hits", exact), ("in other words", semantic), ("misses", misses))
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
    bins = [each for each in period["probabilities"] if each["hits"] or each["near_misses"]]
    if bins:
        most = max(max(each["hits"], each["near_misses"]) for each in bins)
        rows = [
            (
                f"{each['from']:.2f} to {each['to']:.2f}",
                number(each["hits"]),
                bar(each["hits"] / most, _WIDTH, render.encoding()),
                number(each["near_misses"]),
                bar(each["near_misses"] / most, _WIDTH, render.encoding()),
            )
            for each in reversed(bins)
        ]
        click.echo()
        render.table(_PROBABILITIES, rows, empty="")
