"""Tiny random vision-language decoders of the families that fieldtrial's worker runs, saved as Hugging Face folders, and pictures.

usage: vision_models.py FOLDER
       vision_models.py pictures FOLDER   the pictures alone

Folders: qwen2-vl, qwen2.5-vl, qwen3-vl. Pictures (in FOLDER/pictures): smooth random colours of several shapes, as PNG.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tiny_models import CHATML, VOCABULARY, randomise, save_tokenizer
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
)

TOKENS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
IDS = dict(vision_start_token_id=3, vision_end_token_id=4, image_token_id=5, video_token_id=6)
TEXT = dict(
    vocab_size=VOCABULARY,
    hidden_size=64,
    intermediate_size=160,
    num_attention_heads=4,
    num_key_value_heads=2,
    num_hidden_layers=4,
    max_position_embeddings=512,
    eos_token_id=2,
    pad_token_id=0,
    bos_token_id=None,
)
CLIP = dict(image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711])
HALF = dict(image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5])


def models():
    rope = lambda sections: {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": sections}
    text = {**TEXT, "rope_parameters": rope([2, 3, 3])}
    yield "qwen2-vl", Qwen2VLForConditionalGeneration(
        Qwen2VLConfig(
            text_config=text,
            vision_config=dict(depth=2, embed_dim=32, hidden_size=64, num_heads=2, mlp_ratio=2, patch_size=14),
            tie_word_embeddings=False,
            **IDS,
        )
    ), dict(patch_size=14, min_pixels=4 * 28 * 28, max_pixels=20 * 28 * 28, **CLIP)
    yield "qwen2.5-vl", Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config=text,
            vision_config=dict(
                depth=2,
                hidden_size=32,
                intermediate_size=48,
                num_heads=2,
                out_hidden_size=64,
                patch_size=14,
                window_size=56,
                fullatt_block_indexes=[1],
            ),
            tie_word_embeddings=False,
            **IDS,
        )
    ), dict(patch_size=14, size={"shortest_edge": 4 * 28 * 28, "longest_edge": 20 * 28 * 28}, **CLIP)
    yield "qwen3-vl", Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(
            text_config={**TEXT, "head_dim": 32, "rope_parameters": {**rope([6, 5, 5]), "mrope_interleaved": True}},
            vision_config=dict(
                depth=3,
                hidden_size=32,
                intermediate_size=48,
                num_heads=2,
                out_hidden_size=64,
                patch_size=16,
                num_position_embeddings=36,
                deepstack_visual_indexes=[0, 1],
            ),
            tie_word_embeddings=True,
            **IDS,
        )
    ), dict(patch_size=16, size={"shortest_edge": 4 * 32 * 32, "longest_edge": 20 * 32 * 32}, **HALF)


PICTURES = {"wide": (171, 60), "tall": (40, 133), "large": (320, 240), "tiny": (9, 7), "square": (84, 84)}


def picture(width, height, seed):
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def main(target):
    make_pictures(target)
    for number, (name, model, processor) in enumerate(models()):
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        randomise(model, seed=number + 11)
        model.save_pretrained(folder, safe_serialization=True)
        save_tokenizer(folder, TOKENS, None, "<|im_end|>", "<|endoftext|>", CHATML)
        settings = {"image_processor_type": "Qwen2VLImageProcessor", "merge_size": 2, "temporal_patch_size": 2, "resample": 3, **processor}
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))


def make_pictures(target):
    pictures = target / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for seed, (name, (width, height)) in enumerate(PICTURES.items()):
        picture(width, height, seed).save(pictures / f"{name}.png")


if __name__ == "__main__":
    make_pictures(Path(sys.argv[2])) if sys.argv[1] == "pictures" else main(Path(sys.argv[1]))
