"""nano-retriever learns from a teacher: every text's place among others as the teacher sees it, and which texts belong together.

    python -m nano.distill --corpus .bench/nano/distill/texts.jsonl.xz --teacher .bench/nano/distill/teacher \\
        --parent models/nano/weights/base.int8.safetensors --dev .bench/nano/distill/dev.jsonl.xz --out OUT --minutes 8.5

Phases: texts tokenised, the teacher's vectors of all of them, short trials of a few settings judged on the development side, then a run with
the best. Each is kept in --work, and the same command goes on from there. OUT gets retriever.int8.safetensors after the first trial, every minute
of the run and at its end, distill.json (settings, nDCG@10) and training.log. --parent may be a retriever of an earlier run.
"""

import argparse
import json
import math
import time
import traceback
from pathlib import Path

import numpy as np
import torch

from . import contrast, dev, packed, texts
from .distill_data import LENGTHS, Pool
from .distill_loss import loss_of, principal
from .fetch import HERE
from .model import Nano, Shape
from .teacher import Teacher
from .tokenizer import END, load
from .tokenizer import FOLDER as TOKENIZER
from .train import SAVE_SECONDS, load_state, optimizer_of, rate, save_state


class Distillation:
    def __init__(self, arguments: argparse.Namespace, family: dict):
        self.a, self.family, self.own = arguments, family, family["distill"]
        self.device = torch.device(arguments.device)
        self.began = time.monotonic()
        self.deadline = self.began + 60 * arguments.minutes if arguments.minutes else math.inf
        self.encode = contrast.vectors
        arguments.work.mkdir(parents=True, exist_ok=True)
        arguments.out.mkdir(parents=True, exist_ok=True)
        self.report: dict = {"settings": self.own, "parent": arguments.parent.name, "seed": family["seed"]}

    def log(self, line: str) -> None:
        line = f"[{time.monotonic() - self.began:5.0f} s] {line}"
        print(line, flush=True)
        with open(self.a.out / "training.log", "a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def note(self, **values) -> None:
        self.report.update(values)
        (self.a.out / "distill.json").write_text(json.dumps(self.report, indent=1) + "\n")

    def prepare(self) -> None:
        """Texts before anything touches a GPU (forked processes), then the teacher's vectors, on the GPU from there on."""
        a, folder = self.a, self.a.work / "texts"
        tokenizer_file = a.teacher / "tokenizer.json"
        texts.build(a.corpus, folder, self.family["seed"], a.tokenizer, tokenizer_file, min(1.0, a.scale), a.workers, self.log)
        arrays = {name: np.load(folder / f"{name}.npy") for name in texts.NAMES}
        file = a.work / "teacher.pt"
        teacher = Teacher(a.teacher, self.device)
        if file.is_file():
            known = torch.load(file, map_location=self.device)
        else:
            known = teacher.vectors(arrays["teacher"], arrays["teacher.lengths"], log=self.log)
            torch.save(known, file)
        self.log(f"teacher: vectors of {len(known)} texts; mean cosine of neighbours in the list {(known[:-1:97] * known[1::97]).float().sum(1).mean().item():.3f}")
        self.pad = load(a.tokenizer).token_to_id(END)
        self.dev, self._dev_tokens = dev.read(a.dev), {}
        if not (a.work / "teacher.json").is_file():

            def vectors(rows: list[str]) -> torch.Tensor:
                _, _, flat, lengths, _ = texts.tokenize(rows, str(a.tokenizer), str(tokenizer_file))
                return teacher.vectors(flat, lengths)

            (a.work / "teacher.json").write_text(json.dumps(dev.table(self.dev, vectors, [teacher.size])))
        self.note(teacher=json.loads((a.work / "teacher.json").read_text()))
        self.log(f"nDCG@10 of the teacher: {json.dumps(self.report['teacher'])}")
        del teacher
        target = principal(known, self.family["model"]["hidden"], self.log)
        self.pool = Pool(arrays, known, target, self.own, self.family["seed"], self.device, self.pad)

    def compile(self) -> None:
        """Length is the one size that varies: two lengths make one graph for all. Where the compiler fails, the same numbers come slower."""
        if self.device.type != "cuda" or self.a.eager:
            return
        model = self.model()
        compiled = torch.compile(contrast.vectors)
        try:
            with torch.autocast("cuda", torch.bfloat16):
                for length in (48, 96, *LENGTHS):
                    ids = torch.ones(self.own["group"], length, dtype=torch.long, device=self.device)
                    compiled(model, ids, self.pad).sum().backward()
            torch.cuda.synchronize()
            self.encode = compiled
            self.log("compiled")
        except Exception:
            self.log(f"not compiled: {traceback.format_exc(limit=3)}")

    def model(self) -> Nano:
        """The parent's weights; the same module each time, since a graph was compiled for it."""
        if not hasattr(self, "_model"):
            self._model = Nano(Shape.of(self.family)).to(self.device)
        self._model.zero_grad(set_to_none=True)
        return self._model.take(packed.load(self.a.parent))

    @torch.no_grad()
    def judge(self, model: Nano) -> dict[str, dict[str, float]]:
        """nDCG@10 on the development side, of the weights as they would be packed."""
        kept = {name: w.clone() for name, w in model.weights().items()}
        model.take({name: w.to(self.device) for name, w in packed.unpack(packed.pack(kept)).items()})
        context = self.family["model"]["context"]

        def vectors(rows: list[str]) -> torch.Tensor:
            if id(rows) not in self._dev_tokens:
                # A document without a text gets some token, for there is no mean of none.
                self._dev_tokens[id(rows)] = [e.ids[:context] or [0] for e in load(self.a.tokenizer).encode_batch(rows, add_special_tokens=False)]
            ids = self._dev_tokens[id(rows)]
            order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
            result = torch.empty(len(ids), model.shape.hidden, device=self.device)
            for first in range(0, len(ids), 256):
                part = order[first : first + 256]
                longest = -(-max(len(ids[i]) for i in part) // 8) * 8
                block = np.full((len(part), min(context, longest)), self.pad)
                for row, i in enumerate(part):
                    block[row, : len(ids[i])] = ids[i]
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
                    result[torch.tensor(part, device=self.device)] = contrast.vectors(model, torch.from_numpy(block).to(self.device), self.pad).float()
            return result

        found = dev.table(self.dev, vectors, self.own["matryoshka"])
        model.take(kept)
        return found

    def save(self, model: Nano, steps: int, what: str) -> None:
        meta = {"name": "nano-retriever", "parent": self.a.parent.name, "teacher": "all-MiniLM-L6-v2", "steps": str(steps), "seed": str(self.family["seed"]), "stage": what}
        packed.save(self.a.out / "retriever.int8.safetensors", model.weights(), meta)

    def train(self, model: Nano, own: dict, steps: int, what: str, state: Path | None = None) -> tuple[int, bool]:
        """(steps made, whether all). After 60 steps the speed is known: a run that would not end in time gets as many steps as do."""
        settings = {**self.family["optimizer"], "weightDecay": 0.01}
        optimizer = optimizer_of(model.named_parameters(), settings, own["lr"], self.device)
        note = {"stage": what, "own": own}
        first = 0
        if state and state.is_file():
            first = load_state(state, model, optimizer, note)
            steps = json.loads(state.with_suffix(".json").read_text())["steps"]
        began = saved = time.monotonic()
        for step in range(first, steps):
            for group in optimizer.param_groups:
                group["lr"] = rate(step, steps, own["lr"], own["warmup"], own["final"])
            batch = self.pool.at(step, what)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
                vectors = self.pool.encode(model, batch, self.encode)
            loss, parts = loss_of(vectors, batch, self.pool, own)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if step - first == 10:
                self._sync()
                clock = time.monotonic()
            if state and step == 60 and first == 0 and self.deadline < math.inf:
                self._sync()
                each = (time.monotonic() - clock) / 50
                fit = 61 + int((self.deadline - self.a.reserve - time.monotonic()) / (each * 1.03))
                if fit < steps:
                    self.log(f"{what}: {1 / each:.1f} steps/s, so {max(fit, 100)} steps instead of {steps}")
                    steps = max(fit, 100)
            if step % max(1, steps // 15) == 0 or step + 1 == steps:
                values = {name: round(value.item(), 4) for name, value in parts.items()}
                if not math.isfinite(loss.item()):
                    raise FloatingPointError(f"The loss is {loss.item()} at step {step}: lower the learning rate.")
                self.log(f"{what} step {step + 1}/{steps} {batch.source}: {json.dumps(values)}, {(step + 1 - first) / max(1e-9, time.monotonic() - began):.1f} steps/s")
            now = time.monotonic()
            late = now > self.deadline - self.a.reserve / 2
            if state and (late or now - saved > SAVE_SECONDS) and step + 1 < steps:
                save_state(state, model, optimizer, step + 1, note)
                state.with_suffix(".json").write_text(json.dumps({"steps": steps}))
                self.save(model, step + 1, f"{what}, unfinished, of {steps}")
                saved = now
                if late:
                    self.log(f"{what}: time is up after step {step + 1} of {steps}")
                    return step + 1, False
            # There may be fewer than were asked for: see `fit`.
            if step + 1 == steps:
                break
        return steps, True

    def _sync(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def trials(self) -> dict:
        """The settings with the best mean nDCG@10 after a short run of each."""
        candidates = self.own["trials"]
        common = {key: value for key, value in self.own.items() if key != "trials"}
        if len(candidates) < 2:
            return {**common, **(candidates[0] if candidates else {})}
        file = self.a.work / "trials.json"
        found = json.loads(file.read_text()) if file.is_file() else []
        for i, change in enumerate(candidates):
            if i < len(found):
                continue
            own = {**common, **change}
            model = self.model()
            steps = max(4, round(own["trialSteps"] * self.a.scale))
            self.train(model, own, steps, "trial")
            scores = self.judge(model)
            found.append({"change": change, "scores": scores})
            self.log(f"trial of {json.dumps(change)}: {json.dumps(scores)}")
            full = [entry["scores"][str(own["matryoshka"][0])]["mean"] for entry in found]
            if full[-1] == max(full):
                self.save(model, steps, f"trial of {json.dumps(change)}")
            file.write_text(json.dumps(found))
            self.note(trials=found)
        best = max(found, key=lambda entry: entry["scores"][str(self.own["matryoshka"][0])]["mean"])
        self.log(f"best trial: {json.dumps(best['change'])}")
        return {**common, **best["change"]}

    def run(self) -> bool:
        self.prepare()
        self.compile()
        if "before" not in self.report:
            self.note(before=self.judge(self.model()))
            self.log(f"nDCG@10 before: {json.dumps(self.report['before'])}")
        own = self.trials()
        model = self.model()
        steps, done = self.train(model, own, max(4, round(own["steps"] * self.a.scale)), "run", self.a.work / "run.state.safetensors")
        self.save(model, steps, "finished" if done else "unfinished")
        scores = self.judge(model)
        self.note(chosen=own, steps=steps, finished=done, after=scores, texts=self.pool.count, seconds=round(time.monotonic() - self.began))
        self.log(f"nDCG@10 after {steps} steps: {json.dumps(scores)}")
        return done


def main() -> None:
    parser = argparse.ArgumentParser(description="Distils nano-retriever from all-MiniLM-L6-v2.")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus.jsonl.bz2, or the part of it that nano.texts takes (.xz)")
    parser.add_argument("--teacher", type=Path, required=True, help="the folder that nano.teacher packs")
    parser.add_argument("--parent", type=Path, required=True, help="packed weights to start from")
    parser.add_argument("--dev", type=Path, required=True, help="the file that nano.dev makes")
    parser.add_argument("--out", type=Path, required=True, help="packed weights, figures, log")
    parser.add_argument("--work", type=Path, default=Path("/tmp/nano-distill"), help="tokens, teacher's vectors, unfinished run")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER)
    parser.add_argument("--minutes", type=float, help="end after so many, with a schedule that fits")
    parser.add_argument("--reserve", type=float, default=20, help="seconds of them kept for the last figures")
    parser.add_argument("--scale", type=float, default=1.0, help="share of texts and steps")
    parser.add_argument("--workers", type=int, help="processes that make texts (default: one per core)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--eager", action="store_true", help="do not compile")
    arguments = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    family = json.loads((HERE / "family.json").read_text())
    distillation = Distillation(arguments, family)
    done = distillation.run()
    distillation.log("all done" if done else "not all done: run the same command again")


if __name__ == "__main__":
    main()
