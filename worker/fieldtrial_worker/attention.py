"""Attention over sequences that lie one behind the other in one row, without padding.

On CUDA in 16 bits the variable-length kernel does the work; elsewhere sequences of one length go through scaled_dot_product_attention
together. Both align queries to the last keys, so that the same call serves whole sequences, single pooled positions and decoded tokens.
"""

import inspect

import torch
import torch.nn.functional as F

NAME = "fieldtrial_packed"
KERNEL_HEADS = 256
"""The kernel's widest head."""

try:
    from torch.nn.attention.varlen import varlen_attn

    _PARAMETERS = inspect.signature(varlen_attn).parameters
    # Versions without this parameter take grouped heads as they are.
    _GROUPED = {"enable_gqa": True} if "enable_gqa" in _PARAMETERS else {}
    if "window_size" not in _PARAMETERS:
        varlen_attn = None
except ImportError:  # before torch 2.10
    varlen_attn = None


def has_kernel(device: torch.device, dtype: torch.dtype) -> bool:
    return varlen_attn is not None and device.type == "cuda" and dtype in (torch.bfloat16, torch.float16)


def window_of(module, sliding_window):
    """(tokens seen to the left, tokens seen to the right), the token itself not counted; None for all."""
    left, right = None, 0 if module.is_causal else None
    if sliding_window is not None:
        if module.is_causal:
            left = sliding_window - 1
        elif getattr(module.config, "use_bidirectional_attention", False):
            # Gemma's own: the config's window is exclusive to both sides.
            left = right = sliding_window - 1
        else:
            # transformers' `is_causal: false`: inclusive to both sides.
            left = right = sliding_window
    return left, right


def packed_attention(
    module,
    query,
    key,
    value,
    attention_mask=None,
    scaling=None,
    dropout=0.0,
    sliding_window=None,
    softcap=None,
    cu_seq_lens_q=None,
    cu_seq_lens_k=None,
    max_length_q=None,
    max_length_k=None,
    kept=None,
    **_,
):
    """transformers' attention interface. Queries, keys, values: 1 x heads x tokens x head size; result: 1 x tokens x heads x head size.

    `cu_seq_lens_q`, `cu_seq_lens_k`: int32, where sequences begin, and the end of the last; `max_length_*`: bounds on their lengths.
    `kept`: holds keys and values of earlier steps of decoding.
    """
    if kept is not None:
        key, value = kept.extended(module.layer_idx, key, value)
    window = window_of(module, sliding_window)
    packed = attend(
        query[0].transpose(0, 1),
        key[0].transpose(0, 1),
        value[0].transpose(0, 1),
        cu_seq_lens_q,
        cu_seq_lens_k,
        max_length_q,
        max_length_k,
        window,
        scaling,
        softcap,
    )
    return packed.unsqueeze(0), None


def attend(q, k, v, cu_q, cu_k, max_q, max_k, window, scale, softcap=None):
    """q: tokens x heads x size; k, v: tokens x fewer heads x size; result as q."""
    # Under autocast rotating gives float32, of which the kernel knows nothing.
    q, k = q.to(v.dtype), k.to(v.dtype)
    if softcap is None and has_kernel(q.device, q.dtype) and q.shape[-1] <= KERNEL_HEADS:
        left, right = (-1 if side is None else side for side in window)
        return varlen_attn(
            *(x.contiguous() for x in (q, k, v)), cu_q, cu_k, max_q, max_k, scale=scale, window_size=(left, right), **_GROUPED
        )
    return by_length(q, k, v, cu_q.tolist(), cu_k.tolist(), window, scale, softcap)


def by_length(q, k, v, cu_q, cu_k, window, scale, softcap=None):
    """The same with ordinary attention: neighbours of one length are a batch."""
    out = torch.empty_like(q)
    count = len(cu_q) - 1
    at = 0
    while at < count:
        lengths = cu_q[at + 1] - cu_q[at], cu_k[at + 1] - cu_k[at]
        end = at + 1
        while end < count and (cu_q[end + 1] - cu_q[end], cu_k[end + 1] - cu_k[end]) == lengths:
            end += 1
        if lengths[0] > 0:
            batch = lambda x, cu, length: x[cu[at] : cu[end]].unflatten(0, (end - at, length)).transpose(1, 2)
            done = plain(batch(q, cu_q, lengths[0]), batch(k, cu_k, lengths[1]), batch(v, cu_k, lengths[1]), window, scale, softcap)
            out[cu_q[at] : cu_q[end]] = done.transpose(1, 2).flatten(0, 1)
        at = end
    return out


def plain(q, k, v, window, scale, softcap=None):
    """Attention of a batch of sequences of one length. q: batch x heads x queries x size; queries are the last of the keys."""
    left, right = window
    queries, keys = q.shape[2], k.shape[2]
    # A bound that reaches as far as there are keys is none; the last token alone has nothing to its right.
    if left is not None and left >= keys - 1:
        left = None
    if right is not None and (right >= keys - 1 or queries == 1):
        right = None
    causal = left is None and right == 0 and queries == keys
    mask = None
    if not causal and (left, right) != (None, None):
        position = torch.arange(keys - queries, keys, device=q.device)[:, None]
        distance = torch.arange(keys, device=q.device)[None, :] - position
        mask = (distance >= -(keys if left is None else left)) & (distance <= (keys if right is None else right))
    if softcap is None:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, scale=scale, enable_gqa=q.shape[1] != k.shape[1])
    groups = q.shape[1] // k.shape[1]
    k, v = (x.repeat_interleave(groups, dim=1) for x in (k, v))
    scores = q @ k.transpose(2, 3) * scale
    scores = softcap * torch.tanh(scores / softcap)
    if causal:
        mask = torch.ones(queries, keys, dtype=torch.bool, device=q.device).tril()
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores.float(), dim=-1).to(q.dtype) @ v


def register():
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, packed_attention)
