"""Loss and gradients of the worker's training against a plain implementation (training_plain.py), on tiny random models in float32.

usage: training_gradients.py BERT SCRATCH

Prints one JSON object a line and case: {"case", "loss", "plain": the other one's loss, "difference":
largest difference of a gradient, relative to the largest number of its tensor's plain gradient (or a thousandth of the largest of all),
"missing": tensors that only one of the two has}.
"""

import json
import os
import socket
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

import tiny_models  # noqa: E402
from fieldtrial_worker import attention  # noqa: E402
from fieldtrial_worker.training.processes import Processes  # noqa: E402
from fieldtrial_worker.training.trainer import Trainer  # noqa: E402
from fieldtrial_worker.training.weights import put  # noqa: E402
from training_plain import gradients, load  # noqa: E402
from training_set import job_of, made_up, write_set  # noqa: E402

BERT, SCRATCH = map(Path, sys.argv[1:3])
MODELS = SCRATCH / "models"
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = {"kind": "lora", "r": 4, "alpha": 8, "dropout": 0.0, "targets": LINEARS}
SPARSE = {"recipe": {"sparse": True}, "loss": {"sparse": {"weight": 0.5, "dense": 2.0}}}

CASES = {
    "packed, all weights": ("qwen2", {}),
    "padded": ("qwen2", {"packed": False}),
    "llama, mean": ("llama", {"recipe": {"pooling": ["mean"]}}),
    "gemma3, sliding windows": ("gemma3", {}),
    "bidirectional mean": ("qwen2", {"recipe": {"pooling": ["mean"], "direction": "bidirectional"}}),
    "not normalised": ("qwen2", {"recipe": {"normalize": False}, "loss": {"temperature": 20.0}}),
    "GradCache by texts": ("qwen2", {"batch": {"chunk": 3}}),
    "GradCache by tokens, checkpointing": ("llama", {"batch": {"chunkTokens": 90}, "checkpointing": True}),
    "accumulated": ("qwen2", {"batch": {"accumulate": 2}}),
    "own negatives only": ("qwen2", {"loss": {"inBatch": False}}),
    "duplicates kept": ("qwen2", {"loss": {"maskDuplicates": False}}),
    "matryoshka": ("qwen2", {"loss": {"matryoshka": {"dimensions": [16, 64], "weights": [0.5, 1.0]}}, "batch": {"chunk": 5}}),
    "distillation": ("qwen2", {"loss": {"distill": {"weight": 0.7, "temperature": 2.0}}}),
    "margins": ("llama", {"loss": {"distill": {"kind": "margin-mse", "weight": 0.7, "contrastive": 0.0}}}),
    "sparse": ("qwen2", {**SPARSE, "batch": {"chunk": 4}}),
    "LoRA": ("qwen2", {"adapterConfig": LORA}),
    "LoRA on part": ("llama", {"adapterConfig": {**LORA, "targets": ["q_proj", "down_proj"]}, "batch": {"chunk": 4}}),
    "DoRA": ("qwen2", {"adapterConfig": {**LORA, "kind": "dora"}}),
    "LoRA, sparse": ("llama", {"adapterConfig": LORA, **SPARSE}),
    "BERT, mean": (BERT, {"decoder": False, "recipe": {"pooling": ["mean"]}, "packed": False, "batch": {"chunk": 7}}),
    "BERT, LoRA": (BERT, {"decoder": False, "recipe": {"pooling": ["mean"]}, "packed": False, "adapterConfig": {**LORA, "targets": ["query", "value", "dense"]}}),
}
ACROSS = {
    "two processes": ("qwen2", {"batch": {"chunk": 3}}),
    "two processes, apart": ("qwen2", {"loss": {"crossDevice": False}}),
    "two processes, sharded": ("qwen2", {"strategy": "fsdp", "batch": {"chunk": 4}}),
    "two processes, LoRA, sharded": ("llama", {"strategy": "fsdp", "adapterConfig": LORA, **SPARSE}),
    "two processes, BERT": (BERT, {"decoder": False, "recipe": {"pooling": ["mean"]}, "packed": False, "strategy": "ddp"}),
}


