"""Finds one request by our id, the beginning of it, its client's own or the vendor's, and prints its story."""

from __future__ import annotations

import re
import time
from typing import Any, Final
from urllib.parse import quote

import click

from gatewayctl import render
from gatewayctl.client import NotFound
from gatewayctl.request_logs import print_list
from gatewayctl.request_story import ATTEMPTS, attempts_of, pairs_of
from gatewayctl.session import Session
from gatewayctl.text import plain

_OURS: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){0,3}-?[0-9a-f]{0,12}", re.IGNORECASE)
_MOMENT: Final = re.compile(r"([0-9a-f]{8})-?([0-9a-f]{4})-?7", re.IGNORECASE)
_VENDORS: Final = re.compile(r"[\x21-\x7e]{1,200}")
_FRESH_S: Final = 10.0  # a request that young may just have ended, and its row be on its way
_TRIES: Final = 8
_TRY_S: Final = 0.25


def show_request(session: Session, request_id: str, is_clients: bool) -> None:
    """Raises NotFound. Several requests under one id of the client or the vendor are listed."""
    if not is_clients and _OURS.fullmatch(request_id):
        try:
            _show(session, _fetch(session, request_id))
            return
        except NotFound:
            pass  # others' ids may look so, too
    answer = session.client.get("/admin/usage", client_request_id=request_id)
    if not answer["data"] and not is_clients and _VENDORS.fullmatch(request_id):
        answer = session.client.get("/admin/usage", upstream_request_id=request_id)
    rows = answer["data"][::-1]
    if not rows:
        raise NotFound(404, f"there is no request '{plain(request_id)}' (a request has its row when it has ended)")
    if len(rows) == 1:
        _show(session, _fetch(session, rows[0]["request_id"]))
    else:
        session.show(answer, lambda: print_list(rows))


def _fetch(session: Session, request_id: str) -> dict[str, Any]:
    tries = _TRIES if _is_fresh(request_id) else 1
    while True:
        try:
            story: dict[str, Any] = session.client.get(f"/admin/usage/{quote(request_id, safe='')}")
            return story
        except NotFound:
            tries -= 1
            if not tries:
                raise
            time.sleep(_TRY_S)


def _is_fresh(request_id: str) -> bool:
    """An id of ours begins with its millisecond (RFC 9562 section 5.7)."""
    found = _MOMENT.match(request_id)
    return found is not None and abs(time.time() - int(found[1] + found[2], 16) / 1000) < _FRESH_S


def _show(session: Session, story: dict[str, Any]) -> None:
    def for_people() -> None:
        render.fields(pairs_of(story))
        if story["attempts_detail"]:
            click.echo()
            render.table(ATTEMPTS, attempts_of(story), empty="")

    session.show(story, for_people)
