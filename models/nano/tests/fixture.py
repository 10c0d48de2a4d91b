"""A corpus of a few kilobytes, a tokenizer of 700 entries and a family of a few thousand parameters: everything runs as the real thing, in seconds."""

import bz2
import json
from pathlib import Path
from random import Random

from nano import arithmetic
from nano.tokenizer import save, train

SETTINGS = {
    "seed": 3,
    "tokenizer": {"vocabulary": 700},
    "model": {"hidden": 64, "layers": 2, "heads": 2, "kvHeads": 1, "intermediate": 96, "context": 128, "theta": 10000, "epsilon": 1e-6},
    "batch": {"sequences": 4, "length": 64},
    "generated": {"arithmetic": 60, "math-chat": 150, "reasoning": 60},
    "optimizer": {"betas": [0.9, 0.95], "weightDecay": 0.1, "clip": 1.0, "warmup": 0.1, "final": 0.1},
    "stages": {
        "base": {"from": None, "tokens": 0.008, "lr": 3e-3, "mixture": {"text": 0.5, "code": 0.3, "arithmetic": 0.2}},
        "math": {"from": "base", "tokens": 0.003, "lr": 2e-3, "mixture": {"math-chat": 0.5, "arithmetic": 0.5}},
    },
    "vision": {"from": "base", "hidden": 32, "layers": 2, "heads": 2, "intermediate": 48, "patch": 14, "merge": 2, "batch": 8, "steps": 6, "lr": 2e-3, "scenes": 200, "text": 0.25, "sequences": 2, "mixture": {"text": 1.0}},
    "retriever": {"from": "base", "steps": 12, "batch": 16, "query": 24, "document": 48, "lr": 2e-3, "temperature": 0.05, "matryoshka": [64, 16]},
    "distill": {
        "pairs": 16, "near": 32, "group": 16, "steps": 12, "trialSteps": 3, "lr": 4e-3, "warmup": 0.1, "final": 0.1, "temperature": 0.05,
        "place": 8, "order": 1, "contrast": 0.3, "onCode": 0.3, "matryoshka": [64, 16], "trials": [{}, {"contrast": 1.0}],
    },
}  # fmt: skip

SUBJECTS = ("cache", "parser", "socket", "buffer", "thread", "index", "kernel", "query", "module", "packet", "garden", "river", "engine", "letter", "window", "market")
VERBS = ("reads", "writes", "holds", "returns", "opens", "closes", "sorts", "merges", "counts", "watches")


def records() -> list[dict]:
    r = Random(1)
    rows: list[dict] = []
    for i in range(60):
        parts = []
        for _ in range(6):
            subject = r.choice(SUBJECTS)
            lines = " ".join(f"The {subject} {r.choice(VERBS)} a {r.choice(SUBJECTS)} before the {r.choice(SUBJECTS)} {r.choice(VERBS)} it." for _ in range(6))
            parts.append(f"# How the {subject} works\n\n{lines}")
        rows.append({"k": "text", "s": "manual", "h": f"page {i}", "t": "\n\n".join(parts)})
    for i in range(40):
        body = "\n\n".join(
            f'def {r.choice(VERBS)}_the_{a}_{j}(value, other):\n    """Gives the {a} of a {b} and its {r.choice(SUBJECTS)}."""\n    result = value + {i + j}\n    return result * other\n' for j in range(5) for a, b in [r.sample(SUBJECTS, 2)]
        )
        rows.append({"k": "code", "s": "library", "h": f"file{i}.py (python)", "t": body})
    for word in SUBJECTS:
        rows.append({"k": "dictionary", "s": "words", "h": word, "t": f'(noun) a thing that {r.choice(VERBS)} a {r.choice(SUBJECTS)}; "the {word} was seen at noon"'})
    for i in range(20):
        question, steps, answer = arithmetic.shop(Random(i))
        rows.append({"k": "gsm8k", "s": "problems", "h": question, "t": f"{steps} <<1+1=2>>\n#### {answer.strip('$')}"})
        rows.append({"k": "maths", "s": "maths", "h": f"m{i}", "t": f"# Sums of {i}\n\nThe sum of the first {i} numbers is found by pairing the first with the last one, as children know."})
        rows.append({"k": "captions", "s": "photos", "h": f"{i}.jpg", "t": f"A dog runs after ball {i}.\nA brown dog chases a ball.\nDog number {i} plays."})
        rows.append({"k": "translation", "s": "translation", "h": f"public int get{i}() {{return field_{i};}}", "t": f"public virtual int Get{i}(){{return field_{i};}}"})
    return rows


def write_corpus(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("corpus", "held-out"):
        with bz2.open(folder / f"{name}.jsonl.bz2", "wt", encoding="utf-8") as stream:
            for row in records():
                stream.write(json.dumps(row) + "\n")


def write_tokenizer(folder: Path) -> None:
    save(train((f"{row['h']}\n{row['t']}" for row in records()), SETTINGS["tokenizer"]["vocabulary"]), folder)


def write_images(folder: Path) -> None:
    """Two sizes of photographs and some icons, drawn."""
    import io
    import tarfile

    from nano import scenes

    index = []
    with tarfile.open(folder / "images.tar", "w") as archive:

        def add(name: str, data: bytes) -> None:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

        for i in range(32):
            what = scenes.scene(Random(i))
            kind = "icon" if i >= 26 else "photograph"
            size = (112, 112) if kind == "icon" else (112, 84) if i % 2 else (84, 112)
            out = io.BytesIO()
            scenes.draw(what).resize(size).save(out, "JPEG")
            add(f"{i}.jpg", out.getvalue())
            index.append({"file": f"{i}.jpg", "kind": kind, "source": str(i), "captions": [scenes.caption(what, Random(i))]})
        add("captions.json", json.dumps(index).encode())


def write_teacher(folder: Path) -> None:
    """A BERT of two layers with random weights, as `nano.teacher` packs one."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel

    from nano import teacher

    plain = folder.with_name("plain-teacher")
    plain.mkdir()
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer.train_from_iterator((f"{row['h']} {row['t']}" for row in records()), trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(plain / "tokenizer.json"))
    torch.manual_seed(4)
    config = BertConfig(vocab_size=tokenizer.get_vocab_size(), hidden_size=96, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128, initializer_range=0.2)
    config.to_json_file(plain / "config.json")
    save_file({k: v.contiguous() for k, v in BertModel(config, add_pooling_layer=False).state_dict().items()}, plain / "model.safetensors")
    teacher.pack(plain, folder)


def write_dev(file: Path) -> None:
    """Two small collections: a definition's word, and a sentence's subject."""
    import lzma

    pairs = [(f"the {word} was seen", f"{word}: a thing that reads a {word}") for word in SUBJECTS]
    with lzma.open(file, "wt", encoding="utf-8") as stream:
        for name in ("one", "two"):
            row = {"name": name, "split": "dev", "documents": [d for _, d in pairs], "queries": [q for q, _ in pairs], "grades": [{i: 1.0} for i in range(len(pairs))]}
            stream.write(json.dumps(row) + "\n")
