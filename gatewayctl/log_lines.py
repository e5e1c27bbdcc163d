"""A request's row as one line of `gatewayctl logs`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gatewayctl.text import cell, columns, fit, milliseconds

#: Enough of an id of ours to find its request: a millisecond and twelve random bits.
SHORT_ID: Final = 18
WHOLE_ID: Final = 36
_TIME: Final = 14
_TENANT: Final = 10
_STATUS: Final = 6
_CACHE: Final = 8
_MS: Final = 7

Row = Mapping[str, Any]


def header(width: int | None) -> str:
    """The titles over the lines."""
    return _joined("Time (UTC)", "Tenant", "Status", "Cache", "Took", "Request", "Error/model", width)


def line(row: Row, width: int | None) -> str:
    """In a terminal of that width ids are short and what is too long is cut; without a width all is there."""
    tenant = row.get("tenant_name")
    error, model = row.get("error"), row.get("model")
    return _joined(
        moment(row["at"]),
        cell(f"#{row['tenant_id']}" if tenant is None else tenant),
        str(row["status"]),
        outcome(row),
        milliseconds(row["latency_ms"]),
        cell(row["request_id"]),
        " ".join(cell(part) for part in (error, model) if part) or "-",
        width,
    )


def moment(at: Any) -> str:
    """`01-31 12:00:00`, in UTC."""
    try:
        return datetime.fromisoformat(at).astimezone(UTC).strftime("%m-%d %H:%M:%S")
    except (TypeError, ValueError):
        return cell(at)


def outcome(row: Row) -> str:
    """What the cache did: a hit by its kind."""
    return cell(row.get("cache_kind") or "hit" if row.get("cache") == "hit" else row.get("cache"))


def with_detail(told: str, detail: str | None) -> str:
    """An outcome and why; some details begin with it."""
    if not detail or not told:
        return cell(detail) if detail else told
    return cell(detail) if detail.startswith(told) else f"{told}: {cell(detail)}"


def tone(row: Row) -> str:
    """How the line is to look, as render knows it."""
    return "wrong" if row["status"] >= 500 else "warning" if row["status"] >= 400 else ""


def _joined(time: str, tenant: str, status: str, cache: str, took: str, id: str, what: str, width: int | None) -> str:
    name = fit(tenant, _TENANT, cut=width is not None)
    left = f"{time:<{_TIME}} {name} {status:<{_STATUS}} {cache:<{_CACHE}} {took:>{_MS}} "
    if width is None:
        return f"{left}{id:<{WHOLE_ID}} {what}"
    left += f"{id[:SHORT_ID]:<{SHORT_ID}} "
    return (left + fit(what, max(8, width - columns(left)))).rstrip()