class Silent:
    stopped = False

    def tell(self, *_, **__):
        pass


def folder_of(model):
    return MODELS / model if isinstance(model, str) else model


def prepared(model, changes):
    """(job, texts, groups)"""
    folder = folder_of(model)
    rows = json.loads((folder / "config.json").read_text())["vocab_size"]
    return job_of(folder, SCRATCH / f"set-{folder.name}", SCRATCH / "out", **changes), *made_up(3, rows)


def write_sets():
    for model in {model for model, _ in (*CASES.values(), *ACROSS.values())}:
        job, texts, groups = prepared(model, {})
        write_set(job["set"], texts, groups, scores=True, words=True)


def of_worker(job, processes):
    """(loss, {name: gradient}, {name: trained tensor}, order in which the groups are taken)"""
    trainer = Trainer(job, processes, Silent())
    for module in trainer._retriever.modules():
        # Dropout of the model's own config would draw numbers.
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    if job["adapterConfig"] is not None:
        # Fresh adapters are zero: gradients of half their matrices would be, too.
        random = torch.Generator().manual_seed(5)
        for _, parameter in sorted(trainer._trained.items()):
            put(parameter, 1.0 * (parameter.ndim == 1) + 0.2 * torch.randn(tuple(parameter.shape), generator=random))
    sums = trainer._gradients(0)
    whole = lambda tensor: (tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor).detach().clone()
    found = {name: whole(one.grad) for name, one in trainer._trained.items()}
    return sums["loss"] / sums["queries"], found, {name: whole(one) for name, one in trainer._trained.items()}, trainer._sampler._order(0)


def compare(case, job, texts, groups, found, loss_changes=None):
    loss, own, tensors, order = found
    model = load(job["model"], job["decoder"], job["adapterConfig"], (job["adapterConfig"] or {}).get("targets", ()), tensors)
    # It decides which groups stand together in a part of the batch.
    taken = [groups[i] for i in order]
    parts = job["batch"].get("accumulate", 1)
    size = len(taken) // parts
    plain, wanted = 0.0, {}
    for at in range(0, len(taken), size):
        one, grads = gradients(model, job["decoder"], texts, taken[at : at + size], job["recipe"], {**job["loss"], **(loss_changes or {})})
        plain += one / parts
        for name, grad in grads.items():
            wanted[name] = wanted.get(name, 0) + grad / parts
    largest = max(float(grad.abs().max()) for grad in wanted.values())
    missing = sorted(name for name in wanted.keys() ^ own.keys() if float(wanted.get(name, own.get(name)).abs().max()) > 0)
    worst = max(float((own[name] - wanted[name]).abs().max()) / max(float(wanted[name].abs().max()), largest / 1000) for name in wanted.keys() & own.keys())
    print(json.dumps({"case": case, "loss": loss, "plain": plain, "difference": worst, "missing": missing, "tensors": len(wanted)}), flush=True)


def alone():
    for case, (model, changes) in CASES.items():
        job, texts, groups = prepared(model, changes)
        compare(case, job, texts, groups, of_worker(job, Processes(["cpu"])))


def across(rank, port):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    processes = Processes(["cpu", "cpu"])
    for case, (model, changes) in ACROSS.items():
        job, texts, groups = prepared(model, {**changes, "devices": ["cpu", "cpu"]})
        found = of_worker(job, processes)
        if rank == 0:
            compare(case, job, texts, groups, found, {"devices": 2})
        processes.any(False)
    processes.end()


def two_processes():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    children = []
    for rank in range(2):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                across(rank, port)
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("one of two processes failed")


torch.set_num_threads(1)
attention.register()
tiny_models.main(MODELS)
write_sets()
# Before this process has computed anything: a fork of threads at work would not work.
two_processes()
alone()
