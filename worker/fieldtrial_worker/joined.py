"""Queries, keys and values out of one matrix product: for a single short text three small products cost more than one, since the GPU waits for each."""

import torch
import torch.nn.functional as F
from torch import nn

NAMES = ("q_proj", "k_proj", "v_proj")


class Joined(nn.Module):
    """Stands for the first of several linear modules of one input; computes all of them."""

    def __init__(self, linears):
        super().__init__()
        join = lambda parts: nn.Parameter(torch.cat(list(parts)), requires_grad=False)
        self.weight = join(linear.weight for linear in linears)
        self.bias = None if linears[0].bias is None else join(linear.bias for linear in linears)
        self.sizes = [linear.out_features for linear in linears]
        self.rest = None

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        first, *rest = F.linear(states, self.weight, self.bias).split(self.sizes, dim=-1)
        self.rest = rest
        return first


class Rest(nn.Module):
    """Gives what `Joined` has computed of the same input just before; the last one lets go of it."""

    def __init__(self, joined: Joined, index: int, last: bool):
        super().__init__()
        # In a list, so that it is not a part of two modules.
        self._joined, self._index, self._last = [joined], index, last

    def forward(self, _) -> torch.Tensor:
        joined = self._joined[0]
        found = joined.rest[self._index]
        if self._last:
            joined.rest = None
        return found


def join(layer: nn.Module):
    """Joins the projections of a layer's attention, where it has them and they are plain linear modules."""
    parent = getattr(layer, "self_attn", None)
    linears = [getattr(parent, name, None) for name in NAMES]
    if any(type(linear) is not nn.Linear for linear in linears) or len({linear.bias is None for linear in linears}) > 1:
        return
    joined = Joined(linears)
    parts = [joined, *(Rest(joined, i, i == len(linears) - 2) for i in range(len(linears) - 1))]
    for name, part in zip(NAMES, parts):
        setattr(parent, name, part)
