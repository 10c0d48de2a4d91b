"""Retrieval on the development side of five collections, by which nano-retriever is chosen; their test splits are not looked at.

    python -m nano.dev --data ../shared/data --out .bench/nano/distill/dev.jsonl.xz

SciFact has no dev split: its train queries stand in for one (nothing is trained on them).
"""

import argparse
import csv
import json
import lzma
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .collections_out import lines
from .fetch import HERE

SPLITS = {"scifact": "train", "nfcorpus": "dev", "cosqa-coclr": "dev", "pystdlib-docstring": "dev", "codetrans-java-csharp": "dev"}


def collection(data: Path, name: str, split: str) -> dict:
    """Documents (title and text in one), queries of the split, and grades by query and document, as positions."""
    documents = {d["_id"]: f"{d.get('title', '')}\n{d['text']}".strip() for d in lines(data / name / "corpus.jsonl")}
    texts = {q["_id"]: q["text"] for q in lines(data / name / "queries.jsonl")}
    positions = {key: i for i, key in enumerate(documents)}
    queries: dict[str, dict[int, float]] = {}
    with open(data / name / "qrels" / f"{split}.tsv", encoding="utf-8") as stream:
        for q, d, grade in list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]:
            if float(grade) > 0 and d in positions:
                queries.setdefault(q, {})[positions[d]] = float(grade)
    return {"name": name, "split": split, "documents": list(documents.values()), "queries": [texts[q] for q in queries], "grades": list(queries.values())}


def read(file: Path) -> list[dict]:
    with lzma.open(file, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    for row in rows:
        row["grades"] = [{int(d): grade for d, grade in grades.items()} for grades in row["grades"]]
    return rows


def ndcg(top: list[list[int]], grades: list[dict[int, float]]) -> float:
    """Mean nDCG@10 with linear gains, as trec_eval has it. top: each query's documents, best first."""
    total = 0.0
    for found, wanted in zip(top, grades):
        gain = sum(wanted.get(d, 0.0) / math.log2(i + 2) for i, d in enumerate(found[:10]))
        best = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(wanted.values(), reverse=True)[:10]))
        total += gain / best
    return total / len(grades)


def score(queries: torch.Tensor, documents: torch.Tensor, grades: list[dict[int, float]], size: int) -> float:
    """nDCG@10 of the first `size` numbers of the vectors, by cosine."""
    a, b = F.normalize(queries[:, :size].float(), dim=-1), F.normalize(documents[:, :size].float(), dim=-1)
    top = [row for first in range(0, len(a), 256) for row in (a[first : first + 256] @ b.T).topk(min(10, len(b)), dim=1).indices.tolist()]
    return ndcg(top, grades)


def table(rows: list[dict], vectors, sizes: list[int]) -> dict[str, dict[str, float]]:
    """nDCG@10 by size and collection, and the mean of the collections. vectors: texts → (texts, numbers)."""
    result: dict[str, dict[str, float]] = {str(size): {} for size in sizes}
    for row in rows:
        q, d = vectors(row["queries"]), vectors(row["documents"])
        for size in sizes:
            result[str(size)][row["name"]] = round(score(q, d, row["grades"], size), 4)
    for values in result.values():
        values["mean"] = round(float(np.mean(list(values.values()))), 4)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the development side of five collections.")
    parser.add_argument("--data", type=Path, default=HERE.parent.parent.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / ".bench" / "nano" / "distill" / "dev.jsonl.xz")
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(arguments.out, "wt", encoding="utf-8", preset=9) as stream:
        for name, split in SPLITS.items():
            row = collection(arguments.data, name, split)
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            print(f"{name} {split}: {len(row['queries'])} queries, {len(row['documents'])} documents", flush=True)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
