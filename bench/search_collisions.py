"""Searches for texts that the cache would answer with another question's answer: attacks on the verdict (CacheAttack).

    python bench/search_collisions.py --data-dir DIR --questions questions.txt [--targets 200] [--steps 8] [--seed 1]

Of each victim's question two attacks are tried, by hill climbing on cosine and log-odds. "suffix": another question,
whole, to which words are added. "word": the victim's own question with one word exchanged for another that stays, to
which words are added. Added words are the victim's own, any that the model knows, and strings of letters. What the
doors keep out is no hit, for traffic would not ask. Prints how many tries were accepted, and with what: read them, for
the word exchanged may be a synonym.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import ascii_lowercase
from typing import Final

import numpy as np

from mitmgate.matcher.offline import OfflineJudge

TRIED: Final = 6  # candidates of a step
HOPELESS: Final = 0.5  # cosine under which the verifier is not asked


@dataclass(frozen=True, slots=True)
class Attempt:
    score: float
    accepted: bool
    text: str


class Attacker:
    """Climbs from a text towards a victim's question by adding words; those of the text stay."""

    def __init__(self, judge: OfflineJudge, bar: float, words: Sequence[str], seed: int) -> None:
        self._judge, self._bar, self._words = judge, bar, words
        self._random = random.Random(seed)

    def hijack(self, victim: str, start: str, steps: int) -> Attempt:
        """The best that was found; accepted when the verdict would serve the victim's answer."""
        best = self._judged(victim, [start])[0]
        for _ in range(steps):
            if best.accepted:
                break
            found = max(self._judged(victim, [self._added(best.text, victim) for _ in range(TRIED)]), key=_promise)
            best = max(best, found, key=_promise)
        return best

    def one_word_exchanged(self, victim: str) -> str:
        """The victim's question with another of the words in the place of its longest."""
        words = victim.split()
        at = max(range(len(words)), key=lambda place: len(words[place]))
        words[at] = self._random.choice(self._words)
        return " ".join(words)

    def _added(self, text: str, victim: str) -> str:
        words = text.rstrip("?.! ").split()
        return " ".join([*words, *(self._drawn(victim) for _ in range(self._random.randint(1, 3)))])

    def _drawn(self, victim: str) -> str:
        kind = self._random.random()
        if kind < 0.4:
            return self._random.choice(victim.rstrip("?").split())
        if kind < 0.6:
            return "".join(self._random.choices(ascii_lowercase, k=self._random.randint(3, 7)))
        return self._random.choice(self._words)

    def _judged(self, victim: str, texts: Sequence[str]) -> list[Attempt]:
        vectors = self._judge.vectors([victim, *texts])
        cosines = np.clip(vectors[1:] @ vectors[0], -1.0, 1.0)
        return [self._of(victim, text, float(cosine)) for text, cosine in zip(texts, cosines, strict=True)]

    def _of(self, victim: str, text: str, cosine: float) -> Attempt:
        if cosine < HOPELESS or self._judge.pair_kept_out(text, victim):
            return Attempt(cosine, False, text)
        judged = self._judge.judge(text, victim, cosine, self._bar)
        odds = 0.0 if judged.log_odds is None else 1.0 + judged.log_odds / 20
        return Attempt(cosine + odds, judged.verdict.accept, text)


def _promise(attempt: Attempt) -> tuple[bool, float]:
    return attempt.accepted, attempt.score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="where the model's ONNX file is kept")
    parser.add_argument("--questions", type=Path, required=True, help="one a line; victims and others are drawn")
    parser.add_argument("--targets", type=int, default=200)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--max-wrong", type=float, default=0.005)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    judge = OfflineJudge.load(options.data_dir, states_bytes=60_000_000)
    words = files("mitmgate.core.text").joinpath("words.txt").read_text("ascii").split()
    chosen = random.Random(options.seed)
    questions = list(dict.fromkeys(line.strip() for line in options.questions.read_text().splitlines() if line.strip()))
    victims = chosen.sample(questions, min(options.targets, len(questions)))
    attacker = Attacker(judge, judge.calibration.bar(options.max_wrong), words, options.seed)
    hijacked = {"suffix": 0, "word": 0}
    for tried, victim in enumerate(victims, 1):
        starts = {"suffix": chosen.choice(questions), "word": attacker.one_word_exchanged(victim)}
        for kind, start in starts.items():
            found = attacker.hijack(victim, start, options.steps)
            if found.accepted and start != victim:
                hijacked[kind] += 1
                print(f"{kind}: {victim!r} <- {found.text!r}", flush=True)
        if tried % 20 == 0 or tried == len(victims):
            print(f"accepted of {tried} tries each: {hijacked}", flush=True)


if __name__ == "__main__":
    main()
