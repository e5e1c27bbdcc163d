"""The figures of `cache evaluate` and `cache simulate` for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.text import bar, cell, decimals, number, share

_WIDTH: Final = 20
_BARS: Final = (
    Column("Bar", keep=True, right=True),
    Column("Served", keep=True, right=True),
    Column("Precision", keep=True, right=True),
    Column("Recall", keep=True, right=True),
    Column("Different served", keep=True, right=True),
    Column("", keep=True),
)
_KINDS: Final = (
    Column("Kind"),
    Column("Pairs", keep=True, right=True),
    Column("Served", keep=True, right=True),
    Column("Share", keep=True, right=True),
    Column("", keep=True),
)
_RELIABILITY: Final = (
    Column("Probability", keep=True),
    Column("Pairs", keep=True, right=True),
    Column("Predicted", keep=True, right=True),
    Column("Same", keep=True, right=True),
    Column("", keep=True),
)
_HITS: Final = (
    Column("Bar", keep=True, right=True),
    Column("Hits", keep=True, right=True),
    Column("Right", keep=True, right=True),
    Column("Wrong", keep=True, right=True),
    Column("Unknown", keep=True, right=True),
    Column("Wrong share", keep=True, right=True),
    Column("Right of possible", keep=True, right=True),
    Column("", keep=True),
)
_EXAMPLES: Final = (
    Column("Hit", keep=True),
    Column("Probability", keep=True, right=True),
    Column("Cosine", keep=True, right=True),
    Column("Asked"),
    Column("Stored"),
)

Figures = Mapping[str, Any]


def show(figures: Figures, name: str) -> None:
    """What `cache evaluate` found."""
    _interrupted(figures)
    kept_out = figures["kept_out"]
    render.fields(
        [
            ("pairs", f"{number(figures['pairs'])}, {number(figures['same'])} of them the same"),
            ("bar", _bar(figures)),
            ("precision", f"{share(figures['precision'])} of {number(figures['served'])} served"),
            ("recall", f"{share(figures['recall'])} of the same are served"),
            ("different", f"{share(figures['different_served'], 2)} are served"),
            ("kept out", f"{number(kept_out)}: not compared in traffic, counted as not served"),
        ],
        cell(name),
    )
    rows = [
        (
            decimals(each["bar"]),
            number(each["served"]),
            share(each["precision"]),
            share(each["recall"]),
            share(each["different_served"], 2),
            _mark(each, figures),
        )
        for each in figures["by_bar"]
    ]
    _table("Over the bar", _BARS, rows)
    for same, title in ((True, "The same, by kind"), (False, "Different, by kind")):
        _table(title, _KINDS, list(_kinds(figures, same)))
    bins = [
        (
            f"{each['from']:.1f} to {each['to']:.1f}",
            number(each["pairs"]),
            decimals(each["predicted"]),
            decimals(each["same"]),
            bar(each["same"], _WIDTH, render.encoding(), mark=each["predicted"]),
        )
        for each in figures["reliability"]
        if each["pairs"]
    ]
    _table("Reliability: the bar is what was the same, | what was predicted", _RELIABILITY, bins)
    if figures["calibration_error"] is not None:
        click.echo(f"Prediction and truth are {decimals(figures['calibration_error'])} apart on average.")


def show_stream(figures: Figures, name: str, examples: Sequence[Mapping[str, Any]]) -> None:
    """What `cache simulate` found."""
    _interrupted(figures)
    exact, semantic = figures["exact_hits"], figures["semantic_hits"]
    render.fields(
        [
            ("questions", f"{number(figures['questions'])}, {number(figures['possible'])} of a class that came before"),
            ("bar", _bar(figures)),
            ("hits", f"{number(figures['hits'])} ({number(exact)} exact, {number(semantic)} in other words)"),
            ("right", f"{number(figures['right'])}, {share(figures['recall'])} of the possible"),
            ("wrong", f"{number(figures['wrong'])}, {share(figures['wrong_share'], 2)} of right and wrong"),
            ("unknown", f"{number(figures['unknown'])} hits without a label"),
            ("misses", number(figures["misses"])),
            ("kept out", f"{number(figures['kept_out'])}: not compared"),
        ],
        cell(name),
    )
    rows = [
        (
            decimals(each["bar"]),
            *(number(each[column]) for column in ("hits", "right", "wrong", "unknown")),
            share(each["wrong_share"], 2),
            share(each["recall"]),
            _mark(each, figures),
        )
        for each in figures["by_bar"]
    ]
    _table("Over the bar", _HITS, rows)
    if examples:
        told = [
            (
                each["hit"],
                decimals(each["probability"]),
                decimals(each["similarity"]),
                cell(each["q"]),
                cell(each["stored"]),
            )
            for each in examples
        ]
        _table("Examples", _EXAMPLES, told)


def _kinds(figures: Figures, same: bool) -> Iterator[tuple[str, ...]]:
    for each in figures["by_kind"]:
        if each["same"] is same:
            drawn = bar(each["share"], _WIDTH, render.encoding())
            name = cell(each["kind"] or None)
            yield name, number(each["pairs"]), number(each["served"]), share(each["share"], 2), drawn


def _bar(figures: Figures) -> str:
    lowest = f", cosine at least {decimals(figures['threshold'])}" if figures["threshold"] else ""
    if figures["bar"] > 1:
        return f"none is strict enough for max_wrong {figures['max_wrong']:g}: only equal words are served{lowest}"
    return f"{decimals(figures['bar'])}, for max_wrong {figures['max_wrong']:g}{lowest}"


def _mark(row: Figures, figures: Figures) -> str:
    return "<- the bar" if row["bar"] == figures["bar"] else ""


def _interrupted(figures: Figures) -> None:
    if figures["interrupted"]:
        click.echo("Interrupted; this is what is known so far.", err=True)


def _table(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        click.echo(f"\n{title}")
        render.table(columns, rows, empty="")
