"""Near misses that nobody would write: one word of a question for any other word, and words put in. Seeded.

A search for collisions tries such texts: most of their words are the victim's, and what is left makes little sense.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

_SHORTEST: Final = 4  # letters of a word that is exchanged: shorter ones seldom carry the question
_PUT_IN: Final = (0, 0, 1, 1, 2, 3)


def exchanged(texts: Sequence[str], words: Sequence[str], rng: random.Random) -> Iterator[tuple[str, str]]:
    """-> a text, and the same with another word in the place of one, or with words put in, or both."""
    for text in texts:
        parts = text.split()
        places = [place for place, word in enumerate(parts) if word.strip("?.,!").isalpha() and len(word) >= _SHORTEST]
        if not places:
            continue
        changed, put_in = parts.copy(), rng.choice(_PUT_IN)
        if put_in == 0 or rng.random() < 0.7:
            place = rng.choice(places)
            word = rng.choice(words)
            changed[place] = word + ("?" if parts[place].endswith("?") else "")
        for _ in range(put_in):
            changed.insert(rng.randrange(len(changed) + 1), rng.choice(words))
        yield text, " ".join(changed)
