"""Finds what the last model got wrong, or was unsure of, for another round of training.

    python -m training.hard WORK/interim.safetensors WORK --most 20000        (needs no torch)

Writes WORK/hard.jsonl. The labels of QQP, of weak negatives and of questions of one intent are too noisy for this: what
a model gets wrong there is often right.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Final

from mitmgate.core.calibration import Calibration
from mitmgate.matcher.offline import OfflineJudge
from training.data import Example, sources

UNSURE: Final = 0.7  # log-odds
NOISY: Final = frozenset({"hard", "same intents"})  # or looked at before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verifier", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--questions", type=Path, default=Path(__file__).parent / "questions")
    parser.add_argument("--most", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    judge = OfflineJudge.load(
        arguments.work, verifier=arguments.verifier, calibration=Calibration("", 0.0, (), 0.0, (), ())
    )
    rng = random.Random(arguments.seed)
    pool: list[tuple[str, Example]] = []
    for source in sources(arguments.work, arguments.work, arguments.questions, "clean"):
        if source.name not in NOISY:
            taken = min(arguments.most // 2, len(source.examples))
            pool += [(source.name, each) for each in rng.sample(source.examples, taken)]
    rng.shuffle(pool)
    found = 0
    with (arguments.work / "hard.jsonl").open("w", encoding="utf-8") as out:
        for name, each in pool[: arguments.most]:
            log_odds = judge.log_odds(each.a, each.b)
            if log_odds is not None and log_odds * (2 * each.same - 1) < UNSURE:
                found += 1
                out.write(json.dumps({"a": each.a, "b": each.b, "same": each.same, "kind": f"hard {name}"}) + "\n")
    print(f"{found} of {min(len(pool), arguments.most)}")


if __name__ == "__main__":
    main()
