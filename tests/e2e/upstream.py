"""An upstream whose answers a test writes: asyncio in a thread of its own, plain or over TLS.

A script gets each request as an `Asked` and answers it byte by byte. `llm` is the one that behaves.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

MODELS = {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "test"}]}
VECTOR = [0.25, -0.5, 0.125]
Headers = Iterable[tuple[str, str]]


class LoopThread:
    """An event loop that runs beside the tests; upstreams live on it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def close(self) -> None:
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    @staticmethod
    async def _cancel_all() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass
class Asked:
    """One request as it came, and the way to answer it. number counts the upstream's requests from 1."""

    number: int
    connection: int
    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body: bytes = b""
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(line.partition(":")[0].lower(), line.partition(":")[2].strip()) for line in lines if line]

    def values(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given == name]

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(
        self, body: object = None, status: str = "200 OK", headers: Headers = (), kind: str = "application/json"
    ) -> None:
        """A whole answer; what is not bytes goes out as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(completion("fine") if body is None else body).encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        sent = b"" if self.method == "HEAD" else data
        await self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + sent)

    async def begin(self, kind: str = "text/event-stream", headers: Headers = ()) -> None:
        """The head of an answer in chunks."""
        lines = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in headers]
        await self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.send(b"0\r\n\r\n")

    async def when(self, event: threading.Event) -> None:
        """Waits until the test says so."""
        while not event.is_set():
            await asyncio.sleep(0.005)

    async def until_gone(self) -> None:
        """Waits until the gateway closes the connection; sets `gone`."""
        with suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.gone.set()
        raise ConnectionResetError

    def break_off(self) -> None:
        """Ends the connection, orderly for TCP, in the middle for HTTP."""
        self.writer.close()


Script = Callable[[Asked], Awaitable[None]]


class Upstream:
    """Listens on a port of its own; `asked` holds what came, `connections` counts what was opened."""

    def __init__(self, thread: LoopThread, script: Script | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.script: Script = script or llm
        self.asked: list[Asked] = []
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = thread
        self._scheme = "http" if tls is None else "https"
        self._server = thread.run(self._listen(tls))
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _listen(self, tls: ssl.SSLContext | None) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls, backlog=1024)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def reset(self) -> None:
        self.script = llm
        self.asked.clear()

    def close(self) -> None:
        self._thread.run(self._close())

    async def _close(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers.add(writer)
        try:
            while not writer.is_closing():
                asked = Asked(0, number, await reader.readuntil(b"\r\n\r\n"), reader, writer)
                asked.body = await _read_body(asked)
                self.asked.append(asked)
                asked.number = len(self.asked)
                await self.script(asked)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


async def _read_body(asked: Asked) -> bytes:
    if asked.values("transfer-encoding") == ["chunked"]:
        body = b""
        while size := int(await asked.reader.readuntil(b"\r\n"), 16):
            body += await asked.reader.readexactly(size)
            await asked.reader.readexactly(2)
        await asked.reader.readexactly(2)
        return body
    length = asked.values("content-length")
    return await asked.reader.readexactly(int(length[0])) if length else b""


# ---- an LLM


def completion(text: str, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A chat completion; 9 tokens in, 12 out."""
    return {
        "id": "chatcmpl-x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21},
        **more,
    }


def message(text: str, stop: str = "end_turn") -> dict[str, Any]:
    """An Anthropic message; 7 + 2 + 1 tokens in, 12 out."""
    return {
        "id": "msg_x",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "cache_read_input_tokens": 2,
            "cache_creation_input_tokens": 1,
            "output_tokens": 12,
        },
    }


def event(data: object, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def piece(text: str | None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk of an OpenAI stream."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    return event(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    )


DONE = event("[DONE]")
USAGE = event(
    {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 12,
            "total_tokens": 21,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
    }
)


def message_events(text: str) -> list[bytes]:
    """An Anthropic stream, event by event."""
    start = {**message(""), "content": [], "stop_reason": None}
    start["usage"] = {**start["usage"], "output_tokens": 1}
    steps: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 12},
        },
        {"type": "message_stop"},
    ]
    return [event(step, step["type"]) for step in steps]


def question_of(body: dict[str, Any]) -> str:
    messages = body.get("messages") or [{"content": ""}]
    return str(messages[-1].get("content"))


async def llm(asked: Asked) -> None:
    """`answer N to: QUESTION`, in the format and the way it was asked for."""
    path = asked.target.partition("?")[0]
    if path.endswith("/embeddings"):
        vector = {"object": "embedding", "index": 0, "embedding": VECTOR}
        usage = {"prompt_tokens": 3, "total_tokens": 3}
        await asked.answer({"object": "list", "model": "m", "data": [vector], "usage": usage})
        return
    if asked.method not in ("POST", "PUT") or not asked.body.startswith(b"{"):
        await asked.answer(MODELS)
        return
    body = asked.json
    text = f"answer {asked.number} to: {question_of(body)}"
    anthropic = path.endswith("/messages")
    if not body.get("stream"):
        await asked.answer(message(text) if anthropic else completion(text))
        return
    await asked.begin()
    openai_events = [*(piece(word + " ") for word in text.split()), piece(None, "stop"), USAGE, DONE]
    for step in message_events(text) if anthropic else openai_events:
        await asked.chunk(step)
    await asked.end()
