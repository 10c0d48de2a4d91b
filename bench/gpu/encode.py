"""How fast the worker of engine torch encodes, and how right: random weights of a named shape, nothing is fetched.

usage: encode.py [--shape 7b|small|tiny] [--device cuda:0] [--tokens 16384] [--seconds 8] [--no-peers] [--float8]

Prints one JSON object a line: cosines to transformers in float32 on a small model; the rate of a large matrix product; tokens per second of
documents (mean 234 tokens), passages (75) and queries (12), packed, and compiled where the device is a GPU; milliseconds of one query. The
same texts and weights go through sentence-transformers (batches of 32, its default, and of 128) and through padded batches of transformers
before. Operations are counted as 2 per weight beside the embeddings and real token. Each rate is the median of several passes.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

import peers  # noqa: E402

from fieldtrial_worker import attention  # noqa: E402
from fieldtrial_worker.decoder import Decoder  # noqa: E402
from fieldtrial_worker.encode import Request, Runner  # noqa: E402
from fieldtrial_worker.float8 import convert  # noqa: E402
from fieldtrial_worker.graphs import Graphs  # noqa: E402

# hidden size, layers, heads, heads of keys, inner size, vocabulary
SHAPES = {
    "7b": (3584, 28, 28, 4, 18944, 152064),
    "small": (1024, 8, 8, 2, 2816, 32000),
    "tiny": (128, 2, 2, 1, 256, 1000),
}
MEANS = {"documents": 234, "passages": 75, "queries": 12}
REQUEST = {"layer": None, "finalNorm": None, "direction": "model", "scores": False, "generates": 0, "packed": True, "pooling": ["lasttoken"]}
LONGEST_RECORDED = 512


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
        model = Qwen2ForCausalLM(config).eval().requires_grad_(False)
    torch.set_default_dtype(torch.float32)
    return model


def texts_of(mean: int, tokens: int, rows: int) -> Request:
    """Lengths spread around a mean, as those of texts are, up to so many tokens in all."""
    random = np.random.default_rng(5)
    lengths = np.clip(random.gamma(4, mean / 4, size=4 * tokens // mean).astype(int), 3, 4 * mean)
    lengths = lengths[: np.searchsorted(np.cumsum(lengths), tokens)]
    return Request(random.integers(len(peers.SPECIAL), rows, size=lengths.sum()).astype("<i4"), lengths, [0] * len(lengths))


def ready(model, device, tokens: int, float8=False) -> Runner:
    """The worker's own way: compiled and recorded on GPUs only."""
    run = Decoder(model, REQUEST, device, set())
    if float8:
        convert(run.core.layers)
    fast = device.type == "cuda"
    if fast:
        run.compile()
    return Runner(run, tokens, fast, Graphs(run) if fast else None)


def numerics(shape: str, device):
    """Least cosines to float32 states of plain transformers, one text at a time: plain bfloat16, packed bfloat16, one text in a request."""
    exact = model_of(shape, torch.float32, device)
    asked = texts_of(75, 6000, SHAPES[shape][-1])
    last = lambda model, ids: model.model(input_ids=torch.from_numpy(ids.astype("i8"))[None].to(device), use_cache=False).last_hidden_state[0, -1]
    alone = lambda model: torch.stack([last(model, ids).float() for ids in asked.sequences]).cpu()
    want = alone(exact)
    short = model_of(shape, torch.bfloat16, device)
    short.load_state_dict(exact.state_dict())
    plain = alone(short)
    cosine = lambda got, to: torch.nn.functional.cosine_similarity(got, to, dim=1).min().item()
    runner = ready(short, device, 4096)
    packed = torch.from_numpy(runner.encode(asked).vectors)
    few = [i for i, length in enumerate(asked.lengths) if length <= LONGEST_RECORDED][:20]
    single = torch.cat([torch.from_numpy(runner.encode(Request(asked.sequences[i], [asked.lengths[i]], [0])).vectors) for i in few])
    tell(cosine={"plain bfloat16": cosine(plain, want), "packed": cosine(packed, want), "one at a time": cosine(single, want[few])}, checked=runner.model.checked)


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize()


def matmul(device, seconds: float) -> float:
    """Operations per second of a product of two square matrices, sustained."""
    size = 8192 if device.type == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    a @ b
    wait(device)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(10):
            a @ b
        wait(device)
        count += 10
    return 2 * size**3 * count / (time.perf_counter() - start)


