"""The verifier as PyTorch trains it: all-MiniLM-L6-v2, where the upper half reads two questions together.

Layers 1 to 3 read each question alone and stay as published. Layers 4 to 6 read both together: a head sees the
tokens of both, and how it treats those of the other question is learnt (`cross_*`, after Shaw et al. 2018,
"Self-Attention with Relative Position Representations", with two relations: the same text and the other text). Nothing
else tells one question from the other, so the verdict is the same whichever comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, HEADS, HEAD_WIDTH, INNER, LAYERS = 384, 12, 32, 1536, 6
ALONE: Final = 3  # layers that read each question alone
DROPOUT: Final = 0.05
EPSILON: Final = 1e-12


class Layer(nn.Module):
    """One layer of BERT, as published; `cross` adds what differs for tokens of the other text."""

    def __init__(self, weights: dict[str, Tensor], at: str, *, cross: bool) -> None:
        super().__init__()
        parts = ("query", "key", "value")
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.qkv.weight.data = torch.cat([weights[f"{at}attention.self.{part}.weight"].float() for part in parts])
        self.qkv.bias.data = torch.cat([weights[f"{at}attention.self.{part}.bias"].float() for part in parts])
        self.mixed = _linear(weights, at + "attention.output.dense")
        self.mixed_norm = _norm(weights, at + "attention.output.LayerNorm")
        self.inner = _linear(weights, at + "intermediate.dense")
        self.outer = _linear(weights, at + "output.dense")
        self.outer_norm = _norm(weights, at + "output.LayerNorm")
        if cross:
            self.cross_key = nn.Parameter(torch.randn(HEADS, HEAD_WIDTH) * 0.02)
            # Half of the heads begin as they were published, reading their own text.
            self.cross_bias = nn.Parameter(torch.tensor([0.0, -2.0] * (HEADS // 2)))
            self.cross_value = nn.Parameter(torch.randn(HEADS, HEAD_WIDTH) * 0.02)

    def forward(self, x: Tensor, bias: Tensor | None, cross: Tensor | None = None) -> Tensor:
        """x: [n, t, 384]; bias: added to the scores; cross: [n, 1, t, t], 1 where the other text is looked at."""
        count, length, _ = x.shape
        query, key, value = self.qkv(x).view(count, length, 3, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        if cross is None:
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        else:
            query = query * HEAD_WIDTH**-0.5
            other = (query * self.cross_key[:, None]).sum(-1, keepdim=True) + self.cross_bias[:, None, None]
            scores = query @ key.transpose(-1, -2) + other * cross
            shares = (scores if bias is None else scores + bias).softmax(-1)
            mixed = shares @ value + (shares * cross).sum(-1, keepdim=True) * self.cross_value[:, None]
        mixed = mixed.transpose(1, 2).reshape(count, length, WIDTH)
        x = self.mixed_norm(x + F.dropout(self.mixed(mixed), DROPOUT, self.training))
        inner = self.outer(F.gelu(self.inner(x)))
        out: Tensor = self.outer_norm(x + F.dropout(inner, DROPOUT, self.training))
        return out


class Alone(nn.Module):
    """The published lower half: token ids of one text to its states. Never trained."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.words = weights["embeddings.word_embeddings.weight"].float()
        self.places = (
            weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
        ).float()
        self.norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{n}.", cross=False) for n in range(ALONE))
        self.requires_grad_(False).eval()

    @torch.no_grad()
    def forward(self, ids: Tensor) -> Tensor:
        """int64[n, t], all of one length -> [n, t, 384]"""
        x = self.norm(F.embedding(ids, self.words) + self.places[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x, None)
        return x


class Together(nn.Module):
    """The trained upper half: the states of two texts to the log-odds that one answer is right for both."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(weights, f"encoder.layer.{n}.", cross=True) for n in range(ALONE, LAYERS))
        self.head = nn.Linear(5 * WIDTH, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, states: Tensor, side: Tensor, real: Tensor) -> Tensor:
        """states: [n, t, 384]; side: bool[n, t], true for the second; real: bool[n, t], false for padding -> [n]"""
        cross = (side[:, None, :, None] != side[:, None, None, :]).to(states.dtype)
        bias = None if bool(real.all()) else ((real.to(states.dtype) - 1) * 1e9)[:, None, None, :]
        x = states
        for layer in self.layers:
            x = layer(x, bias, cross)
        first = ((~side) & real).to(x.dtype).unsqueeze(-1)
        second = (side & real).to(x.dtype).unsqueeze(-1)
        a = (x * first).sum(1) / first.sum(1)
        b = (x * second).sum(1) / second.sum(1)
        rows = torch.arange(len(x))
        open_a, open_b = x[:, 0], x[rows, side.to(torch.int8).argmax(1)]
        seen = torch.cat([open_a + open_b, (open_a - open_b).abs(), a + b, (a - b).abs(), a * b], 1)
        out: Tensor = self.head(seen).squeeze(1)
        return out


def joined(states: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs of states as one padded batch for `Together`."""
    longest = max(len(a) + len(b) for a, b in states)
    batch = torch.zeros(len(states), longest, WIDTH)
    side = torch.ones(len(states), longest, dtype=torch.bool)
    real = torch.zeros(len(states), longest, dtype=torch.bool)
    for row, (a, b) in enumerate(states):
        batch[row, : len(a)] = a
        batch[row, len(a) : len(a) + len(b)] = b
        side[row, : len(a)] = False
        real[row, : len(a) + len(b)] = True
    return batch, side, real


def published(folder: Path) -> dict[str, Tensor]:
    """The weights of all-MiniLM-L6-v2."""
    return load_file(folder / "model.safetensors")


def _linear(weights: dict[str, Tensor], name: str) -> nn.Linear:
    weight, bias = weights[name + ".weight"].float(), weights[name + ".bias"].float()
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight.data, layer.bias.data = weight.clone(), bias.clone()
    return layer


def _norm(weights: dict[str, Tensor], name: str) -> nn.LayerNorm:
    layer = nn.LayerNorm(WIDTH, eps=EPSILON)
    layer.weight.data, layer.bias.data = (
        weights[name + ".weight"].float().clone(),
        weights[name + ".bias"].float().clone(),
    )
    return layer
