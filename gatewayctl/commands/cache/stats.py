"""`gatewayctl cache stats`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.commands.cache.top import TOP
from gatewayctl.completion import optional_tenant
from gatewayctl.directory import find_tenant
from gatewayctl.durations import SINCE
from gatewayctl.render import Column
from gatewayctl.session import Session, asks_server
from gatewayctl.text import bar, byte_count, cell, instant, milliseconds, number, percent

_WIDTH: Final = 20
_PROBABILITIES: Final = (
    Column("Probability", keep=True),
    Column("Hits", keep=True, right=True),
    Column("", keep=True),
    Column("Near misses", keep=True, right=True),
    Column("", keep=True),
)


@click.command("stats")
@optional_tenant
@click.option("--from", "since", type=SINCE, metavar="WHEN", help="Of the period: 2h, 7d ago, or ISO 8601, UTC. [30d]")
@click.option("--to", "until", type=SINCE, metavar="WHEN", help="The same; a day is included. [now]")
@asks_server
def stats(session: Session, tenant: str | None, since: str | None, until: str | None) -> None:
    """What the cache holds and did: for all tenants, or for one.

    Above, hits and misses count since the tenant's cache was last purged. Below, over a
    period: hits by kind, what they saved, and the probabilities of hits in other words and
    of misses that had a near question. A hit saves the tokens its answer had cost, and the
    time by which the average miss is slower.

    \b
    Examples:
      gatewayctl cache stats
      gatewayctl cache stats acme --from 7d
      gatewayctl cache stats --json | jq .hit_rate
    """
    found = None if tenant is None else find_tenant(session.client, tenant)
    tenant_id = None if found is None else found["id"]
    answer = session.client.get("/admin/cache/stats", tenant_id=tenant_id)
    period = session.client.get("/admin/cache/analytics", **{"tenant_id": tenant_id, "from": since, "to": until})
    title = "all tenants" if found is None else f"{cell(found['name'])} (id {found['id']})"

    def for_people() -> None:
        _show(title, answer)
        _show_period(period)
        if answer["top_cached_queries"]:
            click.echo()
            rows = [
                (number(each["hits"]), cell(each["entry"]), cell(each["question"]))
                for each in answer["top_cached_queries"]
            ]
            render.table(TOP, rows, empty="")

    session.show({**answer, "period": period}, for_people)


def _show(title: str, answer: Mapping[str, Any]) -> None:
    kinds = ", ".join(f"{number(count)} {kind}" for kind, count in answer["hits_by_kind"].items())
    most = answer["max_bytes"]
    pairs = [
        ("entries", number(answer["total_cached"])),
        ("hits", f"{number(answer['total_hits'])} ({kinds})"),
        ("misses", number(answer["misses"])),
        ("hit rate", percent(answer["hit_rate"]) if answer["total_hits"] + answer["misses"] else "-"),
        ("hits an entry", cell(answer["avg_hits_per_entry"])),
        ("size", byte_count(answer["bytes"]) + ("" if most is None else f" of {byte_count(most)}")),
    ]
    if answer["matcher"]:
        pairs.append(("matcher", cell(answer["matcher"])))
    render.fields(pairs, title)


def _show_period(period: Mapping[str, Any]) -> None:
    exact, semantic, misses, saved = (period[name] for name in ("exact", "semantic", "misses", "saved"))
    asked = exact["requests"] + semantic["requests"] + misses["requests"]
    click.echo()
    pairs = [
        (kind, f"{number(each['requests'])}, {milliseconds(each['avg_response_time_ms'])} on average")
        for kind, each in (("exact hits", exact), ("in other words", semantic), ("misses", misses))
        if each["requests"]
    ]
    if asked:
        tokens = f"{number(saved['prompt_tokens'])} prompt, {number(saved['completion_tokens'])} completion"
        pairs += [
            ("hit rate", percent(period["hit_rate"])),
            ("tokens saved", tokens),
            ("time saved", milliseconds(saved["time_ms"])),
        ]
    render.fields(pairs or [("requests", "none")], f"{instant(period['from'])} to {instant(period['to'])}")
    bins = [each for each in period["probabilities"] if each["hits"] or each["near_misses"]]
    if bins:
        most = max(max(each["hits"], each["near_misses"]) for each in bins)
        rows = [
            (
                f"{each['from']:.2f} to {each['to']:.2f}",
                number(each["hits"]),
                bar(each["hits"] / most, _WIDTH, render.encoding()),
                number(each["near_misses"]),
                bar(each["near_misses"] / most, _WIDTH, render.encoding()),
            )
            for each in reversed(bins)
        ]
        click.echo()
        render.table(_PROBABILITIES, rows, empty="")
