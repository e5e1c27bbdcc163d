"""Writes mitmgate/core/text/near_words.txt: the English words that are one letter away from another one.

    python scripts/make_near_words.py

The words are those of the vocabulary that all-MiniLM-L6-v2 comes with (BERT uncased, Apache-2.0).
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from pathlib import Path

from mitmgate.core.text.spelling import one_slip_apart, same_beginning, same_form
from mitmgate.services.minilm import TOKENIZER, model_folder, verified

OUT = Path(__file__).parents[1] / "mitmgate/core/text/near_words.txt"
SHORTEST = 4


def neighbours(word: str) -> Iterator[str]:
    """All that one slip makes of the word."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail
            yield head + letter + tail[1:]


def main() -> None:
    vocabulary = json.loads(verified(model_folder(), TOKENIZER).read_text())["model"]["vocab"]
    known = {word for word in vocabulary if word.isascii() and word.isalpha() and len(word) >= SHORTEST}
    near = sorted(
        word
        for word in known
        if any(
            other in known
            and one_slip_apart(word, other)
            and same_beginning(word, other)
            and not same_form(word, other)
            for other in neighbours(word)
        )
    )
    lines: list[str] = []
    for word in near:
        if lines and len(lines[-1]) + len(word) < 118:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{len(near)} words")


if __name__ == "__main__":
    main()
