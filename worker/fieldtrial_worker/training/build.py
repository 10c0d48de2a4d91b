"""The model of a job, ready to be trained: loaded and checked as for encoding, with adapters, compiled and shared out where it is so wished."""

import numpy as np
import torch
from torch import nn
from torch._functorch import config as compiler

from .. import attention
from ..decoder import Decoder, image_tower
from ..encoder import Encoder
from ..errors import WorkerError
from ..last_layer import LastLayer
from ..loading import load
from ..packing import STEPS, step_above
from ..vision import Image
from .looks import Looks
from .low_rank import adapt
from .retriever import Retriever
from .weights import Weights, continue_from

COMPILED = {"dynamic": True}
"""Options of `compile`; tests put another backend here. Sizes of packs are unknowns from the start: they differ from pass to pass, and each layer
is compiled twice only (its input may or may not need a gradient)."""
MEMORY_BUDGET = 0.9
"""Share of what the compiler would keep for the backward pass that it may keep: just below 1 it recomputes what is cheap (inputs after dropout,
activations' products) and keeps the results of matrix products."""


class Built:
    """What came of it: `retriever`, `weights`, `model` as transformers made it (taken apart; see `whole_model`), facts for the caller."""

    def __init__(self, retriever, weights, restore, facts):
        self.retriever, self.weights, self._restore, self.facts = retriever, weights, restore, facts

    def whole_model(self):
        """A context in which the model is as it was loaded, to be saved."""
        return self._restore


def build(job: dict, data, processes) -> Built:
    """@throws WorkerError MODEL_INVALID, RECIPE_INVALID where model, recipe and adapter do not go together."""
    device, adapter = processes.device, job.get("adapterConfig")
    sharded = job.get("strategy") in ("fsdp", "zero3") and processes.world > 1
    # Weights that are trained are kept in float32; frozen ones may be as narrow as the passes are.
    dtype = job["precision"] if adapter else "float32"
    request = {
        "folder": job["model"],
        "gguf": job.get("gguf"),
        "dtype": dtype,
        "adapter": job.get("adapter") if adapter is None else None,
        "weightBytes": job.get("weightBytes"),
        "remoteCode": job.get("remoteCode"),
    }
    # Shares come from the processor's memory, so that the device need not hold the whole.
    where = torch.device("cpu") if sharded else device
    with torch.no_grad():
        model, missing = load(request, where)
        return assemble(model, missing, job, data, processes, where, sharded)


def assemble(model, missing, job: dict, data, processes, where, sharded=False) -> Built:
    """As `build`, of a model in memory."""
    recipe, adapter = job["recipe"], job.get("adapterConfig")
    decoder = job.get("decoder", hasattr(model, "get_decoder") and model.get_output_embeddings() is not None)
    part = model.get_decoder() if decoder else model
    prefix = next((f"{name}." if name else "" for name, module in model.named_modules() if module is part), "")
    layer, depth = recipe.get("layer"), len(_layers(part))
    cut = layer if decoder and layer is not None and layer < depth and not recipe.get("sparse") else None
    vision = job.get("vision")
    sees = bool(vision and vision["trained"])
    if data.has_pictures and not vision:
        raise WorkerError("RECIPE_INVALID", "The prepared set holds pictures, which this model or recipe does not take.", "Prepare the set again with this model and recipe.")
    config = None
    if adapter is not None:
        tower = image_tower(model) if sees else None
        config = adapt(model, part, prefix, adapter, job.get("baseName") or job["model"], cut, job["seed"], tower)
    weights = Weights(model, config)
    if config is not None and job.get("adapter"):
        continue_from(weights, job["adapter"], adapter)
    packed = bool(decoder and job["packed"] and not getattr(part.config, "attention_dropout", 0))
    wanted = {
        "layer": layer,
        "finalNorm": recipe.get("finalNorm"),
        "direction": recipe.get("direction", "model"),
        "pooling": recipe["pooling"],
        "scores": bool(recipe.get("sparse")),
        "generates": 0,
        "packed": packed,
        "vision": vision["settings"] if vision else None,
    }
    apart = _Apart(model, part) if decoder else None
    run = Decoder(model, wanted, where, missing) if decoder else Encoder(model, wanted, where)
    fixed = bool(packed and job.get("compile") and attention.has_kernel(processes.device, torch.bfloat16 if job["precision"] == "bfloat16" else torch.float32))
    rows = model.get_input_embeddings().num_embeddings
    data.require_vocabulary(rows)
    if recipe.get("sparse") and not data.has_words:
        raise WorkerError("RECIPE_INVALID", "The recipe has a sparse half, and the prepared set holds no words.", "Prepare the set again with this recipe.")
    bound = step_above(int(data.lengths.max()), STEPS)
    looks = Looks(run.vision, job["keptPictures"]) if vision and not sees and job.get("keptPictures") else None
    retriever = Retriever(run, recipe, run.head.weight.shape[0] if run.wants_scores else rows, bound, fixed, sees, looks)
    _require_dimensions(job["loss"], retriever.dimension)
    if adapter is None:
        _train_all(retriever, sees)
    weights.spare(retriever)
    if job.get("checkpointing"):
        # One is the other's newer name.
        name = next(name for name in ("activation_checkpointing_enable", "gradient_checkpointing_enable") if hasattr(retriever.core, name))
        getattr(retriever.core, name)({"use_reentrant": False})
        if sees:
            getattr(retriever.tower, name)({"use_reentrant": False})
    if fixed:
        compiler.activation_memory_budget = MEMORY_BUDGET
        # Not as encoding does it, which joins matrices: those that are trained stay as they are.
        for layer in run.core.layers:
            if not isinstance(layer, LastLayer):
                layer.compile(**COMPILED)
    if sharded:
        _share_out(retriever, _layers(retriever.core), processes, job, full=adapter is None)
        run.device = processes.device
    retriever.train()
    facts = {
        "parameters": sum(parameter.numel() for _, parameter in weights.all()),
        "trainable": sum(parameter.numel() for parameter in weights.trained().values()),
        "adapted": sum(name.endswith("lora_A.weight") for name in weights.trained()) if config is not None else 0,
        "packed": packed,
        "compiled": fixed,
    }
    return Built(retriever, weights, apart or _Untouched(model), facts)


