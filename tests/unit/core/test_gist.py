"""What is kept of a body once it was sent gives the same question and the same wishes."""

from __future__ import annotations

from typing import Any

import pytest

from mitmgate.core.asked import asked, gist
from mitmgate.core.replay.forms import Wanted


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": "hello"}], "stream": True, "n": 2},
        {
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": [{"type": "text", "text": "q"}]},
            ]
        },
        {"input": ["a", "b"], "model": "m"},
        {"prompt": "x" * 20_000, "stream_options": {"include_usage": True}, "stream": True},
        {"messages": [], "stream_options": [1], "n": "2"},
        {},
    ],
)
def test_the_gist(body: dict[str, Any]) -> None:
    kept = gist(body)
    assert asked(kept) == asked(body)
    assert Wanted.by("openai", kept) == Wanted.by("openai", body)
    assert (kept["n"] or 1) == (body["n"] if isinstance(body.get("n"), int) else 1)
