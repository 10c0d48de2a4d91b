"""A job from its first update to its last."""

import shutil
import time
from pathlib import Path

import torch

from ..devices import is_out_of_memory
from ..errors import WorkerError
from .build import build
from .checkpoint import Checkpoints
from .dev import write_vectors
from .folders import write_folder
from .loss import Losses
from .passes import OutOfMemory, Passes
from .pool import Pool
from .prepared import PreparedSet
from .sampling import Sampler
from .saving import save_model
from .schedule import optimiser, rate
from .watch import Watch

DEV_TOKENS = {"cpu": 4096, "cuda": 16384}
"""Tokens of a pass without gradients."""


class Trainer:
    def __init__(self, job: dict, processes, events):
        self._job, self._processes, self._events = job, processes, events
        self._out = Path(job["out"])
        batch, loss = job["batch"], job["loss"]
        self._data = PreparedSet(job["set"])
        self._require_sense()
        self._dev = PreparedSet(job["dev"]["set"]) if job.get("dev") else None
        self._sampler = Sampler(self._data, job["seed"], batch["queries"], loss["negatives"], loss.get("positives", "random"))
        self._built = build(job, self._data, processes)
        self._retriever = self._built.retriever
        sharded = job.get("strategy") in ("fsdp", "zero3") and processes.world > 1
        full = job.get("adapterConfig") is None
        # Plain LoRA on narrow weights needs no casts; FSDP casts whole weights itself.
        autocast = (full and not sharded) or (not full and job["adapterConfig"]["kind"] != "lora")
        losses = Losses(loss, self._retriever.dimension, job["recipe"]["normalize"])
        self._passes = Passes(self._retriever, losses, self._data, processes, job["seed"], batch, job["precision"], autocast, sharded)
        self._trained = self._built.weights.trained()
        self._optimizer = optimiser(self._trained, job["optimizer"], processes.device)
        self._checkpoints = Checkpoints(job, self._built.weights, self._optimizer, processes)
        self._sharded = sharded
        self._watch = Watch(loss["temperature"], job["recipe"]["normalize"], job["optimizer"]["lr"])
        self._first = 0

    def _require_sense(self):
        job, data = self._job, self._data
        batch, loss = job["batch"], job["loss"]
        if data.groups < batch["queries"]:
            raise WorkerError(
                "USAGE", f"A batch of {batch['queries']} queries is larger than the set, which has {data.groups}.", "Lower batch.queries, or take more data."
            )
        pieces = batch.get("accumulate", 1) * self._processes.world
        if batch["queries"] % pieces:
            raise WorkerError(
                "USAGE",
                f"A batch of {batch['queries']} queries cannot be dealt out to {self._processes.world} devices in {batch.get('accumulate', 1)} passes.",
                f"Make batch.queries a multiple of {pieces}.",
            )
        if not loss.get("inBatch", True) and not loss["negatives"]:
            raise WorkerError("USAGE", "Without negatives and without those of the batch there is nothing to tell a positive from.", "Set inBatch: true, or give negatives.")
        if loss.get("distill") and not data.has_scores:
            raise WorkerError("USAGE", "distill needs scores of a teacher, and the prepared set has none.", "Give positives and negatives a teacher_score.")

    # --- The run ----------------------------------------------------------------------------------------------------------------------------

    def run(self):
        job, steps = self._job, self._job["steps"]
        state = {}
        if job.get("resume"):
            state = self._checkpoints.load(job["resume"])
            self._first, self._watch.losses = state["step"], state["losses"]
            self._passes.chunk_tokens = state.get("chunkTokens", self._passes.chunk_tokens)
        self._events.tell("ready", **self._built.facts, steps=steps, device=str(self._processes.device), world=self._processes.world, **{"from": self._first})
        done, stopped, saved = self._first, state.get("stopped"), self._first
        if self._dev is not None and (self._first == 0 or not state.get("evaluated", True)):
            stopped = self._evaluate(self._first)
        while done < steps and stopped is None:
            if self._processes.any(self._events.stopped):
                stopped = "cancelled"
                break
            self._update(done)
            done += 1
            if self._dev is not None and (done % job["dev"]["every"] == 0 or done == steps):
                stopped = self._evaluate(done)
            if done % job["saveEvery"] == 0 or done == steps or stopped is not None:
                saved = self._save(done, stopped)
        if stopped == "cancelled":
            if done > saved:
                self._save(done)
            self._events.tell("finished", step=done, folder=None, stopped=stopped)
            return
        self._events.tell("finished", step=done, folder=str(self._finish()), stopped=stopped)

    def _save(self, step: int, stopped=None) -> int:
        """@param stopped What the evaluation of this step has led to: "cancelled" where nobody answered, so that it is to be asked for again."""
        extra = {"evaluated": stopped != "cancelled", "stopped": None if stopped == "cancelled" else stopped}
        folder = self._checkpoints.save(step, {"losses": self._watch.losses, "chunkTokens": self._passes.chunk_tokens, **extra})
        self._events.tell("checkpoint", step=step, folder=str(folder))
        return step

    def _finish(self) -> Path:
        """The best weights where the caller has named some, else the last."""
        folder, best = self._out / "model", self._out / "best"
        if not self._processes.told(best.exists()):
            save_model(self._built, self._job, folder, self._processes)
        elif self._processes.first:
            size = sum(path.stat().st_size for path in best.iterdir())
            write_folder(folder, lambda place: shutil.copytree(best, place, dirs_exist_ok=True), size, "The best weights are in best/.")
        return folder

    # --- One update -------------------------------------------------------------------------------------------------------------------------

    def _update(self, step: int):
        job, started = self._job, time.perf_counter()
        wanted = job["optimizer"]
        lr = wanted["lr"] * rate(step, job["steps"], wanted.get("warmup", 0), wanted.get("schedule", "linear"))
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        sums = self._gradients(step)
        queries = sums.pop("queries")
        tokens = int(sums.pop("tokens"))
        means = {name: value / queries for name, value in sums.items()}
        norm = self._norm(wanted.get("clip"))
        # Judged before the weights change.
        self._watch.look(step + 1, means["loss"], means["contrastive"], norm, means["pool"], wanted["lr"])
        self._step()
        parts = {name: means[name] for name in ("contrastive", "distill", "sparse") if name in means}
        self._events.tell(
            "step", step=step + 1, loss=means["loss"], parts=parts, lr=lr, gradNorm=norm, tokens=tokens, accuracy=means["accuracy"], pool=means["pool"],
            seconds=time.perf_counter() - started,
        )  # fmt: skip

    def _gradients(self, step: int) -> dict:
        """Gradients of the update, summed over processes; sums over all queries."""
        job = self._job
        choices = self._sampler.update(step)
        parts = job["batch"].get("accumulate", 1)
        size = len(choices) // parts
        loss = job["loss"]
        options = loss.get("inBatch", True), loss.get("crossDevice", True), loss.get("maskDuplicates", True)
        pools = [Pool(choices[at : at + size], self._processes.world, *options) for at in range(0, len(choices), size)]
        while True:
            self._optimizer.zero_grad(set_to_none=True)
            found = []
            try:
                for number, pool in enumerate(pools):
                    found.append(self._passes.gradients(pool, step, number, 1 / parts))
                break
            except OutOfMemory:
                message = self._passes.halve(pools[len(found)])
            self._events.tell("note", step=step + 1, message=message)
        if not self._sharded:
            self._processes.add_up_gradients(self._trained.values())
        names = sorted(found[0])
        return dict(zip(names, self._processes.sums(sum(one[name] for one in found) for name in names)))

    def _norm(self, clip) -> float:
        norm = torch.nn.utils.clip_grad_norm_(list(self._trained.values()), clip if clip else float("inf"))
        return float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)

    def _step(self):
        try:
            self._optimizer.step()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise WorkerError(
                "ENGINE_FAILED",
                f"Memory ran out on {self._processes.device} for the optimiser's two numbers per trained weight.",
                "Train an adapter (LoRA) in place of all weights, share them out over several devices (strategy: fsdp), or take a smaller model.",
            ) from error

    # --- Evaluation -------------------------------------------------------------------------------------------------------------------------

    def _evaluate(self, step: int):
        """@returns None to go on, else why not."""
        file = self._out / "dev" / f"step-{step}.f32"
        write_vectors(self._retriever, self._dev, self._passes, self._processes, file, DEV_TOKENS.get(self._processes.device.type, 4096))
        self._events.tell("dev", step=step, vectors=str(file))
        answer = self._processes.told(self._events.answer() if self._processes.first else None)
        if answer.get("best"):
            save_model(self._built, self._job, self._out / "best", self._processes)
        return None if answer.get("go") else answer.get("reason") or "early"
