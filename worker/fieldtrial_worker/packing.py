"""Which sequences go through the model together."""

from dataclasses import dataclass

import numpy as np
import torch

STEPS = (32, 160, 512, 2048, 8192, 32768, 131072)
"""Bounds on lengths that the attention kernel is told: few, since each new one is compiled anew."""
SIZES = (512, 1024, *range(2048, 65537, 2048))
"""Tokens of packs on compiled models, for the same reason."""


def plan(lengths, budget: int, padded: bool = False) -> list:
    """Packs of at most `budget` tokens, as lists of places in `lengths`; a longer sequence is a pack of its own.

    Longest first: the largest memory is needed at the start, neighbours are of like lengths, and short ones fill what is left at the end.

    @param padded Whether each sequence takes as much as the longest of its pack.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    packs, room, width = [], 0, 0
    for i in order:
        if not packs or (width if padded else lengths[i]) > room:
            packs.append([])
            room, width = budget, lengths[i]
        packs[-1].append(i)
        room -= width if padded else lengths[i]
    return packs


def step_above(size: int, steps) -> int:
    return next((step for step in steps if step >= size), size)


@dataclass
class Pack:
    """Sequences one behind the other, on a device. Behind them may lie padding, in sequences of its own."""

    ids: torch.Tensor
    """1 x tokens."""
    positions: torch.Tensor
    """1 x tokens, from 0 for each sequence."""
    cu: torch.Tensor
    """int32, sequences + 1, those of the padding included."""
    longest: int
    lengths: list
    """Of the real sequences."""

    @property
    def starts(self) -> np.ndarray:
        return np.cumsum([0, *self.lengths])[:-1]

    @property
    def ends(self) -> np.ndarray:
        return np.cumsum(self.lengths)


def pack(sequences, device: torch.device, size: int | None = None) -> Pack:
    """@param size Tokens of the pack, padding included; None: as many as there are, and nothing that bounds recompilation."""
    lengths = [len(ids) for ids in sequences]
    tokens, longest = sum(lengths), max(lengths)
    all_lengths = list(lengths)
    if size is not None:
        longest = step_above(longest, STEPS)
        missing = size - tokens
        # No padding sequence is longer than the real ones may be.
        all_lengths += [longest] * (missing // longest) + ([missing % longest] if missing % longest else [])
    ids = np.zeros(sum(all_lengths), dtype=np.int64)
    ids[:tokens] = np.concatenate(sequences)
    ends = np.cumsum(all_lengths)
    positions = np.arange(len(ids)) - np.repeat(ends - all_lengths, all_lengths)
    to = lambda array, dtype: torch.from_numpy(array).to(device=device, dtype=dtype, non_blocking=True)
    cu = np.concatenate([[0], ends]).astype(np.int64)
    return Pack(to(ids, torch.long)[None], to(positions.astype(np.int64), torch.long)[None], to(cu, torch.int32), longest, lengths)
