"""Jobs of the worker's training from start to end, each in a process of its own: kills, resumes, evaluation, what is written, what is refused.

usage: training_jobs.py BERT SCRATCH [CHECK...]

Prints one JSON object a line: {name of a check: what was found}.
"""

import json
import resource
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

# Before any process is made: each would load them again.
import tiny_models  # noqa: E402
import vision_models  # noqa: E402
from fieldtrial_worker.errors import WorkerError  # noqa: E402
from fieldtrial_worker.training import retriever  # noqa: E402
from fieldtrial_worker.training.pool import Pool  # noqa: E402
from fieldtrial_worker.training.prepared import PreparedSet  # noqa: E402
from fieldtrial_worker.training.sampling import Sampler  # noqa: E402
from fieldtrial_worker.training.watch import Watch  # noqa: E402
from training_runs import MODELS, SCRATCH, TEXTS, Run, job, same, whole  # noqa: E402
from training_set import made_up, write_set  # noqa: E402

BERT, VISION = Path(sys.argv[1]), SCRATCH / "qwen2.5-vl"
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LORA = {"kind": "lora", "r": 4, "alpha": 8, "dropout": 0.1, "targets": LINEARS}


def killed(name, model, changes, file):
    """The weights at the end, and all losses, of a job that was killed in its fifth step and went on are those of one that was not."""
    at_once = whole(f"{name}-whole", job(f"{name}-whole", model, changes))
    first = Run(f"{name}-killed", job(f"{name}-killed", model, changes)).until("step", 5).kill(signal.SIGKILL).end()
    out = SCRATCH / f"{name}-killed" / "out"
    there = sorted(path.name for path in (out / "checkpoints").iterdir())
    resumed = whole(f"{name}-killed", job(f"{name}-killed", model, {**changes, "resume": str(out / "checkpoints" / "step-4")}))
    return {
        "checkpoints": there,
        "from": resumed.of("ready")[0]["from"],
        "weights": same(out / "model" / file, SCRATCH / f"{name}-whole" / "out" / "model" / file),
        "losses": {**first.losses, **resumed.losses} == at_once.losses,
        "steps": sorted(resumed.losses),
        "kept": sorted(path.name for path in (out / "checkpoints").iterdir()),
        "fell": at_once.losses[1] - at_once.losses[6],
    }


def watched():
    """The best weights, not the last, are the model; PEFT reads them, and gives the vectors that were evaluated."""
    made = job("watched", "qwen2", {"adapterConfig": LORA, "optimizer": {"lr": 0.01, "warmup": 0}}, dev=True)
    run = Run("watched", made).until(answers=[{"go": True, "best": True}, {"go": True, "best": True}, {"go": True, "best": False}]).end()
    vectors = {event["step"]: np.fromfile(event["vectors"], dtype="<f4").reshape(TEXTS, -1) for event in run.of("dev")}
    model = AutoModelForCausalLM.from_pretrained(MODELS / "qwen2", dtype=torch.float32)
    found = last_states(PeftModel.from_pretrained(model, run.of("finished")[0]["folder"]).base_model.model.model, made)
    config = json.loads((Path(run.of("finished")[0]["folder"]) / "adapter_config.json").read_text())
    return {
        "steps": sorted(vectors),
        "best": float(np.abs(found - vectors[3]).max()),
        "last": float(np.abs(found - vectors[6]).max()),
        "start": float(np.abs(vectors[0] - vectors[3]).max()),
        "base": config["base_model_name_or_path"],
        "targets": sorted(config["target_modules"]),
        "order": [event["event"] for event in run.events],
        "ready": {key: run.of("ready")[0][key] for key in ("adapted", "trainable", "packed", "world")},
    }


def last_states(core, made):
    texts, _ = made_up(3, core.config.vocab_size, groups=12)
    with torch.no_grad():
        states = [core(input_ids=torch.tensor([text["ids"]])).last_hidden_state[0, -1] for text in texts[:TEXTS]]
    return torch.nn.functional.normalize(torch.stack(states), dim=1).numpy()


