"""Reads the tables of phrases, which are written as text because a person reads and extends them.

An entry is a line; lines that start with four spaces continue it. A line in square brackets starts a section.
"""

from collections.abc import Iterator


def entries(text: str) -> Iterator[str]:
    """The entries of a table, without blank lines."""
    for line in text.replace("\n    ", " ").splitlines():
        if line.strip():
            yield " ".join(line.split(" ")).strip()


def words(text: str) -> frozenset[str]:
    """Words with white space between them."""
    return frozenset(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Phrases with semicolons between them."""
    return tuple(phrase.strip() for phrase in text.split(";") if phrase.strip())


def named(text: str) -> tuple[str, tuple[str, ...]]:
    """The name and the phrases of an entry `name: phrase ; phrase`."""
    name, _, body = text.partition(":")
    return name.strip(), phrases(body)


def sections(text: str) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """The heads of the sections, each with its named entries."""
    head: str | None = None
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries(text):
        if entry.startswith("["):
            if head is not None:
                yield head, found
            head, found = entry.strip("[]"), {}
        else:
            name, texts = named(entry)
            found[name] = texts
    if head is not None:
        yield head, found
