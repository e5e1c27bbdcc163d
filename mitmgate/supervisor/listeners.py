"""The listening sockets: bound once by the supervisor, kept open, and handed down to the workers.

A worker that is replaced inherits its socket's queue, so a connection waiting in it is not reset.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from mitmgate.core.settings.kinds import join_host_port
from mitmgate.supervisor.errors import CannotStart

BACKLOG: Final = 2048
LOOPBACK: Final = "127.0.0.1"
_LISTENING: Final = "0A"  # the state column of /proc/net/tcp


def bind_listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """A socket for each of `count` workers, all on one address; the kernel spreads connections over them.

    Raises CannotStart when the port is held by anybody, also by one who would share it. Port 0 takes a free one.
    """
    family, address = _address_of(host, port)
    where = join_host_port(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        port = _bind(probe, address, where, shared=False)
    first = socket.socket(family, socket.SOCK_STREAM)
    sockets = [first]
    _bind(first, (address[0], port, *address[2:]), where, shared=True)
    if sys.platform != "linux":  # elsewhere SO_REUSEPORT spreads nothing: all accept from one queue
        sockets *= count
    while len(sockets) < count:
        another = socket.socket(family, socket.SOCK_STREAM)
        sockets.append(another)
        _bind(another, (address[0], port, *address[2:]), where, shared=True)
    for each in sockets:
        each.listen(BACKLOG)
    return sockets


def bind_loopback() -> socket.socket:
    """A listening socket on a free loopback port."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    _bind(listener, (LOOPBACK, 0), LOOPBACK, shared=False)
    listener.listen(BACKLOG)
    return listener


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether one could listen there now."""
    try:
        family, address = _address_of(host, port)
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            _bind(probe, address, host, shared=False)
    except CannotStart:
        return False
    return True


def check_host(host: str, demo: bool | None) -> None:
    """Raises CannotStart for a host that cannot be listened on here, or not with the demo."""
    from mitmgate.supervisor.demo import check_asked_for

    _, address = _address_of(host, 0)
    check_asked_for(demo, loopback=ipaddress.ip_address(address[0].partition("%")[0]).is_loopback)


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def holder_of(port: int) -> str:
    """Who listens on a port, as far as /proc tells: ` by NAME (pid N)`, else nothing."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for row in Path(table).read_text().splitlines()[1:]:
                column = row.split()
                if column[3] == _LISTENING and int(column[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{column[9]}]")
    for link in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        with suppress(OSError):
            if str(link.readlink()) in inodes:
                pid = link.parts[2]
                return f" by {Path(f'/proc/{pid}/comm').read_text().strip()} (pid {pid})"
    return ""


def _address_of(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CannotStart(f"cannot listen on {host}: {error.strerror}") from None
    found.sort(key=lambda each: each[0] != socket.AF_INET)  # localhost has both; clients try IPv4 when in doubt
    return found[0][0], found[0][4]  # type: ignore[return-value]  # AF_INET and AF_INET6 only, by getaddrinfo's types


def _bind(listener: socket.socket, address: tuple[object, ...], where: str, *, shared: bool) -> int:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listener.family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"{where} is held{holder_of(int(str(address[1])))}; choose another with --port") from None
        raise CannotStart(f"cannot listen on {where}: {error.strerror}") from None
    return port_of(listener)
