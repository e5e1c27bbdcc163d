"""`gatewayctl cache judge`."""

from __future__ import annotations

from typing import Any, TextIO

import click

from gatewayctl.client import LONG_WORK_S
from gatewayctl.judged_pairs import show_pair, show_pairs
from gatewayctl.pairs import in_parts, read_pairs
from gatewayctl.session import Session, asks_server


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

    session.show_list(told, lambda: show_pair(told[0]) if source is None else show_pairs(told))