def early():
    run = Run("early", job("early", "qwen2", {"adapterConfig": LORA}, dev=True)).until(answers=[{"go": True, "best": True}, {"go": False, "best": False, "reason": "early"}]).end()
    return {"finished": {key: run.of("finished")[0][key] for key in ("step", "stopped")}, "steps": sorted(run.losses)}


def unanswered():
    """The caller goes while it measures, or after it has said that it is enough: what comes of it is what came of one that was not disturbed."""
    changes = {"adapterConfig": LORA, "saveEvery": 100, "optimizer": {"lr": 0.01, "warmup": 0}}
    answers = [{"go": True, "best": True}, {"go": True, "best": True}, {"go": False, "best": False, "reason": "early"}]
    made = lambda name, **more: job(name, "qwen2", {**changes, "steps": 12, **more}, dev=True)
    at_once = Run("asked-whole", made("asked-whole")).until(answers=answers).end()
    first = Run("asked", made("asked"))
    for line in first._hear:
        first.events.append(json.loads(line))
        if first.events[-1]["event"] == "dev":
            if first.events[-1]["step"] == 3:
                break
            first._say.write(json.dumps(answers[0]) + "\n")
            first._say.flush()
    first.hang_up().until().end()
    checkpoints = SCRATCH / "asked" / "out" / "checkpoints"
    state = json.loads((checkpoints / "step-3" / "state.json").read_text())
    again = Run("asked", made("asked", resume=str(checkpoints / "step-3"))).until(answers=answers[1:]).end()
    # Killed before anything was made of it: it does not train on.
    done = whole("asked", made("asked", resume=str(checkpoints / "step-6")))
    model = "out/model/adapter_model.safetensors"
    return {
        "saved": {key: state[key] for key in ("step", "evaluated", "stopped")},
        "asked": [event["step"] for event in again.of("dev")],
        "weights": same(SCRATCH / "asked" / model, SCRATCH / "asked-whole" / model),
        "losses": {**first.losses, **again.losses} == at_once.losses,
        "done": {"steps": len(done.losses), "asked": len(done.of("dev")), "stopped": done.of("finished")[0]["stopped"]},
    }


def everything():
    """A whole decoder whose layer below the last is pooled: what is written has all layers, and gives the vectors that were evaluated."""
    made = job("everything", "llama", {"recipe": {"layer": 3}, "optimizer": {"lr": 0.003}}, dev=True)
    run = Run("everything", made).until().end()
    folder = Path(run.of("finished")[0]["folder"])
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    texts, _ = made_up(3, model.config.vocab_size, groups=12)
    with torch.no_grad():
        states = [model.model(input_ids=torch.tensor([text["ids"]]), output_hidden_states=True).hidden_states[3][0, -1] for text in texts[:TEXTS]]
    found = torch.nn.functional.normalize(torch.stack(states), dim=1).numpy()
    last = np.fromfile(run.of("dev")[-1]["vectors"], dtype="<f4").reshape(TEXTS, -1)
    before, after = load_file(MODELS / "llama" / "model.safetensors"), load_file(folder / "model.safetensors")
    changed = sorted(name for name in before if not torch.equal(before[name], after[name]))
    return {
        "difference": float(np.abs(found - last).max()),
        "names": before.keys() == after.keys(),
        "top": [name for name in changed if ".layers.3." in name or "lm_head" in name or name == "model.norm.weight"],
        "changed": len(changed),
        "files": sorted(path.name for path in folder.iterdir()),
        "config": same(folder / "config.json", MODELS / "llama" / "config.json"),
    }


def encoder():
    made = job("encoder", BERT, {"decoder": False, "packed": False, "recipe": {"pooling": ["mean"]}, "optimizer": {"lr": 0.001}})
    run = whole("encoder", made)
    folder = run.of("finished")[0]["folder"]
    return {"loads": type(AutoModel.from_pretrained(folder)).__name__, "fell": run.losses[1] - run.losses[6], "steps": len(run.losses)}