def _layers(part):
    """The list of a model's layers: the longest there is."""
    lists = [module for module in part.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=len, default=[])


def _train_all(retriever, sees: bool):
    """Every parameter that has a part in the vectors. A pass over made-up texts shows which (a pooler, for one, has none; a tower's by a picture)."""
    parameters = list(retriever.parameters())
    with torch.enable_grad():
        for parameter in parameters:
            parameter.requires_grad_(True)
        terms = None if retriever.head is None else torch.tensor([0], device=retriever.run.device)
        own = None if retriever.head is None else torch.ones(2, 1, dtype=torch.bool)
        images = None
        if sees:
            side = retriever.run.vision.patch * retriever.run.vision.merge
            images = [Image(np.zeros((side, side, 3), dtype=np.uint8), 1), None]
        retriever([[1, 2, 3], [2, 1]], [0, 0], terms, own, images).sum().backward()
    for parameter in parameters:
        parameter.requires_grad_(parameter.grad is not None)
        parameter.grad = None


def _share_out(retriever, layers, processes, job, full: bool):
    """PyTorch's FSDP2: each process holds a share of every tensor; a layer is gathered when its turn comes."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(processes.device.type, (processes.world,))
    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32) if full and job["precision"] == "bfloat16" else MixedPrecisionPolicy()
    for layer in layers:
        fully_shard(layer, mesh=mesh, mp_policy=policy)
    fully_shard(retriever, mesh=mesh, mp_policy=policy)
    for module in retriever.modules():
        if hasattr(module, "set_gradient_divide_factor"):
            # The loss is a mean over all queries already. Sums, since not every backend has a mean.
            module.set_gradient_divide_factor(1.0)
            module.set_force_sum_reduction_for_comms(True)
    for buffer in retriever.buffers():
        buffer.data = buffer.data.to(processes.device)


def _require_dimensions(loss: dict, dimension: int):
    wrong = [cut for cut in (loss.get("matryoshka") or {}).get("dimensions", []) if not 0 < cut <= dimension]
    if wrong:
        raise WorkerError("RECIPE_INVALID", f"matryoshka: vectors of this model have {dimension} numbers, which cannot be cut to {wrong[0]}.", f"Name dimensions from 1 to {dimension}.")


class _Untouched:
    def __init__(self, model):
        self._model = model

    def __enter__(self):
        return self._model

    def __exit__(self, *_):
        pass


class _Apart:
    """Remembers what `Decoder` takes out of a model, and puts it back while the model is saved."""

    def __init__(self, model, core):
        from ..decoder import NORMS

        self._model, self._core = model, core
        self._norm = next((name for name in NORMS if hasattr(core, name)), None)
        self._whole = self._state() if self._norm else None

    def _state(self):
        return getattr(self._core, self._norm), list(self._core.layers), self._core.config.num_hidden_layers

    def _set(self, state):
        norm, layers, count = state
        setattr(self._core, self._norm, norm)
        self._core.layers = nn.ModuleList(layers)
        self._core.config.num_hidden_layers = count

    def __enter__(self):
        self._now = self._state()
        self._set(self._whole)
        return self._model

    def __exit__(self, *_):
        self._set(self._now)
