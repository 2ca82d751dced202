"""The network of `notewise` in plain PyTorch, run by `benchmarks/notewise.py` with the Python that
has torch; needs NumPy beside it.

Training: an embedding of the same facts, summed; `nn.LSTM` or the transformer's block with
PyTorch's own fused attention; the same outputs with the same masks; Adam. The facts, directions and
masks are handed to it ready-made, where ours works them out in the compiled step. Composing: an
eager loop, a token a turn, over `nn.LSTMCell` or a ring of keys and values that is written in
place. What is shown to ours is replaced by one embedding of the same width, and of the grammar only
falling notes are left: it does less. Every turn is taken with one thread and with all, and the
smaller time counts, of the clock and of the processors each.

    python benchmarks/notewise_peer.py '{"task": "compose", "core": "recurrent", …}'     # a number
    comes in on a line, an answer goes out
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

NOTE, PITCHES, INTERVALS, DEGREES, LENGTHS, SPAN, NEVER = 4, 128, 50, 13, 13, 24, -1e9


class Block(nn.Module):
    """A transformer's block, normalized before, with rotary positions."""

    def __init__(self, size: int, heads: int, context: int, dropout: float) -> None:
        super().__init__()
        self.size, self.heads, self.context = size, heads, context
        self.norms = nn.ModuleList([nn.LayerNorm(size, eps=1e-3) for _ in range(2)])
        self.joined, self.attended = (
            nn.Linear(size, 3 * size, bias=False),
            nn.Linear(size, size, bias=False),
        )
        self.feed = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))
        self.drop = nn.Dropout(dropout)
        half = size // heads // 2
        angle = torch.arange(8192)[:, None] * 10_000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def split(self, x: Any, first: int) -> list[Any]:
        """Queries, keys and values ``(B, heads, L, size / heads)``."""
        batch, length, _ = x.shape
        q, k, v = (
            self.joined(self.norms[0](x))
            .view(batch, length, 3, self.heads, -1)
            .permute(2, 0, 3, 1, 4)
        )
        return [self.turned(q, first, length), self.turned(k, first, length), v]

    def turned(self, x: Any, first: int, length: int) -> Any:
        cos, sin = self.cos[first : first + length], self.sin[first : first + length]
        a, b = x.chunk(2, -1)
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

    def forward(self, x: Any) -> Any:
        length = x.shape[1]
        q, k, v = self.split(x, 0)
        if length <= self.context:
            heard = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            apart = torch.arange(length)[:, None] - torch.arange(length)
            heard = functional.scaled_dot_product_attention(
                q, k, v, attn_mask=(apart >= 0) & (apart < self.context)
            )
        x = x + self.drop(self.attended(heard.transpose(1, 2).reshape(x.shape)))
        return x + self.drop(self.feed(self.norms[1](x)))

    def step(self, x: Any, ring: list[Any], turn: int) -> Any:
        """One step ``(B, size)``; the ring's keys and values are written in place."""
        q, k, v = self.split(x[:, None], turn)
        ring[0][:, :, turn % self.context], ring[1][:, :, turn % self.context] = (
            k[:, :, 0],
            v[:, :, 0],
        )
        filled = min(turn + 1, self.context)
        heard = functional.scaled_dot_product_attention(
            q, ring[0][:, :, :filled], ring[1][:, :, :filled]
        )
        x = x + self.attended(heard.transpose(1, 2).reshape(x.shape))
        return x + self.feed(self.norms[1](x))


class Network(nn.Module):
    """`kinds` rows of embedding, the core, the outputs."""

    def __init__(self, spec: dict[str, Any], kinds: int) -> None:
        super().__init__()
        units, embed, self.recurrent = (
            spec["units"],
            spec["embed_size"],
            spec["core"] == "recurrent",
        )
        self.facts = nn.Embedding(kinds, embed)
        self.drops = nn.ModuleList(
            [nn.Dropout(spec["input_dropout"])]
            + [nn.Dropout(spec["dropout"]) for _ in range(spec["layers"])]
        )
        sizes = [embed] + [units] * (spec["layers"] - 1)
        if self.recurrent:
            whole = spec["task"] == "train"
            self.core = nn.ModuleList(
                [
                    nn.LSTM(size, units, batch_first=True) if whole else nn.LSTMCell(size, units)
                    for size in sizes
                ]
            )
        else:
            self.widened = nn.Linear(embed, units)
            self.core = nn.ModuleList(
                [Block(units, spec["heads"], spec["context"], spec["dropout"]) for _ in sizes]
            )
        self.token = nn.Linear(units, spec["vocabulary"])
        self.intervals = nn.ModuleList([nn.Linear(units, INTERVALS, bias=False) for _ in range(3)])
        self.degrees = nn.Linear(units, DEGREES, bias=False)
        self.repeat, self.trust = nn.Linear(units, 1), nn.Embedding(LENGTHS, 1)

    def forward(self, facts: Any) -> Any:
        h = self.drops[0](self.facts(facts).sum(-2))
        if not self.recurrent:
            h = self.widened(h)
        for i, layer in enumerate(self.core):
            if self.recurrent:
                out = self.drops[i + 1](layer(h)[0])
                h = h + out if i else out
            else:
                h = layer(h)
        return h

    def logits(self, h: Any, directions: list[Any]) -> Any:
        """``(…, units)`` and, for every pitch, which interval from three notes and which degree it
        is.
        """
        notes = self.degrees(h).gather(-1, directions[3])
        for layer, interval in zip(self.intervals, directions, strict=False):
            notes = notes + layer(h).gather(-1, interval)
        logits = self.token(h)
        return logits + functional.pad(notes, (NOTE, logits.shape[-1] - NOTE - PITCHES))


