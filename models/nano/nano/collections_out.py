"""The collections of the shared data folder: what of them is protected, and what may be learnt."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from .guard import CODE, TEXT, Guard

# Whole corpora that no sibling sees, and those of which the relevant documents of held-out queries are protected.
CLOSED = ("scifact", "nfcorpus", "cranfield", "msmarco-trecdl19-20-pool")
CODE_COLLECTIONS = ("cosqa-coclr", "pystdlib-docstring", "codetrans-java-csharp")


def lines(path: Path) -> Iterator[dict]:
    """The records of a JSON-lines file, also where only NAME.gz is there."""
    path = path if path.is_file() else path.with_name(path.name + ".gz")
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def pairs_of(folder: Path, split: str) -> list[tuple[str, str]]:
    """(query id, document id) of the split's judgments above 0."""
    with open(folder / "qrels" / f"{split}.tsv", encoding="utf-8") as stream:
        return [(row[0], row[1]) for row in list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))[1:] if float(row[2]) > 0]


def held_out_functions(data: Path) -> set[str]:
    """Names of the functions of pystdlib-docstring's test and dev splits."""
    folder = data / "pystdlib-docstring"
    wanted = {document for split in ("test", "dev") for _, document in pairs_of(folder, split)}
    return {d["title"].rpartition(":")[2].rpartition(".")[2] for d in lines(folder / "corpus.jsonl") if d["_id"] in wanted}


def protect_all(guard: Guard, data: Path) -> None:
    for name in CLOSED:
        for document in lines(data / name / "corpus.jsonl"):
            guard.protect(name, f"{document.get('title', '')} {document.get('text', '')}")
        for query in lines(data / name / "queries.jsonl"):
            guard.protect(name, query["text"])
    for name in CODE_COLLECTIONS:
        folder = data / name
        judged = {split: pairs_of(folder, split) for split in ("test", "dev")}
        queries = {query for pairs in judged.values() for query, _ in pairs}
        documents = {document for pairs in judged.values() for _, document in pairs}
        for query in lines(folder / "queries.jsonl"):
            if query["_id"] in queries:
                guard.protect(name, query["text"], CODE if name.startswith("codetrans") else TEXT)
        for document in lines(folder / "corpus.jsonl"):
            if document["_id"] in documents:
                guard.protect(name, document["text"], CODE)
    for record in lines(data / "gsm8k" / "test.jsonl"):
        guard.protect("gsm8k", record["question"])
        guard.protect("gsm8k", record["answer"])
    for part in ("test", "valid"):
        with gzip.open(data / "lm-text" / f"wikitext2.{part}.txt.gz", "rt", encoding="utf-8") as stream:
            guard.protect("wikitext2", stream.read())
    folder = data / "flickr8k-1k"
    kept_out = {query for split in ("test", "dev") for query, _ in pairs_of(folder, split)}
    for query in lines(folder / "queries.jsonl"):
        if query["_id"] in kept_out:
            guard.protect("flickr8k-1k", query["text"])
    for query in lines(data / "emoji-noto" / "queries.jsonl"):
        guard.protect("emoji-noto", query["text"])
    guard.seal()


def captions(data: Path, split: str = "train") -> dict[str, list[str]]:
    """Captions of the split's images, by image."""
    folder = data / "flickr8k-1k"
    image = dict(pairs_of(folder, split))
    result: dict[str, list[str]] = {}
    for query in lines(folder / "queries.jsonl"):
        if query["_id"] in image:
            result.setdefault(image[query["_id"]], []).append(query["text"].replace(" .", ".").strip())
    return dict(sorted(result.items()))


def code_translations(data: Path) -> list[tuple[str, str]]:
    """(Java method, C# method) of codetrans-java-csharp's train split."""
    folder = data / "codetrans-java-csharp"
    pairs = pairs_of(folder, "train")
    queries = {q["_id"]: q["text"] for q in lines(folder / "queries.jsonl")}
    documents = {d["_id"]: d["text"] for d in lines(folder / "corpus.jsonl")}
    return [(queries[q], documents[d]) for q, d in pairs]
