"""`gatewayctl cache wrong` and `cache right`."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import click

from gatewayctl.session import Session, asks_server

_PAIRS: Final = {
    None: "",
    "forbidden": " An answer to the one question is not served for the other again.",
    "allowed": " An answer to the one question may be served for the other.",
}


@click.command("wrong")
@click.argument("hit", metavar="REQUEST_ID|ENTRY")
@asks_server
def wrong(session: Session, hit: str) -> None:
    """Say that a hit was wrong: its entry is removed, and its pair of questions is not served again.

    REQUEST_ID is the X-Request-Id of the answer that was wrong, or the beginning of it that `logs` shows. With an
    ENTRY there is no pair of questions; it is only removed. Tenants say the same by POST /v1/feedback.

    \b
    Examples:
      gatewayctl cache wrong 01a2107b-9134-70cc
      gatewayctl cache wrong 2.qFh0pT8n4Vb0VY7mYt3o5y2b6o0d1fE9x3y5z7A9B1Q
    """
    answer = _tell(session, hit, correct=False)
    done = "Removed the entry." if answer["evicted"] else "The entry was not there any more."
    session.show(answer, lambda: click.echo(done + _PAIRS.get(answer["pair"], "")))


@click.command("right")
@click.argument("hit", metavar="REQUEST_ID|ENTRY")
@asks_server
def right(session: Session, hit: str) -> None:
    """Say that a hit was right. It takes back what `cache wrong` said of the same two questions.

    An entry that was removed does not come back; the next answer takes its place.

    \b
    Example:
      gatewayctl cache right 01a2107b-9134-70cc
    """
    answer = _tell(session, hit, correct=True)
    session.show(answer, lambda: click.echo("Noted." + _PAIRS.get(answer["pair"], "")))


def _tell(session: Session, hit: str, *, correct: bool) -> Any:
    named = {"entry": hit} if "." in hit else {"request_id": _whole(session, hit)}
    return session.client.post("/admin/cache/feedback", {**named, "correct": correct})


def _whole(session: Session, request_id: str) -> str:
    """The whole id of the request whose id begins so. Raises NotFound, Refused."""
    try:
        return str(UUID(request_id))
    except ValueError:
        return str(session.client.get(f"/admin/usage/{quote(request_id, safe='')}")["request_id"])
