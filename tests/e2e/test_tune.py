"""`cache tune` over what shadow mode compared."""

from __future__ import annotations

from tests.e2e.harness import Tenant, wait_until
from tests.e2e.test_semantic import REPHRASED, kept
from tests.e2e.test_shadow import SAME, SHADOW, says, shadowed
from tests.e2e.upstream import Upstream


def test_what_shadow_mode_compared_is_counted(upstream: Upstream, tenant: Tenant) -> None:
    upstream.script = says(lambda number: SAME)
    kept(tenant)
    others = (f"{REPHRASED}{' ' * number}" for number in range(1, 1000))  # each to be asked once
    wait_until(lambda: shadowed(tenant.chat(next(others), headers=SHADOW)))
    path = f"/admin/cache/tune?tenant_id={tenant.id}"
    wait_until(lambda: tenant.gateway.admin("GET", path).json()["by_kind"]["shadow"]["compared"] > 0)
    found = tenant.gateway.admin("GET", path).json()
    assert found["by_bar"][0]["compared"] == found["by_kind"]["shadow"]["compared"]
    assert found["by_bar"][0]["disagreeing"] == 0 and found["disagreeing"] == []
    assert found["suggestion"]["action"] == "too few comparisons"
    assert tenant.gateway.client.get("/health").json()["checks"]["cache"] == "ok"
