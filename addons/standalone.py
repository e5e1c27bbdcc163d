"""The chain as one addon of stock mitmproxy: `mitmdump --mode reverse:http://gateway.invalid -s addons/chain.py`.

No pool, no retries, no admin API, one process. The chain's stages run as in a worker; what `mitmgate.proxy` does there
for them is here `addons/stock.py`. Until all is open every flow is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final

from mitmproxy import addonmanager, ctx, http
from mitmproxy.proxy import layer, server_hooks

from addons.auth import AuthStage
from addons.exchange import refusal
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.core.settings import ConfigError
from mitmgate.proxy.audits import Audits
from mitmgate.services.opened import Services
from mitmgate.supervisor.errors import CannotStart

STARTING: Final = partial(ServiceUnavailable, 503, "not_ready", "The gateway is not ready.", retry_after_s=1)

logger = logging.getLogger(__name__)


class Standalone:
    """Opens everything in `running`, closes it in `done`, and hands each hook to the chain's stages in their order."""

    def __init__(self, make_chain: Callable[[Services, Audits], list[object]]) -> None:
        self._make_chain = make_chain
        self._stages: list[object] = []
        self._opened = AsyncExitStack()
        self._started = asyncio.Event()
        self._tasks: set[asyncio.Future[object]] = set()

    def load(self, loader: addonmanager.Loader) -> None:
        ctx.options.update(connection_strategy="lazy")  # or each client's connection begins with one to gateway.invalid
        loader.add_option("mitmgate_config", str, "", "mitmgate's settings [config.yaml]; MITMGATE_* variables win.")

    async def running(self) -> None:
        from addons.alone import open_alone, settings_of  # loads the model's runtime, which a worker does not need
        from addons.replayed import Arrival, ReplayAuth
        from addons.stock import StockForwarding

        try:
            settings = settings_of(ctx.options.mitmgate_config)
            services = await self._opened.enter_async_context(open_alone(settings))
            forwarding = StockForwarding(settings, self._complete)
        except (ConfigError, CannotStart) as error:
            for line in str(error).splitlines():
                logger.error("mitmgate: %s", line)
            self._started.set()
            ctx.master.shutdown()
            return
        ctx.options.update(
            body_size_limit=ctx.options.body_size_limit or str(settings.limits.max_body_bytes),
            ssl_verify_upstream_trusted_ca=forwarding.trusted_ca(services.runtime.data_dir),
        )
        self._opened.push_async_callback(forwarding.audits.stop)
        route, own, feedback, auth, *others = self._make_chain(services, forwarding.audits)
        assert isinstance(auth, AuthStage)
        self._stages = [Arrival(), route, own, feedback, ReplayAuth(services.directory, auth), *others, forwarding]
        self._started.set()
        logger.info("mitmgate: ready, data in %s; tenants are made with `gatewayctl serve`", services.runtime.data_dir)

    async def done(self) -> None:
        self._stages = []
        await self._opened.aclose()

    def next_layer(self, next_layer: layer.NextLayer) -> None:
        from addons.stock import layer_for

        next_layer.layer = layer_for(next_layer) or next_layer.layer

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.is_replay == "request":  # from a file named on the command line, before all is open
            await self._started.wait()
        if not self._stages:
            flow.response = refusal(None, STARTING())
        await self._run("requestheaders", flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        await self._run("request", flow)

    async def responseheaders(self, flow: http.HTTPFlow) -> None:
        await self._run("responseheaders", flow)

    async def response(self, flow: http.HTTPFlow) -> None:
        await self._run("response", flow)

    async def error(self, flow: http.HTTPFlow) -> None:
        await self._run("error", flow)

    def _complete(self, flow: http.HTTPFlow) -> None:
        """The hook that a worker's layers have before the last bytes. Here nothing can be waited for."""
        for stage in self._stages:
            hook = getattr(stage, "answer_complete", None)
            pending = hook(flow) if hook is not None else None
            if pending is not None:
                self._tasks.add(task := asyncio.ensure_future(pending))
                task.add_done_callback(self._tasks.discard)

    async def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        if not self._stages:
            data.server.error = "nothing is planned yet"
        await self._run("server_connect", data)

    async def _run(self, name: str, data: Any) -> None:
        for stage in self._stages:
            hook = getattr(stage, name, None)
            pending = hook(data) if hook is not None else None
            if pending is not None:
                await pending
