"""LoRA and DoRA adapters: PEFT's modules and layout, with a leaner forward pass for plain LoRA."""

import re

import torch
import torch.nn.functional as F
from torch import nn

from ..errors import WorkerError

NAME = "default"
"""Of the adapter within PEFT."""
PREFIX = "base_model.model."
"""Before the names of tensors in an adapter's file."""


def low_rank_update(x, result, a, b, scaling: float, dropout):
    """result + scaling · dropout(x) Aᵀ Bᵀ, in the type of `x`; the matrices may be in float32.

    One addition within the product spares two passes over the result; inputs are never copied to float32.
    """
    low = F.linear(dropout(x), a.to(x.dtype))
    flat = torch.addmm(result.reshape(-1, result.shape[-1]), low.reshape(-1, low.shape[-1]), (b * scaling).to(x.dtype).t())
    return flat.view(result.shape)


def adapt(model, part, prefix: str, wanted: dict, base_name: str, layers: int | None, seed: int, tower=None):
    """Puts adapters into `part` of the model and returns PEFT's configuration of them.

    @param part The module whose matrices are changed. @param prefix Its name within `model`, with a dot behind it, or "".
    @param wanted kind (lora, dora), r, alpha, dropout, targets (endings of names, or all-linear).
    @param layers Only so many of the first layers; None for all.
    @param tower Image tower whose matrices are changed as well; None: it stays as it is.
    @throws WorkerError MODEL_INVALID where a target names nothing, or nothing of a tower that is to be changed.
    """
    from peft import LoraConfig, inject_adapter_in_model

    names = _linear_names(part)
    seeing = [] if tower is None else _linear_names(tower)
    targets = wanted["targets"]
    if targets == "all-linear":
        targets = sorted({name.rpartition(".")[2] for name in names})
        targets += sorted({name.rpartition(".")[2] for name in seeing} - set(targets))
    ends = lambda name, target: name == target or name.endswith(f".{target}")
    chosen = [name for name in seeing if any(ends(name, target) for target in targets)]
    if tower is not None and not chosen:
        there = sorted({name.rpartition(".")[2] for name in seeing})
        raise WorkerError(
            "MODEL_INVALID",
            f"No target of the adapter names a matrix of the image tower, which is to be trained. Its matrices end in {', '.join(there)}.",
            "Name some of these endings in `targets`, take all-linear, or leave the tower as it is (vision: frozen).",
        )
    empty = [target for target in targets if not any(ends(name, target) for name in (*names, *seeing))]
    if empty or not targets:
        there = sorted({name.rpartition(".")[2] for name in names})
        raise WorkerError(
            "MODEL_INVALID",
            f"Targets of the adapter that name no matrix of {type(part).__name__}: {', '.join(empty) or 'all'}. Its matrices end in {', '.join(there)}.",
            "Name these endings in `targets`, or take all-linear.",
        )
    inside = {prefix + name for name in names}
    if tower is not None:
        before = next(f"{name}." for name, module in model.named_modules() if module is tower)
        # PEFT tells layers by their numbers alone, and those of a tower have numbers, too.
        if layers is not None:
            above = tuple(f"{prefix}layers.{number}." for number in range(layers, len(part.layers)))
            inside = {name for name in inside if not name.startswith(above)} if above else inside
        inside |= {before + name for name in chosen}
        # Its matrices by their whole names: endings such as `proj` and `0` are those of other modules as well.
        own = {target for target in targets if any(ends(name, target) for name in names)}
        targets = sorted(own | {before + name for name in chosen})
    outside = [name for name, module in model.named_modules() if isinstance(module, nn.Linear) and name not in inside and any(ends(name, target) for target in targets)]
    config = LoraConfig(
        r=wanted["r"],
        lora_alpha=wanted["alpha"],
        lora_dropout=wanted.get("dropout", 0.0),
        target_modules=list(targets),
        # Towers of a vision-language model, for one, have matrices of the same names.
        exclude_modules="|".join(sorted({re.escape(name) for name in outside})) or None,
        use_dora=wanted["kind"] == "dora",
        bias="none",
        layers_to_transform=None if layers is None or tower is not None else list(range(layers)),
    )
    torch.manual_seed(seed)
    inject_adapter_in_model(config, model, adapter_name=NAME)
    config.base_model_name_or_path = base_name
    config.inference_mode = True
    from peft.tuners.lora.layer import Linear

    for module in model.modules():
        if isinstance(module, Linear):
            for name, parameter in module.named_parameters():
                if parameter.requires_grad:
                    # An update of 1e-4 would be lost in 16 bits.
                    parameter.data = parameter.data.float()
            if not config.use_dora:
                module.__class__ = lean_linear()
    return config


def _linear_names(module) -> list:
    # A pooler's output is no part of any vector.
    return [name for name, one in module.named_modules() if isinstance(one, nn.Linear) and "pooler" not in name.split(".")]


def lean_linear():
    """PEFT's LoRA layer for a linear one, with `low_rank_update` for its forward pass."""
    global _LEAN
    if _LEAN is None:
        from peft.tuners.lora.layer import Linear

        class LeanLinear(Linear):
            def forward(self, x):
                result = self.base_layer(x)
                return low_rank_update(x, result, self.lora_A[NAME].weight, self.lora_B[NAME].weight, self.scaling[NAME], self.lora_dropout[NAME])

        _LEAN = LeanLinear
    return _LEAN


_LEAN = None


def is_adapter(name: str) -> bool:
    return "lora_" in name


def file_key(name: str) -> str:
    """Under what name PEFT keeps a tensor in an adapter's file."""
    short = name.replace(f".{NAME}", "")
    return PREFIX + (short.removesuffix(".weight") if "lora_magnitude_vector" in short else short)
