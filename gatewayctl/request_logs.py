"""Prints lists of requests, and goes on with those that come in."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.following import Follower, every
from gatewayctl.log_lines import Row, header, line, tone
from gatewayctl.session import Session

FOLLOW_S: Final = 0.5
_PAGE: Final = 1000


def show_list(session: Session, filters: dict[str, Any], since: str | None, limit: int) -> None:
    """The newest so many, the newest last."""
    rows, cursor = newest(session, filters, since, limit)
    session.show_list(rows, lambda: print_list(rows), paged=True, next_cursor=cursor)


def follow(session: Session, filters: dict[str, Any], since: str | None, limit: int) -> None:
    """The same, then what arrives, without end."""
    follower = Follower(session.client, "/admin/arrivals", {**filters, "limit": _PAGE})
    follower.begin()  # from here on; what arrives before the list is read is in both
    rows, _ = newest(session, filters, since, limit)
    shown = {row["request_id"] for row in rows}
    if not session.as_json:
        render.line(header(render.width()))
    _print(session, rows)
    for answer in every(FOLLOW_S, follower.ask):
        while True:
            _print(session, [row for row in answer["data"] if row["request_id"] not in shown])
            if len(answer["data"]) < _PAGE:
                break
            answer = follower.ask()


def newest(session: Session, filters: dict[str, Any], since: str | None, limit: int) -> tuple[list[Row], str | None]:
    """-> rows, oldest first, and the cursor of those before them"""
    rows: list[Row] = []
    cursor: str | None = None
    while len(rows) < limit:
        asked = {**filters, "from": since, "cursor": cursor, "limit": min(_PAGE, limit - len(rows))}
        page = session.client.get("/admin/usage", **asked)
        rows += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return rows[::-1], cursor


def print_list(rows: list[Row]) -> None:
    """Lines under their titles."""
    if not rows:
        click.echo("There are no such requests. A request has its row when it has ended.")
        return
    render.line(header(render.width()))
    for row in rows:
        render.line(line(row, render.width()), tone(row))


def _print(session: Session, rows: list[Row]) -> None:
    for row in rows:
        if session.as_json:
            click.echo(json.dumps(row))
        else:
            render.line(line(row, render.width()), tone(row))
