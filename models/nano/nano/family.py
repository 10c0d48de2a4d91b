"""The whole family, in order: streams, base, siblings, vision, retriever, perplexities. What is finished is not made again.

    python -m nano.family --corpus .bench/nano --work /tmp/nano --out models/nano/weights            # on a GPU
    python -m nano.family --corpus .bench/nano --work /tmp/nano --out /tmp/weights --scale 0.02 --only base,math   # a small one on a CPU

--scale multiplies steps, and below 1 the corpus and the generated texts; the result says so. --minutes stops in time: the stage under way is saved in the work
folder, and the same command goes on from there. Weights in --out (or --start) count as finished, so that a run can go on elsewhere.
"""

import argparse
import json
import math
import shutil
import tarfile
import time
import traceback
from pathlib import Path

import torch

from . import contrast, evaluate, packed, streams, train, vision
from .export import NAMES
from .fetch import HERE
from .model import Nano, Shape
from .sampler import Sampler
from .tokenizer import FOLDER as TOKENIZER
from .tokenizer import END, load
from .vision_model import NanoVision


class Family:
    def __init__(self, arguments: argparse.Namespace, settings: dict):
        self.a, self.settings = arguments, settings
        self.device = torch.device(arguments.device)
        self.compiled = self.device.type == "cuda" and not arguments.eager
        self.deadline = time.monotonic() + 60 * arguments.minutes if arguments.minutes else math.inf
        self.seed = settings["seed"]
        self.shape = Shape.of(settings)
        self.log_lines: list[str] = []
        self.shared: Nano | None = None
        arguments.work.mkdir(parents=True, exist_ok=True)
        arguments.out.mkdir(parents=True, exist_ok=True)

    def log(self, line: str) -> None:
        print(line, flush=True)
        self.log_lines.append(line)
        with open(self.a.out / "training.log", "a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def file(self, name: str) -> Path:
        return self.a.out / f"{name}.int8.safetensors"

    def prepare(self, wanted: list[str]) -> None:
        """All that processes make, before a GPU is touched: forked processes and CUDA do not go together."""
        self.folder, self.pairs_folder = self.a.work / "streams", self.a.work / "pairs"
        corpus, part = self.a.corpus / "corpus.jsonl.bz2", min(1.0, self.a.scale)
        began = time.monotonic()
        open_stages = [name for name in wanted if not self.file(name).is_file()]
        if set(open_stages) - {"retriever"}:
            streams.build(corpus, self.folder, self.seed, self.a.tokenizer, self.settings["generated"], part, self.a.workers)
        if "retriever" in open_stages:
            own = self.settings["retriever"]
            contrast.build(corpus, self.pairs_folder, self.seed, self.a.tokenizer, own["query"], own["document"], part, self.a.workers)
        if "vision" in open_stages:
            count = max(200, int(self.settings["vision"]["scenes"] * part))
            self.groups = vision.groups(self.a.corpus / "images.tar", self.seed, count, self.a.workers)
        self.log(f"texts and images prepared in {time.monotonic() - began:.0f} s")

    def steps(self, count: float) -> int:
        return max(4, round(count * self.a.scale))

    def note(self, name: str, steps: int) -> dict:
        """What a saved state must agree with."""
        return {"stage": name, "steps": steps, "scale": self.a.scale, "seed": self.seed, "settings": self.settings}

    def finish(self, name: str, weights: dict, parent: str | None, steps: int, tokens: float) -> None:
        packed.save(self.file(name), weights, {"name": f"nano-{name}", "parent": f"nano-{parent}" if parent else "none", "steps": str(steps), "tokens": f"{tokens:.0f}", "scale": str(self.a.scale), "seed": str(self.seed)})
        (self.a.work / f"{name}.state.safetensors").unlink(missing_ok=True)

    def model(self, parent: str | None, seed: int) -> Nano:
        model = Nano(self.shape).to(self.device)
        return model.take(packed.load(self.file(parent))) if parent else model.initialize(seed).to(self.device)

    def compile(self, function, attempt):
        """The function compiled, or as it is where the compiler fails on this machine: slower, but the same numbers up to rounding."""
        began = time.monotonic()
        compiled = torch.compile(function)
        try:
            with torch.autocast(self.device.type, torch.bfloat16):
                attempt(compiled)
        except Exception:
            self.log(f"not compiled: {traceback.format_exc(limit=3)}")
            return function
        self.log(f"compiled in {time.monotonic() - began:.0f} s")
        return compiled

    def language(self, name: str, index: int) -> bool:
        stage, batch = self.settings["stages"][name], self.settings["batch"]
        sequences = max(4, min(batch["sequences"], round(batch["sequences"] * self.a.batch)))
        steps = self.steps(stage["tokens"] * 1e6 / (batch["sequences"] * batch["length"]))
        model = self.model(stage["from"], self.seed)
        sampler = Sampler(self.folder, stage["mixture"], sequences, batch["length"], steps, self.seed + index, self.device)
        self.log(f"{name}: {steps} steps of {sequences} x {batch['length']} tokens; passes " + ", ".join(f"{k} {v:.1f}" for k, v in sampler.passes.items()))
        if self.compiled and self.shared is None:
            # One graph for all siblings: weights are copied into the model that was compiled.
            self.shared, self.compiled_loss = model, self.compile(model.loss, lambda loss: loss(*sampler.batch(0)).backward())
            model.zero_grad(set_to_none=True)
        if self.shared is not None:
            model = self.shared.take(model.weights())
        loss_of = model.loss if self.shared is None else self.compiled_loss
        done = train.run(model, loss_of, sampler, steps, stage["lr"], self.settings["optimizer"], self.a.work / f"{name}.state.safetensors", self.note(name, steps), self.deadline, self.log)
        if done:
            self.finish(name, model.weights(), stage["from"], steps, steps * sequences * batch["length"])
        return done

    def vision(self) -> bool:
        v = self.settings["vision"]
        model = NanoVision(self.shape, v).to(self.device)
        vision.initialize_tower(model, self.seed)
        parent = packed.load(self.file(v["from"]))
        with torch.no_grad():
            for name, p in model.named_parameters():
                if name in parent:
                    p.copy_(parent[name])
        steps = self.steps(v["steps"])
        batch = max(4, round(v["batch"] * self.a.batch))
        pictures = vision.Pictures(self.groups, self.a.tokenizer, batch, self.seed, self.device, v["merge"], v["patch"])
        text = Sampler(self.folder, v["mixture"], max(2, round(v["sequences"] * self.a.batch)), self.settings["batch"]["length"], steps, self.seed + 50, self.device)
        done = vision.run(model, pictures, text, self.settings, steps, self.a.work / "vision.state.safetensors", self.note("vision", steps), self.deadline, self.log)
        if done:
            self.finish("vision", model.weights(), v["from"], steps, steps * batch)
        return done

    def retriever(self) -> bool:
        own = self.settings["retriever"]
        parent = self.parent("retriever")
        model = self.model(parent, self.seed)
        steps, batch = self.steps(own["steps"]), max(16, round(own["batch"] * self.a.batch))
        pairs = contrast.Pairs(self.pairs_folder, batch, self.seed, self.device, load(self.a.tokenizer).token_to_id(END))
        self.log(f"retriever, before: {json.dumps(contrast.check(model, pairs))}")
        encode = contrast.vectors
        if self.compiled:
            encode = self.compile(contrast.vectors, lambda encode: sum(encode(model, ids, pairs.pad).sum() for ids in pairs.at(0)).backward())
            model.zero_grad(set_to_none=True)
        done = contrast.run(model, pairs, self.settings, steps, self.a.work / "retriever.state.safetensors", self.note("retriever", steps), self.deadline, encode, self.log)
        if done:
            self.log(f"retriever, after: {json.dumps(contrast.check(model, pairs))}")
            self.finish("retriever", model.weights(), parent, steps, steps * batch)
        return done

    def parent(self, name: str) -> str | None:
        if name == "retriever":
            return self.a.retriever_from or self.settings["retriever"]["from"]
        return self.settings["vision"]["from"] if name == "vision" else self.settings["stages"][name]["from"]

    def run(self) -> bool:
        wanted = self.a.only.split(",") if self.a.only else list(NAMES)
        unknown = set(wanted) - set(NAMES)
        if unknown:
            raise SystemExit(f"--only: there is no sibling {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
        for file in sorted(self.a.start.glob("*.int8.safetensors")) if self.a.start else []:
            if not (self.a.out / file.name).is_file():
                shutil.copyfile(file, self.a.out / file.name)
        self.prepare(wanted)
        failed: list[str] = []
        for index, name in enumerate(NAMES):
            if name not in wanted or self.file(name).is_file():
                continue
            parent = self.parent(name)
            if parent is not None and not self.file(parent).is_file():
                self.log(f"{name}: left out, since {parent}, from which it is made, is not there")
                failed.append(name)
                continue
            if time.monotonic() > self.deadline:
                return False
            began = time.monotonic()
            try:
                done = self.retriever() if name == "retriever" else self.vision() if name == "vision" else self.language(name, index)
            except Exception:
                # What can be made without it is made all the same: device time is dear.
                self.log(f"{name}: failed\n{traceback.format_exc()}")
                failed.append(name)
                continue
            if not done:
                return False
            self.log(f"{name}: finished in {time.monotonic() - began:.0f} s")
            if self.a.bundle:
                bundle(self.a.out, self.a.bundle)
        if self.a.held_out:
            rows = evaluate.table(self.a.out, self.a.held_out, self.settings, list(NAMES), self.device, self.a.limit, self.a.tokenizer)
            (self.a.out / "perplexity.json").write_text(json.dumps(rows, indent=1) + "\n")
            if rows:
                self.log(evaluate.markdown(rows))
        if failed:
            raise SystemExit(f"Not made: {', '.join(failed)}.")
        return True


# Archives of what came out, three models each, for a way that takes few and small files.
BUNDLES = (("base", "instruct", "coder"), ("coder-instruct", "math", "math-instruct"), ("reasoning", "vision", "retriever"))


def bundle(out: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, names in enumerate(BUNDLES):
        files = [out / f"{name}.int8.safetensors" for name in names if (out / f"{name}.int8.safetensors").is_file()]
        if files:
            with tarfile.open(folder / f"models-{i + 1}.tar", "w") as archive:
                for file in files:
                    archive.add(file, file.name)
    for name in ("training.log", "perplexity.json"):
        if (out / name).is_file():
            shutil.copyfile(out / name, folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the nano family.")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of corpus.jsonl.bz2, images.tar")
    parser.add_argument("--work", type=Path, required=True, help="streams, pairs and unfinished stages")
    parser.add_argument("--out", type=Path, required=True, help="packed weights, log, perplexities")
    parser.add_argument("--start", type=Path, help="folder of packed weights that are finished already")
    parser.add_argument("--bundle", type=Path, help="also pack the results into few archives, here")
    parser.add_argument("--held-out", type=Path, help="held-out.jsonl.bz2: measure perplexities at the end")
    parser.add_argument("--limit", type=int, default=60_000, help="scored tokens per domain")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--only", help="siblings to make, by name, with commas")
    parser.add_argument("--retriever-from", choices=NAMES[:7], help="which sibling the retriever is made of (default: family.json's)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the steps; below 1 also of the corpus")
    parser.add_argument("--batch", type=float, default=1.0, help="share of the batches' size, for small machines")
    parser.add_argument("--minutes", type=float, help="stop after so many")
    parser.add_argument("--workers", type=int, help="processes that make texts (default: one per core)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    arguments = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    family = Family(arguments, json.loads((HERE / "family.json").read_text()))
    began = time.monotonic()
    try:
        done = family.run()
        family.log(f"{'all done' if done else 'not all done: run the same command again'} after {(time.monotonic() - began) / 60:.1f} minutes")
    finally:
        if arguments.bundle:
            bundle(arguments.out, arguments.bundle)


if __name__ == "__main__":
    main()
