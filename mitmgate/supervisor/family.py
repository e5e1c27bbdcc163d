"""All children of a supervisor: their plans, what they tell each other through it, and how they end."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Collection, Coroutine, Mapping, Sequence
from pathlib import Path
from signal import Signals
from types import MappingProxyType
from typing import Any, Final

from mitmgate.services.channel import Message
from mitmgate.supervisor.child import Child, ChildPlan
from mitmgate.supervisor.early import GO
from mitmgate.supervisor.errors import CannotStart
from mitmgate.supervisor.hub import ApplyHub

_TRIES: Final = 5
_WORKER_DRAIN_S: Final = 35.0  # they give up after 30 s by themselves
_CONTROL_DRAIN_S: Final = 20.0
_MATCHER_DRAIN_S: Final = 5.0
_KILLED_S: Final = 5.0
#: Large bodies are mapped and go back to the system one by one: glibc raises its threshold with the first that is freed
#: (mallopt(3), M_MMAP_THRESHOLD), and a heap of them shrinks only from its end.
_WORKER_MEMORY: Final = {"MALLOC_MMAP_THRESHOLD_": "262144"}
_log = logging.getLogger(__name__)


class Family:
    """The workers, control, the matcher and, in the demo, the mock LLM. Children wait, modules imported, until `go`."""

    def __init__(
        self,
        settings_file: Path,
        listeners: Sequence[socket.socket],
        control: socket.socket,
        matcher_socket: Path,
        lock: int,
        secrets: int,
    ) -> None:
        self._file = str(settings_file)
        self._lock = lock
        self._secrets = secrets
        self._hub = ApplyHub()
        self._gate: tuple[int, int] | None = os.pipe()
        self._changed = asyncio.Event()
        self._tasks: dict[Child, asyncio.Task[None]] = {}
        self.workers = [
            self._child(f"worker-{number}", "addons", ("--worker", str(number)), listener.fileno(), _WORKER_MEMORY)
            for number, listener in enumerate(listeners)
        ]
        self.control = self._child("control", "mitmgate.control", (), control.fileno())
        self.matcher = self._child("matcher", "mitmgate.matcher", ("--socket", str(matcher_socket)))
        self.mock: Child | None = None

    @property
    def _serving(self) -> tuple[Child, ...]:
        return (*self.workers, self.control, self.matcher)

    def _child(
        self,
        name: str,
        module: str,
        arguments: tuple[str, ...],
        listen_fd: int | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Child:
        arguments = ("--settings", self._file, *arguments)
        kept = (self._lock, self._secrets)
        if listen_fd is None:
            plan = ChildPlan(name, module, arguments, kept)
        else:
            plan = ChildPlan(
                name,
                module,
                (*arguments, "--listen-fd", str(listen_fd)),
                (listen_fd, *kept),
                environment=environment,
            )
        return Child(plan, self._heard, self._has_changed, self._waits_at)

    def start(self) -> None:
        """Starts workers, control and matcher; they import and wait."""
        for child in self._serving:
            self._keep(child)

    def start_mock(self, port: int) -> None:
        """Starts the mock LLM on a loopback port."""
        arguments = ("mock-llm", "--port", str(port), "--die-with-parent")
        plan = ChildPlan("mock-llm", "gatewayctl", arguments, (self._lock,), talks=False)
        self.mock = Child(plan, self._heard, self._has_changed)
        self._keep(self.mock)

    def go(self) -> None:
        """What they need is there: they run."""
        if self._gate is not None:
            os.write(self._gate[1], GO * len(self._tasks) * _TRIES)
            self._close_gate()

    async def all_ready(self) -> None:
        """Waits until workers, control and matcher serve. Raises CannotStart when one ends again and again."""
        while not self.serving():
            self._changed.clear()
            for child in self._serving:
                if not child.ready and child.backoff.restarts >= _TRIES:
                    raise CannotStart(f"{child.plan.name} cannot start; the lines above say why")
            await self._changed.wait()

    def serving(self) -> bool:
        """Whether all who serve do."""
        return all(child.ready for child in self._serving)

    def tell(self, message: Message) -> None:
        """Tells everybody."""
        for child in self._serving:
            child.send(message)

    def kill_wedged(self, now_s: float, late_s: float) -> None:
        for child in self._serving:
            child.kill_if_wedged(now_s, late_s)

    def status(self, servers_down: Collection[str]) -> dict[str, object]:
        """How the gateway is, as `/health` tells it: a store is down when anybody who serves cannot reach it."""
        serving = [child for child in self._serving if child.ready]

        def state(name: str) -> str:
            reached = all(child.checks.get(name, True) for child in serving)
            return "ok" if reached and name not in servers_down else "down"

        return {
            "database": state("database"),
            "redis": state("redis"),
            "journal": state("journal"),
            "workers": {"wanted": len(self.workers), "ready": sum(worker.ready for worker in self.workers)},
            "control": "ok" if self.control.ready else "down",
            "matcher": "ok" if self.matcher.ready else "down",
            "verifier": state("verifier"),
            "classifier": state("classifier"),
            "cache": "ok" if state("cache") == "ok" else "wrong hits",
        }

    async def end(self, hurry: asyncio.Event) -> bool:
        """Drains workers, control, which ships what they wrote, and matcher. Whether all ended by themselves."""
        clean = await self._end(self.workers, _WORKER_DRAIN_S, hurry)
        clean &= await self._end([self.control], _CONTROL_DRAIN_S, hurry)
        clean &= await self._end([self.matcher], _MATCHER_DRAIN_S, hurry)
        if self.mock is not None:
            self.mock.end_soon(Signals.SIGTERM)
            await self._end([self.mock], _KILLED_S, hurry)
        self._close_gate()
        return clean

    async def _end(self, children: Sequence[Child], within_s: float, hurry: asyncio.Event) -> bool:
        self._close_gate()  # who still waits there reads end of file
        served = [child for child in children if child.ready]
        for child in children:
            child.end_soon(None if child.ready else Signals.SIGTERM)
            child.send({"op": "drain"})
        under_way = [self._tasks[child] for child in children if child in self._tasks]
        if not under_way:
            return True
        hurried = asyncio.create_task(hurry.wait())
        ended = asyncio.gather(*under_way, return_exceptions=True)
        waited: set[asyncio.Future[Any]] = {ended, hurried}
        await asyncio.wait(waited, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if not ended.done():
            for number, patience_s in ((Signals.SIGTERM, 1.0), (Signals.SIGKILL, _KILLED_S)):
                for child in children:
                    child.end_soon(number)
                await asyncio.wait({ended}, timeout=patience_s)
            for child in children:
                _log.warning("%s did not end in time", child.plan.name)
            return False
        return all(child.exit_code == 0 for child in served)

    def _keep(self, child: Child) -> None:
        self._tasks[child] = _kept(child.keep(), child.plan.name)

    def _waits_at(self) -> int | None:
        return None if self._gate is None else self._gate[0]

    def _close_gate(self) -> None:
        if self._gate is not None:
            for end in self._gate:
                os.close(end)
            self._gate = None

    def _heard(self, child: Child, message: Message) -> None:
        if message["op"] in ("apply", "forget") and child is self.control:
            self._hub.ask(message, self.workers, child.answer_to_this_life())
        elif message["op"] == "applied":
            self._hub.applied(child, message)

    def _has_changed(self, child: Child) -> None:
        self._changed.set()
        if child in self.workers:
            if child.ready:
                self._hub.joined(child)
            else:
                self._hub.left(child)


def _kept(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    def tell(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            _log.critical("watching %s failed", name, exc_info=task.exception())

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(tell)
    return task
