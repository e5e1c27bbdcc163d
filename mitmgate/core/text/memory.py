"""Forgets what is remembered of texts that were read: purged prompts must not stay in a process's memory. Pure."""

from __future__ import annotations

from mitmgate.core.text import letters, pair, reading, spelling


def forget_texts() -> None:
    """Empties every cache of readings, letters and words, whosever texts they came from."""
    for remembered in (
        letters.signs,
        pair.may_be_opposed,
        pair.opposed,
        reading.read,
        spelling.bases,
        spelling.stem,
        spelling.same_form,
    ):
        remembered.cache_clear()