def vision():
    """Text trains the language part of a vision-language model; its tower stays as it is."""
    run = whole("vision", job("vision", VISION, {"adapterConfig": LORA}))
    folder = run.of("finished")[0]["folder"]
    model = PeftModel.from_pretrained(AutoModelForImageTextToText.from_pretrained(VISION, dtype=torch.float32), folder)
    given = load_file(Path(folder) / "adapter_model.safetensors")
    put = {name.replace(".default", ""): value for name, value in model.named_parameters() if "lora_" in name}
    return {"same": put.keys() == given.keys() and all(torch.equal(put[name], given[name]) for name in given), "tower": [name for name in given if "visual" in name], "adapted": run.of("ready")[0]["adapted"]}


def together():
    """Two processes, shared weights or not, take the steps of one."""
    changes = {"adapterConfig": {**LORA, "dropout": 0.0}, "optimizer": {"lr": 0.003, "warmup": 0}}
    weights = {}
    for name, more in (("one", {}), ("ddp", {"strategy": "ddp"}), ("fsdp", {"strategy": "fsdp", "batch": {"queries": 4, "chunk": 6}})):
        several = name != "one"
        run = whole(f"together-{name}", job(f"together-{name}", "qwen2", {**changes, **more, "devices": ["cpu"] * (1 + several)}), world=1 + several)
        weights[name] = load_file(Path(run.of("finished")[0]["folder"]) / "adapter_model.safetensors")
    # On with the state of two processes in one.
    on = whole("together-on", job("together-on", "qwen2", {**changes, "resume": str(SCRATCH / "together-fsdp" / "out" / "checkpoints" / "step-4")}))
    weights["on"] = load_file(Path(on.of("finished")[0]["folder"]) / "adapter_model.safetensors")
    # Norms over all numbers: where a gradient is next to nothing, Adam makes a whole step of its rounding.
    norm = lambda tensors: float(sum(tensor.square().sum() for tensor in tensors) ** 0.5)
    apart = lambda name: norm(weights[name][key] - value for key, value in weights["one"].items())
    return {"ddp": apart("ddp"), "fsdp": apart("fsdp"), "on": apart("on"), "moved": norm(value for key, value in weights["one"].items() if "lora_B" in key)}


def stopped():
    found = {}
    for name, stop in (("signal", lambda run: run.kill(signal.SIGTERM)), ("caller gone", lambda run: run.hang_up())):
        run = Run(f"stopped-{name[:6]}", job(f"stopped-{name[:6]}", "qwen2", {"adapterConfig": LORA, "steps": 500, "saveEvery": 1000})).until("step", 3)
        stop(run)
        run.until().end()
        last = run.of("finished")[0]
        found[name] = {"stopped": last["stopped"], "folder": last["folder"], "saved": run.of("checkpoint")[-1]["step"] == last["step"] == max(run.losses), "early": last["step"] < 500}
    return found


def continued():
    """From an adapter that is there; one of another rank is refused."""
    folder = str(SCRATCH / "watched" / "out" / "model")
    run = whole("continued", job("continued", "qwen2", {"adapterConfig": LORA, "adapter": folder, "steps": 1, "optimizer": {"warmup": 1}}))
    # The first step of a warm-up has a learning rate of 0.
    kept = same(Path(run.of("finished")[0]["folder"]) / "adapter_model.safetensors", Path(folder) / "adapter_model.safetensors")
    return {"kept": kept, "other": whole("continued-other", job("continued-other", "qwen2", {"adapterConfig": {**LORA, "r": 8}, "adapter": folder})).error()}


