"""Layers' matrix products in 8-bit floating point (e4m3), where a user asks for it: faster on GPUs that have it, and less exact.

Weights get a scale per output, inputs one per token, so that the largest number of each row is the format's largest (as in torch._scaled_mm's
"rowwise" scaling). Norms, attention, embeddings and the language-model head stay in bfloat16. Where there is no such hardware the same
rounding is computed in float32, to measure what it costs in quality.
"""

import torch
from torch import nn

from .errors import WorkerError

KIND = torch.float8_e4m3fn
LARGEST = torch.finfo(KIND).max


def rounded(rows: torch.Tensor):
    """(rows in 8 bits, scales: rows x 1, float32), so that rows are about their product."""
    scales = rows.abs().amax(dim=-1, keepdim=True).float().clamp(min=1e-12) / LARGEST
    return (rows.float() / scales).clamp(-LARGEST, LARGEST).to(KIND), scales


class Float8Linear(nn.Module):
    def __init__(self, linear: nn.Linear):
        super().__init__()
        weight, scales = rounded(linear.weight.detach())
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)
        self.hardware = weight.device.type == "cuda"
        if self.hardware:
            self.register_buffer("weight", weight)
            self.register_buffer("scales", scales.t().contiguous())
        else:
            self.register_buffer("weight", weight.float() * scales)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        flat = states.flatten(0, -2)
        rows, scales = rounded(flat)
        if self.hardware:
            out = torch._scaled_mm(rows, self.weight.t(), scale_a=scales, scale_b=self.scales, out_dtype=states.dtype, use_fast_accum=True)
        else:
            out = ((rows.float() * scales) @ self.weight.t()).to(states.dtype)
        if self.bias is not None:
            out = out + self.bias
        return out.unflatten(0, states.shape[:-1])


def require_hardware(device: torch.device):
    if device.type == "cpu" or (device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 9)):
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"The device {device}"
    raise WorkerError(
        "ENGINE_FAILED",
        f"{name} has no matrix products in 8-bit floating point; NVIDIA's GPUs since Ada and Hopper have.",
        "Use dtype bfloat16.",
    )


def convert(layers: nn.Module):
    """Replaces, in place, every linear module below `layers` whose sizes the hardware takes (multiples of 16)."""
    for module in list(layers.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Linear and child.in_features % 16 == 0 and child.out_features % 16 == 0:
                setattr(module, name, Float8Linear(child))
