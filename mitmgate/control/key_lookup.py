"""/admin/keys: finds the tenant of a key by what may be shown of it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from mitmgate.control.context import Here
from mitmgate.control.key_models import KeysFound
from mitmgate.control.keys import show
from mitmgate.core.keys import DISPLAYED
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin/keys", tags=["keys"])

_MOST: Final = 100

Prefix = Annotated[
    str,
    Query(
        min_length=1,
        max_length=DISPLAYED,
        pattern="^[!-~]+$",
        description=f"The first characters of the key, {DISPLAYED} at most: never send a whole key in a URL.",
    ),
]


@router.get("", response_model=KeysFound, response_model_exclude_unset=True)
async def find_keys(here: Here, prefix: Prefix) -> Any:
    """The newest 100 keys that begin so, of all tenants, with those that have ended and those of deleted tenants."""
    async with borrow(here.pool) as connection:
        rows = await connection.fetch(queries.keys_found, prefix, _MOST)
    return {"data": [_found(here, row) for row in rows]}


def _found(here: Here, row: Any) -> dict[str, Any]:
    shown = show(here, row)
    if row["tenant_deleted"]:
        shown["status"] = "revoked"  # its keys ended with it
    return {**shown, **{name: row[name] for name in ("tenant_id", "tenant_name", "tenant_deleted")}}
