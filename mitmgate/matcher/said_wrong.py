"""Whether somebody said that two questions do not share their answer: consulted before any verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mitmgate.core.pair_digests import digest_key, pair_of, text_digest
from mitmgate.services.pairs_feed import PairsFeed

SAID_WRONG: Final = "said to be wrong"


class SaidWrong:
    """peppers: the present one, under which pairs are made, and older ones, under which pairs are known, too."""

    def __init__(self, feed: PairsFeed, peppers: Sequence[bytes]) -> None:
        self._feed = feed
        self._keys = [digest_key(pepper) for pepper in peppers]

    @property
    def known(self) -> bool:
        """Whether all pairs were read once. Before that no answer to other words can be given."""
        return self._feed.pairs is not None

    def __len__(self) -> int:
        return 0 if self._feed.pairs is None else len(self._feed.pairs)

    async def ensure(self, version: int) -> None:
        """Returns when that version is known."""
        await self._feed.ensure(version)

    def pair(self, tenant: int, scope: bytes, query: str, stored: str) -> bytes:
        """What a request's row keeps of a hit in other words."""
        key = self._keys[0]
        return pair_of(text_digest(key, tenant, scope, query), text_digest(key, tenant, scope, stored))

    def among(self, tenant: int, scope: bytes, query: str, stored: Sequence[str]) -> set[int]:
        """The places of the stored questions whose answers must not be served for this one."""
        pairs = None if self._feed.pairs is None else self._feed.pairs.of(tenant)
        if not pairs:
            return set()
        found: set[int] = set()
        for key in self._keys:
            asked = text_digest(key, tenant, scope, query)
            for place, text in enumerate(stored):
                if pair_of(asked, text_digest(key, tenant, scope, text)) in pairs:
                    found.add(place)
        return found
