"""Fixtures of the tests that kill servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mitmgate.services.embedded import EmbeddedPostgres


@pytest.fixture
def careful_postgres(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, set up as the gateway's is: what it acknowledged outlives its kill -9."""
    server = EmbeddedPostgres(server_folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
