"""Tiny random dual encoders (CLIP, SigLIP, SigLIP with SigLIP 2's tokenizer), and what transformers makes of texts and pictures with them.

usage: dual_encoders.py make FOLDER            writes FOLDER/clip, FOLDER/siglip, FOLDER/siglip2, FOLDER/clip-odd
       dual_encoders.py ask REQUEST.json       [{"model": folder, "items": [{"text", "image": file or null}], "out": file}, ...]

`out` gets for each item {"vector", "tokens", "truncated"}: texts and pictures one at a time, each vector of length 1; of an item with both the
sum. Texts are made ready for SigLIP's tokenizers by the rules of big_vision; pictures go through transformers' Pillow processors.
"""

import json
import string
import sys
from pathlib import Path

import torch
from PIL import Image
from tiny_models import LINES
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

torch.set_grad_enabled(False)
torch.set_num_threads(1)
WORDS = Regex(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def clip_tokenizer(folder):
    made = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(WORDS, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(LINES, trainers.BpeTrainer(vocab_size=560, end_of_word_suffix="</w>", initial_alphabet=alphabet, show_progress=False))
    parts = json.loads(made.to_str())["model"]
    vocab = parts["vocab"]
    for letter in alphabet:
        vocab.setdefault(f"{letter}</w>", len(vocab))
    for token in ("<|startoftext|>", "<|endoftext|>"):
        vocab[token] = len(vocab)
    merges = [tuple(merge) if isinstance(merge, list) else tuple(merge.split(" ")) for merge in parts["merges"]]
    tokenizer = CLIPTokenizer(vocab=vocab, merges=merges)
    tokenizer.save_pretrained(folder)
    return len(vocab), vocab["<|endoftext|>"]


def siglip_tokenizer(folder, kind):
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    specials = ["<pad>", "</s>", "<unk>"]
    made.train_from_iterator([line.lower() for line in LINES] * 3, trainers.UnigramTrainer(vocab_size=200, special_tokens=specials, unk_token="<unk>", show_progress=False))
    if kind == "SiglipTokenizer":
        end = made.token_to_id("</s>")
        made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    made.save(str(folder / "tokenizer.json"))
    pad = "</s>" if kind == "SiglipTokenizer" else "<pad>"
    config = {"tokenizer_class": kind, "eos_token": "</s>", "unk_token": "<unk>", "pad_token": pad, "model_max_length": 24}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return made.get_vocab_size()


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if "norm" in name and name.endswith("weight"):
            weight.copy_(1 + 0.3 * noise)
        elif name.endswith("bias"):
            weight.copy_(0.3 * noise)
        else:
            weight.copy_(noise / (weight[0].numel() if weight.dim() > 1 else 1) ** 0.5)


CLIP_PICTURES = dict(image_mean=[0.48145466, 0.4578275, 0.40821073], image_std=[0.26862954, 0.26130258, 0.27577711], resample=3)
HALF = dict(image_mean=[0.5] * 3, image_std=[0.5] * 3, resample=3)


def save(model, folder, seed, pictures, extra=None):
    randomise(model, seed)
    model.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **(extra or {})}))
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures))


def make(target):
    tower = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4)
    for seed, (name, activation, eos) in enumerate([("clip", "quick_gelu", None), ("clip-odd", "gelu", 2)]):
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        size, end = clip_tokenizer(folder)
        text = dict(**tower, vocab_size=size, max_position_embeddings=24, hidden_act=activation, eos_token_id=eos or end)
        vision = dict(hidden_size=40, intermediate_size=64, num_hidden_layers=2, num_attention_heads=5, image_size=32, patch_size=8, hidden_act=activation)
        crop = {"do_center_crop": True, "crop_size": {"height": 32, "width": 32}, "size": {"shortest_edge": 32}}
        save(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)), folder, seed + 1, {**CLIP_PICTURES, **crop})
    for seed, (name, kind) in enumerate([("siglip", "SiglipTokenizer"), ("siglip2", "GemmaTokenizer")]):
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        size = siglip_tokenizer(folder, kind)
        text = dict(**tower, vocab_size=size, max_position_embeddings=24, projection_size=32, pad_token_id=1, bos_token_id=None, eos_token_id=1)
        vision = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=30, patch_size=7)
        save(SiglipModel(SiglipConfig(text_config=text, vision_config=vision)), folder, seed + 5, {**HALF, "size": {"height": 30, "width": 30}})


class Dual:
    def __init__(self, folder):
        self.model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
        self.clip = self.model.config.model_type == "clip"
        self.tokenizer = (CLIPTokenizer if self.clip else PreTrainedTokenizerFast).from_pretrained(folder)
        self.named = json.loads((Path(folder) / "tokenizer_config.json").read_text())["tokenizer_class"]
        self.pictures = (CLIPImageProcessorPil if self.clip else SiglipImageProcessorPil).from_pretrained(folder)
        self.length = self.model.config.text_config.max_position_embeddings

    def text(self, text):
        if self.clip:
            whole = self.tokenizer(text)["input_ids"]
            ids = self.tokenizer(text, truncation=True, max_length=self.length)["input_ids"]
        else:
            text = text.lower()
            if self.named == "SiglipTokenizer":
                text = " ".join(text.translate(str.maketrans("", "", string.punctuation)).split())
            end = self.tokenizer.convert_tokens_to_ids("</s>")
            whole = self.tokenizer(text, add_special_tokens=False)["input_ids"] + [end]
            ids = whole if len(whole) <= self.length else whole[: self.length - 1] + [end]
            ids = ids + [self.tokenizer.pad_token_id] * (self.length - len(ids))
        out = self.model.get_text_features(input_ids=torch.tensor([ids])).pooler_output[0]
        return out, len(ids), len(whole) > self.length

    def picture(self, path):
        given = self.pictures(images=[Image.open(path)], return_tensors="pt")
        return self.model.get_image_features(**given).pooler_output[0]

    def vector(self, item):
        made, tokens, truncated = [], 0, False
        if item["image"] is None or item["text"].strip() != "":
            out, tokens, truncated = self.text(item["text"])
            made.append(out)
        if item["image"] is not None:
            made.append(self.picture(item["image"]))
        total = sum((one / one.norm()).double() for one in made)
        return {"vector": (total / total.norm()).tolist(), "tokens": tokens, "truncated": truncated}


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        for request in json.load(open(sys.argv[2])):
            dual = Dual(request["model"])
            Path(request["out"]).write_text(json.dumps([dual.vector(item) for item in request["items"]]))
