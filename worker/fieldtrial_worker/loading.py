"""Models from safetensors or GGUF, through transformers: from the disk only, never from pickles, remote code only where it was asked for."""

import json
import os
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
)

from . import adapters
from .devices import require_room
from .errors import WorkerError

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float8": torch.bfloat16}
"""Of what is loaded; 8 bits are made of it when the model was checked."""


def load(request: dict, device: torch.device):
    """The whole model with its weights on the device, an adapter merged, ready for inference.

    request: folder, gguf (file name in the folder, or null), dtype, adapter (folder or null), weightBytes, remoteCode.
    """
    folder, dtype = request["folder"], DTYPES[request["dtype"]]
    where = {"local_files_only": True, "trust_remote_code": bool(request.get("remoteCode"))}
    if request.get("gguf"):
        where["gguf_file"] = request["gguf"]
    require_room(device, request.get("weightBytes") or 0)
    config = _config(folder, where)
    kind = _kind(config)
    try:
        model, info = kind.from_pretrained(
            folder,
            config=config,
            dtype=dtype,
            use_safetensors=None if request.get("gguf") else True,
            output_loading_info=True,
            # Straight onto the GPU: the machine's own memory may be smaller than the model.
            **({"device_map": {"": device}} if device.type == "cuda" and not request.get("gguf") else {}),
            **where,
        )
    except WorkerError:
        raise
    except Exception as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise _unreadable(folder, request.get("gguf"), error) from error
    _require_whole(folder, model, info)
    if request.get("adapter"):
        model = adapters.merge(model, request["adapter"])
    # Never `to(dtype)`: it would round the frequencies of the rotary embedding, too, which stay in float32 for a reason.
    model = model.to(device).eval().requires_grad_(False)
    return model, {key.split(".")[0] for key in info["missing_keys"]}


def _config(folder, where):
    try:
        return AutoConfig.from_pretrained(folder, **where)
    except Exception as error:
        raise _unreadable(folder, where.get("gguf_file"), error) from error


def _kind(config):
    """The class with a language-model head where there is one."""
    if _is_encoder(config):
        return AutoModel
    if config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return AutoModelForCausalLM
    return AutoModelForImageTextToText if config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES else AutoModel


def _is_encoder(config) -> bool:
    # BERT and its kin can be loaded as (bidirectional) language models, too.
    return not getattr(config, "is_decoder", False) and config.model_type in {
        "albert", "bert", "camembert", "data2vec-text", "electra", "ernie", "mpnet", "roberta", "roberta-prelayernorm", "xlm-roberta",
        "xlm-roberta-xl", "xmod", "modernbert", "distilbert", "nomic_bert", "new", "rembert", "deberta", "deberta-v2",
    }  # fmt: skip


def _require_whole(folder, model, info):
    """transformers fills weights that are not there with random numbers, and only warns."""
    harmless = ("lm_head", "pooler", "embeddings.position_ids", "score")
    missing = sorted(key for key in info["missing_keys"] if not any(part in key for part in harmless))
    odd = sorted(str(key) for key in info.get("mismatched_keys") or ())
    if not missing and not odd:
        return
    what = f"lacks {len(missing)} tensors of {type(model).__name__}, {missing[0]} first" if missing else f"holds tensors of other shapes than config.json says: {odd[0]}"
    raise WorkerError("MODEL_INVALID", f"{folder} {what}.", "Fetch the model again: config.json and weights must come from one place.")


def _unreadable(folder, gguf, error) -> WorkerError:
    path = os.path.join(folder, gguf) if gguf else folder
    text = " ".join(str(error).split())[:400]
    if "trust_remote_code" in text:
        return WorkerError(
            "MODEL_INVALID",
            f"{path} needs code that comes with the model, and such code is not run.",
            "Choose a model of an architecture that transformers knows itself.",
        )
    if "does not recognize this architecture" in text or "Unrecognized model" in text or "Unrecognized configuration class" in text:
        return WorkerError(
            "MODEL_INVALID",
            f"{path} is of an architecture that transformers {transformers.__version__} does not know.",
            "Update transformers in the worker's environment, or serve the model and use engine: http.",
        )
    if gguf or "safetensor" in text.lower() or "deserializ" in text.lower() or "header" in text.lower():
        return WorkerError("MODEL_INVALID", f"The weights in {path} cannot be read: {type(error).__name__}: {text}", "Fetch the file again: it is damaged or cut short.")
    return WorkerError("MODEL_INVALID", f"{path} cannot be loaded: {type(error).__name__}: {text}", "Check the model's files.")


def export_gguf(file: str, out: str):
    """Writes config.json and the tokenizer's files of a GGUF file, so that the caller can read them as those of any model."""
    from transformers import AutoTokenizer

    folder, name = str(Path(file).parent), Path(file).name
    try:
        config = AutoConfig.from_pretrained(folder, gguf_file=name, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name, local_files_only=True)
    except Exception as error:
        raise _unreadable(folder, name, error) from error
    from gguf import GGUFReader

    parameters = sum(int(tensor.n_elements) for tensor in GGUFReader(file).tensors)
    config.save_pretrained(out)
    tokenizer.save_pretrained(out)
    (Path(out) / "gguf.json").write_text(json.dumps({"parameters": parameters}))
