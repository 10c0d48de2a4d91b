"""Learning rates and the optimiser."""

import math

import torch


def rate(step: int, steps: int, warmup: int, schedule: str) -> float:
    """Share of the learning rate at the update `step`, counted from 0, as transformers' schedulers have it: from 0 up during `warmup` updates,
    then down to 0 at `steps` (linear; cosine: half a wave), or constant."""
    if step < warmup:
        return step / max(1, warmup)
    if schedule == "constant":
        return 1.0
    done = (step - warmup) / max(1, steps - warmup)
    return max(0.0, 1 - done) if schedule == "linear" else max(0.0, 0.5 * (1 + math.cos(math.pi * done)))


def optimiser(parameters: dict, wanted: dict, device: torch.device) -> torch.optim.Optimizer:
    """AdamW; weights of norms and biases do not decay.

    @param parameters {name: parameter} @param wanted lr, weightDecay, betas.
    """
    matrices = [parameter for parameter in parameters.values() if parameter.ndim > 1]
    others = [parameter for parameter in parameters.values() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": wanted.get("weightDecay", 0.0)}, {"params": others, "weight_decay": 0.0}]
    # On a GPU one kernel updates all.
    fused = {"fused": True} if device.type == "cuda" else {}
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=wanted["lr"], betas=tuple(wanted.get("betas", (0.9, 0.999))), eps=1e-8, **fused)
