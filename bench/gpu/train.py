"""How fast the worker trains, and how right: random weights of a named shape made on the device, nothing is fetched.

usage: train.py [--shape 7b|small|tiny] [--device cuda:0] [--tokens 16384] [--seconds 40] [--rank 32] [--dropout 0.1] [--budget 0.9] [--sizes unknown]

The shapes are those of the study of specialised LLMs (arXiv:2507.03958): queries of at most 32 tokens (mean 12), passages of at most 156 (mean
75), 1 positive and 15 negatives a query, LoRA of rank 32 on all seven matrices, dropout 0.1, temperature 0.01, last token, bfloat16. An update
takes as many queries as fill one pass of `--tokens`, without gradient checkpointing. A query's positive holds its tokens, so that there is
something to learn.

Prints one JSON object a line: cosines of gradients to those of plain transformers in float32, on a small model; each update's loss and rate; the
worker's rate over `--seconds` after warming up, real tokens only; the same with GradCache over the paper's 32 queries; plain transformers with
PEFT, padded, with and without gradient checkpointing, 4 queries at a time as in the paper's code; the ratio. Without PEFT both sides take the
LoRA layer written here, and a line says so.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import Qwen2Config, Qwen2ForCausalLM

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

from fieldtrial_worker import attention  # noqa: E402
from fieldtrial_worker.devices import is_out_of_memory  # noqa: E402
from fieldtrial_worker.training import build as building  # noqa: E402
from fieldtrial_worker.training.loss import Losses  # noqa: E402
from fieldtrial_worker.training.low_rank import low_rank_update  # noqa: E402
from fieldtrial_worker.training.passes import OutOfMemory, Passes  # noqa: E402
from fieldtrial_worker.training.pool import Pool  # noqa: E402
from fieldtrial_worker.training.processes import Processes  # noqa: E402
from fieldtrial_worker.training.sampling import Choice  # noqa: E402
from fieldtrial_worker.training.schedule import optimiser  # noqa: E402

# hidden size, layers, heads, heads of keys, inner size, vocabulary
SHAPES = {
    "7b": (3584, 28, 28, 4, 18944, 152064),
    "small": (1024, 8, 8, 2, 2816, 32000),
    "tiny": (128, 2, 2, 1, 256, 1000),
}
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
QUERY, PASSAGE, NEGATIVES = (12, 32), (75, 156), 15
"""(mean, most) tokens; negatives of a query."""
TEMPERATURE, RATE = 0.01, 1e-4


def tell(**line):
    print(json.dumps(line), flush=True)


def model_of(shape: str, dtype, device):
    torch.manual_seed(1)
    hidden, layers, heads, key_heads, inner, rows = SHAPES[shape]
    config = Qwen2Config(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        intermediate_size=inner,
        vocab_size=rows,
        max_position_embeddings=32768,
    )
    torch.set_default_dtype(dtype)
    with device:
        model = Qwen2ForCausalLM(config).requires_grad_(False)
    torch.set_default_dtype(torch.float32)
    return model


class Texts:
    """Made-up texts in memory, as the worker reads them from a prepared set."""

    has_words, pooled_from = False, None

    def __init__(self, groups: int, rows: int):
        random = np.random.default_rng(5)
        length = lambda mean, most: int(np.clip(random.gamma(4, mean / 4), 3, most))
        self._texts, self.choices = [], []
        for _ in range(groups):
            query = random.integers(10, rows, size=length(*QUERY))
            passages = [random.integers(10, rows, size=length(*PASSAGE)) for _ in range(1 + NEGATIVES)]
            shared = min(len(query), len(passages[0]))
            passages[0][:shared] = query[:shared]
            first = len(self._texts)
            self._texts += [ids.astype(np.int64) for ids in (query, *passages)]
            self.choices.append(Choice(first, first + 1, np.arange(first + 2, first + 2 + NEGATIVES), np.asarray([first + 1]), None))
        self.lengths = np.asarray([len(ids) for ids in self._texts])
        self.pooled_from = np.zeros(len(self._texts), dtype=np.int64)

    def text(self, i: int) -> np.ndarray:
        return self._texts[i]

    def require_vocabulary(self, rows: int):
        pass


class HandLora(nn.Module):
    """LoRA beside a linear layer, where PEFT is not installed: names of tensors as PEFT has them."""

    def __init__(self, base, rank: int, alpha: float, dropout: float, lean: bool):
        super().__init__()
        make = lambda a, b: nn.ModuleDict({"default": nn.Linear(a, b, bias=False, device=base.weight.device, dtype=torch.float32)})
        self.base_layer, self.lora_A, self.lora_B = base, make(base.in_features, rank), make(rank, base.out_features)
        nn.init.zeros_(self.lora_B["default"].weight)
        self.dropout, self.scaling, self.lean = nn.Dropout(dropout), alpha / rank, lean

    def forward(self, x):
        result = self.base_layer(x)
        a, b = self.lora_A["default"], self.lora_B["default"]
        if self.lean:
            return low_rank_update(x, result, a.weight, b.weight, self.scaling, self.dropout)
        return (result + b(a(self.dropout(x.to(a.weight.dtype)))) * self.scaling).to(result.dtype)


def inject(part, rank: int, alpha: float, dropout: float, lean: bool):
    for module in list(part.modules()):
        for name, child in list(module.named_children()):
            if name in LINEARS and isinstance(child, nn.Linear):
                setattr(module, name, HandLora(child, rank, alpha, dropout, lean))


def adapt_by_hand(model, part, prefix, wanted, base_name, layers, seed):
    """In place of the worker's `adapt`."""
    torch.manual_seed(seed)
    inject(part, wanted["r"], wanted["alpha"], wanted["dropout"], lean=True)
    return wanted


