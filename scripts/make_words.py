"""Writes mitmgate/core/text/words.txt: the words that the embedding model knows whole.

    python scripts/make_words.py

They are those of the vocabulary that all-MiniLM-L6-v2 comes with (BERT uncased, Apache-2.0).
"""

from __future__ import annotations

import json
from pathlib import Path

from mitmgate.services.minilm import TOKENIZER, model_folder, verified

OUT = Path(__file__).parents[1] / "mitmgate/core/text/words.txt"
SHORTEST = 3


def main() -> None:
    vocabulary = json.loads(verified(model_folder(), TOKENIZER).read_text())["model"]["vocab"]
    known = sorted(word for word in vocabulary if word.isascii() and word.isalpha() and len(word) >= SHORTEST)
    lines: list[str] = []
    for word in known:
        if lines and len(lines[-1]) + len(word) < 118:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{len(known)} words")


if __name__ == "__main__":
    main()
