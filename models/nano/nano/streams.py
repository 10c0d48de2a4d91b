"""Token streams: what a stage of training reads, one array per kind, made once from the corpus.

A stream is tokens (uint16), texts one behind the other, each ended by <|endoftext|>, and for conversations a mask (uint8) that is 1 where
the loss counts. Folder: NAME.npy, NAME.mask.npy. The order of texts is shuffled with the family's seed.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from . import arithmetic, chat
from .processes import processes
from .tokenizer import END, load, records

PLAIN = ("text", "dictionary", "code", "maths", "gsm8k", "captions")


def plain_text(record: dict) -> str:
    """A record as running text."""
    kind, head, text = record["k"], record["h"], record["t"]
    if kind == "dictionary":
        return f"{head}: {text}"
    if kind == "gsm8k":
        steps, answer = chat.solved(record)
        return f"Question: {head}\nAnswer: {steps}\nThe answer is {answer}."
    return text


def _conversations(batch: tuple[list[dict], int]) -> list[list[tuple[str, str]]]:
    part, seed = batch
    return [chat.of_record(record, seed) for record in part]


def _pages(batch: tuple[int, int, int]) -> list[str]:
    seed, first, last = batch
    return [arithmetic.written(Random(f"{seed} page {i}")) for i in range(first, last)]


def _sums(batch: tuple[int, int, int]) -> list[tuple[str, str]]:
    seed, first, last = batch
    return [chat.generated(Random(f"{seed} sum {i}")) for i in range(first, last)]


def _thoughts(batch: tuple[int, int, int, list]) -> list[tuple[str, str]]:
    seed, first, last, words = batch
    return [chat.reasoned(Random(f"{seed} thought {i}"), words) for i in range(first, last)]


def _slices(count: int, size: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, size):
        yield first, min(count, first + size)


class Builder:
    def __init__(self, folder: Path, seed: int, tokenizer_folder: Path):
        self.folder, self.seed = folder, seed
        self.tokenizer = load(tokenizer_folder)
        self.end = self.tokenizer.token_to_id(END)
        folder.mkdir(parents=True, exist_ok=True)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        result = []
        for first, last in _slices(len(texts), 20_000):
            result += [e.ids for e in self.tokenizer.encode_batch(texts[first:last], add_special_tokens=False)]
        return result

    def save(self, name: str, rows: list[list[int]], masks: list[list[int]] | None = None) -> None:
        order = list(range(len(rows)))
        Random(f"{self.seed} {name}").shuffle(order)
        tokens = np.fromiter((t for i in order for t in (*rows[i], self.end)), dtype=np.uint16)
        if masks is not None:
            mask = np.fromiter((m for i in order for m in (*masks[i], 0)), dtype=np.uint8)
            np.save(self.folder / f"{name}.mask.npy", mask)
        partial = self.folder / f"{name}.partial.npy"
        np.save(partial, tokens)
        partial.rename(self.folder / f"{name}.npy")
        print(f"stream {name}: {len(rows)} texts, {len(tokens) / 1e6:.1f} M tokens", flush=True)

    def texts(self, name: str, texts: list[str]) -> None:
        self.save(name, self._encode(texts))

    def conversations(self, name: str, talks: list[tuple[str, str]]) -> None:
        r = Random(f"{self.seed} system {name}")
        before = self._encode([chat.prompt(question, r) for question, _ in talks])
        after = self._encode([f"{reply}<|im_end|>\n" for _, reply in talks])
        self.save(name, [a + b for a, b in zip(before, after)], [[0] * len(a) + [1] * len(b) for a, b in zip(before, after)])


def build(corpus: Path, folder: Path, seed: int, tokenizer_folder: Path, generated: dict[str, int], scale: float = 1.0, workers: int | None = None) -> None:
    """All streams. generated: how many pages or conversations are made of each generated kind. scale < 1 takes so much of everything."""
    if (folder / "done").is_file():
        return
    builder = Builder(folder, seed, tokenizer_folder)
    by_kind: dict[str, list[dict]] = {}
    picked = Random(f"{seed} scale")
    for record in records(corpus):
        if scale >= 1 or picked.random() < scale:
            by_kind.setdefault(record["k"], []).append(record)
    for kind in PLAIN:
        builder.texts(kind, [plain_text(record) for record in by_kind.get(kind, [])])
    counts = {name: max(20, int(n * scale)) for name, n in generated.items()}
    words = [(r["h"], *chat.solved(r)) for r in by_kind.get("gsm8k", [])]
    with processes(workers) as pool:
        def gather(function, batches):
            return [item for part in pool.map(function, batches) for item in part]

        builder.texts("arithmetic", gather(_pages, [(seed, a, b) for a, b in _slices(counts["arithmetic"], 2000)]))
        talks: dict[str, list[tuple[str, str]]] = {}
        for kind in ("text", "dictionary", "captions", "gsm8k", "code", "translation", "maths"):
            part = by_kind.get(kind, [])
            talks[kind] = [t for row in gather(_conversations, [(part[a:b], seed) for a, b in _slices(len(part), 500)]) for t in row]
        sums = gather(_sums, [(seed, a, b) for a, b in _slices(counts["math-chat"], 4000)])
        thoughts = gather(_thoughts, [(seed, a, b, words) for a, b in _slices(counts["reasoning"], 4000)])
    few = Random(f"{seed} few")

    def some(rows: list, share: float) -> list:
        return few.sample(rows, int(len(rows) * share))

    code = talks["code"] + talks["translation"]
    builder.conversations("chat", talks["text"] + some(talks["dictionary"], 0.6) + talks["captions"] + talks["gsm8k"] + talks["maths"] + some(code, 0.15) + some(sums, 0.1))
    builder.conversations("code-chat", code)
    builder.conversations("math-chat", sums + talks["gsm8k"] * 4 + talks["maths"])
    builder.conversations("reasoning", thoughts)
    (folder / "done").write_text("")