def peer_rates(core, shape: str, device, tokens: int) -> dict:
    """Tokens per second by (way, kind of text); vectors of the first documents."""
    rows = SHAPES[shape][-1]
    sizes = {"documents": 8, "passages": 6, "queries": 4}
    texts = {name: texts_of(mean, sizes[name] * tokens, rows).sequences for name, mean in MEANS.items()}
    rates, vectors = {}, None
    try:
        version, encode = peers.sentence_transformers(core, rows, device)
    except ImportError as error:
        tell(peer="sentence-transformers", absent=str(error))
        version = None
    for batch in (32, 128):
        for name, some in texts.items():
            if version is None:
                break
            encode(some[: 2 * batch], batch)()
            if vectors is None:
                vectors = torch.from_numpy(encode(some[:32], 32)()).float()
            rates[f"sentence-transformers, batch {batch}", name] = peers.rate(encode(some, batch), sum(map(len, some)), lambda: wait(device))
    if version is not None:
        one = encode([np.arange(3, 15)], 1)
        for _ in range(5):
            one()
        start = time.perf_counter()
        for _ in range(20):
            one()
        tell(peer=f"sentence-transformers {version}", one_query_ms=round((time.perf_counter() - start) * 50, 2))
    some = texts["documents"]
    work = peers.padded(core, some, 32, device)
    rates["transformers, padded, batch 32", "documents"] = peers.rate(work, sum(map(len, some)), lambda: wait(device))
    for (way, name), found in rates.items():
        tell(way=way, texts=name, tokens_per_second=round(found))
    return rates, vectors


def own_rates(way: str, runner: Runner, shape: str, device, tokens: int, seconds: float, weights: int, rates: dict):
    rows = SHAPES[shape][-1]
    started = time.perf_counter()
    for mean in MEANS.values():
        runner.encode(texts_of(mean, 2 * tokens, rows))
    tell(way=way, seconds_to_warm=round(time.perf_counter() - started, 1), weights=weights)
    sustained = matmul(device, min(seconds, 3))
    for name, mean in MEANS.items():
        asked = texts_of(mean, int(8 * tokens * 0.98), rows)
        count, found, start = sum(asked.lengths), [], time.perf_counter()
        while len(found) < 3 or time.perf_counter() - start < seconds:
            found.append(peers.rate(lambda: runner.encode(asked), count, lambda: wait(device)))
        rate = statistics.median(found)
        ratios = {other: round(rate / speed, 2) for (other, kind), speed in rates.items() if kind == name}
        tell(
            way=way,
            texts=name,
            tokens_per_second=round(rate),
            share_of_matmul=round(rate * 2 * weights / sustained, 3),
            matmul_tflops=round(sustained / 1e12, 2),
            times=ratios,
        )
    one = Request(np.arange(12, dtype="<i4"), [12], [0])
    for _ in range(5):
        runner.encode(one)
    start = time.perf_counter()
    for _ in range(50):
        runner.encode(one)
    tell(way=way, one_query_ms=round((time.perf_counter() - start) * 20, 2))


def speed(shape: str, device, options):
    tokens, seconds, rows = options.tokens, options.seconds, SHAPES[shape][-1]
    model = model_of(shape, torch.bfloat16, device)
    weights = sum(parameter.numel() for name, parameter in model.model.named_parameters() if "embed" not in name)
    rates, theirs = peer_rates(model.model, shape, device, tokens) if options.peers else ({}, None)
    runner = ready(model, device, tokens)
    del model
    own_rates("fieldtrial", runner, shape, device, tokens, seconds, weights, rates)
    sample = texts_of(MEANS["documents"], 8 * tokens, rows).sequences[:32]
    asked = Request(np.concatenate(sample), [len(ids) for ids in sample], [0] * len(sample))
    ours = torch.from_numpy(runner.encode(asked).vectors)
    cosine = lambda a, b: round(torch.nn.functional.cosine_similarity(a, b, dim=1).min().item(), 5)
    if theirs is not None:
        tell(least_cosine_to_sentence_transformers=cosine(ours, theirs))
    if options.float8:
        if device.type == "cuda":
            torch.compiler.reset()
        runner = None
        runner = ready(model_of(shape, torch.bfloat16, device), device, tokens, float8=True)
        own_rates("fieldtrial, float8", runner, shape, device, tokens, seconds, weights, rates)
        tell(least_cosine_of_float8_to_bfloat16=cosine(torch.from_numpy(runner.encode(asked).vectors), ours))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES, default="7b")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--tokens", type=int, default=16384)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--float8", action="store_true")
    options = parser.parse_args()
    where = torch.device(options.device)
    attention.register()
    with torch.inference_mode():
        tell(device=torch.cuda.get_device_name(where) if where.type == "cuda" else "processor", torch=torch.__version__)
        numerics("tiny" if options.shape == "tiny" else "small", where)
        speed(options.shape, where, options)
    if where.type == "cuda":
        tell(peak_gib=round(torch.cuda.max_memory_allocated(where) / 2**30, 1))