def little_memory():
    """Memory that holds 60 tokens at a time: the same weights, and a word about it."""
    changes = {"adapterConfig": {**LORA, "dropout": 0.0}, "steps": 3}

    def limit():
        own = retriever.Retriever._part

        def part(self, texts, *rest):
            if self.training and sum(map(len, texts)) > 60:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return own(self, texts, *rest)

        retriever.Retriever._part = part

    def none():
        def part(*_):
            raise torch.OutOfMemoryError("CUDA out of memory.")

        retriever.Retriever._part = part

    runs = [whole("memory-plain", job("memory-plain", "qwen2", changes)), whole("memory-little", job("memory-little", "qwen2", changes), prepare=limit)]
    plain, little = (load_file(Path(run.of("finished")[0]["folder"]) / "adapter_model.safetensors") for run in runs)
    return {
        "difference": max(float((plain[name] - little[name]).abs().max()) for name in plain),
        "notes": [event["message"] for event in runs[1].of("note")],
        "none": whole("memory-none", job("memory-none", "qwen2", changes), prepare=none).error(),
    }


def full_disk():
    """Files of the first checkpoints fit, later ones do not."""
    name = "full"
    plain = whole(name, job(name, "qwen2", {"adapterConfig": LORA, "steps": 2}))
    before = {path.name: path.stat().st_size for path in (SCRATCH / name / "out" / "checkpoints" / "step-2").iterdir()}
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (max(before.values()) // 2,) * 2)
    run = whole(name, job(name, "qwen2", {"adapterConfig": LORA, "steps": 2, "saveEvery": 1, "resume": None}), prepare=limit)
    again = whole(name, job(name, "qwen2", {"adapterConfig": LORA, "steps": 2, "resume": str(SCRATCH / name / "out" / "checkpoints" / "step-2")}))
    return {"error": run.error(), "left": sorted(path.name for path in (SCRATCH / name / "out" / "checkpoints").iterdir()), "intact": len(plain.losses) == 2 and again.of("ready")[0]["from"] == 2 and len(again.of("finished")) == 1}


def grown():
    """A loss that rises for good."""
    watch = Watch(0.05, True, 1e-3)
    for step in range(200):
        try:
            watch.look(step + 1, 2.0 + max(0, step - 60) * 0.05, 2.0, 1.0, 12, 1e-3)
        except WorkerError as error:
            return {"step": step + 1, "message": error.message, "hint": error.hint}
    return None


def collapsed():
    """A learning rate after which all texts have one vector."""
    name = "collapsed"
    error = whole(name, job(name, "qwen2", {"adapterConfig": LORA, "optimizer": {"lr": 1e4, "warmup": 0}})).error()
    watch = Watch(0.05, True, 1e-3)
    watch.look(1, 0.0, 0.0, 0.0, 12, 1e-3)
    return {"error": error, "certain": len(watch.losses)}


def refused():
    def broken(name, change):
        """A set with damage."""
        import shutil

        data = SCRATCH / name
        shutil.copytree(SCRATCH / "set-qwen2", data)
        change(data)
        return {"set": str(data)}

    def cut(data):
        with open(data / "tokens.bin", "r+b") as file:
            file.truncate(40)

    def foreign(data):
        tokens = np.fromfile(data / "tokens.bin", dtype="<i4")
        tokens[5] = 640
        tokens.tofile(data / "tokens.bin")

    def undefined(folder):
        import shutil

        shutil.copytree(MODELS / "qwen2", folder)
        tensors = load_file(folder / "model.safetensors")
        tensors["model.layers.1.mlp.up_proj.weight"] *= 1e38
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return folder

    step = str(SCRATCH / "watched" / "out" / "checkpoints" / "step-6")
    cases = {
        "targets": ("qwen2", {"adapterConfig": {**LORA, "targets": ["q_proj", "query_key_value"]}}),
        "batch": ("qwen2", {"batch": {"queries": 64}}),
        "odd": ("qwen2", {"batch": {"queries": 5, "accumulate": 2}}),
        "nothing": ("qwen2", {"loss": {"inBatch": False, "negatives": 0}}),
        "teacher": ("qwen2", {"loss": {"distill": {"weight": 1.0}}}),
        "words": ("qwen2", {"recipe": {"sparse": True}, "loss": {"sparse": {"weight": 1.0, "dense": 1.0}}}),
        "matryoshka": ("qwen2", {"loss": {"matryoshka": {"dimensions": [128], "weights": [1.0]}}}),
        "cut": ("qwen2", broken("set-cut", cut)),
        "foreign": ("qwen2", broken("set-foreign", foreign)),
        "other job": ("qwen2", {"adapterConfig": LORA, "resume": step, "fingerprint": "e" * 64, "identity": {"seed": 7, "loss": {"temperature": 0.02}}}),
        "other adapter": ("qwen2", {"adapterConfig": {**LORA, "targets": ["q_proj"]}, "resume": step}),
        "moments": ("qwen2", {"adapterConfig": LORA, "resume": damaged(SCRATCH / "watched" / "out" / "checkpoints" / "step-6")}),
        "same vector": ("qwen2", {"recipe": {"pooling": ["cls"]}, "set": alike()}),
        "mishandled": ("qwen2", {"loss": {"temperature": 0.001}}),
        "undefined": (undefined(SCRATCH / "undefined"), {}),
        "rate": ("qwen2", {"optimizer": {"lr": 1e30, "warmup": 0}}),
    }
    found = {}
    for name, (model, changes) in cases.items():
        run = whole(f"refused-{name}", job(f"refused-{name}", model, changes))
        found[name] = {**run.error(), "steps": len(run.losses)}
    return found


def damaged(checkpoint):
    """A copy whose optimiser's state was cut short."""
    import shutil

    copy = SCRATCH / "damaged"
    shutil.copytree(checkpoint, copy)
    with open(copy / "optimizer.safetensors", "r+b") as file:
        file.truncate(1000)
    return str(copy)


def pairs():
    """Pairs of queries 0 and 1 with texts 2 to 5: 0 is answered by 2 and 3, 1 by 3 and 4. In every pass, what each query is compared with."""
    texts = [{"ids": [9 + number], "from": 0} for number in range(6)]
    groups = [{"query": query, "positives": [positive], "negatives": [5]} for query, positive in ((0, 2), (1, 4), (0, 3), (1, 3))]
    write_set(SCRATCH / "pairs", texts, groups)
    sampler = Sampler(PreparedSet(str(SCRATCH / "pairs")), 7, 2, 1, "first")
    seen = set()
    for step in range(40):
        choices = sampler.update(step)
        pool = Pool(choices, 1, True, True, True)
        for row, choice in enumerate(choices):
            seen.add((choice.query, choice.positive, *pool.texts[pool.columns[pool.allowed[row]]].tolist()))
    return sorted(seen)


def alike():
    """All texts begin alike, as chat prompts do."""
    data = SCRATCH / "set-alike"
    texts, groups = made_up(4, 640, groups=8, first_token=9)
    for text in texts:
        text["from"] = 0
    write_set(data, texts, groups)
    return str(data)


torch.set_num_threads(1)
tiny_models.main(MODELS)
next(model for name, model, _ in vision_models.models() if name == "qwen2.5-vl").save_pretrained(VISION)
RESULTS = {
    "killed": lambda: killed("lora", "qwen2", {"adapterConfig": LORA, "batch": {"queries": 4, "chunk": 6}, "optimizer": {"lr": 0.003}}, "adapter_model.safetensors"),
    "killed, all weights": lambda: killed("full", "llama", {"optimizer": {"lr": 0.001}, "precision": "bfloat16"}, "model.safetensors"),
    "watched": watched,
    "early": early,
    "unanswered": unanswered,
    "everything": everything,
    "encoder": encoder,
    "vision": vision,
    "together": together,
    "stopped": stopped,
    "continued": continued,
    "little memory": little_memory,
    "full disk": full_disk,
    "grown": grown,
    "collapsed": collapsed,
    "pairs": pairs,
    "refused": refused,
}
only = sys.argv[3:]
# Those that compute in this process come after the forks of their own; threads stay at one, so that the next ones can follow.
for name, check in RESULTS.items():
    if not only or name in only:
        print(json.dumps({name: check()}), flush=True)
