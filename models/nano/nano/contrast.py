"""Training of nano-retriever: a sibling learns to put texts that belong together close, with attention both ways and the mean of all states.

Loss: InfoNCE in both directions over a batch from one source at a time (other pairs of a source are harder negatives than those of another),
summed over the sizes of Matryoshka (Kusupati et al. 2022, arXiv:2205.13147). Doubles within a batch are no negatives.
"""

import math
import re
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F

from .chat import cut, solved
from .model import Nano
from .pairs import functions, meanings, paragraphs, sections, sentences
from .processes import processes
from .tokenizer import load, records
from .train import SAVE_SECONDS, load_state, optimizer_of, rate, save_state

# How often a batch is of a source.
SHARES = {"section": 0.24, "sentence": 0.18, "meaning": 0.1, "function": 0.24, "name": 0.06, "translation": 0.06, "caption": 0.05, "problem": 0.07}


def _words_of(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", name).strip().lower()


def of_record(record: dict, r: Random) -> list[tuple[str, str, str]]:
    """(source, query, document)."""
    kind, head, text = record["k"], record["h"], record["t"]
    result: list[tuple[str, str, str]] = []
    if kind in ("text", "maths"):
        result += [("section", heading, cut(body, 800)) for heading, body in sections(text)]
        found = paragraphs(text)
        for paragraph in r.sample(found, min(len(found), 40)):
            parts = sentences(paragraph)
            if len(parts) >= 3:
                i = r.randrange(len(parts))
                if 30 <= len(parts[i]) <= 240:
                    # One time in three the sentence stays where it was, so that words in common are worth something, too.
                    rest = parts if r.random() < 0.33 else parts[:i] + parts[i + 1 :]
                    result.append(("sentence", parts[i], cut(" ".join(rest), 800)))
    elif kind == "dictionary":
        meaning, example = meanings(text)
        result.append(("meaning", head, cut(meaning, 500)) if r.random() < 0.5 or not example else ("meaning", example, f"{head}: {cut(meaning, 500)}"))
    elif kind in ("code", "function"):
        for documentation, code in functions(record) if kind == "code" else [(head, text)]:
            result.append(("function", documentation, cut(code, 900)))
            name = re.search(r"(?:def|func|function|void|public|static)\s+(?:\([^)]*\)\s*)?([A-Za-z_][A-Za-z0-9_]{6,})\s*\(", code[:300])
            if name and len(_words_of(name.group(1)).split()) >= 3:
                result.append(("name", _words_of(name.group(1)), cut(code, 900)))
    elif kind == "translation":
        result.append(("translation", head[:900], text[:900]))
    elif kind == "captions":
        lines = text.split("\n")
        result += [("caption", a, b) for a in lines for b in lines if a != b]
    elif kind == "gsm8k":
        result.append(("problem", head, solved(record)[0]))
    return [(s, q.strip(), d.strip()) for s, q, d in result if len(q.strip()) >= 3 and len(d.strip()) >= 12]


def _gather(batch: tuple[list[dict], int]) -> list[tuple[str, str, str]]:
    part, seed = batch
    return [pair for record in part for pair in of_record(record, Random(f"{seed} pair {record['s']} {record['h'][:80]} {len(record['t'])}"))]


def build(corpus: Path, folder: Path, seed: int, tokenizer_folder: Path, query: int, document: int, scale: float = 1.0, workers: int | None = None) -> None:
    """Pairs as tokens, a file per source: SOURCE.q.npy and SOURCE.d.npy, uint16, (pairs, length), padded with <|endoftext|>."""
    if (folder / "done").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    picked = Random(f"{seed} scale")
    rows = [record for record in records(corpus) if scale >= 1 or picked.random() < scale]
    with processes(workers) as pool:
        pairs = [pair for part in pool.map(_gather, [(rows[i : i + 400], seed) for i in range(0, len(rows), 400)]) for pair in part]
    tokenizer = load(tokenizer_folder)
    pad = tokenizer.token_to_id("<|endoftext|>")
    by_source: dict[str, dict[tuple[str, str], None]] = {}
    for source, q, d in pairs:
        by_source.setdefault(source, {})[q, d] = None

    def encode(texts: list[str], length: int) -> np.ndarray:
        out = np.full((len(texts), length), pad, dtype=np.uint16)
        for first in range(0, len(texts), 20_000):
            for i, e in enumerate(tokenizer.encode_batch(texts[first : first + 20_000], add_special_tokens=False)):
                ids = e.ids[:length]
                out[first + i, : len(ids)] = ids
        return out

    for source, unique in by_source.items():
        both = list(unique)
        long = source in ("translation", "problem")
        np.save(folder / f"{source}.q.npy", encode([q for q, _ in both], document if long else query))
        np.save(folder / f"{source}.d.npy", encode([d for _, d in both], document))
        print(f"pairs {source}: {len(both)}", flush=True)
    (folder / "done").write_text("")


class Pairs:
    """Batches of pairs of one source, a function of seed and step; the last share of each source is held out for `check`."""

    HELD_OUT = 0.01

    def __init__(self, folder: Path, batch: int, seed: int, device: torch.device, pad: int):
        self.batch, self.seed, self.device, self.pad = batch, seed, device, pad
        names = [path.name.removesuffix(".q.npy") for path in sorted(folder.glob("*.q.npy"))]
        self.sources = {name: [torch.from_numpy(np.load(folder / f"{name}.{side}.npy").astype(np.int32)).to(device) for side in "qd"] for name in names if name in SHARES}
        self.order = {name: np.random.default_rng([seed, i]).permutation(len(q)) for i, (name, (q, _)) in enumerate(self.sources.items())}
        self.names = [name for name in self.sources if self._train(name) >= 16]
        weights = np.array([SHARES[name] for name in self.names])
        self.weights = weights / weights.sum()

    def _train(self, name: str) -> int:
        return int(len(self.order[name]) * (1 - self.HELD_OUT))

    def at(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        r = np.random.default_rng([self.seed, 7, step])
        name = self.names[r.choice(len(self.names), p=self.weights)]
        count = self._train(name)
        rows = self.order[name][:count][r.choice(count, self.batch, replace=count < self.batch)]
        return self._take(name, rows)

    def held_out(self, name: str, most: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
        return self._take(name, self.order[name][self._train(name) :][:most])

    def _take(self, name: str, rows: np.ndarray):
        at = torch.from_numpy(rows).to(self.device)
        return tuple(side[at].long() for side in self.sources[name])


def vectors(model: Nano, ids: torch.Tensor, pad: int) -> torch.Tensor:
    """Mean of the states of all tokens but padding, float32, not normalised."""
    real = ids != pad
    states = model.hidden(ids, mask=real[:, None, None, :])
    return (states.float() * real[:, :, None]).sum(1) / real.sum(1, keepdim=True).clamp_min(1)


def loss_of(q: torch.Tensor, d: torch.Tensor, same_q: torch.Tensor, same_d: torch.Tensor, temperature: float, sizes: list[int]) -> torch.Tensor:
    """same_q, same_d (batch, batch): texts that are equal; those are no negatives of each other's partners."""
    own = torch.eye(len(q), dtype=torch.bool, device=q.device)
    hidden = (same_q | same_d) & ~own
    target = torch.arange(len(q), device=q.device)
    total = 0.0
    for size in sizes:
        a, b = F.normalize(q[:, :size], dim=-1), F.normalize(d[:, :size], dim=-1)
        scores = (a @ b.T / temperature).masked_fill(hidden, -1e4)
        total = total + (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
    return total / len(sizes)


def same(ids: torch.Tensor) -> torch.Tensor:
    """Which rows are equal, by a 64-bit hash of their tokens."""
    factors = torch.from_numpy(np.random.default_rng(5).integers(1, 2**62, ids.shape[1]) | 1).to(ids.device)
    key = (ids * factors).sum(1)
    return key[:, None] == key[None]


def run(model: Nano, pairs: Pairs, family: dict, steps: int, state: Path, note: dict, deadline: float = math.inf, encode=vectors, log=print) -> bool:
    """As train.run. encode: `vectors`, compiled or not."""
    settings, own = family["optimizer"], family["retriever"]
    device = model.cos.device
    optimizer = optimizer_of(model.named_parameters(), {**settings, "weightDecay": 0.01}, own["lr"], device)
    first = load_state(state, model, optimizer, note) if state.is_file() else 0
    began = saved = time.monotonic()
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, own["lr"], 0.1, settings["final"])
        q, d = pairs.at(step)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            a, b = encode(model, q, pairs.pad), encode(model, d, pairs.pad)
        loss = loss_of(a, b, same(q), same(d), own["temperature"], own["matryoshka"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        now = time.monotonic()
        if step % max(1, steps // 12) == 0 or step + 1 == steps:
            value = loss.item()
            if not math.isfinite(value):
                raise FloatingPointError(f"The loss of retriever is {value} at step {step}: lower its learning rate in family.json.")
            log(f"retriever step {step + 1}/{steps} loss {value:.4f}, {(step + 1 - first) / max(1e-9, time.monotonic() - began):.1f} steps/s")
        if now > deadline or now - saved > SAVE_SECONDS and step + 1 < steps:
            save_state(state, model, optimizer, step + 1, note)
            saved = time.monotonic()
            if now > deadline:
                log(f"retriever: time is up after step {step + 1} of {steps}")
                return False
    return True


@torch.no_grad()
def check(model: Nano, pairs: Pairs) -> dict[str, dict[str, float]]:
    """Share of held-out queries whose own document comes first among up to 400, by source, with all numbers and with 64."""
    result = {}
    for name in pairs.names:
        q, d = pairs.held_out(name)
        if len(q) < 10:
            continue
        a, b = vectors(model, q, pairs.pad), vectors(model, d, pairs.pad)
        row = {"pairs": len(q)}
        for size in (a.shape[1], 64):
            x, y = F.normalize(a[:, :size], dim=-1), F.normalize(b[:, :size], dim=-1)
            row[f"first of {size}"] = round((x @ y.T).argmax(1).eq(torch.arange(len(q), device=q.device)).float().mean().item(), 4)
        result[name] = row
    return result

