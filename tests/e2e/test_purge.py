"""A purged tenant: no prompt, answer or vector of it is left in a store, and with `--usage` no row and no key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import redis

from tests.e2e.harness import Gateway, Tenant, wait_until
from tests.e2e.test_backup import as_operator, gatewayctl
from tests.e2e.test_semantic import REPHRASED
from tests.e2e.test_semantic import kept as kept_answer
from tests.e2e.upstream import Upstream


def store_of(gateway: Gateway) -> redis.Redis:
    url = json.loads((gateway.data_dir / "run" / "settings.json").read_bytes())["runtime"]["redis_url"]
    return redis.Redis.from_url(url)


def content_of(gateway: Gateway, tenant: Tenant) -> set[str]:
    """Kinds of keys with content; a request window, a block, and counts written each second have none."""
    with store_of(gateway) as store:
        kinds = {name.decode().partition(":")[0] for name in store.scan_iter(f"*:{{{tenant.id}}}*", count=1000)}
    return kinds - {"q", "e", "b", "kq", "ke", "kb", "xhits", "xcount"}


def on_disk(folder: Path, *words: str) -> bool:
    """Whether any of the words stands in any of the store's files."""
    texts = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return any(word.encode() in text for word in words for text in texts)


def purge(gateway: Gateway, tenant: str, *more: str) -> dict[str, Any]:
    env = as_operator(gateway)
    ran = gatewayctl("tenants", "purge", tenant, "--yes", "--json", *more, env=env, cwd=gateway.data_dir)
    assert ran.returncode == 0, ran.stderr
    parsed: dict[str, Any] = json.loads(ran.stdout)
    return parsed


def test_nothing_of_a_tenant_is_left_and_others_keep_theirs(rough: Gateway, upstream: Upstream) -> None:
    kept, purged = rough.tenant(upstream.url), rough.tenant(upstream.url, name="502")
    for tenant in (kept, purged):
        kept_answer(tenant)
    with store_of(rough) as store:  # of an entry that no book names any more
        store.set(f"x:{{{purged.id}}}:{'ab' * 32}", b"\x00\x00\x00\x02{}stray answer")
        store.hset(f"v:{{{purged.id}}}:{'ab' * 32}", "text", "stray prompt")
    assert {"x", "v", "vs", "vt"} <= content_of(rough, purged)
    before = content_of(rough, kept)

    files = rough.data_dir / "valkey" / "data"
    assert on_disk(files, f"{{{purged.id}}}")
    done = purge(rough, "502")
    assert done["file_rewritten"] is True and not on_disk(files, f"x:{{{purged.id}}}", f"v:{{{purged.id}}}")
    assert on_disk(files, f"x:{{{kept.id}}}")
    assert done["left"] == {"answers": 0, "questions": 0}
    assert done["removed"]["answers"] == 2 and done["removed"]["questions"] == 2
    assert content_of(rough, purged) == set()
    assert content_of(rough, kept) == before
    assert kept.chat(REPHRASED).headers["x-cache-status"] == "HIT"
    again = purged.chat(REPHRASED)  # neither the store nor the matcher's memory knows the question
    assert again.headers["x-cache-status"] == "MISS"
    assert len(purged.rows()) >= 2


def test_a_deleted_tenants_rows_and_keys_go_when_asked(rough: Gateway, upstream: Upstream) -> None:
    tenant, other = rough.tenant(upstream.url), rough.tenant(upstream.url)
    kept_answer(tenant)
    assert other.chat().status_code == 200
    asked = len(upstream.asked)
    assert asked
    early = rough.admin("POST", f"/admin/tenants/{tenant.id}/purge", {"usage": True})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "tenant_not_deleted")
    wait_until(lambda: len(tenant.rows()) >= 2)
    rows = len(tenant.rows())
    tenant.admin("DELETE", "")

    done = purge(rough, str(tenant.id), "--usage")
    assert done["removed"]["usage"] >= rows and done["removed"]["api_keys"] == 1
    assert set(done["left"].values()) == {0}
    assert content_of(rough, tenant) == set()
    assert rough.admin("GET", f"/admin/usage?tenant_id={tenant.id}").json()["data"] == []
    assert len(other.wait_rows(1)) == 1

    rough.kill("mitmgate.control")  # it reads all journals again; what was purged stays so
    rough.wait_healthy()
    assert other.chat("after").status_code == 200
    other.wait_rows(2)
    assert rough.admin("GET", f"/admin/usage?tenant_id={tenant.id}").json()["data"] == []
    assert purge(rough, str(tenant.id), "--usage")["removed"]["usage"] == 0


def test_who_is_not_there_cannot_be_purged(rough: Gateway, tmp_path: Path) -> None:
    assert rough.admin("POST", "/admin/tenants/987654/purge").status_code == 404
    env = as_operator(rough)
    assert gatewayctl("tenants", "purge", "987654", "--yes", env=env, cwd=tmp_path).returncode == 5
    assert gatewayctl("tenants", "purge", "987654", env=env, cwd=tmp_path).returncode == 2
