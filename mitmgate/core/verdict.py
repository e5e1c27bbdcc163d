"""Whether the answer to one question may be served for another: the only place that decides it, with reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from mitmgate.core.text.guards import reasons as guard_reasons
from mitmgate.core.text.letters import unseen
from mitmgate.core.text.reading import read

BAR: Final = 0.90
BELOW_BAR: Final = "below bar"


@dataclass(frozen=True, slots=True)
class Verdict:
    """reasons: why not, the weightiest first, each ASCII without quotes; empty when accepted.

    probability: that the answer is the same, where a calibrated verdict says so.
    """

    accept: bool
    reasons: tuple[str, ...]
    probability: float | None = None


class Judge(Protocol):
    """Anything that decides as `judge` does; a calibrated one takes its place."""

    def __call__(self, query: str, candidate: str, similarity: float, bar: float = BAR) -> Verdict: ...


def judge(query: str, candidate: str, similarity: float, bar: float = BAR) -> Verdict:
    """similarity: the cosine of their vectors. Accepts what reaches the bar and passes every guard."""
    reasons = [] if similarity >= bar else [BELOW_BAR]
    one, other = read(query), read(candidate)
    if one.plain != other.plain:
        reasons += guard_reasons(one, other) + unseen(query, candidate)
    return Verdict(not reasons, tuple(reasons))
