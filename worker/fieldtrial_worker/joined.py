"""Matrix products of one input done as one: for a single short text several small products cost more, since the GPU waits for each."""

import torch
import torch.nn.functional as F
from torch import nn

GROUPS = {"self_attn": ("q_proj", "k_proj", "v_proj"), "mlp": ("gate_proj", "up_proj")}
"""By the name of their parent in a layer."""


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
    """Joins modules of one input within a layer, where it has them and they are plain linear ones."""
    for parent, names in GROUPS.items():
        _join(getattr(layer, parent, None), names)


def _join(parent, names):
    linears = [getattr(parent, name, None) for name in names]
    if any(type(linear) is not nn.Linear for linear in linears) or len({linear.bias is None for linear in linears}) > 1:
        return
    joined = Joined(linears)
    parts = [joined, *(Rest(joined, i, i == len(linears) - 2) for i in range(len(linears) - 1))]
    for name, part in zip(names, parts):
        setattr(parent, name, part)
