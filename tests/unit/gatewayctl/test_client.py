"""How long a command waits for an answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from gatewayctl import client as client_module
from gatewayctl.client import LONG_WORK_S, AdminClient, ServerAway

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def slow() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """A server that answers the first request at once, the second when it may; both on a kept connection."""
    asked, may = threading.Event(), threading.Event()

    def serve() -> None:
        connection, _ = door.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(ANSWER)
            if connection.recv(4096):
                asked.set()
                may.wait(30)
                connection.sendall(ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}", asked, may
        may.set()
        thread.join()


def test_long_work_is_waited_for_and_nothing_else(
    slow: tuple[str, threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _, may = slow
    monkeypatch.setattr(client_module, "_TIMEOUT_S", 0.2)
    client = AdminClient(url, None)
    assert client.get("/admin/tenants") == {}
    client.wait_within(LONG_WORK_S)
    late = threading.Timer(0.6, may.set)  # three times what is waited for other answers
    late.start()
    assert client.post("/admin/tenants/1/purge") == {}
    late.join()
    client.close()


def test_what_is_no_long_work_is_given_up(
    slow: tuple[str, threading.Event, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked, _ = slow
    monkeypatch.setattr(client_module, "_TIMEOUT_S", 0.2)
    client = AdminClient(url, None)
    assert client.get("/admin/tenants") == {}
    with pytest.raises(ServerAway, match="did not answer in time"):
        client.post("/admin/tenants/1/purge")
    assert asked.wait(5)
