"""Vectors of texts, images and images with text as plain transformers gives them: one item at a time, float32, eager attention.

usage: vision_vectors.py REQUEST.json

Pictures go through transformers' own image processor (the Pillow one), prompts through the model's chat template, and the whole
vision-language model runs forward. Written from the methods' descriptions as recipe_vectors.py is, whose parts it uses.

The request is a list of {"model": folder, "task": instruction, "words": as there, "items": [{"text", "image": file or null}, ...], "jobs":
[{"key", "recipe", "parameters"}], "out": file}; answers as there. A picture counts as one token in lengths.
"""

import json
import sys
from pathlib import Path

import torch
from PIL import Image
from recipe_vectors import RECIPES, SIDES, Built, Model, Refused, Words, chat, decoded, limit_of, pooled, rendered, sparse
from recipe_vectors import HERE
from transformers import AutoModelForImageTextToText, PreTrainedTokenizerFast
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

PLACE = "<|vision_start|><|image_pad|><|vision_end|>"


class VisionModel(Model):
    """A vision-language model, and the picture that it looks at."""

    def __init__(self, folder):
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        self.turn = ("", "")
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        self.processor = Qwen2VLImageProcessorPil.from_pretrained(folder)
        self.text = self.model.model.language_model
        self.layers = self.text.config.num_hidden_layers
        self.context = self.text.config.max_position_embeddings
        self.cache = {}
        self.picture = None
        self.name = None
        self.probe()

    def look_at(self, path):
        self.name = path
        self.picture = None if path is None else self.processor(images=[Image.open(path)], return_tensors="pt")

    def run(self, ids, both=False):
        key = (tuple(ids), both, self.name)
        if key not in self.cache:
            if len(self.cache) >= 96:
                self.cache.pop(next(iter(self.cache)))
            self.text.config.is_causal = not both
            self.model.model.rope_deltas = None
            layers, norm = [], []
            take = lambda states: (states[0] if isinstance(states, tuple) else states)[0].clone()
            hooks = [layer.register_forward_hook(lambda _, __, out: layers.append(take(out))) for layer in self.text.layers]
            first = self.text.layers[0].register_forward_pre_hook(lambda _, args: layers.append(args[0][0].clone()))
            last = self.text.norm.register_forward_hook(lambda _, args, out: norm.append((args[0][0].clone(), out[0].clone())))
            given = {"input_ids": torch.tensor([ids])}
            if self.picture is not None:
                at = given["input_ids"] == self.model.config.image_token_id
                given |= {**self.picture, "mm_token_type_ids": at.int(), "attention_mask": torch.ones_like(given["input_ids"])}
            out = self.model(**given, use_cache=False)
            for hook in (*hooks, first, last):
                hook.remove()
            before, after = norm[-1]
            self.cache[key] = ([*layers[:-1], after], before, out.logits[0, -1])
        return self.cache[key]

    def states(self, ids, parameters, both):
        hidden, before, _ = self.run(ids, both)
        layer = parameters.get("layer", -1)
        last = layer in (-1, self.layers)
        norm = parameters.get("finalNorm", last)
        if last:
            return hidden[-1] if norm else before
        return self.text.norm(hidden[layer]) if norm else hidden[layer]

    def expanded(self, built):
        """As many placeholders as the picture has tokens."""
        pad = self.model.config.image_token_id
        count = int(self.picture["image_grid_thw"][0].prod()) // 4
        at = built.ids.index(pad)
        return Built(built.ids[:at] + [pad] * count + built.ids[at + 1 :], built.start, built.truncated)


# --- Prompts of pictures: (model, parameters, side, text, task) -> prompt -----------------------------------------------------------------


def e5v(model, parameters, side, text, task):
    asked = "\nSummary above image in one word: " if text.strip() == "" else "{text}\nSummarize above image and sentence in one word: "
    return chat(model, parameters.get("system", "default"), PLACE + asked, True, text, task, limit_of(model, parameters, side))


def vision_chat(model, parameters, side, text, task):
    layout = parameters.get("layout", "gme")
    user = "{text}" + PLACE if layout == "dse" else PLACE + "{text}"
    system, answer = {
        "gme": ("{task}" if side == "query" else "You are a helpful assistant.", True),
        "dse": ("default", False),
        "qwen3-vl": ("{task}" if side == "query" else "Represent the user's input.", True),
    }[layout]
    end = None if layout == "qwen3-vl" else model.tokenizer.pad_token
    return chat(model, parameters.get("system", system), user, answer, text, task, limit_of(model, parameters, side), end)


def promptreps(model, parameters, side, text, task):
    noun = {"query": "query", "document": "passage"}[side]
    asked = "Use one word to represent the {what} in a retrieval task. Make sure your word is in lowercase."
    text = text.strip()
    if text == "":
        user = PLACE + asked.replace("{what}", "image")
    else:
        user = PLACE + noun.capitalize() + ': "{text}". ' + asked.replace("{what}", f"image and the {noun}")
    frame = rendered(model, parameters.get("system", "default"), user.replace("{text}", HERE), 'The word is: "')
    limit = limit_of(model, parameters, side)
    words = model.bare(text)
    if HERE not in frame:
        return Built(model.bare(frame))
    before, after = frame.split(HERE)
    return Built(model.bare(before) + words[:limit] + model.bare(after), truncated=len(words) > limit)


IMAGES = {"e5v": e5v, "vision-chat": vision_chat, "promptreps": promptreps}


def vector(model, words, recipe, parameters, side, item, task):
    build, pooling, span, both = RECIPES[recipe]
    pooling = parameters.get("pooling", pooling)
    both = parameters.get("attention", "bidirectional" if both else "causal") == "bidirectional"
    if recipe == "instruct" and parameters.get("layout") == "gte":
        both = True
    text = item["text"]
    model.look_at(item["image"])
    if item["image"] is None:
        prompts = build(model, parameters, side, text, task)
    else:
        prompts = [model.expanded(IMAGES[recipe](model, parameters, side, text, task))]
    if any(len(prompt.ids) > model.context for prompt in prompts):
        raise Refused("longer than the context")
    steps = parameters.get("generateTokens", 0)
    views, logits = [], None
    for prompt in prompts:
        if steps > 0:
            view, logits = decoded(model, prompt.ids, parameters, steps)
        else:
            logits = model.run(prompt.ids, both)[2]
            view = pooled(model.states(prompt.ids, parameters, both), pooling, prompt.start if span == "text" else 0)
        views.append(view.double())
    made = torch.stack(views).mean(dim=0)
    return {
        "vector": (made / made.norm()).tolist(),
        "tokens": sum(len(prompt.ids) for prompt in prompts),
        "truncated": any(prompt.truncated for prompt in prompts),
        "sparse": sparse(model, words, text, logits) if parameters.get("sparse") else None,
    }


def answer(request):
    model, words = VisionModel(request["model"]), Words(request["words"])
    answers = {}
    for job in request["jobs"]:
        answers[job["key"]] = sides = {side: [] for side in SIDES}
        for side in SIDES:
            for item in request["items"]:
                try:
                    row = vector(model, words, job["recipe"], job["parameters"], side, item, request["task"])
                except Refused as error:
                    row = {"refused": str(error)}
                sides[side].append(row)
    Path(request["out"]).write_text(json.dumps(answers))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for request in json.load(open(sys.argv[1])):
        answer(request)
