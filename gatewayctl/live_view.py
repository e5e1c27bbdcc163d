"""`gatewayctl stats --watch`: figures over what ended since the last look, again and again."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.directory import Tenant
from gatewayctl.following import Follower, every
from gatewayctl.session import Session
from gatewayctl.text import cell, fit, milliseconds, number, percent, sparkline

_BARS: Final = 40
_HITS: Final = ("exact", "semantic")

Figures = Mapping[str, Any]


def show_live(session: Session, tenant: Tenant | None, interval_s: float) -> None:
    """Every so many seconds, without end."""
    query = {} if tenant is None else {"tenant_id": tenant["id"]}
    follower = Follower(session.client, "/admin/live", query)
    follower.begin()
    whose = "all tenants" if tenant is None else cell(tenant["name"])
    rates: deque[float] = deque(maxlen=_BARS)
    with render.live() as show:
        if not session.as_json and render.width() is not None:
            show([f"{whose}: what ends in the next {interval_s:g} s …"])
        time.sleep(interval_s)
        for figures in every(interval_s, follower.ask):
            rates.append(_rate(figures["requests"], figures))
            if session.as_json:
                click.echo(json.dumps(figures))
            else:
                at = datetime.now(UTC)
                show(list(block(whose, at, figures, rates, render.encoding())))


def block(whose: str, at: datetime, figures: Figures, rates: Sequence[float], encoding: str) -> Iterator[str]:
    """The lines of one look. rates: requests a second of the looks so far, this one's last."""
    yield f"{whose}, {at:%Y-%m-%d %H:%M:%S}Z, over {figures['seconds']:.1f} s"
    bars = sparkline(rates, encoding)
    yield _line("requests", f"{rates[-1]:.1f}/s {bars} most {max(rates):.1f}/s")
    if not figures["requests"]:
        return
    p50, p95 = (milliseconds(figures[f"p{share}_response_time_ms"]) for share in (50, 95))
    yield _line("latency", f"p50 {p50}, p95 {p95}")
    statuses = sorted(figures["statuses"].items())
    yield _line("statuses", ", ".join(f"{status}: {number(count)}" for status, count in statuses))
    yield _line("cache", _outcomes(figures["outcomes"]))
    tokens = (_rate(figures[f"{kind}_tokens"], figures) for kind in ("prompt", "completion"))
    yield _line("tokens", "{:,.0f}/s prompt, {:,.0f}/s completion".format(*tokens))
    for place, tenant in enumerate(figures["top_tenants"]):
        asked = tenant["requests"]
        errors, hits = (percent(100 * tenant[kind] / asked) for kind in ("errors", "hits"))
        name = fit(cell(tenant["name"] or f"#{tenant['id']}"), 24)
        yield _line("" if place else "tenants", f"{name} {_rate(asked, figures):8.1f}/s, errors {errors}, hits {hits}")


def _outcomes(outcomes: Mapping[str, int]) -> str:
    """Hit rates by kind, of hits and misses as everywhere; then the counts of what is neither.

    A would-be hit of shadow mode is a miss that is told of apart.
    """
    looked_up = [kind for kind in (*_HITS, "miss", "shadow") if kind != "shadow" or kind in outcomes]
    asked = sum(outcomes.get(kind, 0) for kind in looked_up)
    parts = [f"{kind} {percent(100 * outcomes.get(kind, 0) / asked)}" for kind in looked_up] if asked else []
    parts += [f"{kind}: {number(count)}" for kind, count in sorted(outcomes.items()) if kind not in looked_up]
    return ", ".join(parts)


def _rate(count: int, figures: Figures) -> float:
    """A second; `seconds` is the time between two looks as the server has it."""
    return float(count) / figures["seconds"] if figures["seconds"] else 0.0


def _line(name: str, value: str) -> str:
    return f"{name:<9} {value}"