def job_of(rank: int, dropout: float, precision: str, compiled: bool) -> dict:
    return {
        "model": "random", "decoder": True, "packed": True, "compile": compiled, "precision": precision, "seed": 1,
        "recipe": {"layer": None, "finalNorm": None, "direction": "model", "pooling": ["lasttoken"], "normalize": True, "sparse": False},
        "loss": {"temperature": TEMPERATURE, "matryoshka": None, "distill": None, "sparse": None},
        "adapterConfig": {"kind": "lora", "r": rank, "alpha": 2 * rank, "dropout": dropout, "targets": LINEARS},
    }  # fmt: skip


class Ours:
    def __init__(self, model, texts, device, rank, dropout, precision, compiled):
        job = job_of(rank, dropout, precision, compiled)
        self.texts, self.processes = texts, Processes([str(device)])
        with torch.no_grad():
            self.built = building.assemble(model, set(), job, texts, self.processes, device)
        self.retriever = self.built.retriever
        losses = Losses(job["loss"], self.retriever.dimension, True)
        self.passes = Passes(self.retriever, losses, texts, self.processes, 1, {}, precision, False, False)
        self.trained = self.built.weights.trained()

    def gradients(self, choices, step: int) -> dict:
        return self.passes.gradients(Pool(choices, 1, True, True, True), step, 0, 1.0)


class Plain:
    """What one writes with transformers and PEFT: padded batches, gradients through everything at once."""

    def __init__(self, model, texts, device, rank, dropout, checkpointing):
        self.texts, self.device = texts, device
        try:
            from peft import LoraConfig, get_peft_model

            config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=dropout, target_modules=LINEARS)
            self.core = get_peft_model(model, config).base_model.model.model
        except ImportError:
            inject(model.model, rank, 2 * rank, dropout, lean=False)
            self.core = model.model
        if checkpointing:
            self.core.gradient_checkpointing_enable({"use_reentrant": False})
        self.core.train()
        self.autocast = next(model.parameters()).dtype == torch.bfloat16

    def vectors(self, ids):
        texts = [self.texts.text(i) for i in ids]
        lengths = torch.tensor([len(one) for one in texts], device=self.device)
        width = int(lengths.max())
        padded = torch.zeros(len(texts), width, dtype=torch.long)
        for row, one in enumerate(texts):
            padded[row, : len(one)] = torch.from_numpy(one)
        mask = torch.arange(width, device=self.device)[None] < lengths[:, None]
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            states = self.core(input_ids=padded.to(self.device), attention_mask=mask.long(), use_cache=False).last_hidden_state
        last = states[torch.arange(len(texts), device=self.device), lengths - 1].float()
        return nn.functional.normalize(last, dim=1)

    def gradients(self, choices) -> dict:
        queries = self.vectors([choice.query for choice in choices])
        documents = self.vectors(np.concatenate([choice.candidates for choice in choices]))
        targets = torch.arange(len(choices), device=self.device) * (1 + NEGATIVES)
        loss = nn.functional.cross_entropy(queries @ documents.T / TEMPERATURE, targets)
        loss.backward()
        return {"loss": float(loss), "tokens": tokens_of(self.texts, choices)}


