"""The path that GPUs take, on the processor: compiled layers, packs padded to fixed sizes, the attention kernel's own interface.

usage: torch_compiled.py MODEL...

The kernel itself needs a GPU; here an operator of the same signature and meaning (Flash Attention's: queries aligned to the last keys,
window (left, right), -1 for no bound) stands in its place, opaque to the compiler as the kernel is. Prints for each model and pooling the
largest difference to the plain path: {"model", "pooling", "direction", "difference", "sizes": tokens of the packs, "graphs": compilations}.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

from fieldtrial_worker import attention, encode, packing  # noqa: E402
from fieldtrial_worker.decoder import Decoder  # noqa: E402
from fieldtrial_worker.encode import Request, Runner  # noqa: E402
from fieldtrial_worker.loading import load  # noqa: E402

torch.set_num_threads(1)
attention.register()
DEVICE = torch.device("cpu")


@torch.library.custom_op("fieldtrial_test::varlen", mutates_args=())
def varlen(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, cu_q: torch.Tensor, cu_k: torch.Tensor, max_q: int, max_k: int, scale: float, left: int, right: int) -> torch.Tensor:
    assert int(cu_q.diff().max()) <= max_q and int(cu_k.diff().max()) <= max_k and cu_q.dtype == cu_k.dtype == torch.int32
    out = torch.empty_like(q)
    for a, b, c, d in zip(cu_q[:-1].tolist(), cu_q[1:].tolist(), cu_k[:-1].tolist(), cu_k[1:].tolist()):
        at = torch.arange(b - a)[:, None] + (d - c) - (b - a)
        distance = torch.arange(d - c)[None, :] - at
        seen = torch.ones_like(distance, dtype=torch.bool)
        if left >= 0:
            seen &= distance >= -left
        if right >= 0:
            seen &= distance <= right
        keys, values = (x[c:d].repeat_interleave(q.shape[1] // x.shape[1], dim=1).transpose(0, 1) for x in (k, v))
        scores = (q[a:b].transpose(0, 1) @ keys.transpose(1, 2)) * scale
        out[a:b] = (scores.masked_fill(~seen, float("-inf")).softmax(dim=-1) @ values).transpose(0, 1)
    return out


@varlen.register_fake
def _(q, *_):
    return torch.empty_like(q)


def kernel(q, k, v, cu_q, cu_k, max_q, max_k, *, scale, window_size, enable_gqa=False):
    return varlen(q, k, v, cu_q, cu_k, max_q, max_k, scale, *window_size)


def vectors(folder, pooling, direction, fast, asked):
    request = {"layer": None, "finalNorm": None, "direction": direction, "pooling": [pooling], "scores": False, "generates": 0, "packed": True}
    model, missing = load({"folder": folder, "dtype": "float32"}, DEVICE)
    run = Decoder(model, request, DEVICE, missing)
    if fast:
        run.compile(backend="aot_eager")
    return Runner(run, 2048, fast).encode(asked).vectors


lengths = [(37 * i) % 130 + 1 for i in range(40)] + [1, 2, 700]
asked = Request(np.concatenate([(np.arange(n) * 13 + n) % 600 for n in lengths]).astype("<i4"), lengths, [0] * len(lengths))
pack_of = packing.pack
for folder in sys.argv[1:]:
    for pooling, direction in (("lasttoken", "model"), ("mean", "model"), ("mean", "bidirectional")):
        with torch.inference_mode():
            plain = vectors(folder, pooling, direction, False, asked)
            sizes = []

            def pack(sequences, device, size=None):
                made = pack_of(sequences, device, size)
                sizes.append(made.ids.shape[1])
                return made

            encode.pack = pack
            has_kernel, attention.has_kernel, attention.varlen_attn = attention.has_kernel, lambda *_: True, kernel
            torch._dynamo.reset()
            fast = vectors(folder, pooling, direction, True, asked)
            attention.has_kernel = has_kernel
        count = torch._dynamo.utils.counters["stats"].get("unique_graphs", 0)
        torch._dynamo.utils.counters.clear()
        print(json.dumps({"model": Path(folder).name, "pooling": pooling, "direction": direction, "difference": float(np.abs(plain - fast).max()), "sizes": sizes, "graphs": count}))
