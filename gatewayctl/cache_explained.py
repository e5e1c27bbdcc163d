"""What `cache explain` shows of a text and of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.log_lines import with_detail
from gatewayctl.render import Column
from gatewayctl.text import cell, decimals, instant, number

_ROLES: Final = {"hit": "answered", "shadow": "would have answered", "audit": "was audited"}
_NEAREST: Final = (
    Column("Cosine", keep=True, right=True),
    Column("Probability", keep=True, right=True),
    Column("Serve", keep=True),
    Column("Why not"),
    Column("Question"),
    Column("Model"),
    Column("Scope", keep=True),
)
_OTHERS: Final = (
    Column("Differs in"),
    Column("Answers", keep=True, right=True),
    Column("Last stored by", keep=True),
    Column("Still there", keep=True),
)

Answer = Mapping[str, Any]


def show_text(text: str, answer: Answer) -> None:
    """The nearest entries and the verdicts."""
    nearest = answer["nearest"]
    bar = next((each["bar"] for each in nearest if each["bar"] is not None), None)
    lowest = "" if answer["threshold"] is None else f", cosine at least {decimals(answer['threshold'])}"
    looked_at = f"{number(answer['entries'])} in {number(answer['scopes'])} scopes"
    pairs = [
        ("text", cell(text)),
        ("kept out", cell(answer["kept_out"])),
        ("bar", f"{decimals(bar)}, for max_wrong {answer['max_wrong']:g}{lowest}"),
        ("looked at", looked_at if answer["whole"] else f"{looked_at}; the tenant has more"),
    ]
    render.fields([(name, value) for name, value in pairs if value != "-"])
    click.echo()
    rows = [
        (
            decimals(each["similarity"]),
            decimals(each["probability"]),
            cell(each["accept"]),
            *(cell(each[name]) for name in ("reasons", "question", "model", "scope")),
        )
        for each in nearest
    ]
    render.table(_NEAREST, rows, empty="The tenant has no answers that are found in other words.")
    if len({each["scope"] for each in nearest}) > 1:
        click.echo("\nA request finds answers of its own scope only: same model, system prompt, settings and so on.")


def show_request(answer: Answer) -> None:
    """What its row says."""
    pairs = [
        ("request", cell(answer["request_id"])),
        ("began", instant(answer["at"])),
        ("cache", _outcome(answer)),
        ("cosine", decimals(answer["similarity"])),
        ("probability", decimals(answer["probability"])),
        ("entry", _entry(answer)),
        ("scope", _scope(answer)),
    ]
    render.fields([(name, value) for name, value in pairs if value not in ("", "-")])
    if answer["others"]:
        click.echo("\nAnswers in other scopes, stored before")
        rows = [
            (
                cell(each["differs"] or "something without a name"),
                number(each["stored"]),
                cell(each["request_id"]),
                cell(each["is_there"]),
            )
            for each in answer["others"]
        ]
        render.table(_OTHERS, rows, empty="")


def _outcome(answer: Answer) -> str:
    told = " ".join(cell(part) for part in (answer["kind"], answer["cache"]) if part)
    return with_detail(told, answer["detail"]) or "not asked"


def _entry(answer: Answer) -> str:
    if answer["entry"] is None:
        return ""
    role = _ROLES.get(answer["cache"], "came nearest to a hit")
    gone = ", gone by now" if answer["is_there"] is False else ""
    return f"{cell(answer['entry'])} {role}{gone}"


def _scope(answer: Answer) -> str:
    if answer["scope"] is None:
        return ""
    before = answer["in_scope"]
    stored = f"{number(before)} answers were stored in it before" if before else "nothing was stored in it before"
    return f"{cell(answer['scope'])}: {stored}"
