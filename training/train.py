"""Trains the verifier's upper half. Seeded; a run that was stopped goes on from its last checkpoint.

    python -m training.train WORK --data DATA --model MODEL [--variant full|clean] [--pairs 400000] [--init WEIGHTS]

WORK holds what `training.neighbours` and `training.generator` wrote (weak.jsonl, generated.jsonl) and takes the
checkpoint (VARIANT.checkpoint) and the weights (VARIANT.pt). Some 50 pairs a second on two cores without AVX-512, 130
on one that multiplies bfloat16 (--bfloat16); a GPU is used when there is one.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from training.data import Example, endless, noisy, sources
from training.export import trained
from training.model import Together
from training.states import States

BATCH: Final = 32
_SORTED: Final = 40  # batches of like length made at a time
_WARM_UP: Final = 2000  # pairs
_CHECKPOINT_S: Final = 120
_NOISE: Final = 0.12
RATES: Final = {"matrices": 1.0e-4, "vectors": 1.5e-4, "cross": 2.0e-3, "head": 1.0e-3}


class Trainer:
    def __init__(self, net: Together, states: States, pairs: int, rate: float = 1.0) -> None:
        """rate: of RATES; less than one for weights that were trained before."""
        self.net, self.states, self.pairs, self.rate = net, states, pairs, rate
        self.seen = 0
        self.loss = 0.0
        self._optimizer = torch.optim.AdamW(_groups(net), betas=(0.9, 0.98))

    def step(self, examples: Sequence[Example], rng: random.Random) -> None:
        share = self.seen / self.pairs
        rate = self.rate * min(1.0, (self.seen + BATCH) / _WARM_UP) * max(0.02, 1 - share)
        for group in self._optimizer.param_groups:
            group["lr"] = RATES[group["name"]] * rate
        asked = [(noisy(each.a, rng) if rng.random() < _NOISE else each.a, each.b) for each in examples]
        wanted = torch.tensor([each.same * (1 - each.soft) + (1 - each.same) * each.soft for each in examples])
        weights = torch.tensor([each.weight for each in examples])
        self.net.train()
        batch = self.states.batch(asked)
        with torch.autocast(batch[0].device.type, torch.bfloat16, enabled=self.states.bfloat16):
            logits = self.net(*batch)
        logits = logits.float().cpu()
        loss = (F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * weights).mean()
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._optimizer.step()
        self.seen += len(examples)
        self.loss = loss.item() if not self.loss else 0.98 * self.loss + 0.02 * loss.item()

    def save(self, path: Path) -> None:
        half = path.with_suffix(".half")
        torch.save({"net": self.net.state_dict(), "optimizer": self._optimizer.state_dict(), "seen": self.seen}, half)
        os.replace(half, path)

    def load(self, path: Path) -> None:
        kept: dict[str, Any] = torch.load(path, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self._optimizer.load_state_dict(kept["optimizer"])
        self.seen = kept["seen"]


def score(net: Together, states: States, pairs: Sequence[tuple[str, str]], batch: int = 64) -> np.ndarray[Any, Any]:
    """The log-odds of each pair: float32[n]"""
    net.eval()
    scores = np.zeros(len(pairs), np.float32)
    order = sorted(range(len(pairs)), key=lambda place: sum(map(len, pairs[place])))
    with torch.no_grad():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            scores[places] = net(*states.batch([pairs[place] for place in places])).cpu().numpy()
    return scores


def batches(examples: Iterable[Example], states: States, rng: random.Random) -> Iterable[list[Example]]:
    """Of like length, so that little is padded; in random order."""
    stream = iter(examples)
    while chunk := list(itertools.islice(stream, BATCH * _SORTED)):
        states.prepare({text for each in chunk for text in (each.a, each.b)})
        chunk.sort(key=lambda each: states.length(each.a) + states.length(each.b))
        cut = [chunk[start : start + BATCH] for start in range(0, len(chunk), BATCH)]
        rng.shuffle(cut)
        yield from cut


def _groups(net: Together) -> list[dict[str, Any]]:
    groups: dict[str, list[torch.nn.Parameter]] = {name: [] for name in RATES}
    for name, parameter in net.named_parameters():
        kind = "matrices" if parameter.ndim > 1 else "vectors"
        groups["head" if name.startswith("head") else "cross" if "cross_" in name else kind].append(parameter)
    decay = {"matrices": 0.01}
    return [{"name": name, "params": each, "weight_decay": decay.get(name, 0.0)} for name, each in groups.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--questions", type=Path, default=Path(__file__).parent / "questions")
    parser.add_argument("--variant", choices=("full", "clean"), default="full")
    parser.add_argument("--pairs", type=int, default=400_000)
    parser.add_argument("--until", type=int, help="stop after so many pairs; the rates are those of --pairs")
    parser.add_argument("--init", type=Path, help="begin with these weights, as export writes them")
    parser.add_argument("--rate", type=float, default=1.0, help="times the usual rates; less for --init")
    parser.add_argument("--fresh", nargs="*", default=[], help="files of questions that those have not seen")
    parser.add_argument("--bfloat16", action="store_true", help="thrice as fast where the processor has it")
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_flush_denormal(True)  # gradients of saturated units would take a hundred times as long
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(arguments.seed)
    states = States.load(arguments.model, device, bfloat16=arguments.bfloat16)
    net = Together(states.weights)
    if arguments.init is not None:
        net.load_state_dict(trained(load_file(arguments.init)))
    trainer = Trainer(net.to(device), states, arguments.pairs, arguments.rate)
    checkpoint = arguments.work / f"{arguments.variant}.checkpoint"
    if checkpoint.exists():
        trainer.load(checkpoint)
    rng = random.Random(f"{arguments.seed} {trainer.seen}")
    chosen = sources(arguments.data, arguments.work, arguments.questions, arguments.variant, arguments.fresh)
    print("; ".join(f"{each.name} {len(each.examples)}" for each in chosen), "seen", trainer.seen, flush=True)
    begun, before, saved = time.monotonic(), trainer.seen, time.monotonic()
    end = arguments.until or arguments.pairs
    for number, examples in enumerate(batches(endless(chosen, rng), states, rng)):
        if trainer.seen >= end:
            break
        trainer.step(examples, rng)
        if number % 100 == 99:
            speed = (trainer.seen - before) / (time.monotonic() - begun)
            print(f"{trainer.seen} pairs, loss {trainer.loss:.4f}, {speed:.0f} a second", flush=True)
        if time.monotonic() - saved > _CHECKPOINT_S:
            trainer.save(checkpoint)
            saved = time.monotonic()
    trainer.save(checkpoint)
    torch.save(trainer.net.state_dict(), arguments.work / f"{arguments.variant}.pt")


if __name__ == "__main__":
    main()
