"""A worker's line to the matcher. Whatever goes wrong is MatcherAway within the deadline, and the caller's miss."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mitmgate.core.kept_out import EXACT_ONLY, NEVER_SHARED
from mitmgate.core.settings.model import MAX_WRONG
from mitmgate.core.verdict import Verdict
from mitmgate.services.logs import reason_of
from mitmgate.services.matcher_wire import BUSY, TOO_LONG, FrameBroken, Message, frame, read_frame

__all__ = ["Candidate", "Found", "Judged", "LocalMatcher", "MatcherAway", "MatcherClient"]

FAILURES_UNTIL_SKIPPED: Final = 3
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 2.0
MAX_IN_FLIGHT: Final = 256
OFF_PATH_S: Final = 5.0
JUDGE_S: Final = 60.0  # for so many pairs:
JUDGED_AT_ONCE: Final = 20
LONGEST_ANSWER: Final = 1_000  # characters; the matcher reads no more of one

logger = logging.getLogger(__name__)


class MatcherAway(Exception):
    """The matcher did not answer in time, can not be reached, or is left alone because it lately could not."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry whose question is near, and the verdict on it. pair: of a hit, the two questions' digests in hex."""

    fingerprint: bytes
    text: str
    similarity: float
    verdict: Verdict
    pair: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, nearest first. reason: why there is no hit, as `Cache-Status` tells it; None when there is one.

    classified: whether the classifier saw the text, so that it may be shared unless it is `never_shared`.
    by_rules: there is no classifier; all that is known is what the rules say.
    """

    candidates: tuple[Candidate, ...]
    reason: str | None
    classified: bool = False
    by_rules: bool = False

    @property
    def hit(self) -> Candidate | None:
        """The nearest that the verdict accepts."""
        return next((each for each in self.candidates if each.verdict.accept), None)

    @property
    def never_shared(self) -> bool:
        """Whether the answer must not be stored either."""
        return self.reason is not None and self.reason.startswith(NEVER_SHARED) and not self.candidates

    @property
    def nearest_to_a_hit(self) -> Candidate | None:
        """Of those that are no hit, the most probable; None where no probability was worked out."""
        judged = [each for each in self.candidates if not each.verdict.accept and each.verdict.probability is not None]
        return max(judged, key=lambda each: each.verdict.probability or 0.0, default=None)


@dataclass(frozen=True, slots=True)
class Judged:
    """similarity is None when one of the two is too long to be compared.

    vetoes and doubts: the guards that object; log_odds: the verifier's, None when it was not asked; bar: the
    probability to reach, None when none does.
    """

    similarity: float | None
    verdict: Verdict
    vetoes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    log_odds: float | None = None
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """An entry whose question is near, in whatever scope."""

    fingerprint: bytes
    scope: bytes
    text: str
    judged: Judged


@dataclass(frozen=True, slots=True)
class Explained:
    """kept_out: why traffic would not compare the text; whole: whether all that the tenant has was looked at."""

    kept_out: str | None
    scopes: int
    entries: int
    whole: bool
    nearest: tuple[Near, ...]


def _without_candidates(answer: Message) -> Found:
    """What the matcher says of a text, also where an error kept it from more."""
    error = answer.get("error")
    classified = answer.get("classified") is True or error == TOO_LONG  # of such a text the rules say all there is
    by_rules = error is None and not classified
    return Found((), answer.get("reason") if error is None else error, classified, by_rules)


class MatcherClient:
    """One connection, many requests at once. Connects when first asked and again after every loss."""

    def __init__(self, socket_path: Path | str, deadline_s: float = 0.1) -> None:
        self._path = str(socket_path)
        self._deadline_s = deadline_s
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._skip_until_s = 0.0

    @property
    def healthy(self) -> bool:
        """Whether the last calls were answered."""
        return self._failures < FAILURES_UNTIL_SKIPPED

    async def find(
        self,
        tenant: int,
        scope: bytes,
        text: str,
        *,
        max_wrong: float = MAX_WRONG,
        threshold: float | None = None,
        deadline_s: float | None = None,
    ) -> Found:
        """Entries of the scope whose question is near the text. Raises MatcherAway.

        max_wrong: the share of hits that may be wrong; threshold: the lowest similarity.
        """
        request = {
            "op": "find",
            "tenant": tenant,
            "scope": scope.hex(),
            "text": text,
            "max_wrong": max_wrong,
            "threshold": threshold,
        }
        answer = await self._ask(request, deadline_s or self._deadline_s)
        if "error" in answer:
            return _without_candidates(answer)
        candidates = tuple(
            Candidate(
                bytes.fromhex(each["fingerprint"]), each["text"], each["similarity"], _verdict(each), each.get("pair")
            )
            for each in answer["candidates"]
        )
        return replace(_without_candidates(answer), candidates=candidates)

    async def classify(
        self, text: str, *, held: tuple[int, bytes] | None = None, deadline_s: float | None = None
    ) -> Found:
        """Whether the text may be shared; nothing is looked up. Raises MatcherAway.

        held: tenant and fingerprint of an answer to it, which is removed when it must not be shared.
        """
        request: Message = {"op": "classify", "text": text}
        if held is not None:
            request |= {"tenant": held[0], "fingerprint": held[1].hex()}
        return _without_candidates(await self._ask(request, deadline_s or self._deadline_s))

    async def put(
        self,
        tenant: int,
        scope: bytes,
        fingerprint: bytes,
        text: str,
        expires_at: float,
        *,
        removal: str | None = None,
        deadline_s: float = OFF_PATH_S,
    ) -> bool:
        """Makes an entry findable. The vector made when the text was looked up is used again.

        -> whether its text was classified and may be shared.

        removal: the tenant's last when the request began; None skips the check. Raises MatcherAway.
        """
        request = {
            "op": "put",
            "tenant": tenant,
            "scope": scope.hex(),
            "fingerprint": fingerprint.hex(),
            "text": text,
            "expires_at": expires_at,
            "removal": removal,
        }
        answer = await self._ask(request, deadline_s)
        return "error" not in answer and answer.get("classified") is True and not answer.get("never_shared")

    async def remove(
        self, tenant: int, fingerprints: Sequence[bytes], *, texts: bool = False, deadline_s: float = OFF_PATH_S
    ) -> bool:
        """Entries that are gone are not found again. -> whether it was done. Raises MatcherAway.

        texts: what is remembered of texts, whosever they are, is dropped as well.
        """
        names = [each.hex() for each in fingerprints]
        request = {"op": "remove", "tenant": tenant, "fingerprints": names, "texts": texts}
        return "error" not in await self._ask(request, deadline_s)

    async def forget(self, tenant: int, *, deadline_s: float = OFF_PATH_S) -> bool:
        """Removes all of a tenant. -> whether it was done. Raises MatcherAway."""
        return "error" not in await self._ask({"op": "forget", "tenant": tenant}, deadline_s)

    async def judge(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        max_wrong: float = MAX_WRONG,
        threshold: float | None = None,
        within: tuple[int, bytes] | None = None,
        deadline_s: float = JUDGE_S,
    ) -> list[Judged]:
        """The verdict on each pair, by the code that decides on hits. Raises MatcherAway.

        within: tenant and scope; what was said of pairs there counts, too.
        deadline_s is that of JUDGED_AT_ONCE pairs: judging goes behind all other work of the matcher.
        """
        judged: list[Judged] = []
        for part in itertools.batched(pairs, JUDGED_AT_ONCE):
            request = {"op": "judge", "pairs": list(part), "max_wrong": max_wrong, "threshold": threshold}
            if within is not None:
                request |= {"tenant": within[0], "scope": within[1].hex()}
            answer = await self._ask(request, deadline_s)
            if (error := answer.get("error")) is not None:
                raise MatcherAway(error)
            judged += map(_judged, answer["verdicts"])
        return judged

    async def similarity(self, one: str, other: str, *, deadline_s: float = JUDGE_S) -> float:
        """The cosine of the beginnings of two answers, behind all other work of the matcher. Raises MatcherAway."""
        request = {"op": "similarity", "one": one[:LONGEST_ANSWER], "other": other[:LONGEST_ANSWER]}
        answer = await self._ask(request, deadline_s)
        if (error := answer.get("error")) is not None:
            raise MatcherAway(error)
        return float(answer["similarity"])

    async def heard(self, version: int, *, deadline_s: float = 2.0) -> bool:
        """Waits until the matcher knows what was said of hits to a version. -> whether it does. Raises MatcherAway."""
        return "error" not in await self._ask({"op": "heard", "version": version}, deadline_s)

    async def explain(
        self,
        tenant: int,
        text: str,
        most: int,
        *,
        max_wrong: float = MAX_WRONG,
        threshold: float | None = None,
        deadline_s: float = JUDGE_S,
    ) -> Explained:
        """The entries of a tenant whose questions are nearest to a text, in whatever scope. Raises MatcherAway."""
        request = {"op": "explain", "tenant": tenant, "text": text, "most": most}
        answer = await self._ask({**request, "max_wrong": max_wrong, "threshold": threshold}, deadline_s)
        if (error := answer.get("error")) is not None and error != TOO_LONG:
            raise MatcherAway(error)
        if error is not None:
            return Explained(EXACT_ONLY + error, 0, 0, False, ())
        nearest = tuple(
            Near(bytes.fromhex(each["fingerprint"]), bytes.fromhex(each["scope"]), each["text"], _judged(each))
            for each in answer["nearest"]
        )
        return Explained(answer["kept_out"], answer["scopes"], answer["entries"], answer["whole"], nearest)

    async def stats(self, *, deadline_s: float = 1.0) -> Message:
        """What the matcher counts. Raises MatcherAway."""
        answer = await self._ask({"op": "stats"}, deadline_s)
        return {name: value for name, value in answer.items() if name != "id"}

    async def close(self) -> None:
        """Calls in flight fail."""
        self._drop(None)

    async def _ask(self, request: Message, deadline_s: float) -> Message:
        now_s = asyncio.get_running_loop().time()
        if not self.healthy:
            if now_s < self._skip_until_s:
                raise MatcherAway("left alone")
            self._skip_until_s = now_s + max(self._pause_s, deadline_s)  # one call at a time finds out
        if len(self._waiting) >= MAX_IN_FLIGHT:
            raise MatcherAway(BUSY)
        number = next(self._ids)
        try:
            document = frame({**request, "id": number, "deadline_ms": round(deadline_s * 1000)})
        except FrameBroken as problem:
            raise MatcherAway(str(problem)) from None
        answered: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            async with asyncio.timeout(deadline_s):
                writer = await self._connected()
                writer.write(document)
                answer = await answered
        except (OSError, TimeoutError) as problem:
            answered.cancel()  # nobody waits for it: what ends the line need not tell it
            self._failed()
            raise MatcherAway(type(problem).__name__) from None
        finally:
            self._waiting.pop(number, None)
        self._failures, self._pause_s, self._skip_until_s = 0, FIRST_PAUSE_S, 0.0
        return answer

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                reader, self._writer = await asyncio.open_unix_connection(self._path)
                self._reading = asyncio.get_running_loop().create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (answer := await read_frame(reader)) is not None:
                waiting = self._waiting.get(answer.get("id", 0))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except (FrameBroken, OSError) as problem:
            logger.warning("the line to the matcher broke: %s", reason_of(problem))
        finally:
            self._drop(writer)

    def _drop(self, writer: asyncio.StreamWriter | None) -> None:
        """Ends the connection (or only that one) and fails what waits on it."""
        if writer is not None and writer is not self._writer:
            return
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the matcher is gone"))

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES_UNTIL_SKIPPED:
            if self._failures == FAILURES_UNTIL_SKIPPED:
                logger.warning("the matcher does not answer; only equal words are answered, by what was stored before")
            self._skip_until_s = asyncio.get_running_loop().time() + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
            self._drop(None)  # what a stopped process did not read is not kept for it


class LocalMatcher(MatcherClient):
    """The same for a matcher in this process: `answer` is what its socket would be asked."""

    def __init__(self, answer: Callable[[Message], Awaitable[Message]]) -> None:
        super().__init__("")
        self._answer = answer

    async def _ask(self, request: Message, deadline_s: float) -> Message:
        return await self._answer({**request, "deadline_ms": round(deadline_s * 1000)})


def _judged(answer: Message) -> Judged:
    vetoes, doubts = tuple(answer["vetoes"]), tuple(answer["doubts"])
    return Judged(answer["similarity"], _verdict(answer), vetoes, doubts, answer["log_odds"], answer["bar"])


def _verdict(answer: Message) -> Verdict:
    return Verdict(answer["accept"], tuple(answer["reasons"]), answer["probability"])
