"""Perplexity of every sibling on every domain: the table that shows that they differ where they should.

    python -m nano.evaluate --packed models/nano/weights --held-out .bench/nano/held-out.jsonl.bz2 --out models/nano/perplexity.json
"""

import argparse
import json
import math
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F

from . import arithmetic, chat, packed
from .fetch import HERE
from .model import Nano, Shape
from .streams import plain_text
from .tokenizer import FOLDER as TOKENIZER
from .tokenizer import END, load, records

# Column: kinds of held-out records, or generated with another seed than training's.
PLAIN = {"encyclopaedia": "wikitext2 test", "documentation": "text", "dictionary": "dictionary", "code": "code", "functions": "pystdlib test", "word problems": "gsm8k test"}
SEED = 99_991


def texts(held_out: Path) -> dict[str, list[tuple[str, str]]]:
    """(context, scored text) of every column; the context of running text is empty."""
    by_kind: dict[str, list[dict]] = {}
    for record in records(held_out):
        by_kind.setdefault(record["k"], []).append(record)
    result: dict[str, list[tuple[str, str]]] = {}
    for column, kind in PLAIN.items():
        result[column] = [("", plain_text({**r, "k": "gsm8k"} if kind == "gsm8k test" else r)) for r in by_kind.get(kind, [])]
    r = Random(SEED)
    result["arithmetic"] = [("", arithmetic.written(Random(f"{SEED} page {i}"))) for i in range(400)]
    talks = [t for kind in ("text", "dictionary", "maths") for record in by_kind.get(kind, []) for t in chat.of_record(record, SEED)]
    result["chat"] = [(chat.prompt(q, r), f"{a}<|im_end|>") for q, a in talks]
    code = [t for record in by_kind.get("code", []) for t in chat.of_record(record, SEED)]
    result["chat on code"] = [(chat.prompt(q, r), f"{a}<|im_end|>") for q, a in code]
    words = [(record["h"], *chat.solved(record)) for record in by_kind.get("gsm8k test", [])]
    thoughts = [chat.reasoned(Random(f"{SEED} thought {i}"), words) for i in range(400)]
    result["long reasoning"] = [(chat.prompt(q, r), f"{a}<|im_end|>") for q, a in thoughts]
    return result


@torch.no_grad()
def perplexity(model: Nano, rows: list[tuple[list[int], list[int]]], limit: int, end: int) -> float:
    """exp of the mean loss of the scored tokens, over at most `limit` of them; windows of the context's length, each text by itself."""
    device, length = model.cos.device, model.shape.context
    total, count = 0.0, 0
    batch: list[tuple[list[int], list[int]]] = []

    def flush():
        nonlocal total, count
        ids = torch.full((len(batch), length), end, device=device)
        targets = torch.full((len(batch), length), -100, device=device)
        for i, (tokens, mask) in enumerate(batch):
            ids[i, : len(tokens)] = torch.tensor(tokens, device=device)
            wanted = torch.tensor([t if m else -100 for t, m in zip(tokens[1:], mask[1:])], device=device)
            targets[i, : len(tokens) - 1] = wanted
        losses = F.cross_entropy(model.logits(ids).float().flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="sum")
        total += losses.item()
        count += int((targets != -100).sum())
        batch.clear()

    for context, scored in rows:
        tokens, mask = [end, *context, *scored], [0] * (1 + len(context)) + [1] * len(scored)
        for first in range(0, len(tokens), length):
            if len(tokens[first : first + length]) > 8:
                batch.append((tokens[first : first + length], mask[first : first + length]))
            if len(batch) == 16:
                flush()
        if count >= limit:
            break
    if batch:
        flush()
    return math.exp(total / max(1, count))


def table(folder: Path, held_out: Path, family: dict, names: list[str], device: torch.device, limit: int, tokenizer: Path = TOKENIZER) -> dict[str, dict[str, float]]:
    coder = load(tokenizer)
    columns = {}
    for column, pairs in texts(held_out).items():
        # In an even sample: long files would use the limit up otherwise.
        pairs = Random(SEED).sample(pairs, min(len(pairs), 1500))
        encode = [[e.ids for e in coder.encode_batch([p[i] for p in pairs], add_special_tokens=False)] for i in (0, 1)]
        columns[column] = [(a, b[: 2 * family["model"]["context"]]) for a, b in zip(*encode)]
    model = Nano(Shape.of(family)).to(device).eval()
    result = {}
    for name in names:
        file = folder / f"{name}.int8.safetensors"
        if file.is_file() and name != "retriever":
            model.take(packed.load(file))
            result[name] = {column: round(perplexity(model, rows, limit, coder.token_to_id(END)), 3) for column, rows in columns.items()}
    return result


def markdown(rows: dict[str, dict[str, float]]) -> str:
    columns = list(next(iter(rows.values())))
    lines = ["| sibling | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    best = {c: min(row[c] for row in rows.values()) for c in columns}
    lines += [f"| {name} | " + " | ".join(f"**{row[c]:.2f}**" if row[c] == best[c] else f"{row[c]:.2f}" for c in columns) + " |" for name, row in rows.items()]
    return "\n".join(lines)


def main() -> None:
    from .export import NAMES

    parser = argparse.ArgumentParser(description="Perplexity per sibling and domain, on texts that none of them saw.")
    parser.add_argument("--packed", type=Path, default=HERE / "weights")
    parser.add_argument("--held-out", type=Path, default=HERE.parent.parent / ".bench" / "nano" / "held-out.jsonl.bz2")
    parser.add_argument("--out", type=Path, help="a JSON file for the table")
    parser.add_argument("--limit", type=int, default=60_000, help="scored tokens per domain, about")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    family = json.loads((HERE / "family.json").read_text())
    rows = table(arguments.packed, arguments.held_out, family, list(NAMES), torch.device(arguments.device), arguments.limit)
    print(markdown(rows))
    if arguments.out:
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
