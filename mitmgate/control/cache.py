"""/admin/cache: how the cache decides, asked of the process that decides."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mitmgate.control.context import Here
from mitmgate.control.fields import Body
from mitmgate.core.errors import ServiceUnavailable
from mitmgate.services.matcher_client import Judged as JudgedPair
from mitmgate.services.matcher_client import MatcherAway

MAX_PAIRS: Final = 1000
MAX_TEXT: Final = 16_384
AWAY: Final = partial(ServiceUnavailable, 503, "matcher_unavailable", "The matcher does not answer.", retry_after_s=1)

Text = Annotated[str, Field(strict=True, max_length=MAX_TEXT)]
Pair = Annotated[list[Text], Field(min_length=2, max_length=2)]

router = APIRouter(prefix="/admin/cache", tags=["cache"])


class JudgeIn(Body):
    """Pairs of questions: the one asked, and the one whose answer is stored."""

    pairs: Annotated[list[Pair], Field(max_length=MAX_PAIRS)]
    threshold: Annotated[float, Field(strict=True, ge=0, le=1, description="null: `cache.threshold`")] | None = None
    max_wrong: Annotated[float, Field(strict=True, ge=0, le=1, description="null: `cache.max_wrong`")] | None = None


class JudgedShown(BaseModel):
    """similarity: null when a text is too long to be compared. reasons: why not, the weightiest first."""

    similarity: float | None
    probability: float | None = Field(description="That one answer is right for both; null where a veto decided.")
    accept: bool
    reasons: list[str]
    vetoes: list[str] = Field(description="Guards that rule the pair out, whatever its probability.")
    doubts: list[str] = Field(description="Guards that lower its probability.")
    log_odds: float | None = Field(description="The verifier's; null when it was not asked.")
    bar: float | None = Field(description="The probability that `max_wrong` requires; null where none is enough.")


class Judged(BaseModel):
    """In the order asked."""

    data: list[JudgedShown]


@router.post("/judge", response_model=Judged)
async def judge(here: Here, body: JudgeIn) -> Any:
    """Whether an answer stored for the second question would be served for the first, by the code that decides it."""
    if here.matcher is None:
        raise AWAY()
    settings = here.settings.cache
    threshold = settings.threshold if body.threshold is None else body.threshold  # a matcher hears of no reload
    max_wrong = settings.max_wrong if body.max_wrong is None else body.max_wrong
    pairs = [(one, other) for one, other in body.pairs]
    try:
        found = await here.matcher.judge(pairs, max_wrong=max_wrong, threshold=threshold)
    except MatcherAway:
        raise AWAY() from None
    return {"data": list(map(judged_shown, found))}


def judged_shown(judged: JudgedPair) -> dict[str, Any]:
    """As JudgedShown has it."""
    return {
        "similarity": judged.similarity,
        "probability": judged.verdict.probability,
        "accept": judged.verdict.accept,
        "reasons": list(judged.verdict.reasons),
        "vetoes": list(judged.vetoes),
        "doubts": list(judged.doubts),
        "log_odds": judged.log_odds,
        "bar": judged.bar,
    }
