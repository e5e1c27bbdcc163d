"""How the word tables are written down: short, in the order a reader would say them."""

from __future__ import annotations


def word_list(words: str) -> list[str]:
    return words.split()


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def aliases_of(table: str) -> dict[str, str]:
    """Lines of `name: alias alias …`; the name stands for itself, too."""
    aliases = {}
    for line in table.strip().splitlines():
        name, _, others = line.partition(":")
        for word in (name.strip(), *others.split()):
            aliases[word] = name.strip()
    return aliases
