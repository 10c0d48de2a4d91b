"""Loss and gradients of training with pictures against plain transformers with its own image processor, on tiny random vision-language models
in float32: all that training_gradients.py does, and in the same form.

usage: training_pictures.py SCRATCH     (the models of vision_models.py are put there)

Prints one JSON object a line and case, as there, and "tower": tensors of the image tower that are trained. Then: whether a loss sees pictures;
whether jobs go on to the same weights; how often a frozen tower that is kept looks at each picture in two epochs of GradCache and two evaluations.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

import vision_models  # noqa: E402
from fieldtrial_worker import attention  # noqa: E402
from fieldtrial_worker.training.dev import write_vectors  # noqa: E402
from fieldtrial_worker.training.processes import Processes  # noqa: E402
from fieldtrial_worker.training.trainer import Trainer  # noqa: E402
from fieldtrial_worker.training.weights import put  # noqa: E402
from training_plain import gradients, load  # noqa: E402
from training_set import job_of, made_up, show, write_set  # noqa: E402
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil  # noqa: E402

SCRATCH = Path(sys.argv[1])
LORA = {"kind": "lora", "r": 4, "alpha": 8, "dropout": 0.0, "targets": "all-linear"}
SIZES = [(2, 3), (1, 1), (4, 2)]
"""Rows and columns of tokens."""

CASES = {
    "LoRA, frozen": ("qwen2.5-vl", False, {"adapterConfig": LORA}),
    "all weights, frozen, padded": ("qwen2.5-vl", False, {"packed": False}),
    "all weights, trained, GradCache": ("qwen2.5-vl", True, {"batch": {"chunk": 4}}),
    "LoRA on part, trained, GradCache, second layer, checkpointing": (
        "qwen2.5-vl",
        True,
        {
            "adapterConfig": {**LORA, "targets": ["q_proj", "qkv", "proj", "down_proj"]},
            "batch": {"chunkTokens": 60},
            "recipe": {"layer": 2, "finalNorm": False, "pooling": ["mean"]},
            "checkpointing": True,
        },
    ),
    "Qwen2-VL, LoRA, trained": ("qwen2-vl", True, {"adapterConfig": LORA}),
    "Qwen3-VL, DoRA, trained": ("qwen3-vl", True, {"adapterConfig": {**LORA, "kind": "dora"}}),
}


class Silent:
    stopped = False

    def tell(self, *_, **__):
        pass


def vision_of(folder, trained):
    """What the caller reads of preprocessor_config.json."""
    given = json.loads((folder / "preprocessor_config.json").read_text())
    settings = {"patch": given["patch_size"], "merge": given["merge_size"], "temporal": given["temporal_patch_size"], "rescale": 1 / 255}
    return {"settings": {**settings, "mean": given["image_mean"], "std": given["image_std"]}, "trained": trained}


def prepared(name, trained, changes, out=SCRATCH / "out"):
    """(job, texts, groups)"""
    folder = SCRATCH / name
    vision = vision_of(folder, trained)
    side = vision["settings"]["patch"] * vision["settings"]["merge"]
    random = np.random.default_rng(4)
    pixels = [random.integers(0, 256, size=(rows * side, columns * side, 3), dtype=np.uint8) for rows, columns in SIZES]
    texts, groups = made_up(3, 256, groups=4, documents=9, negatives=2, lengths=(3, 16))
    show(texts, pixels, merge=side)
    processor = Qwen2VLImageProcessorPil.from_pretrained(folder)
    for text in texts:
        if "picture" in text:
            text["processed"] = processor(images=[Image.fromarray(text["picture"]["pixels"])], do_resize=False, return_tensors="pt")
    job = job_of(folder, SCRATCH / f"set-{name}", out, **{"vision": vision, **changes, "batch": {"queries": 4, **changes.get("batch", {})}})
    write_set(job["set"], texts, groups)
    return job, texts, groups


def of_worker(job):
    trainer = Trainer(job, Processes(["cpu"]), Silent())
    if job["adapterConfig"] is not None:
        # Fresh adapters are zero: gradients of half their matrices would be, too.
        random = torch.Generator().manual_seed(5)
        for _, parameter in sorted(trainer._trained.items()):
            put(parameter, 1.0 * (parameter.ndim == 1) + 0.2 * torch.randn(tuple(parameter.shape), generator=random))
    sums = trainer._gradients(0)
    found = {name: one.grad.clone() for name, one in trainer._trained.items() if one.grad is not None}
    return sums["loss"] / sums["queries"], found, {name: one.detach().clone() for name, one in trainer._trained.items()}, trainer._sampler._order(0)


def compare(case, job, texts, groups):
    loss, own, tensors, order = of_worker(job)
    targets = sorted({name.removeprefix("base_model.model.").split(".lora_")[0] for name in tensors})
    model = load(job["model"], True, job["adapterConfig"], targets, tensors)
    layer = job["recipe"]["layer"]
    base = model.base_model.model if hasattr(model, "peft_config") else model
    if layer is not None:
        text = base.model.language_model
        text.layers, text.norm = text.layers[:layer], torch.nn.Identity()
    if not job["vision"]["trained"]:
        for parameter in base.model.visual.parameters():
            parameter.requires_grad_(False)
    plain, wanted = gradients(model, True, texts, [groups[i] for i in order], job["recipe"], job["loss"])
    largest = max(float(grad.abs().max()) for grad in wanted.values())
    missing = sorted(name for name in wanted.keys() ^ own.keys() if float(wanted.get(name, own.get(name)).abs().max()) > 0)
    worst = max(float((own[name] - wanted[name]).abs().max()) / max(float(wanted[name].abs().max()), largest / 1000) for name in wanted.keys() & own.keys())
    told = {"case": case, "loss": loss, "plain": plain, "difference": worst, "missing": missing, "tensors": len(wanted)}
    towers = [name for name in tensors if "visual" in name]
    print(json.dumps({**told, "tower": len(towers), "layers": sorted({name.split("layers.")[1].split(".")[0] for name in tensors if "layers." in name})}), flush=True)


def blind():
    """Whether the loss is another one where all pictures are grey."""
    job, texts, groups = prepared("qwen2.5-vl", False, {})
    seen = of_worker(job)[0]
    for text in texts:
        if "picture" in text:
            text["picture"]["pixels"] = np.full_like(text["picture"]["pixels"], 127)
    write_set(SCRATCH / "set-grey", texts, groups)
    print(json.dumps({"case": "blind", "differs": abs(of_worker({**job, "set": str(SCRATCH / "set-grey")})[0] - seen) > 1e-3}), flush=True)


def kept():
    """Losses and gradients of two epochs, without and with states of pictures kept: all of them, and as many as fit."""
    told = {"case": "kept"}
    for name in ("qwen2.5-vl", "qwen3-vl"):
        job, texts, groups = prepared(name, False, {"adapterConfig": LORA, "batch": {"queries": 4, "chunk": 5}})
        pictures = len({id(text["picture"]["pixels"]) for text in texts if "picture" in text})
        found = {}
        for case, room in (("without", 0), ("all", 2**20), ("some", 1000)):
            made = Trainer({**job, "keptPictures": room}, Processes(["cpu"]), Silent())
            looked, look = [], made._retriever.run.vision.look
            made._retriever.run.vision.look = lambda images: looked.append(sum(image is not None for image in images)) or look(images)
            random = torch.Generator().manual_seed(5)
            for _, parameter in sorted(made._trained.items()):
                put(parameter, 0.2 * torch.randn(tuple(parameter.shape), generator=random))
            sums = [made._gradients(step) for step in range(2 * len(groups) // 4)]
            for _ in range(2):
                write_vectors(made._retriever, made._data, made._passes, made._processes, SCRATCH / "seen.f32", 500)
            found[case] = sums[-1]["loss"], {key: one.grad.clone() for key, one in made._trained.items()}, (SCRATCH / "seen.f32").read_bytes(), sum(looked)
        plain, every, some = found.values()
        worst = max(float((every[1][key] - grad).abs().max() / grad.abs().max()) for key, grad in plain[1].items())
        vectors = np.abs(np.frombuffer(every[2], "<f4") - np.frombuffer(plain[2], "<f4")).max()
        same = every[0] == some[0] and every[2] == some[2] and all(torch.equal(every[1][key], some[1][key]) for key in plain[1])
        told[name] = {"pictures": pictures, "looks": [plain[3], every[3], some[3]], "difference": max(worst, float(vectors)), "same": same}
    print(json.dumps(told), flush=True)


def run(job):
    Trainer(job, Processes(["cpu"]), Silent()).run()
    return {path.name: path.read_bytes() for path in (Path(job["out"]) / "model").iterdir() if path.suffix == ".safetensors"}


def resumed():
    """Jobs that go on from their first step, and what a whole model looks like."""
    told = {"case": "resumed"}
    for kind, changes in (("lora", {"adapterConfig": {**LORA, "dropout": 0.1}, "batch": {"chunk": 4}}), ("whole", {})):
        job, _, _ = prepared("qwen2.5-vl", True, {**changes, "steps": 2, "saveEvery": 1}, SCRATCH / f"out-{kind}")
        whole = run(job)
        told[kind] = run({**job, "out": str(SCRATCH / f"again-{kind}"), "resume": str(SCRATCH / f"out-{kind}" / "checkpoints" / "step-1")}) == whole
    print(json.dumps(told), flush=True)
    base, model = (load_file(folder / "model.safetensors") for folder in (SCRATCH / "qwen2.5-vl", SCRATCH / "out-whole" / "model"))
    AutoModelForImageTextToText.from_pretrained(SCRATCH / "out-whole" / "model")
    changed = [name for name in base if name in model and not torch.equal(base[name], model[name])]
    print(json.dumps({"case": "saved", "names": base.keys() == model.keys(), "changed": any("visual" in name for name in changed)}), flush=True)


torch.set_num_threads(1)
attention.register()
vision_models.main(SCRATCH)
for case, (name, trained, changes) in CASES.items():
    compare(case, *prepared(name, trained, changes))
blind()
kept()
resumed()
