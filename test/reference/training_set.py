"""Made-up training sets in the worker's prepared layout."""

import json
from pathlib import Path

import numpy as np


def made_up(seed, vocabulary, groups=8, negatives=3, lengths=(3, 40), documents=20, positives=2, first_token=None):
    """(texts, groups) as training_plain.py takes them. Few documents, so that they meet again as others' negatives and positives; one query
    comes twice."""
    random = np.random.default_rng(seed)

    def text(low, high):
        ids = random.integers(8, vocabulary, size=int(random.integers(low, high))).tolist()
        ids = ids if first_token is None else [first_token, *ids]
        return {"ids": ids, "from": int(random.integers(0, 2)), "words": random.choice(ids, size=min(5, len(ids)), replace=False).tolist()}

    texts = [text(lengths[0], min(14, lengths[1])) for _ in range(groups)] + [text(*lengths) for _ in range(documents)]
    texts[groups + 1]["words"] = []
    found = []
    for number in range(groups):
        chosen = (groups + random.choice(documents, size=positives + negatives, replace=False)).tolist()
        query = 0 if number == groups - 1 else number
        found.append({"query": query, "positives": chosen[:positives], "negatives": chosen[positives:], "scores": random.normal(size=len(chosen)).tolist()})
    return texts, found


def show(texts, pixels, every=2, merge=28, pad=5):
    """Puts pictures, which come again, into every so many of the texts, in front, in the middle or behind; a text gets longer by its tokens."""
    random = np.random.default_rng(11)
    for number in range(0, len(texts), every):
        text, shown = texts[number], pixels[number // every % len(pixels)]
        at = int(random.integers(0, len(text["ids"]) + 1))
        count = shown.shape[0] // merge * (shown.shape[1] // merge)
        text["ids"] = [*text["ids"][:at], 3, *[pad] * count, 4, *text["ids"][at:]]
        text["picture"] = {"pixels": shown, "offset": at + 1}
    return texts


def write_set(folder, texts, groups=(), scores=False, words=False):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def put(name, values, kind):
        np.asarray(values, dtype=kind).tofile(folder / name)

    def ragged(name, offsets, parts, kind="<i4"):
        put(name, [value for part in parts for value in part], kind)
        put(offsets, np.cumsum([0, *map(len, parts)]), "<u8")

    ragged("tokens.bin", "offsets.bin", [text["ids"] for text in texts])
    put("from.bin", [text["from"] for text in texts], "<i4")
    if words:
        ragged("words.bin", "word-offsets.bin", [text["words"] for text in texts])
    if groups:
        ragged("groups.bin", "group-offsets.bin", [[one["query"], len(one["positives"]), len(one["negatives"]), *one["positives"], *one["negatives"]] for one in groups])
    if scores:
        put("scores.bin", [score for one in groups for score in one["scores"]], "<f4")
    pictured = [text.get("picture") for text in texts]
    pictures = list({id(one["pixels"]): one["pixels"] for one in pictured if one}.values())
    if pictures:
        number = {id(pixels): i for i, pixels in enumerate(pictures)}
        put("pixels.bin", np.concatenate([pixels.reshape(-1) for pixels in pictures]), "u1")
        put("picture-offsets.bin", np.cumsum([0, *(pixels.size for pixels in pictures)]), "<u8")
        put("picture-sizes.bin", [pixels.shape[:2] for pixels in pictures], "<i4")
        put("shown.bin", [(number[id(one["pixels"])], one["offset"]) if one else (-1, 0) for one in pictured], "<i4")
    facts = {"version": 1, "texts": len(texts), "groups": len(groups), "tokens": sum(len(text["ids"]) for text in texts), "fingerprint": "0" * 64, "scores": scores, "words": words, "pictures": len(pictures)}
    (folder / "set.json").write_text(json.dumps(facts))


def job_of(model, data, out, **changes):
    """A job with the fields that changes do not name."""
    job = {
        "version": 1, "model": str(model), "adapter": None, "set": str(data), "dev": None, "out": str(out), "seed": 7, "decoder": True, "baseName": "someone/base",
        "recipe": {"layer": None, "finalNorm": None, "direction": "model", "pooling": ["lasttoken"], "normalize": True, "sparse": False},
        "loss": {"temperature": 0.05, "inBatch": True, "crossDevice": True, "negatives": 3, "positives": "first", "maskDuplicates": True, "matryoshka": None, "distill": None, "sparse": None},
        "batch": {"queries": 8, "chunk": None, "accumulate": 1},
        "optimizer": {"lr": 1e-3, "warmup": 2, "schedule": "linear", "weightDecay": 0.0, "betas": [0.9, 0.999], "clip": 1.0, "name": "adamw"},
        "steps": 4, "epochs": 1, "adapterConfig": None, "precision": "float32", "checkpointing": False, "packed": True, "compile": False, "devices": ["cpu"],
        "strategy": "none", "saveEvery": 1000, "keep": 2, "resume": None, "threads": 1, "fingerprint": "f" * 64, "identity": {"seed": 7},
    }  # fmt: skip
    for key, value in changes.items():
        job[key] = {**job[key], **value} if isinstance(value, dict) and isinstance(job.get(key), dict) else value
    return job
