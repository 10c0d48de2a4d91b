"""Tiny random decoders of every family that fieldtrial builds, saved as Hugging Face folders.

usage: tiny_models.py FOLDER

Norm weights and biases are random too: with the ones and zeros of a fresh model a missing norm or bias would not show.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

VOCABULARY = 640
CHATML = (
    "{%- if messages[0]['role'] == 'system' -%}"
    "{{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}"
    "{%- else -%}"
    "{{- '<|im_start|>system\nYou are a tiny assistant.<|im_end|>\n' }}"
    "{%- endif -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] != 'system' -%}"
    "{{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' }}{%- endif -%}"
)
LLAMA = (
    "{{- bos_token }}"
    "{%- for message in messages -%}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}"
)
MISTRAL = (
    "{{- bos_token }}"
    "{%- if messages[0]['role'] == 'system' -%}"
    "{%- set system = messages[0]['content'] + '\n\n' -%}{%- set rest = messages[1:] -%}"
    "{%- else -%}{%- set system = '' -%}{%- set rest = messages -%}{%- endif -%}"
    "{%- for message in rest -%}"
    "{%- if message['role'] == 'user' -%}"
    "{{- '[INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}"
    "{%- else -%}{{- ' ' + message['content'] + eos_token }}{%- endif -%}"
    "{%- endfor -%}"
)
GEMMA = (
    "{{- bos_token }}"
    "{%- if messages[0]['role'] == 'system' -%}"
    "{%- set system = messages[0]['content'] + '\n\n' -%}{%- set rest = messages[1:] -%}"
    "{%- else -%}{%- set system = '' -%}{%- set rest = messages -%}{%- endif -%}"
    "{%- for message in rest -%}"
    "{%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}"
    "{{- '<start_of_turn>' + role + '\n' + (system if loop.first else '') + message['content'] | trim + '<end_of_turn>\n' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<start_of_turn>model\n' }}{%- endif -%}"
)

# Special tokens in order of their ids, then which of them begins, ends and pads a text, and whether the tokenizer puts the first.
QWEN_TOKENS = (["<|endoftext|>", "<|im_start|>", "<|im_end|>"], None, "<|im_end|>", "<|endoftext|>", CHATML)
LLAMA_TOKENS = (
    ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
    "<|begin_of_text|>",
    "<|eot_id|>",
    None,
    LLAMA,
)
MISTRAL_TOKENS = (["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], "<s>", "</s>", None, MISTRAL)
GEMMA_TOKENS = (
    ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"],
    "<bos>",
    "<eos>",
    "<pad>",
    GEMMA,
)

LINES = [
    "Zebrafish regenerate their heart muscle after an injury; mammals do not.",
    "Use one word to represent the passage in a retrieval task. Make sure your word is in lowercase.",
    "The quick brown fox jumps over the lazy dog, twice on Sundays and never in the rain.",
    "def search(query: str, k: int = 10) -> list[tuple[str, float]]:\n    return index.search(encode(query), k)",
    "Straße, naïve café, Ελληνικά, 漢字かな, смысл: bytes that no merge has seen.",
    "Given a web search query, retrieve relevant passages that answer the query.",
]


def tokenizer(specials, bos):
    """Byte-level BPE trained on a few lines."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 16,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(LINES, trainer)
    if bos is not None:
        made.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, made.token_to_id(bos))]
        )
    return made


def save_tokenizer(folder, specials, bos, eos, pad, template):
    tokenizer(specials, bos).save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": bos,
        "eos_token": eos,
        "pad_token": pad,
        "unk_token": "<unk>" if "<unk>" in specials else None,
        "clean_up_tokenization_spaces": False,
        "chat_template": template,
        "added_tokens_decoder": {
            str(i): {
                "content": token,
                "lstrip": False,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
                "special": True,
            }
            for i, token in enumerate(specials)
        },
    }
    kept = {key: value for key, value in config.items() if value is not None}
    (folder / "tokenizer_config.json").write_text(json.dumps(kept, indent=1))


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if "norm" in name:
                # Gemma's norms multiply by one plus the weight.
                weight.copy_((0.0 if "Gemma3" in type(model).__name__ else 1.0) + 0.3 * noise)
            elif name.endswith("bias"):
                weight.copy_(0.5 * noise)
            elif "embed_tokens" in name:
                weight.copy_(noise)
            else:
                weight.copy_(noise / weight.shape[-1] ** 0.5)


COMMON = dict(
    vocab_size=VOCABULARY,
    hidden_size=64,
    intermediate_size=160,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=512,
)


def tokens_of(kind):
    specials, bos, eos, pad, _ = kind
    find = lambda token: None if token is None else specials.index(token)
    return dict(bos_token_id=find(bos), eos_token_id=find(eos), pad_token_id=find(pad))


def all_models():
    yield "qwen2", QWEN_TOKENS, Qwen2ForCausalLM(
        Qwen2Config(**COMMON, **tokens_of(QWEN_TOKENS), num_hidden_layers=4, tie_word_embeddings=False)
    ), {}
    yield "qwen2-yarn", QWEN_TOKENS, Qwen2ForCausalLM(
        Qwen2Config(
            **{**COMMON, "max_position_embeddings": 256},
            **tokens_of(QWEN_TOKENS),
            num_hidden_layers=3,
            tie_word_embeddings=True,
            use_sliding_window=True,
            sliding_window=8,
            max_window_layers=1,
            rope_parameters={
                "rope_type": "yarn",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "original_max_position_embeddings": 64,
            },
        )
    ), {}
    yield "qwen3", QWEN_TOKENS, Qwen3ForCausalLM(
        Qwen3Config(**COMMON, **tokens_of(QWEN_TOKENS), num_hidden_layers=4, head_dim=32, tie_word_embeddings=True)
    ), {}
    yield "llama", LLAMA_TOKENS, LlamaForCausalLM(
        LlamaConfig(
            **COMMON,
            **tokens_of(LLAMA_TOKENS),
            num_hidden_layers=4,
            attention_bias=True,
            mlp_bias=True,
            tie_word_embeddings=False,
            rope_parameters={
                "rope_type": "llama3",
                "rope_theta": 10000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
        )
    ), {}
    yield "llama-linear", LLAMA_TOKENS, LlamaForCausalLM(
        LlamaConfig(
            **COMMON,
            **tokens_of(LLAMA_TOKENS),
            num_hidden_layers=3,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "linear", "rope_theta": 500000.0, "factor": 2.0},
        )
    ), {"dtype": torch.float16}
    yield "mistral", MISTRAL_TOKENS, MistralForCausalLM(
        MistralConfig(**COMMON, **tokens_of(MISTRAL_TOKENS), num_hidden_layers=4, sliding_window=7)
    ), {"dtype": torch.bfloat16, "max_shard_size": "200KB"}
    yield "gemma3", GEMMA_TOKENS, Gemma3ForCausalLM(
        Gemma3TextConfig(
            **COMMON,
            **tokens_of(GEMMA_TOKENS),
            num_hidden_layers=6,
            head_dim=48,
            query_pre_attn_scalar=20,
            sliding_window=6,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"] * 2,
            rope_parameters={
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            },
        )
    ), {}


def main(target):
    for number, (name, kind, model, how) in enumerate(all_models()):
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        randomise(model, seed=number + 1)
        model = model.to(how.get("dtype", torch.float32))
        saving = {key: value for key, value in how.items() if key == "max_shard_size"}
        model.save_pretrained(folder, safe_serialization=True, **saving)
        save_tokenizer(folder, *kind)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
