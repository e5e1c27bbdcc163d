"""/admin/tokens: admin tokens made, listed and ended. Not the one the gateway starts with."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from mitmgate.control.changes import changing
from mitmgate.control.context import Caller, Control, Here
from mitmgate.control.key_models import TokenCreated, TokenIn, TokenPage
from mitmgate.control.paging import Cursor, Id, Limit, make_cursor, page, read_id_cursor
from mitmgate.core.errors import Refused
from mitmgate.core.keys import ADMIN_PREFIX, display_prefix, hash_key, make_admin_token
from mitmgate.services.postgres import borrow
from mitmgate.services.queries import queries

router = APIRouter(prefix="/admin/tokens", tags=["admin tokens"])


@router.get("", response_model=TokenPage)
async def list_tokens(here: Here, limit: Limit = 100, cursor: Cursor = None) -> Any:
    """Admin tokens by id, without their secrets."""
    after = read_id_cursor(cursor)
    async with borrow(here.pool) as connection:
        rows, more = page(await connection.fetch(queries.admin_tokens_page, after, limit + 1), limit)
    return {"data": list(map(dict, rows)), "next_cursor": make_cursor(rows[-1]["id"]) if more else None}


@router.post("", status_code=201, response_model=TokenCreated)
async def create_token(here: Here, actor: Caller, body: TokenIn) -> Any:
    """Makes an admin token, which is shown this once. Roles: admin may do everything; viewer reads, prompts too."""
    token = make_admin_token()
    async with changing(here, actor) as change:
        row = await change.connection.fetchrow(
            queries.insert_admin_token,
            body.name,
            body.role,
            display_prefix(token),
            hash_key(here.secrets.pepper, token),
        )
        await change.record("token.create", row["id"], body.model_dump())
    return {**dict(row), "token": token}


@router.delete("/{token_id}", status_code=204)
async def delete_token(here: Here, actor: Caller, token_id: Id) -> None:
    """Ends an admin token for good."""
    async with changing(here, actor) as change:
        if await change.connection.fetchval(queries.revoke_admin_token, token_id) is None:
            raise Refused(404, "token_not_found", "There is no such admin token.", param="token_id")
        await change.record("token.revoke", token_id)


async def find_token(here: Control, token: str) -> tuple[int, str, str] | None:
    """The id, name and role of a stored admin token. What cannot be one costs no query."""
    if not token.startswith(ADMIN_PREFIX):
        return None
    async with borrow(here.pool) as connection:
        hashes = [hash_key(pepper, token) for pepper in here.secrets.peppers]
        row = await connection.fetchrow(queries.admin_token_of_hash, hashes)
    return None if row is None else (row["id"], row["name"], row["role"])
