"""Qwen2.5-VL's vision tower and positions, with transformers' names on disk, for batches of images of one size.

`test_vision.py` compares it with transformers' Qwen2_5_VLForConditionalGeneration.
"""

import torch
import torch.nn.functional as F
from torch import nn

from .model import Nano, Norm, Shape, turn
from .vision_config import DEVIATION, MEAN, rope_sections


class TowerAttention(nn.Module):
    def __init__(self, hidden: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.proj = nn.Linear(hidden, hidden)

    def forward(self, x, cos, sin):
        batch, count, hidden = x.shape
        q, k, v = self.qkv(x).view(batch, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(turn(q, cos, sin), turn(k, cos, sin), v)
        return self.proj(y.transpose(1, 2).reshape(batch, count, hidden))


class TowerMlp(nn.Module):
    def __init__(self, hidden: int, intermediate: int):
        super().__init__()
        self.gate_proj = nn.Linear(hidden, intermediate)
        self.up_proj = nn.Linear(hidden, intermediate)
        self.down_proj = nn.Linear(intermediate, hidden)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class TowerBlock(nn.Module):
    def __init__(self, hidden: int, heads: int, intermediate: int):
        super().__init__()
        self.norm1, self.norm2 = Norm(hidden, 1e-6), Norm(hidden, 1e-6)
        self.attn = TowerAttention(hidden, heads)
        self.mlp = TowerMlp(hidden, intermediate)

    def forward(self, x, cos, sin):
        x = x + self.attn(self.norm1(x), cos, sin)
        return x + self.mlp(self.norm2(x))


class PatchEmbedding(nn.Module):
    def __init__(self, hidden: int, patch: int):
        super().__init__()
        self.proj = nn.Conv3d(3, hidden, (2, patch, patch), (2, patch, patch), bias=False)


class Merger(nn.Module):
    def __init__(self, hidden: int, merge: int, out: int):
        super().__init__()
        wide = hidden * merge * merge
        self.ln_q = Norm(hidden, 1e-6)
        self.mlp = nn.Sequential(nn.Linear(wide, wide), nn.GELU(), nn.Linear(wide, out))
        self.wide = wide

    def forward(self, x):
        return self.mlp(self.ln_q(x).reshape(x.shape[0], -1, self.wide))


class Tower(nn.Module):
    def __init__(self, v: dict, out: int):
        super().__init__()
        self.merge, self.patch, self.head = v["merge"], v["patch"], v["hidden"] // v["heads"]
        self.patch_embed = PatchEmbedding(v["hidden"], v["patch"])
        self.blocks = nn.ModuleList(TowerBlock(v["hidden"], v["heads"], v["intermediate"]) for _ in range(v["layers"]))
        self.merger = Merger(v["hidden"], v["merge"], out)

    def positions(self, rows: int, columns: int, device) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines of the patches' rows and columns, in the order of merged squares, (patches, head) each."""
        m, half = self.merge, self.head // 2
        h = torch.arange(rows, device=device)[:, None].expand(rows, columns)
        w = torch.arange(columns, device=device)[None].expand(rows, columns)
        order = [x.reshape(rows // m, m, columns // m, m).permute(0, 2, 1, 3).flatten().float() for x in (h, w)]
        frequencies = 10_000.0 ** -(torch.arange(0, half, 2, device=device, dtype=torch.float32) / half)
        angles = torch.cat([p[:, None] * frequencies[None] for p in order], dim=-1)
        angles = torch.cat([angles, angles], dim=-1)
        return angles.cos(), angles.sin()

    def forward(self, images):
        """(batch, 3, height, width), normalised → (batch, tokens, out). A still image is two equal frames."""
        batch, _, height, width = images.shape
        p, m = self.patch, self.merge
        rows, columns = height // p, width // p
        x = images.reshape(batch, 3, rows // m, m, p, columns // m, m, p).permute(0, 2, 5, 3, 6, 1, 4, 7)
        x = x.reshape(batch, rows * columns, 3, 1, p, p).expand(-1, -1, -1, 2, -1, -1).reshape(batch, rows * columns, -1)
        x = F.linear(x, self.patch_embed.proj.weight.flatten(1))
        cos, sin = self.positions(rows, columns, images.device)
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.merger(x)


def normalize(images: torch.Tensor) -> torch.Tensor:
    """uint8 (batch, 3, height, width) → float32."""
    mean, deviation = (torch.tensor(v, device=images.device).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    return (images.float() / 255 - mean) / deviation


class NanoVision(Nano):
    """The language model with a tower. Weights of the tower are named `visual.…`, the others as in Nano."""

    def __init__(self, shape: Shape, v: dict):
        super().__init__(shape)
        self.visual = Tower(v, shape.hidden)

    def rotary_with_image(self, before: int, rows: int, columns: int, after: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Of `before` text tokens, rows × columns image tokens (after merging) and `after` text tokens: time, height and width each turn
        their own share of the pairs; text counts on from the largest position."""
        device = self.cos.device
        text = torch.arange(before, device=device)
        h = torch.arange(rows, device=device)[:, None].expand(rows, columns).flatten() + before
        w = torch.arange(columns, device=device)[None].expand(rows, columns).flatten() + before
        rest = torch.arange(after, device=device) + before + max(rows, columns)
        positions = torch.stack([torch.cat([text, x, rest]) for x in (torch.full_like(h, before), h, w)])
        frequencies = self.shape.theta ** -(torch.arange(0, self.shape.head, 2, device=device, dtype=torch.float32) / self.shape.head)
        axis = torch.repeat_interleave(torch.arange(3, device=device), torch.tensor(rope_sections(self.shape.head), device=device))
        angles = positions.float()[axis].T * frequencies
        angles = torch.cat([angles, angles], dim=-1)
        return angles.cos(), angles.sin()

    def loss_with_images(self, images, ids, targets, before: int):
        """Mean loss of the targets (-100: none). ids hold a placeholder per image token, from `before` on; images as `normalize` gives them."""
        p, m = self.visual.patch, self.visual.merge
        rows, columns = images.shape[2] // (p * m), images.shape[3] // (p * m)
        x = F.embedding(ids, self.model.embed_tokens.weight)
        seen = self.visual(images).to(x.dtype)
        count = rows * columns
        x = torch.cat([x[:, :before], seen, x[:, before + count :]], dim=1)
        cos, sin = self.rotary_with_image(before, rows, columns, ids.shape[1] - before - count)
        states = self.states(x, cos, sin)
        logits = F.linear(states, self.model.embed_tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=-100)
