"""The path that training takes on GPUs, on the processor: compiled layers with adapters, packs of many sizes, the attention kernel's interface.

usage: training_compiled.py SCRATCH

As in torch_compiled.py an operator of the kernel's signature and meaning stands in its place, here with a backward pass, opaque to the compiler.
Prints {"difference": largest one of a gradient to the plain path's, relative to the tensor's largest, "loss", "plain",
"graphs": compilations for all layers and sizes, "all": the same with GradCache, whose first pass keeps no graph, and with evaluations of packs of
many sizes, one text alone among them, "again": whether a second pass with dropout gave the vectors of the first, "kept": bytes per token
that a compiled layer keeps for its backward pass, "eager": without compiling}.
"""

import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

import tiny_models  # noqa: E402
from fieldtrial_worker import attention  # noqa: E402
from fieldtrial_worker.training import build as building  # noqa: E402
from fieldtrial_worker.training.dev import write_vectors  # noqa: E402
from fieldtrial_worker.training.prepared import PreparedSet  # noqa: E402
from fieldtrial_worker.training.processes import Processes  # noqa: E402
from fieldtrial_worker.training.trainer import Trainer  # noqa: E402
from fieldtrial_worker.training.weights import put  # noqa: E402
from training_set import job_of, made_up, write_set  # noqa: E402

torch.set_num_threads(1)
attention.register()
SCRATCH = Path(sys.argv[1])
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def shares(q, k, cu, scale, left, right):
    """Of each sequence: (its places, heads x tokens x tokens: how much each token takes of each)."""
    for a, b in zip(cu[:-1].tolist(), cu[1:].tolist()):
        distance = torch.arange(b - a)[None, :] - torch.arange(b - a)[:, None]
        seen = torch.ones_like(distance, dtype=torch.bool)
        if left >= 0:
            seen &= distance >= -left
        if right >= 0:
            seen &= distance <= right
        scores = (q[a:b].transpose(0, 1) @ grouped(k[a:b], q).transpose(1, 2)) * scale
        yield slice(a, b), scores.masked_fill(~seen, float("-inf")).softmax(dim=-1)


