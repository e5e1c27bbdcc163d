"""What the matcher does when asked. An answer is a mapping; what was not done has an `error`, none of it raises."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mitmgate.core.kept_out import is_stored, pair_kept_out, to_classify, why_by_kind, why_kept_out
from mitmgate.core.text.memory import forget_texts
from mitmgate.core.verdict import CONSIDERED, Verdict
from mitmgate.matcher.kinds import NO_CLASSIFIER, TextKinds
from mitmgate.matcher.nearest import NearestStored
from mitmgate.matcher.said_wrong import SAID_WRONG, SaidWrong
from mitmgate.matcher.scopes import Scope, Scopes
from mitmgate.matcher.texts import QueueFull, TextVectors, TooLong
from mitmgate.matcher.verdicts import NO_VERIFIER, Bars, Findings, PairVerdicts
from mitmgate.matcher.worth import Worth
from mitmgate.services import matcher_wire as wire
from mitmgate.services.cache_books import ANY_REMOVAL
from mitmgate.services.embedder import MODEL_ID
from mitmgate.services.matcher_wire import Message
from mitmgate.services.redis import StoreDown
from mitmgate.services.vector_index import HNSWLIB_MISSING
from mitmgate.services.vectors_store import StoredVector, VectorsStore

LARGEST_JUDGED: Final = 1000
LARGEST_EXPLAINED: Final = 50
DEADLINE_S: Final = 60.0  # the longest any request may wait


class Operations:
    """Requests as `matcher_wire` has them, by `op`. said_wrong: None where nothing can be said of hits."""

    def __init__(
        self,
        texts: TextVectors,
        scopes: Scopes,
        store: VectorsStore,
        verdicts: PairVerdicts,
        kinds: TextKinds,
        said_wrong: SaidWrong | None = None,
    ) -> None:
        self._texts = texts
        self._scopes = scopes
        self._store = store
        self._verdicts = verdicts
        self._kinds = kinds
        self._said_wrong = said_wrong
        self._counts: Counter[str] = Counter()
        self._worth = Worth()
        self._operations = {
            "find": self._find,
            "classify": self._classify,
            "put": self._put,
            "remove": self._remove,
            "forget": self._forget,
            "judge": self._judge,
            "heard": self._heard,
            "explain": self._explain,
            "similarity": self._similarity,
            "stats": self._stats,
        }

    async def answer(self, request: Message) -> Message:
        """Does what is asked within the request's `deadline_ms`."""
        loop = asyncio.get_running_loop()
        known: Message = {}
        try:
            operation = self._operations[request["op"]]
            ends_at = loop.time() + min(max(int(request["deadline_ms"]), 1) / 1000, DEADLINE_S)
            async with asyncio.timeout_at(ends_at):
                if operation == self._find:  # however late the rest is, what the text is was worked out
                    known = await self._classified(request, ends_at)
                    if known["reason"] is not None:
                        return {**known, "candidates": []}
                return {**known, **await operation(request, ends_at)}
        except QueueFull:
            error = wire.BUSY
        except TooLong:
            error = wire.TOO_LONG
        except TimeoutError:
            self._counts["late"] += 1
            error = wire.LATE
        except StoreDown:
            error = wire.NO_STORE
        except (KeyError, TypeError, ValueError, AttributeError):
            return {"error": wire.REFUSED}
        return {**known, "error": error}

    async def _classify(self, request: Mapping[str, Any], ends_at: float) -> Message:
        known = await self._classified(request, ends_at)
        why = known["reason"]
        if why is not None and not is_stored(why) and "fingerprint" in request:
            await self._store.evict(int(request["tenant"]), [bytes.fromhex(request["fingerprint"])])
        return known

    async def _classified(self, request: Mapping[str, Any], ends_at: float) -> Message:
        """Whether the text may be shared. What must not must not be stored either, however little else is known."""
        text = str(request["text"])
        await self._texts.vector(text, ends_at, urgent=True)
        why = why_by_kind(await self._kinds.of(text, ends_at), text)
        self._counts["classified"] += 1
        self._counts["kept_out"] += why is not None
        return {"reason": why, "classified": self._kinds.usable}

    async def _find(self, request: Mapping[str, Any], ends_at: float) -> Message:
        """Of a text that may be shared."""
        tenant, digest, text = int(request["tenant"]), bytes.fromhex(request["scope"]), str(request["text"])
        bars = _bars(request)
        self._counts["finds"] += 1
        vector = await self._texts.vector(text, ends_at, urgent=True)
        scope = await self._ready(tenant, digest, ends_at)
        if scope is None:
            return {"candidates": [], "reason": wire.LOADING}
        if not scope.known:
            return {"candidates": [], "reason": wire.SCOPE_EMPTY}
        if not self._kinds.usable:
            return {"candidates": [], "reason": NO_CLASSIFIER}
        if not self._verdicts.usable:
            return {"candidates": [], "reason": NO_VERIFIER}
        if self._said_wrong is not None and not self._said_wrong.known:
            return {"candidates": [], "reason": wire.LOADING}
        if not self._worth.look((tenant, digest)):
            self._counts["sampled_out"] += 1
            return {"candidates": [], "reason": wire.SAMPLED_OUT}
        near = await scope.index.query(vector, CONSIDERED)
        now = time.time()
        known = [
            (fingerprint, entry, min(1.0, similarity))
            for fingerprint, similarity in near
            if (entry := scope.known.get(fingerprint)) is not None and entry.expires_at > now
        ]
        wrong = self._wrong(tenant, digest, text, [entry.text for _, entry, _ in known])
        open_ = [place for place in range(len(known)) if place not in wrong]
        near_open = [(known[place][1], known[place][2]) for place in open_]
        hit, found = await self._verdicts.best(text, near_open, bars, ends_at)
        verdicts = {open_[place]: verdict for place, verdict in found.items()}
        verdicts |= {place: Verdict(False, (SAID_WRONG,)) for place in wrong}
        if hit is not None:
            hit = open_[hit]
            stored = known[hit][1].text
            why = why_by_kind(await self._kinds.of(stored, ends_at), stored)  # it is of an earlier version
            if why is not None:
                verdicts[hit], hit = Verdict(False, (why,)), None
            elif self._wrong(tenant, digest, text, [known[hit][1].text]):  # said meanwhile
                verdicts[hit] = Verdict(False, (SAID_WRONG,))
                wrong, hit = {hit}, None
        candidates: list[Message] = [
            {
                "fingerprint": known[place][0].hex(),
                "text": known[place][1].text,
                "similarity": known[place][2],
                "pair": self._pair(tenant, digest, text, known[place][1].text) if place == hit else None,
                **_told(verdict),
            }
            for place, verdict in sorted(verdicts.items())
        ]
        self._counts["accepted"] += hit is not None
        self._worth.note((tenant, digest), hit=hit is not None)
        why_not = SAID_WRONG if wrong else _why_not(verdicts.values())
        return {"candidates": candidates, "reason": None if hit is not None else why_not}

    def _wrong(self, tenant: int, digest: bytes, query: str, stored: Sequence[str]) -> set[int]:
        return set() if self._said_wrong is None else self._said_wrong.among(tenant, digest, query, stored)

    def _pair(self, tenant: int, digest: bytes, query: str, stored: str) -> str | None:
        return None if self._said_wrong is None else self._said_wrong.pair(tenant, digest, query, stored).hex()

    async def _ready(self, tenant: int, digest: bytes, ends_at: float) -> Scope | None:
        """The scope, or None when loading it takes longer than there is time; the next one finds it loaded."""
        margin_s = 0.2 * (ends_at - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout_at(ends_at - margin_s):
                return await self._scopes.ready(tenant, digest)
        except TimeoutError:
            return None

    async def _put(self, request: Mapping[str, Any], ends_at: float) -> Message:
        tenant, digest, text = int(request["tenant"]), bytes.fromhex(request["scope"]), str(request["text"])
        fingerprint, expires_at = bytes.fromhex(request["fingerprint"]), float(request["expires_at"])
        self._counts["puts"] += 1
        vector = await self._texts.vector(text, ends_at, urgent=False)
        if (why := why_by_kind(await self._kinds.of(text, ends_at), text)) is not None:
            if is_stored(why):
                return {"classified": True}
            await self._store.evict(tenant, [fingerprint])  # there was no time to look when it was looked up
            return {"never_shared": True}
        self._scopes.put(tenant, digest, fingerprint, text, vector, expires_at)
        removal = ANY_REMOVAL if request.get("removal") is None else str(request["removal"])
        stored = StoredVector(fingerprint, text, vector, MODEL_ID, expires_at)
        try:
            if not await self._store.put(tenant, digest, stored, removal):
                self._scopes.remove(tenant, [fingerprint])
        finally:
            self._scopes.stored(tenant, digest, fingerprint)
        return {"classified": self._kinds.usable}

    async def _remove(self, request: Mapping[str, Any], ends_at: float) -> Message:
        tenant, fingerprints = int(request["tenant"]), [bytes.fromhex(each) for each in request["fingerprints"]]
        self._scopes.remove(tenant, fingerprints)
        if request.get("texts"):
            self._forget_texts()
        await self._store.delete(tenant, fingerprints)
        return {}

    async def _forget(self, request: Mapping[str, Any], ends_at: float) -> Message:
        tenant = int(request["tenant"])
        self._scopes.forget(tenant)
        self._forget_texts()
        await self._store.forget_tenant(tenant)
        self._scopes.forget(tenant)  # what was loaded meanwhile
        return {}

    def _forget_texts(self) -> None:
        self._texts.forget()
        self._kinds.forget()
        forget_texts()

    async def _judge(self, request: Mapping[str, Any], ends_at: float) -> Message:
        pairs: Sequence[Sequence[str]] = request["pairs"]
        bars = _bars(request)
        scope = request.get("scope")  # which the pairs are of, with `tenant`; else nobody said anything of them
        if len(pairs) > LARGEST_JUDGED:
            raise ValueError
        verdicts = []
        for query, stored in pairs:
            judged = await self._judged(str(query), str(stored), bars, ends_at)
            if scope and self._wrong(int(request["tenant"]), bytes.fromhex(scope), str(query), [str(stored)]):
                told = {name: (SAID_WRONG, *judged[name]) for name in ("reasons", "vetoes")}
                judged |= {"accept": False, **told}
            verdicts.append(judged)
            await asyncio.sleep(0)  # look-ups go between two pairs
        return {"verdicts": verdicts}

    async def _explain(self, request: Mapping[str, Any], ends_at: float) -> Message:
        """The entries whose questions are nearest, in all of a tenant's scopes, and the findings on each."""
        tenant, text, bars = int(request["tenant"]), str(request["text"]), _bars(request)
        most = min(int(request["most"]), LARGEST_EXPLAINED)
        vector = await self._texts.vector(text, ends_at, urgent=False, patient=True)
        near = NearestStored(vector, most)
        await near.look(self._store, tenant)
        return {
            "kept_out": await self._why_kept_out(text, ends_at),
            "scopes": near.scopes,
            "entries": near.entries,
            "whole": near.whole,
            "nearest": [
                {
                    "fingerprint": each.fingerprint.hex(),
                    "scope": scope.hex(),
                    "text": each.text,
                    **await self._judged(text, each.text, bars, ends_at),
                }
                for scope, each in near.found()
            ],
        }

    async def _why_kept_out(self, text: str, ends_at: float) -> str | None:
        """Why traffic would not compare the text; for an operator."""
        asked = to_classify(text)
        kind = None if asked is None else why_by_kind(await self._kinds.of(asked, ends_at, patient=True), asked)
        return kind or why_kept_out(text)

    async def _judged(self, query: str, stored: str, bars: Bars, ends_at: float) -> Message:
        try:
            one = await self._texts.vector(query, ends_at, urgent=False, patient=True)
            other = await self._texts.vector(stored, ends_at, urgent=False, patient=True)
            why = {each: await self._why_kept_out(each, ends_at) for each in (query, stored)}
        except TooLong:
            reasons = (*pair_kept_out(query, stored), wire.TOO_LONG)
            return {"similarity": None, **_found(Findings(Verdict(False, reasons), reasons), ())}
        kept_out = pair_kept_out(query, stored, why.__getitem__)
        similarity = min(1.0, float(one @ other))  # rounding
        findings = await self._verdicts.judge(query, stored, similarity, bars, ends_at)
        return {"similarity": similarity, **_found(findings, kept_out)}

    async def _similarity(self, request: Mapping[str, Any], ends_at: float) -> Message:
        """Of two answers, behind all other work."""
        self._counts["answers_compared"] += 1
        one, other = str(request["one"]), str(request["other"])
        vector = await self._texts.vector_of_answer(one, ends_at)
        return {"similarity": min(1.0, float(vector @ await self._texts.vector_of_answer(other, ends_at)))}

    async def _heard(self, request: Mapping[str, Any], ends_at: float) -> Message:
        """Returns when what was said of hits is known up to that version."""
        if self._said_wrong is not None:
            await self._said_wrong.ensure(int(request["version"]))
        return {}

    async def _stats(self, request: Mapping[str, Any], ends_at: float) -> Message:
        return {
            "model": MODEL_ID,
            "hnswlib": not HNSWLIB_MISSING,
            "scopes": len(self._scopes),
            "entries": self._scopes.entries,
            "bytes": self._scopes.size_bytes,
            "waiting": self._texts.waiting,
            "wrong_pairs": 0 if self._said_wrong is None else len(self._said_wrong),
            **self._counts,
            **self._texts.counts,
            **self._scopes.counts,
            **self._verdicts.counts,
        }


def _bars(request: Mapping[str, Any]) -> Bars:
    threshold = request.get("threshold")
    return Bars(float(request["max_wrong"]), 0.0 if threshold is None else float(threshold))


def _why_not(verdicts: Iterable[Verdict]) -> str:
    """Of the most probable pair; of the nearest where none came so far."""
    found = [verdict for verdict in verdicts if verdict.reasons]
    if not found:
        return wire.SCOPE_EMPTY
    return max(found, key=lambda verdict: verdict.probability or 0.0).reasons[0]


def _found(findings: Findings, kept_out: tuple[str, ...]) -> Message:
    """kept_out: as `pair_kept_out` has it; these veto, too."""
    verdict = findings.verdict
    if kept_out:
        verdict = Verdict(False, (*kept_out, *verdict.reasons), verdict.probability)
    return {
        **_told(verdict),
        "vetoes": (*kept_out, *findings.vetoes),
        "doubts": findings.doubts,
        "log_odds": findings.log_odds,
        "bar": findings.bar,
    }


def _told(verdict: Verdict) -> Message:
    return {"accept": verdict.accept, "reasons": verdict.reasons, "probability": verdict.probability}
