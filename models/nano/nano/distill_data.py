"""Batches for distillation: pairs of one source, and texts that lie near one another in the teacher's space.

Near: the first numbers of the teacher's vectors along its principal axes, turned at random for each pass, signs of twelve of them; texts with
the same signs lie together, and batches are runs of that order. Batches in which texts resemble each other teach more than random ones
(topic-aware sampling, Hofstätter et al. 2021, arXiv:2104.06967, with hashing in place of clusters).
"""

from dataclasses import dataclass

import numpy as np
import torch

from .contrast import SHARES
from .texts import SOURCES

LENGTHS = (16, 32, 48, 64, 96, 128, 192, 256, 384)
AXES, BITS = 24, 12


@dataclass
class Batch:
    source: str
    rows: torch.Tensor  # texts: the pairs' first halves, their second halves, then neighbours
    pairs: int
    order: np.ndarray  # rows by length
    groups: list[tuple[int, int, int]]  # first, end (of the order), length


class Pool:
    """arrays: `texts.NAMES`; known: the teacher's vectors; target: what the student's shall be, (texts, hidden)."""

    def __init__(self, arrays: dict[str, np.ndarray], known: torch.Tensor, target: torch.Tensor, own: dict, seed: int, device: torch.device, pad: int):
        self.known, self.target, self.own, self.seed, self.device, self.pad = known, target, own, seed, device, pad
        self.lengths = np.maximum(1, arrays["student.lengths"])
        self.tokens = torch.from_numpy(arrays["student"].astype(np.int32)).to(device)
        self.starts = torch.from_numpy(np.cumsum(arrays["student.lengths"], dtype=np.int64) - arrays["student.lengths"]).to(device)
        self.on_device = torch.from_numpy(arrays["student.lengths"].astype(np.int64)).to(device)
        self.keys = torch.from_numpy(arrays["keys"]).to(device)
        self.count = len(self.lengths)
        found = {name: arrays["pairs"][arrays["pairs"][:, 0] == i, 1:] for i, name in enumerate(SOURCES)}
        self.pairs = {name: pairs for name, pairs in found.items() if len(pairs) >= 16}
        weights = np.array([SHARES[name] for name in self.pairs])
        self.weights = weights / weights.sum()
        self.passes: tuple[int, np.ndarray] | None = None

    def _near(self, index: int) -> np.ndarray:
        """All texts in the order of a pass, neighbours together and the groups of neighbours shuffled."""
        if self.passes is None or self.passes[0] != index:
            r = np.random.default_rng([self.seed, 11, index])
            axes = min(AXES, self.target.shape[1])
            bits = min(BITS, max(1, int(np.log2(self.count / 64))), axes)
            turn = torch.from_numpy(np.linalg.qr(r.normal(size=(axes, axes)))[0][:, :bits].astype(np.float32)).to(self.device)
            part = self.target[:, :axes].float()
            signs = ((part - part.mean(0)) @ turn > 0).long()
            code = (signs << torch.arange(bits, device=self.device)).sum(1).cpu().numpy()
            place = r.permutation(1 << bits)[code]
            self.passes = index, np.lexsort((r.random(self.count, dtype=np.float32), place))
        return self.passes[1]

    def at(self, step: int, what: str) -> Batch:
        """A function of seed, step and `what` (a trial does not see what the run sees first)."""
        r = np.random.default_rng([self.seed, 13, step, len(what)])
        names = list(self.pairs)
        source = names[r.choice(len(names), p=self.weights)]
        of = self.pairs[source]
        pairs = of[r.choice(len(of), self.own["pairs"], replace=len(of) < self.own["pairs"])] if len(of) < 4 * self.own["pairs"] else of[r.integers(0, len(of), self.own["pairs"])]
        near, per = self.own["near"], max(1, self.count // self.own["near"])
        # Every second batch of neighbours is of texts from anywhere.
        if step % 2:
            single = r.integers(0, self.count, near)
        else:
            index, place = divmod(step // 2, per)
            single = self._near(index).take(range((place * 7919) % per * near, ((place * 7919) % per + 1) * near), mode="wrap")
        rows = np.concatenate([pairs[:, 0], pairs[:, 1], single])
        lengths = self.lengths[rows]
        order = np.argsort(lengths, kind="stable")
        size = self.own["group"]
        groups = []
        for first in range(0, len(rows), size):
            longest = int(lengths[order[min(first + size, len(rows)) - 1]])
            groups.append((first, min(first + size, len(rows)), next((n for n in LENGTHS if n >= longest), LENGTHS[-1])))
        return Batch(source, torch.from_numpy(rows.astype(np.int64)).to(self.device), len(pairs), order, groups)

    def ids(self, rows: torch.Tensor, length: int) -> torch.Tensor:
        """Tokens (texts, length), padded."""
        span = torch.arange(length, device=self.device)
        at = (self.starts[rows][:, None] + span).clamp_max(len(self.tokens) - 1)
        return torch.where(span[None] < self.on_device[rows][:, None], self.tokens[at].long(), self.pad)

    def encode(self, model, batch: Batch, encode) -> torch.Tensor:
        """Vectors of the batch's texts, in its order, float32. Texts of about the same length go through the model together."""
        order = torch.from_numpy(batch.order).to(self.device)
        sorted_rows = batch.rows[order]
        parts = [encode(model, self.ids(sorted_rows[first:end], length), self.pad) for first, end, length in batch.groups]
        return torch.cat(parts)[torch.argsort(order)]