def grouped(x, q):
    """Keys or values for every head of the queries: heads x tokens x size."""
    return x.repeat_interleave(q.shape[1] // x.shape[1], dim=1).transpose(0, 1)


@torch.library.custom_op("fieldtrial_test::varlen_forward", mutates_args=())
def forward(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, cu: torch.Tensor, longest: int, scale: float, left: int, right: int) -> torch.Tensor:
    assert int(cu.diff().max()) <= longest and cu.dtype == torch.int32
    out = torch.empty_like(q)
    for at, share in shares(q, k, cu, scale, left, right):
        out[at] = (share @ grouped(v[at], q)).transpose(0, 1)
    return out


@torch.library.custom_op("fieldtrial_test::varlen_backward", mutates_args=())
def backward(grad: torch.Tensor, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, cu: torch.Tensor, scale: float, left: int, right: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    found = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    together = lambda x: x.unflatten(0, (k.shape[1], -1)).sum(dim=1).transpose(0, 1)
    for at, share in shares(q, k, cu, scale, left, right):
        out = grad[at].transpose(0, 1)
        toward = out @ grouped(v[at], q).transpose(1, 2)
        scores = share * (toward - (toward * share).sum(dim=-1, keepdim=True)) * scale
        found[0][at] = (scores @ grouped(k[at], q)).transpose(0, 1)
        found[1][at] = together(scores.transpose(1, 2) @ q[at].transpose(0, 1))
        found[2][at] = together(share.transpose(1, 2) @ out)
    return found


forward.register_fake(lambda q, *_: torch.empty_like(q))
backward.register_fake(lambda grad, q, k, v, *_: (torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)))


def keep(ctx, inputs, output):
    ctx.save_for_backward(*inputs[:4])
    ctx.rest = inputs[5:]


def pull(ctx, grad):
    return *backward(grad.contiguous(), *ctx.saved_tensors, *ctx.rest), None, None, None, None, None


forward.register_autograd(pull, setup_context=keep)


def kernel(q, k, v, cu_q, cu_k, max_q, max_k, *, scale, window_size, enable_gqa=False):
    # The last layer asks for single rows; the rest of the sequence is in front of them.
    if q.shape[0] == k.shape[0]:
        return forward(q, k, v, cu_q, max_q, scale, *window_size)
    return attention.by_length(q, k, v, cu_q.tolist(), cu_k.tolist(), (None, 0), scale)


def trainer_of(job):
    torch._dynamo.reset()
    made = Trainer(job, Processes(["cpu"]), None)
    random = torch.Generator().manual_seed(5)
    for _, parameter in sorted(made._trained.items()):
        put(parameter, 0.2 * torch.randn(tuple(parameter.shape), generator=random))
    return made


def gradients(made, steps=2):
    """Of the last of several updates, whose packs have different sizes."""
    for step in range(steps):
        sums = made._gradients(step)
    return sums["loss"] / sums["queries"], {name: one.grad.clone() for name, one in made._trained.items()}


def kept_bytes(made, tokens=256):
    """What the second layer keeps for its backward pass, per token, weights left out."""
    layer = made._retriever.core.layers[1]
    hidden = torch.randn(1, tokens, made._retriever.dimension).requires_grad_()
    cu = torch.tensor([0, tokens // 2, tokens], dtype=torch.int32)
    given = {"cu_seq_lens_q": cu, "cu_seq_lens_k": cu, "max_length_q": tokens, "max_length_k": tokens}
    head = layer.self_attn.head_dim
    given["position_embeddings"] = torch.randn(2, 1, tokens, head).unbind()
    saved, weights = {}, {one.untyped_storage().data_ptr() for one in made._retriever.parameters()}

    def note(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        layer(hidden, **given)
    return sum(size for place, size in saved.items() if place not in weights) / tokens


def replayed(made):
    """Whether GradCache's second pass saw what the first one saw, dropout and all."""
    seen = []
    handle = made._retriever.register_forward_hook(lambda *given: seen.append(given[-1].detach().clone()))
    made._gradients(0)
    handle.remove()
    half = len(seen) // 2
    return half > 1 and all(torch.equal(a, b) for a, b in zip(seen[:half], seen[half:]))


def graphs_of_all(job):
    """Compilations of a job with everything that runs layers otherwise; a second round of it must add none."""
    write_set(SCRATCH / "dev", made_up(5, tiny_models.VOCABULARY, groups=8, lengths=(3, 400))[0])
    watched, counts = PreparedSet(str(SCRATCH / "dev")), []
    torch._dynamo.utils.counters.clear()
    made = trainer_of(job)
    for step in range(2):
        made._gradients(step)
        for tokens in (64, 500):
            write_vectors(made._retriever, watched, made._passes, made._processes, SCRATCH / "dev.f32", tokens)
        counts.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    return counts


tiny_models.main(SCRATCH / "models")
folder, data = SCRATCH / "models" / "qwen2", SCRATCH / "set-compiled"
write_set(data, *made_up(3, tiny_models.VOCABULARY, groups=12))
adapter = {"kind": "lora", "r": 4, "alpha": 8, "dropout": 0.0, "targets": LINEARS}
job = job_of(folder, data, SCRATCH / "out", adapterConfig=adapter, batch={"queries": 4})
plain = gradients(trainer_of(job))
dropped = {**job, "adapterConfig": {**adapter, "dropout": 0.3}}
eager = trainer_of({**dropped, "batch": {**job["batch"], "chunk": 7}})
again = replayed(eager)
has_kernel, attention.has_kernel, attention.varlen_attn = attention.has_kernel, lambda *_: True, kernel
kept_eager = kept_bytes(eager)
building.COMPILED["backend"] = "aot_eager_decomp_partition"
torch._dynamo.utils.counters.clear()
fast = gradients(trainer_of({**job, "compile": True}))
graphs = torch._dynamo.utils.counters["stats"].get("unique_graphs", 0)
everything = graphs_of_all({**job, "compile": True, "batch": {**job["batch"], "chunk": 5}})
kept = kept_bytes(trainer_of({**dropped, "compile": True}))
attention.has_kernel = has_kernel
difference = max(float((fast[1][name] - grad).abs().max() / grad.abs().max()) for name, grad in plain[1].items())
print(json.dumps({"difference": difference, "loss": fast[0], "plain": plain[0], "graphs": graphs, "all": everything, "again": again, "kept": kept, "eager": kept_eager}), flush=True)
