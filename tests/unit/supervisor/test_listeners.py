"""Listeners: one port for all workers, and never one that somebody else holds."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mitmgate.supervisor import listeners
from mitmgate.supervisor.errors import CannotStart

LINUX = sys.platform == "linux"


@contextmanager
def bound(host: str = "127.0.0.1", port: int = 0, count: int = 2) -> Iterator[list[socket.socket]]:
    sockets = listeners.bind_listeners(host, port, count)
    try:
        yield sockets
    finally:
        for each in sockets:
            each.close()


def test_all_workers_listen_on_one_port() -> None:
    with bound(count=3) as sockets:
        assert len({each.getsockname() for each in sockets}) == 1
        assert len(sockets) == 3
        for _ in range(10):
            socket.create_connection(sockets[0].getsockname(), 5).close()


@pytest.mark.parametrize("shares", [False, True])
def test_a_held_port_is_refused_also_when_its_holder_would_share_it(shares: bool) -> None:
    with socket.socket() as other:
        if shares:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = listeners.port_of(other)
        with pytest.raises(CannotStart, match=f"127.0.0.1:{port} is held") as caught:
            listeners.bind_listeners("127.0.0.1", port, 2)
        assert not LINUX or f"pid {os.getpid()}" in str(caught.value)
        assert not listeners.is_free(port)


def test_a_port_is_free_again_after_connections_on_it_were_closed() -> None:
    with bound(count=1) as sockets:
        port = listeners.port_of(sockets[0])
        with socket.create_connection(("127.0.0.1", port), 5):
            accepted, _ = sockets[0].accept()
            accepted.close()  # ours ends first, so our side waits out TIME_WAIT
    with bound(port=port):
        pass


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(CannotStart, match="cannot listen on"):
        listeners.bind_listeners("192.0.2.1", 0, 1)


@pytest.mark.parametrize(("host", "loopback"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_loopback_is_judged_by_the_bound_address(host: str, loopback: bool) -> None:
    with bound(host, count=1) as sockets:
        assert listeners.is_loopback(sockets[0]) is loopback
