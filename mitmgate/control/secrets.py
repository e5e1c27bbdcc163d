"""/admin/secrets: every sealed credential sealed anew with the first master key."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mitmgate.control.changes import changing
from mitmgate.control.context import Caller, Here
from mitmgate.core.errors import Refused
from mitmgate.core.sealing import SealBroken, seal, sealed_with, unseal
from mitmgate.services.queries import queries

AT_ONCE: Final = 100

router = APIRouter(prefix="/admin/secrets", tags=["secrets"])


class Rotated(BaseModel):
    """What the rotation did."""

    master_key: str = Field(description="The id of the key that seals now.")
    sealed: int = Field(description="Credentials that were sealed with another one.")
    total: int = Field(description="Credentials that this one seals now.")


@router.post("/rotate-master", response_model=Rotated)
async def rotate_master(here: Here, actor: Caller) -> Any:
    """Seals every upstream credential with the first master key, a hundred tenants at a time; deleted tenants' too.

    Refused, with the tenant's id, where a credential does not open: its master key is missing.
    """
    master_keys = here.secrets.master_keys
    newest = next(iter(master_keys))
    after, sealed, total = 0, 0, 0
    while True:
        async with changing(here, actor) as change:
            rows = await change.connection.fetch(queries.sealed_credentials, after, AT_ONCE)
            anew = 0
            for row in rows:
                total += 1
                if sealed_with(row["upstream_auth_sealed"]) == newest:
                    continue
                context = b"tenant:%d:upstream_auth" % row["id"]
                try:
                    value = unseal(master_keys, row["upstream_auth_sealed"], context)
                except SealBroken as error:
                    raise Refused(409, "seal_broken", f"The credential of tenant {row['id']}: {error}.") from None
                await change.connection.execute(queries.seal_credential, row["id"], seal(master_keys, value, context))
                await change.touch(row["id"])
                anew += 1
            if anew:
                await change.record("secrets.rotate_master", 0, {"master_key": newest, "credentials": anew})
        sealed += anew
        if len(rows) < AT_ONCE:
            return {"master_key": newest, "sealed": sealed, "total": total}
        after = rows[-1]["id"]
