"""What `cache judge` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.text import cell, decimals

_COLUMNS: Final = (
    Column("Cosine", keep=True, right=True),
    Column("Probability", keep=True, right=True),
    Column("Serve", keep=True),
    Column("Vetoes"),
    Column("Doubts"),
    Column("Asked"),
    Column("Stored"),
)
_GUARDS: Final = (Column("Guard"), Column("Weight", keep=True))
_WEIGHTS: Final = {"veto": "vetoes", "doubt": "doubts"}


def show_pair(pair: Mapping[str, Any]) -> None:
    """One pair as a sheet, with each guard."""
    bar = "no bar is strict enough" if pair["bar"] is None else f"the bar is {pair['bar']:.3f}"
    verdict = "served" if pair["accept"] else "not served"
    render.fields(
        [
            ("asked", cell(pair["a"])),
            ("stored", cell(pair["b"])),
            ("verdict", verdict if pair["accept"] else f"{verdict}: {cell(pair['reasons'])}"),
            ("probability", f"{decimals(pair['probability'])}; {bar}"),
            ("log-odds", decimals(pair["log_odds"], 2)),
            ("cosine", decimals(pair["similarity"])),
        ]
    )
    guards = [(cell(name), weight) for weight in ("veto", "doubt") for name in pair[_WEIGHTS[weight]]]
    click.echo()
    render.table(_GUARDS, guards, empty="No guard objects.")


def show_pairs(pairs: Sequence[Mapping[str, Any]]) -> None:
    """Many as a table."""
    rows = [
        (
            decimals(each["similarity"]),
            decimals(each["probability"]),
            cell(each["accept"]),
            *(cell(each[name]) for name in ("vetoes", "doubts", "a", "b")),
        )
        for each in pairs
    ]
    render.table(_COLUMNS, rows, empty="There are no pairs to judge.")
