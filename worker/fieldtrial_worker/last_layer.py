"""The last layer, computed for the pooled tokens only: all tokens give keys and values, the rest of the work is theirs alone."""

import sys

import torch
from torch import nn

from .attention import attend, window_of

KNOWN = {"qwen2", "qwen3", "llama", "mistral", "gemma3", "gemma3_text", "qwen2_vl_text", "qwen2_5_vl_text", "qwen3_vl_text"}
"""Families whose layer is what `LastLayer` computes; a check at loading compares the two all the same."""


class LastLayer(nn.Module):
    """Gives the states of each sequence's last token, 1 x sequences x hidden, where it is told their places."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, hidden_states, position_embeddings=None, last_tokens=None, cu_rows=None, **kwargs):
        layer, attention = self.layer, self.layer.self_attn
        if last_tokens is None:
            return layer(hidden_states, position_embeddings=position_embeddings, **kwargs)
        rotate = sys.modules[type(attention).__module__].apply_rotary_pos_emb
        normed = layer.input_layernorm(hidden_states)
        size = attention.head_dim
        heads = lambda states, norm: _normed(attention, norm, states.unflatten(-1, (-1, size))).transpose(1, 2)
        key = heads(attention.k_proj(normed), "k_norm")
        value = attention.v_proj(normed).unflatten(-1, (-1, size)).transpose(1, 2)
        query = heads(attention.q_proj(normed[:, last_tokens]), "q_norm")
        # Mistral's attention looks it up in the config.
        window = getattr(attention, "sliding_window", getattr(attention.config, "sliding_window", None))
        cos, sin = position_embeddings
        query, _ = rotate(query, query, cos[:, last_tokens], sin[:, last_tokens])
        key, _ = rotate(key, key, cos, sin)
        mixed = attend(
            query[0].transpose(0, 1),
            key[0].transpose(0, 1),
            value[0].transpose(0, 1),
            cu_rows,
            kwargs["cu_seq_lens_k"],
            1,
            kwargs["max_length_k"],
            window_of(attention, window),
            attention.scaling,
        )
        mixed = attention.o_proj(mixed.flatten(1).unsqueeze(0))
        hidden = hidden_states[:, last_tokens]
        if hasattr(layer, "pre_feedforward_layernorm"):
            hidden = hidden + layer.post_attention_layernorm(mixed)
            return hidden + layer.post_feedforward_layernorm(layer.mlp(layer.pre_feedforward_layernorm(hidden)))
        hidden = hidden + mixed
        return hidden + layer.mlp(layer.post_attention_layernorm(hidden))


def _normed(attention, name: str, heads: torch.Tensor) -> torch.Tensor:
    norm = getattr(attention, name, None)
    return heads if norm is None else norm(heads)
