"""`gatewayctl cache evaluate`."""

from __future__ import annotations

from itertools import batched
from pathlib import Path
from typing import Final

import click

from gatewayctl import render
from gatewayctl.evaluation_view import show
from gatewayctl.following import INTERRUPTED
from gatewayctl.offline import Offline, decides_offline
from gatewayctl.text import plain

_AT_ONCE: Final = 128


@click.command("evaluate")
@click.argument("pairs", type=click.Path(path_type=Path), metavar="PAIRS")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), metavar="SVG", help="Draw it into this file.")
@decides_offline
def evaluate(offline: Offline, pairs: Path, plot: Path | None) -> None:
    """Measure the cache's verdicts on labelled pairs of questions, here and without a gateway.

    PAIRS holds a pair a line, as JSON Lines, gzipped or not: {"a": "…", "b": "…", "same":
    1}, where 1 means that one answer is right for both; a "kind" groups pairs.

    Shows precision and recall at the bar and at others, what is served of each kind, and
    whether probabilities are what they say. Ctrl-C shows what is known so far.

    \b
    Examples:
      gatewayctl cache evaluate pairs.jsonl
      gatewayctl cache evaluate pairs.jsonl.gz --max-wrong 0.001 --plot pairs.svg
      gatewayctl cache evaluate pairs.jsonl --tenant acme --json
    """
    from gatewayctl.evaluation_plot import plot as drawn
    from gatewayctl.labelled import read_labelled_pairs
    from mitmgate.core.evaluation import PairTally
    from mitmgate.core.verdict import Verdict

    total = sum(1 for _ in read_labelled_pairs(pairs))  # what is wrong with the file shows before the work
    tally, interrupted = PairTally(), False
    try:
        with render.progress("pairs", total) as done:
            for part in batched(read_labelled_pairs(pairs), _AT_ONCE):
                texts = list(dict.fromkeys(text for pair in part for text in (pair.a, pair.b)))
                vectors = dict(zip(texts, offline.judge.vectors(texts), strict=True))
                for pair in part:
                    whole = offline.judge.reads_whole(pair.a) and offline.judge.reads_whole(pair.b)
                    if offline.judge.pair_kept_out(pair.a, pair.b) or not whole:
                        tally.add(Verdict(False, ()), same=pair.same, kind=pair.kind, kept_out=True)
                        done(1)
                        continue
                    similarity = min(1.0, float(vectors[pair.a] @ vectors[pair.b]))
                    judged = offline.judge.judge(pair.a, pair.b, similarity, offline.bar, offline.threshold)
                    tally.add(judged.verdict, same=pair.same, kind=pair.kind)
                    done(1)
    except KeyboardInterrupt:
        interrupted = True
    figures = {**offline.bars, "interrupted": interrupted, **tally.figures(offline.bar)}
    offline.session.show(figures, lambda: show(figures, pairs.name))
    if plot is not None:
        try:
            plot.write_text(drawn(figures, pairs.name), encoding="utf-8")
        except OSError as problem:
            raise click.ClickException(f"{plain(str(plot))} cannot be written: {problem.strerror}") from None
    if interrupted:
        raise SystemExit(INTERRUPTED)
