"""`gatewayctl cache judge`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, TextIO

import click

from gatewayctl import render
from gatewayctl.client import LONG_WORK_S
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import cell

MOST_AT_ONCE: Final = 1000
MOST_CHARACTERS: Final = 200_000  # of one call: far below what the admin API takes
_COLUMNS: Final = (
    Column("Similarity", keep=True, right=True),
    Column("Accept", keep=True),
    Column("Reasons"),
    Column("Asked"),
    Column("Stored"),
)

Pair = tuple[str, str]


@click.command("judge")
@click.argument("questions", metavar="[A B]", nargs=-1)
@click.option(
    "--file", "source", type=click.File(encoding="utf-8"), metavar="FILE", help="Pairs; - reads standard input."
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="Another bar than the gateway's cache.threshold.")
@asks_server
def judge(session: Session, questions: tuple[str, ...], source: TextIO | None, threshold: float | None) -> None:
    """Tell whether the answer stored for B would be served for A, and why not.

    FILE holds a pair a line: {"a": …, "b": …}, ["…", "…"], or the two with a tab between.

    \b
    Examples:
      gatewayctl cache judge "What is 2+2?" "what's 2 plus 2?"
      gatewayctl cache judge --file pairs.jsonl --threshold 0.85 --json
    """
    if (source is None) == (not questions) or (questions and len(questions) != 2):
        raise click.UsageError("give two questions, or --file")
    pairs = [(questions[0], questions[1])] if source is None else list(_pairs(source))
    verdicts: list[Any] = []
    session.client.wait_within(LONG_WORK_S)
    for part in _parts(pairs):
        body = {"pairs": [list(pair) for pair in part], "threshold": threshold}
        verdicts += session.client.post("/admin/cache/judge", body)["data"]
    told = [{"a": a, "b": b, **verdict} for (a, b), verdict in zip(pairs, verdicts, strict=True)]

    def for_people() -> None:
        rows = [
            (
                "-" if each["similarity"] is None else f"{each['similarity']:.3f}",
                cell(each["accept"]),
                cell(each["reasons"]),
                cell(each["a"]),
                cell(each["b"]),
            )
            for each in told
        ]
        render.table(_COLUMNS, rows, empty="There are no pairs to judge.")

    session.show({"data": told}, for_people)


def _pairs(source: TextIO) -> Iterator[Pair]:
    try:
        for number, line in enumerate(source, start=1):
            if line.strip():
                yield _pair(line.rstrip("\r\n"), number)
    except UnicodeDecodeError:
        raise click.UsageError("the file is not UTF-8") from None


def _pair(line: str, number: int) -> Pair:
    pair: Any = None
    if line.lstrip()[:1] in "{[":
        try:
            parsed = json.loads(line)
            pair = [parsed.get("a"), parsed.get("b")] if isinstance(parsed, dict) else parsed
        except (ValueError, RecursionError):
            pair = None
    if pair is None:
        pair = line.split("\t")
    if len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], str):
        return pair[0], pair[1]
    raise click.UsageError(f'line {number} is no pair: {{"a": …, "b": …}}, ["…", "…"], or two texts with a tab between')


def _parts(pairs: list[Pair]) -> Iterator[list[Pair]]:
    part: list[Pair] = []
    size = 0
    for pair in pairs:
        length = len(pair[0]) + len(pair[1])
        if part and (len(part) == MOST_AT_ONCE or size + length > MOST_CHARACTERS // 2):
            yield part
            part, size = [], 0
        part.append(pair)
        size += length
    if part:
        yield part
