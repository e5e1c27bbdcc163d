"""/admin/health: how the gateway is, with what an operator wants to know beyond /health."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mitmgate.control.context import Here
from mitmgate.control.fields import Answer
from mitmgate.control.upkeep import database_answers

router = APIRouter(prefix="/admin", tags=["health"])


class Health(Answer):
    """shipper: how far the accounting in PostgreSQL is behind the journals."""

    status: str
    version: str
    checks: dict[str, Any]
    shipper: dict[str, Any] | None


@router.get("/health", response_model=Health)
async def health(here: Here) -> Any:
    """Always 200: that something is away is what it tells."""
    checks = {**here.status(), "database": "ok" if await database_answers(here.pool) else "down"}
    if here.automatic_blocks is not None:
        checks["redis"] = "ok" if here.automatic_blocks.healthy else "down"
    workers = checks.get("workers", {})
    whole = all(state == "ok" for state in checks.values() if isinstance(state, str))
    whole = whole and workers.get("ready", 0) >= workers.get("wanted", 0)
    return {
        "status": "ok" if whole else "degraded",
        "version": here.version,
        "checks": checks,
        "shipper": here.shipper(),
    }
