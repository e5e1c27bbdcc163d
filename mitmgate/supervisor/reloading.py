"""What of a changed config.yaml applies at once, and what has to wait for a restart."""

from __future__ import annotations

from dataclasses import fields, replace

from mitmgate.core.settings import Settings
from mitmgate.core.settings.model import SECTIONS

# Listeners, workers, data directory, stores, model and indexes are made at the start; so are the hashes of keys.
_AT_START = frozenset({"server", "database", "redis", "vectors"})
_KEYS_AT_START = frozenset({"auth.pepper", "auth.old_peppers", "cache.embedder", "cache.model_path"})


def reloaded(old: Settings, new: Settings) -> tuple[Settings, list[str], list[str]]:
    """The settings to run with from now, the keys that changed, and those whose change needs a restart."""
    changed, waiting = [], []
    sections = {}
    for section in SECTIONS:
        before, after = getattr(old, section), getattr(new, section)
        kept = {}
        for key in (each.name for each in fields(before)):
            if getattr(before, key) == getattr(after, key):
                continue
            if section in _AT_START or f"{section}.{key}" in _KEYS_AT_START:
                kept[key] = getattr(before, key)
                waiting.append(f"{section}.{key}")
            else:
                changed.append(f"{section}.{key}")
        sections[section] = replace(after, **kept)
    return replace(old, **sections), changed, waiting
