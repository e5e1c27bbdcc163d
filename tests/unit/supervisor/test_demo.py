"""The demo: only where nobody else can reach its well-known key, and by itself only while there are no tenants."""

from __future__ import annotations

import pytest

from mitmgate.supervisor import demo
from mitmgate.supervisor.errors import CannotStart


def test_is_refused_where_others_could_reach_it() -> None:
    with pytest.raises(CannotStart, match="loopback"):
        demo.check_asked_for(True, loopback=False)
    demo.check_asked_for(True, loopback=True)
    demo.check_asked_for(None, loopback=False)


@pytest.mark.parametrize(
    ("asked", "loopback", "has_tenants", "runs"),
    [
        (None, True, False, True),
        (None, True, True, False),
        (None, False, False, False),
        (False, True, False, False),
        (True, True, True, True),
    ],
)
def test_runs(asked: bool | None, loopback: bool, has_tenants: bool, runs: bool) -> None:
    assert demo.runs(asked, loopback=loopback, has_tenants=has_tenants) is runs


def test_says_why_it_is_off_and_how_to_have_it() -> None:
    assert "--demo" in demo.why_off(None, loopback=True)
    assert "reach" in demo.why_off(None, loopback=False)
    assert "--no-demo" in demo.why_off(False, loopback=True)
