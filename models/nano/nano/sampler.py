"""Which windows of which streams make up each batch: a pure function of seed and step, so that a stopped run goes on exactly."""

from pathlib import Path

import numpy as np
import torch


class Stream:
    def __init__(self, folder: Path, name: str, least: int, device: torch.device):
        tokens = np.load(folder / f"{name}.npy")
        if not len(tokens):
            raise SystemExit(f"The stream {name} is empty: take more of the corpus, or leave it out of the mixture.")
        # A small family's streams may be shorter than a window.
        times = -(-least // len(tokens))
        # numpy's uint16 has few operations in torch; int32 takes four bytes a token, and all streams fit.
        self.tokens = torch.from_numpy(np.tile(tokens, times).astype(np.int32)).to(device)
        mask = folder / f"{name}.mask.npy"
        self.mask = torch.from_numpy(np.tile(np.load(mask), times)).to(device) if mask.is_file() else None


class Sampler:
    """Windows of `length` tokens and the one after them. Each stream is gone through in passes of its own shuffled order and offset."""

    def __init__(self, folder: Path, mixture: dict[str, float], sequences: int, length: int, steps: int, seed: int, device: torch.device):
        self.sequences, self.length, self.device = sequences, length, device
        self.names = [name for name, share in mixture.items() if share > 0]
        self.streams = [Stream(folder, name, 2 * length + 1, device) for name in self.names]
        shares = np.array([mixture[name] for name in self.names])
        if abs(shares.sum() - 1) > 1e-6:
            raise SystemExit(f"The shares of {self.names} add up to {shares.sum():g}, not 1.")
        r = np.random.default_rng(seed)
        total = sequences * steps
        counts = np.floor(shares * total).astype(np.int64)
        counts[np.argmax(counts)] += total - counts.sum()
        self.which = r.permutation(np.repeat(np.arange(len(self.names), dtype=np.int64), counts))
        self.starts = np.zeros(total, dtype=np.int64)
        self.passes: dict[str, float] = {}
        for k, stream in enumerate(self.streams):
            windows = (len(stream.tokens) - 1 - length) // length
            self.passes[self.names[k]] = counts[k] / windows
            starts = []
            while sum(map(len, starts)) < counts[k]:
                starts.append(r.permutation(windows) * length + r.integers(0, length))
            self.starts[self.which == k] = np.concatenate(starts)[: counts[k]] if starts else 0
        self._span = torch.arange(length + 1, device=device)

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs and targets, (sequences, length) each; targets are -100 where the loss does not count."""
        rows = slice(step * self.sequences, (step + 1) * self.sequences)
        which, starts = self.which[rows], self.starts[rows]
        tokens = torch.empty(self.sequences, self.length + 1, dtype=torch.long, device=self.device)
        targets = torch.empty(self.sequences, self.length, dtype=torch.long, device=self.device)
        for k, stream in enumerate(self.streams):
            mine = torch.from_numpy(np.flatnonzero(which == k)).to(self.device)
            if not len(mine):
                continue
            at = torch.from_numpy(starts[which == k]).to(self.device)[:, None] + self._span
            window = stream.tokens[at].long()
            tokens[mine] = window
            after = window[:, 1:]
            targets[mine] = after if stream.mask is None else torch.where(stream.mask[at[:, 1:]].bool(), after, -100)
        return tokens[:, :-1], targets
