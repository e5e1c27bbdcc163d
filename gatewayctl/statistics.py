"""Prints what the admin API tells of a tenant's requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click

from gatewayctl import render
from gatewayctl.render import Column
from gatewayctl.text import cell, instant, milliseconds, number, percent, sparkline

_MOST_BARS: Final = 60
_ALL: Final = (
    Column("ID", keep=True, right=True),
    Column("Name"),
    Column("Requests", keep=True, right=True),
    Column("Success", keep=True, right=True),
    Column("Hits", keep=True, right=True),
    Column("p50", keep=True, right=True),
    Column("p95", keep=True, right=True),
    Column("Tokens", keep=True, right=True),
)
_ENDPOINTS: Final = (
    Column("Endpoint"),
    Column("Requests", keep=True, right=True),
    Column("Errors", keep=True, right=True),
    Column("Average", keep=True, right=True),
)
_MODELS: Final = (
    Column("Model"),
    Column("Requests", keep=True, right=True),
    Column("Prompt tokens", keep=True, right=True),
    Column("Completion tokens", keep=True, right=True),
)


def show_all(every: Sequence[Mapping[str, Any]]) -> None:
    """A line a tenant."""
    rows = [
        (
            str(one["id"]),
            cell(one["name"]),
            number(one["total_requests"]),
            _share(one, "success_rate"),
            _share(one, "cache_hit_rate"),
            milliseconds(one["p50_response_time_ms"]) if one["total_requests"] else "-",
            milliseconds(one["p95_response_time_ms"]) if one["total_requests"] else "-",
            number(one["tokens"]["total"]),
        )
        for one in every
    ]
    render.table(_ALL, rows, empty="There are no tenants yet: gatewayctl tenants create --help")


def show_one(tenant: Mapping[str, Any], one: Mapping[str, Any]) -> None:
    """A tenant in detail."""
    tokens = one["tokens"]
    title = f"{cell(tenant['name'])} (id {tenant['id']}), {instant(one['from'])} to {instant(one['to'])}"
    times = [milliseconds(one[f"p{share}_response_time_ms"]) for share in (50, 95, 99)]
    pairs = [("requests", number(one["total_requests"]))]
    if one["total_requests"]:
        pairs += [
            ("success", _share(one, "success_rate")),
            ("cache hits", _share(one, "cache_hit_rate")),
            ("latency", f"p50 {times[0]}, p95 {times[1]}, p99 {times[2]}"),
            ("prompt tokens", f"{number(tokens['prompt'])}, {number(tokens['cached_prompt'])} from the vendor's cache"),
            ("completion tokens", f"{number(tokens['completion'])}, {number(tokens['reasoning'])} of these reasoning"),
            ("cost", cell(one.get("cost"))),
            ("by hour", _hours(one["by_hour"])),
        ]
    render.fields(pairs, title)
    if one["top_endpoints"]:
        click.echo()
        rows = [
            (
                cell(row["endpoint"]),
                number(row["requests"]),
                number(row["errors"]),
                milliseconds(row["avg_response_time_ms"]),
            )
            for row in one["top_endpoints"]
        ]
        render.table(_ENDPOINTS, rows, empty="")
    if one["top_models"]:
        click.echo()
        counts = ("requests", "prompt_tokens", "completion_tokens")
        models = [(cell(row["model"]), *(number(row[count]) for count in counts)) for row in one["top_models"]]
        render.table(_MODELS, models, empty="")


def _share(one: Mapping[str, Any], rate: str) -> str:
    return percent(one[rate]) if one["total_requests"] else "-"


def _hours(by_hour: Sequence[Mapping[str, Any]]) -> str:
    """The last hours up to the last one with requests, a bar each; the API leaves out hours without any."""
    seen = {datetime.fromisoformat(row["hour"]): int(row["requests"]) for row in by_hour}
    if not seen:
        return "-"
    last = max(seen)
    first = max(min(seen), last - timedelta(hours=_MOST_BARS - 1))
    hours = [first + timedelta(hours=hour) for hour in range(int((last - first).total_seconds()) // 3600 + 1)]
    counts = [seen.get(hour, 0) for hour in hours]
    bars = sparkline(counts, render.encoding())
    return f"{bars} {first:%m-%d %H:00} to {last:%m-%d %H:00}, most {number(max(counts))}"
