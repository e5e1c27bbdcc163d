"""`gatewayctl cache judge`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

import click

from gatewayctl import render
from gatewayctl.client import LONG_WORK_S
from gatewayctl.pairs import in_parts, read_pairs
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
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


@click.command("judge")
@click.argument("questions", metavar="[A B]", nargs=-1)
@click.option(
    "--file", "source", type=click.File(encoding="utf-8"), metavar="FILE", help="Pairs; - reads standard input."
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="Another lowest similarity than cache.threshold.")
@click.option("--max-wrong", type=click.FloatRange(0, 1), help="Another share of wrong hits than cache.max_wrong.")
@asks_server
def judge(
    session: Session,
    questions: tuple[str, ...],
    source: TextIO | None,
    threshold: float | None,
    max_wrong: float | None,
) -> None:
    """Tell whether the answer stored for B would be served for A, and why not.

    A veto rules the pair out; a doubt lowers its probability, which must reach the bar.
    FILE holds a pair a line: {"a": …, "b": …}, ["…", "…"], or the two with a tab between.

    \b
    Examples:
      gatewayctl cache judge "What is 2+2?" "what's 2 plus 2?"
      gatewayctl cache judge --file pairs.jsonl --threshold 0.85 --json
    """
    if (source is None) == (not questions) or (questions and len(questions) != 2):
        raise click.UsageError("give two questions, or --file")
    pairs = [(questions[0], questions[1])] if source is None else list(read_pairs(source))
    verdicts: list[Any] = []
    session.client.wait_within(LONG_WORK_S)
    for part in in_parts(pairs):
        body = {"pairs": [list(pair) for pair in part], "threshold": threshold, "max_wrong": max_wrong}
        verdicts += session.client.post("/admin/cache/judge", body)["data"]
    told = [{"a": a, "b": b, **verdict} for (a, b), verdict in zip(pairs, verdicts, strict=True)]

    session.show_list(told, lambda: _show_one(told[0]) if source is None else _show_all(told))


def _show_one(pair: Mapping[str, Any]) -> None:
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


def _show_all(pairs: Sequence[Mapping[str, Any]]) -> None:
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
