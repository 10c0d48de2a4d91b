"""Folders that transformers, sentence-transformers and fieldtrial load, out of the packed weights.

    python -m nano.export --packed models/nano/weights --out .models      # .models/nano-base, .models/nano-coder, …
    python -m nano.export --settings                                      # models/nano/folders: what fieldtrial adds to weights and tokenizer

Each folder holds model.safetensors (float16), config.json and the family's tokenizer; nano-vision the image processor's settings as well, and
nano-retriever sentence-transformers' modules.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from . import packed, vision_config
from .fetch import HERE
from .model import Shape, config_of
from .tokenizer import FOLDER as TOKENIZER
from .tokenizer import ids, load

NAMES = ("base", "instruct", "coder", "coder-instruct", "math", "math-instruct", "reasoning", "vision", "retriever")


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def retriever_files(folder: Path, family: dict) -> None:
    """Mean of the states of all tokens, attention both ways, vectors of length 1."""
    modules = [("0", "", "sentence_transformers.models.Transformer"), ("1", "1_Pooling", "sentence_transformers.models.Pooling"), ("2", "2_Normalize", "sentence_transformers.models.Normalize")]
    write_json(folder / "modules.json", [{"idx": int(i), "name": i, "path": path, "type": kind} for i, path, kind in modules])
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": family["model"]["context"], "do_lower_case": False})
    write_json(folder / "config_sentence_transformers.json", {"prompts": {}, "default_prompt_name": None, "similarity_fn_name": "cosine"})
    (folder / "1_Pooling").mkdir(exist_ok=True)
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": family["model"]["hidden"], "pooling_mode_mean_tokens": True, "include_prompt": True})
    (folder / "2_Normalize").mkdir(exist_ok=True)


def settings(name: str, folder: Path, family: dict, tokenizer: Path = TOKENIZER) -> None:
    """All of a model's folder but its weights and the tokenizer, which is the same for all."""
    folder.mkdir(parents=True, exist_ok=True)
    known = ids(load(tokenizer))
    config = config_of(Shape.of(family), known)
    if name == "vision":
        config = vision_config.config_of(family, config, load(tokenizer))
        write_json(folder / "preprocessor_config.json", vision_config.preprocessor(family))
    if name == "retriever":
        # transformers and fieldtrial read from it that attention looks both ways; a retriever has no head.
        config = {**config, "architectures": ["Qwen2Model"], "is_causal": False, "eos_token_id": known["turn"]}
        retriever_files(folder, family)
    write_json(folder / "config.json", {**config, "dtype": "float16", "torch_dtype": "float16"})


def export(name: str, weights: dict[str, torch.Tensor], folder: Path, family: dict, tokenizer: Path = TOKENIZER) -> None:
    """A folder for one model. weights: float32, by transformers' names on disk."""
    settings(name, folder, family, tokenizer)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer / file, folder / file)
    partial = folder / "model.safetensors.partial"
    save_file({key: value.to(torch.float16).contiguous() for key, value in sorted(weights.items())}, partial, metadata={"format": "pt"})
    partial.rename(folder / "model.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description="Unpacks the nano family into folders that every tool loads.")
    parser.add_argument("--packed", type=Path, default=HERE / "weights", help="the folder of NAME.int8.safetensors")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / ".models")
    parser.add_argument("--settings", action="store_true", help="write the small files alone, to models/nano/folders, where fieldtrial takes them from")
    arguments = parser.parse_args()
    family = json.loads((HERE / "family.json").read_text())
    if arguments.settings:
        for name in NAMES:
            settings(name, HERE / "folders" / f"nano-{name}", family)
        return
    for name in NAMES:
        file = arguments.packed / f"{name}.int8.safetensors"
        if not file.is_file():
            continue
        folder = arguments.out / f"nano-{name}"
        export(name, packed.load(file), folder, family)
        print(f"{folder}: {(folder / 'model.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
