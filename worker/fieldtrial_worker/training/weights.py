"""The tensors that are trained, under the names they have in the model's own files, and all others of the model beside them."""

import json
import os
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from ..errors import WorkerError
from .low_rank import file_key, is_adapter


class Weights:
    """Remembers every parameter by the module that holds it, before the model is taken apart; modules stay, parameters may be replaced
    (by shards, for one)."""

    def __init__(self, model, adapter):
        """@param adapter PEFT's configuration, or None where weights of the model itself are trained."""
        self.adapter = adapter
        self._places = [
            (f"{path}.{name}" if path else path or name, module, name)
            for path, module in model.named_modules()
            for name, parameter in module.named_parameters(recurse=False)
        ]

    def all(self):
        """(name, parameter), one that is used twice under its first name only."""
        seen = set()
        for name, module, attribute in self._places:
            parameter = getattr(module, attribute)
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def trained(self) -> dict:
        """{name in the file: parameter}"""
        key = file_key if self.adapter is not None else lambda name: name
        return {key(name): parameter for name, parameter in self.all() if parameter.requires_grad}

    def spare(self, used: nn.Module):
        """Takes what no pass uses (layers above the pooled one, a head) off the device; it is only kept to be saved again."""
        kept = {id(parameter) for parameter in used.parameters()}
        for _, parameter in self.all():
            if id(parameter) not in kept:
                parameter.requires_grad_(False)
                parameter.data = parameter.data.cpu()


def whole(tensor) -> torch.Tensor:
    """A tensor on the processor, gathered where it is shared out. All processes must call it."""
    tensor = tensor.detach()
    tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return tensor.cpu().contiguous()


def put(parameter, value: torch.Tensor):
    """Writes a whole tensor into a parameter, or its share of it."""
    with torch.no_grad():
        if hasattr(parameter, "device_mesh"):
            from torch.distributed.tensor import distribute_tensor

            value = distribute_tensor(value.to(parameter.device, parameter.dtype), parameter.device_mesh, parameter.placements)
        parameter.copy_(value)


def read_into(parameters: dict, file: Path, what: str):
    """Fills all parameters from a file of safetensors. @throws WorkerError MODEL_INVALID where names or shapes differ."""
    try:
        opened = safe_open(file, "pt")
        keys = set(opened.keys())
    except Exception as error:
        raise WorkerError("MODEL_INVALID", f"The weights in {file} cannot be read: {error}", "Take an earlier checkpoint, or start anew.") from error
    odd = sorted(keys.symmetric_difference(parameters))
    if odd:
        where = "has no such tensor here" if odd[0] in keys else f"is missing in {file}"
        raise WorkerError("MODEL_INVALID", f"{what} does not fit: {odd[0]} {where} ({len(odd)} differ).", "Take the same model, adapter and targets.")
    for name, parameter in parameters.items():
        value = opened.get_tensor(name)
        if value.shape != parameter.shape:
            raise WorkerError(
                "MODEL_INVALID", f"{what} does not fit: {name} is {list(value.shape)} there and {list(parameter.shape)} here.", "Take the same model and rank."
            )
        put(parameter, value)


def continue_from(weights: Weights, folder: str, wanted: dict):
    """Starts from an adapter's weights. @throws WorkerError MODEL_INVALID where it is of another kind than is to be trained."""
    try:
        given = json.loads((Path(folder) / "adapter_config.json").read_text())
    except (OSError, ValueError) as error:
        raise WorkerError("MODEL_INVALID", f"The adapter {folder} cannot be read: {error}", "Name a folder in PEFT's layout.") from error
    pairs = [("r", wanted["r"]), ("lora_alpha", wanted["alpha"]), ("use_dora", wanted["kind"] == "dora")]
    for field, value in pairs:
        if given.get(field, False) != value:
            raise WorkerError(
                "MODEL_INVALID", f"The adapter {folder} has {field} {given.get(field)}, this job {value}.", "Train on with the rank, alpha and kind that it has."
            )
    read_into({name: parameter for name, parameter in weights.trained().items() if is_adapter(name)}, Path(folder) / "adapter_model.safetensors", "The adapter")
