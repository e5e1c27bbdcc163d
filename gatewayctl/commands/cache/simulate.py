"""`gatewayctl cache simulate`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from gatewayctl.evaluation_view import show_stream
from gatewayctl.following import INTERRUPTED
from gatewayctl.offline import Offline, decides_offline


@click.command("simulate")
@click.argument("stream", type=click.Path(path_type=Path), metavar="STREAM")
@click.option("--show", "shown", type=click.IntRange(0, 10_000), default=0, help="So many examples of wrong hits.")
@click.option(
    "--entries", type=click.IntRange(1, 1_000_000), default=100_000, show_default=True, help="Answers held at most."
)
@decides_offline
def simulate(offline: Offline, stream: Path, shown: int, entries: int) -> None:
    """Put a stream of questions to a cache that begins empty, here and without a gateway.

    STREAM holds a question a line, in the order they came, gzipped or not: plain text, or
    {"q": "…", "cls": "…"}, where questions of one class may share an answer. With "neg", a
    list of classes, a hit in any other class is unknown; without it, wrong.

    Shows hits, right, wrong and unknown, at the bar and at others. --show adds as many
    unknown hits, drawn by chance, to the wrong ones: read them. Ctrl-C shows what is known
    so far.

    \b
    Examples:
      gatewayctl cache simulate questions.txt --show 50
      gatewayctl cache simulate stream.jsonl.gz --max-wrong 0.01 --json
    """
    from gatewayctl.simulating import Run

    run = Run(offline, stream, shown, entries)
    interrupted = False
    try:
        asyncio.run(run.go())
    except KeyboardInterrupt:
        interrupted = True
    figures = {**offline.bars, "interrupted": interrupted, **run.tally.figures(offline.bar)}
    examples = run.examples()
    told = {**figures, "examples": examples} if shown else figures
    offline.session.show(told, lambda: show_stream(figures, stream.name, examples))
    if interrupted:
        raise SystemExit(INTERRUPTED)
