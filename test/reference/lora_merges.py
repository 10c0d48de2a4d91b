"""Tiny decoders with LoRA adapters of several kinds, and what PEFT's merge_and_unload makes of them.

usage: lora_merges.py FOLDER

Writes FOLDER/base-float32, FOLDER/base-bfloat16, and for each kind FOLDER/KIND/adapter and FOLDER/KIND/merged; prints {kind: base}.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tiny_models import COMMON, QWEN_TOKENS, randomise, save_tokenizer, tokens_of
from transformers import AutoModelForCausalLM, Qwen2Config, Qwen2ForCausalLM

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
KINDS = {
    "lora": ("float32", dict(r=8, lora_alpha=16, target_modules=LINEAR)),
    "bfloat16": ("bfloat16", dict(r=8, lora_alpha=16, target_modules=LINEAR)),
    "patterns": (
        "float32",
        dict(
            r=4,
            lora_alpha=6,
            use_rslora=True,
            target_modules=["q_proj", "down_proj"],
            rank_pattern={"down_proj": 6},
            alpha_pattern={"layers.0.self_attn.q_proj": 20},
        ),
    ),
    "dora": ("float32", dict(r=8, lora_alpha=16, use_dora=True, target_modules=LINEAR)),
    "more": (
        "float32",
        dict(r=4, lora_alpha=8, target_modules=["embed_tokens", "v_proj"], modules_to_save=["lm_head", "norm"]),
    ),
}


def main(target):
    torch.manual_seed(7)
    for dtype in ("float32", "bfloat16"):
        config = Qwen2Config(**COMMON, **tokens_of(QWEN_TOKENS), num_hidden_layers=2, tie_word_embeddings=False)
        model = Qwen2ForCausalLM(config)
        randomise(model, seed=3)
        folder = target / f"base-{dtype}"
        model.to(getattr(torch, dtype)).save_pretrained(folder)
        save_tokenizer(folder, *QWEN_TOKENS)
    for kind, (dtype, options) in KINDS.items():
        base = AutoModelForCausalLM.from_pretrained(target / f"base-{dtype}", dtype=getattr(torch, dtype))
        model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", **options))
        # Fresh adapters change nothing: B is zero.
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_magnitude" in name:
                    weight.mul_(1 + 0.3 * torch.rand_like(weight))
                elif weight.requires_grad:
                    weight.add_(0.2 * torch.randn_like(weight))
        model.save_pretrained(target / kind / "adapter")
        model.merge_and_unload().save_pretrained(target / kind / "merged")
    print(json.dumps({kind: f"base-{dtype}" for kind, (dtype, _) in KINDS.items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
