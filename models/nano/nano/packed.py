"""The form in which the family lies in the repository: matrices as int8 with a scale per row, in a safetensors file.

A matrix W (rows × columns; further dimensions count as columns) is `NAME` (I8) and `NAME.scale` (F32, a number per row): W ≈ q · scale, with
scale = max |row| / 127. Vectors (norms, biases) are F32. `unpack` gives plain weights, which are what every engine loads: the packed model is
the model, nothing is rounded again after it.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file



def pack(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    result = {}
    for name, w in sorted(weights.items()):
        w = w.detach().float().cpu()
        if w.dim() < 2:
            result[name] = w.contiguous().clone()
            continue
        rows = w.reshape(w.shape[0], -1)
        scale = rows.abs().amax(dim=1) / 127
        q = torch.where(scale[:, None] > 0, rows / scale.clamp_min(1e-30)[:, None], torch.zeros(())).round().clamp(-127, 127)
        result[name] = q.to(torch.int8).reshape(w.shape).contiguous()
        result[f"{name}.scale"] = scale.contiguous()
    return result


def unpack(packed: dict[str, torch.Tensor], dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    result = {}
    for name, value in packed.items():
        if name.endswith(".scale"):
            continue
        scale = packed.get(f"{name}.scale")
        if scale is None:
            result[name] = value.to(dtype)
        else:
            result[name] = (value.float() * scale.view(-1, *[1] * (value.dim() - 1))).to(dtype)
    return result


def save(path: Path, weights: dict[str, torch.Tensor], note: dict[str, str]) -> None:
    partial = path.with_suffix(".partial")
    save_file(pack(weights), partial, metadata={"format": "fieldtrial-int8-rows-1", **note})
    partial.rename(path)


def load(path: Path, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    return unpack(load_file(path), dtype)
