"""LoRA weights of PEFT, merged into their base in memory."""

from pathlib import Path

from safetensors import safe_open

from .errors import WorkerError


def merge(model, folder: str):
    """The base with the adapter's weights added: a merged model runs as fast as its base, and packed alike.

    Adapters trained on the model without its head name their layers without the prefix `model.`; they are put on that part.
    """
    from peft import PeftModel

    names = _tensors(folder)
    inner = "base_model.model."
    # Of a model with a head the layers lie below a member of it; of one without, they are its own.
    member = getattr(model, "base_model_prefix", "")
    whole = not member or not hasattr(model, member) or any(name.startswith(f"{inner}{member}.") or "lm_head" in name for name in names)
    target = model if whole else getattr(model, member)
    try:
        adapted = PeftModel.from_pretrained(target, folder, is_trainable=False, local_files_only=True)
    except Exception as error:
        text = " ".join(str(error).split())[:400]
        raise WorkerError(
            "MODEL_INVALID", f"The adapter {folder} does not fit the model: {type(error).__name__}: {text}", "Name the base that its adapter_config.json names."
        ) from error
    made = sum("lora_A" in name or "lora_embedding_A" in name for name, _ in adapted.named_parameters())
    given = sum("lora_A" in name or "lora_embedding_A" in name for name in names)
    if made != given or given == 0:
        raise WorkerError(
            "MODEL_INVALID",
            f"The adapter {folder} holds weights for {given} matrices, of which the model has {min(made, given)}: it was made for another one.",
            "Name the base that its adapter_config.json names.",
        )
    merged = adapted.merge_and_unload()
    if whole:
        return merged
    setattr(model, member, merged)
    return model


def _tensors(folder: str) -> list:
    file = Path(folder) / "adapter_model.safetensors"
    try:
        with safe_open(file, "pt") as opened:
            return list(opened.keys())
    except Exception as error:
        raise WorkerError(
            "MODEL_INVALID", f"The weights in {file} cannot be read: {error}", "Save the adapter as safetensors; fetch it again if it is damaged."
        ) from error
