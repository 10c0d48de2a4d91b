"""A stage of training: next-token prediction on a mixture of streams, resumable, the same steps for the same seed."""

import json
import math
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .model import Nano
from .sampler import Sampler

SAVE_SECONDS = 60


def rate(step: int, steps: int, peak: float, warmup: float, final: float) -> float:
    """Linear warm-up over a share of the steps, then a cosine down to a share of the peak."""
    begin = max(1, int(steps * warmup))
    if step < begin:
        return peak * (step + 1) / begin
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * (step - begin) / max(1, steps - begin))))


def optimizer_of(named, settings: dict, lr: float, device: torch.device) -> torch.optim.AdamW:
    """AdamW; weight decay on matrices only."""
    parameters = list(named)
    groups = [
        {"params": [p for _, p in parameters if p.dim() >= 2], "weight_decay": settings["weightDecay"]},
        {"params": [p for _, p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=tuple(settings["betas"]), fused=device.type == "cuda")


def save_state(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int, note: dict) -> None:
    """Weights and moments as safetensors, written aside and renamed."""
    tensors = {f"weight.{name}": p.detach().contiguous().clone() for name, p in model.named_parameters()}
    for i, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            tensors[f"state.{i}.{key}"] = value.detach().clone() if isinstance(value, torch.Tensor) else torch.tensor(value)
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"step": str(step), "note": json.dumps(note, sort_keys=True)})
    partial.rename(path)


def load_state(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, note: dict) -> int:
    """The step to go on from; a state of other settings is refused."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    if json.loads(metadata["note"]) != json.loads(json.dumps(note)):
        raise SystemExit(f"{path} is of a run with other settings: remove it, or go back to them.")
    tensors = load_file(path)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(tensors[f"weight.{name}"])
    state: dict[int, dict] = {}
    for key, value in tensors.items():
        if key.startswith("state."):
            _, index, name = key.split(".")
            state.setdefault(int(index), {})[name] = value
    if state:
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return int(metadata["step"])


def run(model: Nano, loss_of, sampler: Sampler, steps: int, lr: float, settings: dict, state: Path, note: dict, deadline: float = math.inf, log=print) -> bool:
    """Trains `model` in place; `loss_of(inputs, targets)` is its loss, compiled or not. False where the deadline (time.monotonic) came
    first: the state is saved then, and the next call goes on from it."""
    device = next(model.parameters()).device
    optimizer = optimizer_of(model.named_parameters(), settings, lr, device)
    first = load_state(state, model, optimizer, note) if state.is_file() else 0
    began = saved = time.monotonic()
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, lr, settings["warmup"], settings["final"])
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            loss = loss_of(*sampler.batch(step))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        now = time.monotonic()
        if step % max(1, steps // 12) == 0 or step + 1 == steps:
            value = loss.item()
            if not math.isfinite(value):
                raise FloatingPointError(f"The loss of {note['stage']} is {value} at step {step}: lower its learning rate in family.json.")
            speed = (step + 1 - first) * sampler.sequences * sampler.length / max(1e-9, time.monotonic() - began)
            log(f"{note['stage']} step {step + 1}/{steps} loss {value:.4f} {speed / 1e6:.3f} M tokens/s")
        if now > deadline or now - saved > SAVE_SECONDS and step + 1 < steps:
            save_state(state, model, optimizer, step + 1, note)
            saved = time.monotonic()
            if now > deadline:
                log(f"{note['stage']}: time is up after step {step + 1} of {steps}")
                return False
    return True
