"""A lean mitmproxy master: the chain, the options its layers read, and nothing else.

Stock mitmdump loads some thirty addons and asks each about every hook and log line; most of its time goes there.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mitmproxy import master, options, optmanager
from mitmproxy.addons import core, proxyserver
from mitmproxy.proxy import mode_specs

from mitmgate.services.logs import place_of

FULL: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
SAY_EVERY_S: Final = 10.0

logger = logging.getLogger(__name__)

_SCALARS = (str, int, bool, float, type(None))


class GatewayMode(mode_specs.ProxyMode):
    """What `client_conn.proxy_mode` says of a connection that came in by the gateway's own door."""

    description = "LLM gateway"
    transport_protocol = mode_specs.TCP

    def __post_init__(self) -> None:
        pass


class GatewayOptions(options.Options):
    """mitmproxy's options, read without a deep copy where the value is a scalar: layers read them at each request."""

    proxy_debug = False  # each layer asks for it, and each stream is one

    def __getattr__(self, name: str) -> object:
        option = self.__dict__.get("_options", {}).get(name)
        if option is None:
            raise AttributeError(name)
        value = option._default if option.value is optmanager.unset else option.value
        return value if isinstance(value, _SCALARS) else option.current()


class GatewayMaster(master.Master):
    """Runs the chain's life cycle. Listening is the worker's, which is handed its socket."""

    def __init__(self, addons: Sequence[object], confdir: Path) -> None:
        super().__init__(GatewayOptions(), with_termlog=False)
        self._legacy_log_events.uninstall()  # else each log record is a hook over all addons
        self.addons.add(core.Core(), proxyserver.Proxyserver(), *addons)
        self.options.update(server=False, connection_strategy="lazy", confdir=str(confdir))
        self._said_full_at = -SAY_EVERY_S

    def _asyncio_exception_handler(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody awaited. mitmproxy's own line would quote it whole."""
        problem = context.get("exception")
        if isinstance(problem, OSError) and problem.errno in FULL:  # asyncio tries to accept again each second
            if loop.time() - self._said_full_at >= SAY_EVERY_S:
                self._said_full_at = loop.time()
                logger.error("no more connections fit (%s): new clients wait", os.strerror(problem.errno or 0))
        elif problem is not None:
            logger.error("a task broke: %s", place_of(problem))


def quiet_mitmproxy() -> None:
    """mitmproxy's log lines quote peers: request lines, headers, body bytes. None of that belongs in our log."""
    for name in ("mitmproxy", "hpack", "h2", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
