"""Writes the verifier's weights as the gateway ships them: matrices as int8 with a scale for each row.

    python -m training.export WORK/full.pt OUT.safetensors

Names are those of BERT, so that the gateway's graph of it can be used. Prints the file's SHA-256, which goes into
mitmgate/services/verifier.py.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.model import ALONE, WIDTH

_NAMES = {
    "mixed": "attention.output.dense",
    "mixed_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "outer_norm": "output.LayerNorm",
}


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """BERT's names, query, key and value apart."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if not name.startswith("layers."):
            tensors[name] = tensor
            continue
        _, number, part, *rest = name.split(".")
        at = f"encoder.layer.{int(number) + ALONE}."
        if part == "qkv":
            for place, kind in enumerate(("query", "key", "value")):
                tensors[f"{at}attention.self.{kind}.{rest[0]}"] = tensor[place * WIDTH : (place + 1) * WIDTH]
        elif part.startswith("cross"):
            tensors[f"{at}attention.self.{part}"] = tensor
        else:
            tensors[f"{at}{_NAMES[part]}.{rest[0]}"] = tensor
    return tensors


def smaller(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    kept: dict[str, Tensor] = {}
    for name, tensor in sorted(tensors.items()):
        if tensor.ndim == 2 and name.endswith(".weight") and tensor.shape[0] > 1:
            scale = tensor.abs().amax(1).clamp_min(1e-8) / 127
            kept[name] = (tensor / scale[:, None]).round().to(torch.int8).contiguous()
            kept[name + ".scale"] = scale.float().contiguous()
        else:
            kept[name] = tensor.float().contiguous()
    return kept


def trained(kept: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `smaller` and `renamed` made of a state, made a state again, to the rounding of int8."""
    whole = {
        name: tensor.float() * kept[name + ".scale"][:, None] if tensor.dtype == torch.int8 else tensor
        for name, tensor in kept.items()
        if not name.endswith(".scale")
    }
    parts = {theirs: ours for ours, theirs in _NAMES.items()}
    state: dict[str, Tensor] = {}
    for name, tensor in whole.items():
        if not name.startswith("encoder.layer."):
            state[name] = tensor
            continue
        number, part = name.removeprefix("encoder.layer.").split(".", 1)
        at = f"layers.{int(number) - ALONE}."
        part, _, last = part.rpartition(".")
        if part in parts:
            state[f"{at}{parts[part]}.{last}"] = tensor
        elif last.startswith("cross"):
            state[at + last] = tensor
        elif part.endswith("query"):
            kinds = [name.replace(".query.", f".{kind}.") for kind in ("query", "key", "value")]
            state[f"{at}qkv.{last}"] = torch.cat([whole[kind] for kind in kinds])
    return state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    save_file(smaller(renamed(torch.load(arguments.weights, weights_only=True))), arguments.out)
    print(hashlib.sha256(arguments.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