def tokens_of(texts, choices) -> int:
    return int(sum(texts.lengths[choice.query] + texts.lengths[choice.candidates].sum() for choice in choices))


def dtype_on(device):
    """Processors without instructions for 16 bits take minutes for what takes seconds in 32."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def peak(device) -> float:
    return round(torch.cuda.max_memory_allocated(device) / 2**30, 1) if device.type == "cuda" else 0.0


def clear(device):
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def numerics(shape: str, device, compiled: bool):
    """Cosine of all gradients together, and the least of one tensor's, to plain transformers in float32; and what plain bfloat16 gives."""
    texts = Texts(8, SHAPES[shape][-1])

    def randomised(trained):
        random = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for _, parameter in sorted(trained.items()):
                parameter.copy_(0.02 * torch.randn(parameter.shape, generator=random))

    def plain(dtype):
        model = model_of(shape, torch.float32, device).to(dtype)
        made = Plain(model, texts, device, 8, 0.0, False)
        name = lambda one: "base_model.model.model." + one.replace(".default", "")
        trained = {name(key): value for key, value in made.core.named_parameters() if "lora_" in key}
        for parameter in trained.values():
            parameter.data = parameter.data.float()
        randomised(trained)
        loss = made.gradients(texts.choices)["loss"]
        return loss, {key: value.grad.float().cpu() for key, value in trained.items()}

    def worker():
        model = model_of(shape, torch.float32, device).to(torch.bfloat16)
        made = Ours(model, texts, device, 8, 0.0, "bfloat16", compiled)
        randomised(made.trained)
        found = made.gradients(texts.choices, 1)
        return found["loss"] / found["queries"], {key: value.grad.float().cpu() for key, value in made.trained.items()}

    exact, short, ours = plain(torch.float32), plain(torch.bfloat16), worker()
    assert exact[1].keys() == ours[1].keys()
    cosine = lambda a, b: nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0).item()
    together = lambda grads: torch.cat([grads[key].flatten() for key in sorted(grads)])
    least = lambda grads: min(cosine(grads[key], exact[1][key]) for key in grads)
    tell(
        gradients={name: {"cosine": round(cosine(together(one[1]), together(exact[1])), 5), "least": round(least(one[1]), 5), "loss": round(one[0], 4)} for name, one in (("plain bfloat16", short), ("worker", ours))},
        float32_loss=round(exact[0], 4),
    )  # fmt: skip


def train(options, device) -> float:
    """The worker. @returns Real tokens per second."""
    per_query = QUERY[0] + (1 + NEGATIVES) * PASSAGE[0]
    queries = max(2, options.tokens // per_query)
    texts = Texts(max(16, 6 * queries), SHAPES[options.shape][-1])
    compiled = device.type == "cuda" and not options.eager
    started = time.perf_counter()
    model = model_of(options.shape, dtype_on(device), device)
    ours = Ours(model, texts, device, options.rank, options.dropout, str(dtype_on(device)).removeprefix("torch."), compiled)
    del model
    tell(**ours.built.facts, queries_in_a_pass=queries, candidates=queries * (1 + NEGATIVES), seconds_to_build=round(time.perf_counter() - started, 1))
    optimizer = optimiser(ours.trained, {"lr": RATE}, device)
    random, losses, rates, done, rate = np.random.default_rng(2), [], [], 0, 0.0
    warm, counting, counted = 6, None, 0
    while True:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (done + 1) / 10)
        chosen = [texts.choices[i] for i in random.choice(len(texts.choices), size=queries, replace=False)]
        begun = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        found = ours.gradients(chosen, done + 1)
        torch.nn.utils.clip_grad_norm_(list(ours.trained.values()), 1.0)
        optimizer.step()
        wait(device)
        done += 1
        seconds = time.perf_counter() - begun
        losses.append(found["loss"] / found["queries"])
        tell(update=done, loss=round(losses[-1], 4), tokens=found["tokens"], tokens_per_second=round(found["tokens"] / seconds), seconds=round(seconds, 2))
        if done == warm:
            # Compiling is done: the first updates have seen several sizes.
            counting = time.perf_counter()
            continue
        if counting is None:
            continue
        counted += found["tokens"]
        rates.append(found["tokens"] / seconds)
        if time.perf_counter() - counting > options.seconds:
            break
    rate = counted / (time.perf_counter() - counting)
    first, last = (float(np.mean(part)) for part in (losses[:5], losses[-5:]))
    tell(worker={"tokens_per_second": round(rate), "median": round(float(np.median(rates))), "updates": done, "peak_gib": peak(device), "loss_first_5": round(first, 3), "loss_last_5": round(last, 3)})
    cached(ours, texts, device, options.tokens)
    return rate


