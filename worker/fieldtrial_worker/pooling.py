"""One vector of a sequence's token states; several poolings are laid side by side. Sums in float32."""

import numpy as np
import torch

ONE_TOKEN = {"lasttoken", "cls"}


def pool(states: torch.Tensor, starts, ends, pooled_from, poolings) -> torch.Tensor:
    """sequences x (poolings x hidden), float32.

    @param states tokens x hidden, sequences one behind the other.
    @param starts, ends Places of the sequences in it.
    @param pooled_from First token of each sequence that takes part, counted within it; the last one always does.
    """
    firsts = starts + pooled_from
    return torch.cat([_one(states, starts, firsts, ends, pooling) for pooling in poolings], dim=1)


def _one(states, starts, firsts, ends, pooling):
    device = states.device
    at = lambda places: torch.as_tensor(np.asarray(places, dtype=np.int64), device=device)
    if pooling == "lasttoken":
        return states[at(ends - 1)].float()
    if pooling == "cls":
        return states[at(firsts)].float()
    counts = ends - firsts
    places = np.concatenate([np.arange(a, b) for a, b in zip(firsts, ends)])
    rows = states[at(places)].float()
    if pooling == "max":
        return _segments(rows, "max", counts)
    # Positions count from the start of the text, whatever takes part.
    weights = places - np.repeat(starts, counts) + 1 if pooling == "weightedmean" else np.ones(len(places))
    weights = torch.as_tensor(weights, dtype=torch.float32, device=device)
    totals = _segments(weights[:, None], "sum", counts)
    sums = _segments(rows * weights[:, None], "sum", counts)
    return sums / (totals.sqrt() if pooling == "mean_sqrt_len" else totals)


def _segments(rows, reduce, counts):
    lengths = torch.as_tensor(np.asarray(counts, dtype=np.int64))
    if rows.device.type == "mps":  # not there in this operation
        return torch.segment_reduce(rows.cpu(), reduce, lengths=lengths, axis=0).to(rows.device)
    return torch.segment_reduce(rows, reduce, lengths=lengths.to(rows.device), axis=0)
