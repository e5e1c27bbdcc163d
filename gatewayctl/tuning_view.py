"""The figures of `cache tune` for people."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.text import bar, cell, decimals, instant, number, share

_WIDTH: Final = 16
_STEP: Final = 5  # hundredths between bars that are shown
_BARS: Final = (
    Column("Bar", keep=True, right=True),
    Column("Compared", keep=True, right=True),
    Column("Disagree", keep=True, right=True),
    Column("Wrong", keep=True, right=True),
    Column("95 % interval", keep=True),
    Column("", keep=True),
    Column("", keep=True),
)
_REASONS: Final = (Column("Reason", keep=True), Column("Comparisons", keep=True, right=True))
_EXAMPLES: Final = (
    Column("Probability", keep=True, right=True),
    Column("Request", keep=True),
    Column("Kind", keep=True),
    Column("Reasons"),
)

Figures = Mapping[str, Any]


def show(figures: Figures, tenant: str) -> None:
    """What `/admin/cache/tune` found."""
    error, kinds = figures["comparison"], figures["by_kind"]
    own = "no semantic hit is served" if figures["bar"] is None else decimals(figures["bar"])
    most = "at most " if error["is_bound"] else ""
    found, alarms = share(error["sensitivity"], 0), share(1 - error["specificity"], 1)
    render.fields(
        [
            ("period", f"{instant(figures['from'])} to {instant(figures['to'])}"),
            ("mode", f"{cell(figures['mode'])}, bar {own}"),
            ("budget", f"{share(figures['budget'], 2)} of hits may be wrong"),
            *((kind, f"{number(each['compared'])} compared, {number(each['disagreeing'])} disagree")
              for kind, each in kinds.items()),
            ("comparison", f"finds {found} of wrong answers, takes {most}{alarms} of right ones for wrong"),
        ],
        tenant,
    )  # fmt: skip
    _table(figures)
    if figures["reasons"]:
        click.echo("\nWhy answers disagree")
        rows = [(cell(each["reason"]), number(each["comparisons"])) for each in figures["reasons"]]
        render.table(_REASONS, rows, empty="")
    if figures["disagreeing"]:
        click.echo("\nLikely hits whose answers disagree: `cache explain REQUEST` tells more")
        told = [
            (
                decimals(each["probability"]),
                cell(each["request_id"]),
                cell(each["kind"]),
                cell(", ".join(each["reasons"])),
            )
            for each in figures["disagreeing"]
        ]
        render.table(_EXAMPLES, told, empty="")
    click.echo()
    for line in suggestion(figures, tenant):
        click.echo(line)


def suggestion(figures: Figures, tenant: str) -> Iterator[str]:
    """What to do, in a sentence, and the command for it."""
    told = figures["suggestion"]
    budget = share(figures["budget"], 2)
    surely = "The interval is within" if told["sure"] else "The estimate, though not the whole interval, is within"
    update = f"  gatewayctl tenants update {shlex.quote(tenant)}"
    options = "" if told["max_wrong"] is None else f" --cache-max-wrong {told['max_wrong']:g}"
    match told["action"]:
        case "serve":
            yield f"{surely} the budget of {budget} from bar {decimals(told['bar'])} on: serve from there."
            yield f"{update} --cache-mode semantic{options}"
            if figures["most"] != "semantic":
                yield f"Set cache.mode in the configuration to semantic first: it is {cell(figures['most'])}, for all."
        case "raise the bar" | "lower the bar":
            yield f"{surely} the budget of {budget} from bar {decimals(told['bar'])} on: {told['action']}."
            yield f"{update}{options}"
        case "keep":
            yield f"{surely} the budget of {budget} at the present bar: keep it."
        case "too many wrong":
            yield f"At every bar more hits are wrong than the budget of {budget}, or no setting gives a bar that fits."
            yield f"{update} --cache-mode exact"
        case "too few comparisons":
            more = number(told["more"])
            yield f"The interval is too wide to tell whether {budget} holds: about {more} more comparisons are needed."
            yield f"Keep mode {cell(figures['mode'])} until then."
            if figures["mode"] == "semantic":
                yield "Comparisons come from the share of live hits that is audited, or from mode shadow:"
                yield f"{update} --cache-audit-share 0.02"
            elif figures["mode"] != "shadow":
                yield "Comparisons come from mode shadow:"
                yield f"{update} --cache-mode shadow"
        case _:
            yield f"Whether {budget} holds cannot be told: the comparison of answers itself errs too often for that."
    if told["least_budget"] and told["least_budget"] > figures["budget"]:
        least = share(told["least_budget"], 1)
        yield f"If answers disagree as often as now, no number of comparisons can confirm a budget below {least}."


def _table(figures: Figures) -> None:
    rows = [row for row in figures["by_bar"] if round(100 * row["bar"]) % _STEP == 0 or row["bar"] >= 0.9]
    own, suggested = figures["bar"], figures["suggestion"]["bar"]
    if own is not None and not any(row["bar"] == own for row in rows):
        rows = sorted(rows + [row for row in figures["by_bar"] if row["bar"] == own], key=lambda row: float(row["bar"]))
    most = max((row["high"] for row in rows), default=0.0) or 1.0
    shown = [
        (
            decimals(row["bar"]),
            number(row["compared"]),
            number(row["disagreeing"]),
            share(row["wrong"], 2),
            f"{share(row['low'], 2)} to {share(row['high'], 2)}",
            bar((row["wrong"] or 0) / most, _WIDTH, render.encoding(), mark=row["high"] / most),
            "<- the bar" if row["bar"] == own else "<- suggested" if row["bar"] == suggested else "",
        )
        for row in rows
    ]
    if shown:
        click.echo("\nOver the bar: what was compared at it and above; | is the interval's upper end")
        render.table(_BARS, shown, empty="")