def cached(ours, texts, device, tokens: int):
    """GradCache: the paper's 512 candidates together, which one pass cannot hold."""
    try:
        chosen = [texts.choices[i % len(texts.choices)] for i in range(min(32, len(texts.choices)))]
        ours.passes.chunk_tokens = int(tokens * 0.9)
        ours.gradients(chosen, 1)
        wait(device)
        begun = time.perf_counter()
        found = ours.gradients(chosen, 2)
        wait(device)
        tell(gradcache={"candidates": len(chosen) * (1 + NEGATIVES), "tokens_per_second": round(found["tokens"] / (time.perf_counter() - begun)), "peak_gib": peak(device)})
    except OutOfMemory:
        tell(gradcache="memory ran out")


def plain_rate(options, device, checkpointing: bool, queries: int) -> float:
    texts = Texts(16, SHAPES[options.shape][-1])
    name = f"plain, {'with' if checkpointing else 'without'} checkpointing, {queries} queries at a time"
    try:
        made = Plain(model_of(options.shape, dtype_on(device), device), texts, device, options.rank, options.dropout, checkpointing)
        optimizer = torch.optim.AdamW([one for one in made.core.parameters() if one.requires_grad], lr=RATE)
        counted, done, counting = 0, 0, 0.0
        while True:
            chosen = [texts.choices[(done * queries + i) % 16] for i in range(queries)]
            optimizer.zero_grad(set_to_none=True)
            found = made.gradients(chosen)
            optimizer.step()
            wait(device)
            done += 1
            if done == 2:
                counting = time.perf_counter()
            elif done > 2:
                counted += found["tokens"]
                if time.perf_counter() - counting > options.seconds / 3:
                    break
        rate = counted / (time.perf_counter() - counting)
        tell(**{name: {"tokens_per_second": round(rate), "updates": done, "peak_gib": peak(device)}})
        return rate
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        tell(**{name: "memory ran out"})
        return 0.0
    finally:
        made = optimizer = None
        clear(device)


def main(options):
    device = torch.device(options.device)
    attention.register()
    try:
        import peft

        lora = f"PEFT {peft.__version__}"
    except ImportError:
        lora = "PEFT is not installed: both sides take a LoRA layer written here"
        building.adapt = adapt_by_hand
    building.MEMORY_BUDGET = options.budget
    building.COMPILED["dynamic"] = True if options.sizes == "unknown" else None
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "processor"
    tell(device=name, torch=torch.__version__, lora=lora, kernel=attention.has_kernel(device, torch.bfloat16), budget=options.budget)
    if not options.skip_numerics:
        numerics("tiny" if options.shape == "tiny" else "small", device, device.type == "cuda" and not options.eager)
        clear(device)
        torch.compiler.reset()
    ours = train(options, device)
    clear(device)
    torch.compiler.reset()
    rates = [plain_rate(options, device, True, 4)]
    rates += [next((rate for queries in (4, 2, 1) if (rate := plain_rate(options, device, False, queries)) > 0), 0.0)]
    best = max(rates)
    tell(ratio={"to plain with checkpointing, as in the paper's code": round(ours / rates[0], 2) if rates[0] else None, "to the faster plain way": round(ours / best, 2) if best else None}, target_met=ours >= 15_000)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES, default="7b")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--tokens", type=int, default=16384, help="of a pass")
    parser.add_argument("--seconds", type=float, default=40, help="of counting; a third of it for each plain way")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--budget", type=float, default=0.9, help="PyTorch's activation_memory_budget")
    parser.add_argument("--sizes", choices=["unknown", "known"], default="unknown", help="whether layers are compiled for any size from the start")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    parser.add_argument("--skip-numerics", action="store_true")
    main(parser.parse_args())
