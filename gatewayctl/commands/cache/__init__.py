"""`gatewayctl cache`: registers its commands."""

from __future__ import annotations

from typing import Final

import click

from gatewayctl.lazy import LazyGroup

_HERE: Final = "gatewayctl.commands.cache"
_COMMANDS: Final = {
    "stats": (f"{_HERE}.stats:stats", "Entries, hits, misses, bytes, probabilities, and what was saved."),
    "top": (f"{_HERE}.top:top", "Show the stored questions that were served most."),
    "near-misses": (f"{_HERE}.near_misses:near_misses", "Show misses that were nearly answered from the cache."),
    "list": (f"{_HERE}.list:list_entries", "List cached answers."),
    "show": (f"{_HERE}.show:show", "Show one cached answer whole."),
    "evict": (f"{_HERE}.evict:evict", "Remove single cached answers."),
    "purge": (f"{_HERE}.purge:purge", "Remove a tenant's cached answers, all or some."),
    "wrong": (f"{_HERE}.feedback:wrong", "Say that a hit was wrong: it is not served again."),
    "right": (f"{_HERE}.feedback:right", "Say that a hit was right, or take `wrong` back."),
    "judge": (f"{_HERE}.judge:judge", "Tell whether two questions would share an answer."),
    "explain": (f"{_HERE}.explain:explain", "Tell why a request or a text is answered from the cache or not."),
    "evaluate": (f"{_HERE}.evaluate:evaluate", "Measure the verdicts on labelled pairs, offline."),
    "tune": (f"{_HERE}.tune:tune", "Estimate wrong hits over the bar, and suggest a setting."),
    "simulate": (f"{_HERE}.simulate:simulate", "Try the cache on a stream of questions, offline."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
def cache() -> None:
    """See, judge and remove cached answers.

    TENANT is a tenant's name or id, ENTRY what X-Cache-Entry and `cache list` say.

    \b
    Examples:
      gatewayctl cache stats acme
      gatewayctl cache list acme --model gpt-6-luna
      gatewayctl cache purge acme --older-than 7d
      gatewayctl cache wrong 01a2107b-9134-70cc
      gatewayctl cache judge "What is 2+2?" "what's 2 plus 2?"
    """
