"""Qwen2's architecture, with transformers' names of tensors, small and plain, so that one compiled graph serves every sibling.

`test_model.py` compares it with transformers' Qwen2ForCausalLM, number for number.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    intermediate: int
    context: int = 512
    theta: float = 10_000.0
    epsilon: float = 1e-6

    @staticmethod
    def of(config: dict) -> "Shape":
        """From family.json."""
        m = config["model"]
        return Shape(config["tokenizer"]["vocabulary"], m["hidden"], m["layers"], m["heads"], m["kvHeads"], m["intermediate"], m["context"], m["theta"], m["epsilon"])

    @property
    def head(self) -> int:
        return self.hidden // self.heads


class Norm(nn.Module):
    """Root mean square norm, computed in float32."""

    def __init__(self, size: int, epsilon: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x):
        y = x.float()
        y = y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.epsilon)
        return self.weight * y.to(x.dtype)


def rotary(positions: torch.Tensor, head: int, theta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of the rotary embedding, (positions, head) each, float32."""
    frequencies = theta ** -(torch.arange(0, head, 2, device=positions.device, dtype=torch.float32) / head)
    angles = positions.float()[:, None] * frequencies[None]
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def turn(x, cos, sin):
    half = x.shape[-1] // 2
    return (x * cos + torch.cat([-x[..., half:], x[..., :half]], dim=-1) * sin).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head)
        self.o_proj = nn.Linear(shape.heads * shape.head, shape.hidden, bias=False)

    def forward(self, x, cos, sin, mask):
        batch, length, _ = x.shape
        s = self.shape

        def split(y, heads):
            return y.view(batch, length, heads, s.head).transpose(1, 2)

        q = turn(split(self.q_proj(x), s.heads), cos, sin)
        k = turn(split(self.k_proj(x), s.kv_heads), cos, sin)
        v = split(self.v_proj(x), s.kv_heads)
        k, v = (y.repeat_interleave(s.heads // s.kv_heads, dim=1) for y in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.o_proj(y.transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.down_proj = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.self_attn = Attention(shape)
        self.mlp = Mlp(shape)
        self.input_layernorm = Norm(shape.hidden, shape.epsilon)
        self.post_attention_layernorm = Norm(shape.hidden, shape.epsilon)

    def forward(self, x, cos, sin, mask):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden, shape.epsilon)


class Nano(nn.Module):
    """Embeddings and head are one matrix. `mask` (batch, 1, 1, length), true where a token may be seen, makes attention look both ways."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        cos, sin = rotary(torch.arange(shape.context), shape.head, shape.theta)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)

    def initialize(self, seed: int) -> "Nano":
        """Normal with 0.02; matrices that write to the residual stream smaller by sqrt(2 · layers), as in GPT-2."""
        generator = torch.Generator().manual_seed(seed)
        for name, p in self.named_parameters():
            with torch.no_grad():
                if p.dim() < 2:
                    p.fill_(1.0 if "norm" in name else 0.0)
                    continue
                scale = 0.02 * ((2 * self.shape.layers) ** -0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1)
                p.copy_(torch.randn(p.shape, generator=generator) * scale)
        return self

    def hidden(self, ids, mask=None):
        """States after the final norm, (batch, length, hidden)."""
        return self.states(F.embedding(ids, self.model.embed_tokens.weight), self.cos[: ids.shape[1]], self.sin[: ids.shape[1]], mask)

    def states(self, x, cos, sin, mask=None):
        """The same from embeddings and the rotary embedding of their positions."""
        for layer in self.model.layers:
            x = layer(x, cos, sin, mask)
        return self.model.norm(x)

    def logits(self, ids, mask=None):
        return F.linear(self.hidden(ids, mask), self.model.embed_tokens.weight)

    def loss(self, ids, targets):
        """Mean cross entropy over the targets that are not -100."""
        return F.cross_entropy(self.logits(ids).flatten(0, 1).float(), targets.flatten(), ignore_index=-100)

    def weights(self) -> dict[str, torch.Tensor]:
        return {name: p.detach() for name, p in self.named_parameters()}

    def take(self, weights: dict[str, torch.Tensor]) -> "Nano":
        with torch.no_grad():
            for name, p in self.named_parameters():
                p.copy_(weights[name])
        return self


def config_of(shape: Shape, ids: dict[str, int]) -> dict:
    """config.json for transformers. ids: `end` (end of a text, also the padding) and `turn` (end of a turn of a chat)."""
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "hidden_act": "silu",
        "max_position_embeddings": shape.context,
        "initializer_range": 0.02,
        "rms_norm_eps": shape.epsilon,
        "rope_theta": shape.theta,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "attention_dropout": 0.0,
        "bos_token_id": ids["end"],
        "eos_token_id": ids["turn"],
        "pad_token_id": ids["end"],
        "use_cache": True,
    }
