"""One child process and the line to it, kept running until it is told to end."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mitmgate.services.channel import Channel, Message, channel_pair
from mitmgate.services.logs import reason_of
from mitmgate.supervisor.backoff import Backoff

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_ROOT: Final = Path(__file__).parents[2]
_LISTENED_S: Final = 1.0
_SILENT_S: Final = 5.0
_SPEECHLESS_S: Final = 60.0
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """How a child is started: `python -m module arguments`, with these descriptors left open.

    talks: it gets `--channel-fd` and has to beat; gate: a descriptor it waits at, modules imported, in its first life.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    keep_fds: tuple[int, ...]
    talks: bool = True


class Child:
    """Keeps a process running. `heard` gets its messages, `changed` is called when it is ready or has ended."""

    def __init__(
        self,
        plan: ChildPlan,
        heard: Callable[[Child, Message], None],
        changed: Callable[[Child], None],
        gate: Callable[[], int | None] = lambda: None,
    ) -> None:
        self.plan = plan
        self.ready = False
        self.checks: dict[str, Any] = {}
        self.exit_code: int | None = None
        self.backoff = Backoff()
        self._heard = heard
        self._changed = changed
        self._gate = gate
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._ending = asyncio.Event()
        self._last_word_s: float | None = None
        self._born_s = 0.0

    async def keep(self) -> None:
        """Runs it again whenever it ends, until `end_soon`. Call from the main thread: the kernel ties it to that."""
        while not self._ending.is_set():
            try:
                await self._live()
            except OSError as error:
                _log.error("%s cannot be started: %s", self.plan.name, reason_of(error))
            if self._ending.is_set():
                return
            pause_s = self.backoff.after_death(asyncio.get_running_loop().time())
            _log.warning(
                "%s %s; started again (restart %d)", self.plan.name, self._how_it_ended(), self.backoff.restarts
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause_s)

    async def _live(self) -> None:
        ours, theirs = channel_pair()
        gate = self._gate()
        command = [sys.executable, "-P", "-m"]
        command += ["mitmgate.supervisor.early", str(gate)] if gate is not None else []
        command += [self.plan.module, *self.plan.arguments]
        fds = [*self.plan.keep_fds, *([] if gate is None else [gate])]
        if self.plan.talks:
            command += ["--channel-fd", str(theirs.fileno())]
            fds.append(theirs.fileno())
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=fds,
                cwd="/",
                env=_environment(),
                preexec_fn=_dies_with(os.getpid()),
                start_new_session=True,  # Ctrl-C goes to the supervisor alone, which drains
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        if self._ending.is_set():  # asked while it was being started
            self._process.kill()
        self._born_s = asyncio.get_running_loop().time()
        self._last_word_s = None
        self._channel = Channel(ours.detach(), on_lost=lambda: None)
        for op in ("beat", "ready", "apply", "applied"):
            self._channel.on(op, self._hear)
        listening = asyncio.create_task(self._channel.run())
        try:
            self.exit_code = await self._process.wait()
        finally:
            self._process, self.ready, self.checks = None, False, {}
            self._channel.close()
            self._channel = None
            # It ends by itself: a task cancelled while its read has just failed leaves that failure to asyncio's log.
            if (await asyncio.wait({listening}, timeout=_LISTENED_S))[1]:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
            self._changed(self)

    def send(self, message: Message) -> None:
        """Tells the child; nobody hears it while there is none."""
        if self._channel is not None:
            self._channel.send_nowait(message)

    def answer_to_this_life(self) -> Callable[[Message], None]:
        """Like `send`, but what comes too late is not told to the child's next life."""
        channel = self._channel

        def answer(message: Message) -> None:
            if channel is not None and channel is self._channel:
                channel.send_nowait(message)

        return answer

    def end_soon(self, number: signal.Signals | None = None) -> None:
        """It is not started again; with a signal, it is sent that."""
        self._ending.set()
        if number is not None and self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def kill_if_wedged(self, now_s: float, late_s: float) -> None:
        """Ends it when it has been silent for too long; late_s of that we did not listen ourselves."""
        if self._process is None or not self.plan.talks or self._ending.is_set():
            return
        if late_s and self._last_word_s is not None:
            self._last_word_s += late_s
        since_s, patience_s = (
            (self._born_s, _SPEECHLESS_S) if self._last_word_s is None else (self._last_word_s, _SILENT_S)
        )
        if now_s - since_s > patience_s:
            _log.error("%s (pid %d) has been silent for %.0f s", self.plan.name, self._process.pid, now_s - since_s)
            with suppress(ProcessLookupError):
                self._process.kill()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def _hear(self, message: Message) -> None:
        self._last_word_s = asyncio.get_running_loop().time()
        if message["op"] == "beat" and message.get("ready") is True and isinstance(message.get("checks"), dict):
            self.checks = message["checks"]
        if not self.ready and (message["op"] == "ready" or message.get("ready") is True):
            self.ready = True
            self._changed(self)
        self._heard(self, message)

    def _how_it_ended(self) -> str:
        if self.exit_code is not None and self.exit_code < 0:
            return f"was ended by {signal.Signals(-self.exit_code).name}"
        return f"has ended with exit code {self.exit_code}"


def _environment() -> dict[str, str]:
    """Ours, with the code we run from found first, whatever folder we were started in."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _dies_with(parent: int) -> Callable[[], None]:
    def in_child() -> None:
        if _libc is not None and (_libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL)) or os.getppid() != parent):
            os._exit(1)

    return in_child