def training(spec: dict[str, Any]) -> Any:
    """Steps on one batch, ready-made: seconds of each."""
    with np.load(spec["data"], allow_pickle=False) as data:
        part = {name: torch.from_numpy(data[name]) for name in data.files}
    facts, target, again, length = (
        part[name].long() for name in ("facts", "target", "again", "length")
    )
    directions, illegal = [*part["directions"].long()], ~part["legal"]
    model = Network(spec, int(spec["kinds"]))
    optimizer = torch.optim.Adam(model.parameters(), 0.001)
    events = spec["events"]

    def step() -> None:
        optimizer.zero_grad()
        h = model(facts)
        trust = (model.repeat(h) + model.trust(length))[..., 0] * (length > 0)
        logits = (
            model.logits(h, directions)
            .scatter_add(-1, again[..., None], trust[..., None])
            .masked_fill(illegal, NEVER)
        )
        loss = (
            functional.cross_entropy(
                logits.flatten(0, 1), target.flatten(), ignore_index=-100, reduction="sum"
            )
            / events
        )
        loss.backward()
        optimizer.step()
        loss.item()

    def run(_: int) -> dict[str, Any]:
        return timed(step) | {"parameters": sum(p.numel() for p in model.parameters())}

    return run


def composing(spec: dict[str, Any]) -> Any:
    """So many tokens for each take, from untrained weights."""
    takes, vocabulary = spec["takes"], spec["vocabulary"]
    model = Network(spec, vocabulary).eval()
    numbers, pitches, last_note = (
        torch.arange(vocabulary),
        torch.arange(PITCHES),
        torch.arange(PITCHES + 1)[:, None],
    )
    pitch, is_note = (numbers - NOTE) % PITCHES, (numbers >= NOTE) & (numbers < spec["duration"])
    may = torch.where(is_note, pitch < last_note, numbers >= spec["duration"])  # (P + 1, V)
    interval = (pitches - last_note).clamp(-SPAN, SPAN) + SPAN  # (P + 1, P)
    degree = (pitches % 12).expand(takes, -1)

    def compose() -> tuple[int, int]:
        width = spec["units"] // spec["heads"]
        if model.recurrent:
            state: list[Any] = [
                (torch.zeros(takes, spec["units"]), torch.zeros(takes, spec["units"]))
                for _ in model.core
            ]
        else:
            state = [
                [torch.zeros(takes, spec["heads"], spec["context"], width) for _ in range(2)]
                for _ in model.core
            ]
        token, last, out = torch.ones(takes, dtype=torch.long), torch.full((takes,), PITCHES), []
        for turn in range(spec["tokens"]):
            h = model.facts(token)
            if not model.recurrent:
                h = model.widened(h)
            for i, layer in enumerate(model.core):
                if model.recurrent:
                    state[i] = layer(h, state[i])
                    h = h + state[i][0] if i else state[i][0]
                else:
                    h = layer.step(h, state[i], turn)
            logits = model.logits(h, [interval[last]] * 3 + [degree]).masked_fill(~may[last], NEVER)
            token = torch.multinomial(logits.softmax(-1), 1)[:, 0]
            last = torch.where(is_note[token], pitch[token], PITCHES)
            out.append(token)
        tokens = torch.stack(out)
        return tokens.numel(), int(is_note[tokens].sum())

    def run(_: int) -> dict[str, Any]:
        made: list[tuple[int, int]] = []
        with torch.inference_mode():
            took = timed(lambda: made.append(compose()))
        return took | {"tokens": made[0][0], "notes": made[0][1]}

    return run


def timed(call: Any) -> dict[str, float]:
    """Seconds on the clock and of the processors."""
    began, worked = time.perf_counter(), time.process_time()
    call()
    return {"seconds": time.perf_counter() - began, "processor": time.process_time() - worked}


def main() -> None:
    spec = json.loads(sys.argv[1])
    run = {"train": training, "compose": composing}[spec["task"]](spec)
    several = sorted({1, torch.get_num_threads()})
    for line in sys.stdin:
        answers = []
        # two threads wait for each other at every step, which costs more than it brings where
        # others work, too
        for threads in several:
            torch.set_num_threads(threads)
            answers.append(run(int(line)))
        best = {what: min(answer[what] for answer in answers) for what in ("seconds", "processor")}
        print(json.dumps(answers[0] | best), flush=True)


if __name__ == "__main__":
    main()
