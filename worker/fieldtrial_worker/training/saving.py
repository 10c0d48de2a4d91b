"""The trained model as others read it: an adapter in PEFT's layout, or config.json and safetensors."""

import json
import shutil
from pathlib import Path

import torch

from .folders import bytes_of, save_tensors, write_folder
from .weights import whole


def save_model(built, job: dict, folder: Path, processes):
    """All processes must call it."""
    weights = built.weights
    if weights.adapter is not None:
        tensors = {name: whole(parameter) for name, parameter in weights.trained().items()}
        fill = lambda place: _adapter(weights.adapter, tensors, place)
    else:
        dtype = _dtype(Path(job["model"]))
        tensors = {name: whole(parameter).to(dtype) for name, parameter in weights.all()}
        fill = lambda place: _whole(built, tensors, Path(job["model"]), place)
    if processes.first:
        write_folder(folder, fill, bytes_of(tensors), "Checkpoints are intact.")


def _adapter(config, tensors, place: Path):
    save_tensors(tensors, place / "adapter_model.safetensors")
    config.save_pretrained(str(place))


def _whole(built, tensors, base: Path, place: Path):
    with built.whole_model() as model:
        model.save_pretrained(place, state_dict=tensors, safe_serialization=True)
    for path in place.iterdir():
        if path.suffix != ".safetensors" and not path.name.endswith(".index.json"):
            path.unlink()
    # The model's own: the one in memory has been changed for the passes.
    shutil.copyfile(base / "config.json", place / "config.json")


def _dtype(base: Path) -> torch.dtype:
    """What the base's own files hold."""
    config = json.loads((base / "config.json").read_text())
    name = config.get("dtype") or config.get("torch_dtype") or (config.get("text_config") or {}).get("dtype") or "float32"
    return getattr(torch, str(name).removeprefix("torch."), torch.float32)
