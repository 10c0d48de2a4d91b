"""config.json and preprocessor_config.json of nano-vision, a Qwen2.5-VL of a small size."""

from tokenizers import Tokenizer

# Images are resized to at most so many pixels, sides multiples of patch · merge (28): 36 tokens. Smaller ones stay as they are.
MOST, LEAST = 168 * 168, 56 * 56
# Qwen-VL's normalisation, which is CLIP's.
MEAN, DEVIATION = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def rope_sections(head: int) -> list[int]:
    """How many pairs of numbers of a head turn with time, height and width: a quarter, and the rest in halves, as Qwen-VL has it."""
    half = head // 2
    return [half // 4, (half - half // 4) // 2, half - half // 4 - (half - half // 4) // 2]


def config_of(family: dict, text: dict, tokenizer: Tokenizer) -> dict:
    v = family["vision"]
    inner = {key: value for key, value in text.items() if key not in ("architectures", "model_type")}
    rope = {"type": "mrope", "rope_type": "default", "mrope_section": rope_sections(text["hidden_size"] // text["num_attention_heads"])}
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "model_type": "qwen2_5_vl",
        **inner,
        "rope_scaling": rope,
        "image_token_id": tokenizer.token_to_id("<|image_pad|>"),
        "video_token_id": tokenizer.token_to_id("<|video_pad|>"),
        "vision_start_token_id": tokenizer.token_to_id("<|vision_start|>"),
        "vision_end_token_id": tokenizer.token_to_id("<|vision_end|>"),
        "vision_token_id": tokenizer.token_to_id("<|vision_pad|>"),
        "vision_config": {
            "model_type": "qwen2_5_vl",
            "depth": v["layers"],
            "hidden_size": v["hidden"],
            "hidden_act": "silu",
            "intermediate_size": v["intermediate"],
            "num_heads": v["heads"],
            "in_channels": 3,
            "in_chans": 3,
            "patch_size": v["patch"],
            "spatial_patch_size": v["patch"],
            "spatial_merge_size": v["merge"],
            "temporal_patch_size": 2,
            "tokens_per_second": 2,
            "window_size": 112,
            "out_hidden_size": text["hidden_size"],
            # Images are small: every block looks at all of it.
            "fullatt_block_indexes": list(range(v["layers"])),
        },
    }


def preprocessor(family: dict) -> dict:
    v = family["vision"]
    return {
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2_5_VLProcessor",
        "min_pixels": LEAST,
        "max_pixels": MOST,
        "patch_size": v["patch"],
        "merge_size": v["merge"],
        "temporal_patch_size": 2,
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "do_convert_rgb": True,
        "resample": 3,
        "image_mean": MEAN,
        "image_std": DEVIATION,
    }


def size_of(height: int, width: int, factor: int = 28) -> tuple[int, int]:
    """Height and width that Qwen-VL's image processor gives an image: multiples of `factor`, within the limits, the shape about kept."""
    h, w = max(factor, round(height / factor) * factor), max(factor, round(width / factor) * factor)
    if h * w > MOST:
        beta = (height * width / MOST) ** 0.5
        h, w = max(factor, int(height / beta / factor) * factor), max(factor, int(width / beta / factor) * factor)
    elif h * w < LEAST:
        beta = (LEAST / (height * width)) ** 0.5
        h, w = -(-height * beta // factor) * factor, -(-width * beta // factor) * factor
    return int(h), int(w)
