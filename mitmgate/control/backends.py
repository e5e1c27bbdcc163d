"""Whether a tenant may have that upstream: its form, its host, and every address its name has now.

What is dialled later is checked again then, against the address itself; here the operator learns of a mistake.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Final

from mitmgate.control.context import Resolve
from mitmgate.core.addresses import refusal_reason
from mitmgate.core.backend import host_allowed, parse_backend_url, where_to_dial
from mitmgate.core.errors import Refused
from mitmgate.core.settings import Upstream

RESOLVE_S: Final = 3.0
_ALLOW: Final = "allow_private_upstream (--allow-private)"


async def check_backend(url: str, *, allow_private: bool, settings: Upstream, resolve: Resolve) -> list[str]:
    """Warnings about an upstream that may be had. Raises Refused, naming backend_url, where it may not."""
    try:
        backend = parse_backend_url(url)
    except ValueError as error:
        raise _refused(f"{error}") from None
    if not host_allowed(backend.host, settings.allowed_hosts):
        raise _refused("the host is not among the configuration's upstream.allowed_hosts")
    if backend.scheme == "http" and not allow_private:
        raise _refused(f"http:// is only for private networks: use https://, or set {_ALLOW}")
    host, _ = where_to_dial(backend.host, backend.port, settings.resolve)
    addresses, warning = await _addresses(host, resolve)
    for address in addresses:
        reason = refusal_reason(address, allow_private)
        if reason is not None:
            hint = "" if allow_private or refusal_reason(address, True) else f"; {_ALLOW} would permit it"
            named = "the host" if address == backend.host else "the host resolves to an address that"
            raise _refused(f"{named} is {reason}{hint}")
    return [warning] if warning else []


async def _addresses(host: str, resolve: Resolve) -> tuple[list[str], str | None]:
    try:
        return [str(ip_address(host))], None
    except ValueError:
        pass
    try:
        async with asyncio.timeout(RESOLVE_S):
            addresses = list(await resolve(host))
    except (OSError, UnicodeError, TimeoutError):
        addresses = []
    return addresses, None if addresses else f"backend_url: the name {host} does not resolve now."


def _refused(reason: str) -> Refused:
    return Refused(422, "invalid_backend_url", f"backend_url: {reason}.", param="backend_url")
