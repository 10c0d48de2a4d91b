"""Training of nano-vision: the base reads what a new tower sees. Captions of photographs and icons, captions and questions of drawn scenes,
and text in between, so that it stays a language model. Everything but the text is on <|im_start|>…-turns, as vision models are asked."""

import json
import math
import tarfile
import time
from pathlib import Path
from random import Random

import numpy as np
import torch

from . import scenes
from .processes import processes
from .sampler import Sampler
from .tokenizer import SYSTEM, load
from .train import SAVE_SECONDS, load_state, optimizer_of, rate, save_state
from .vision_model import NanoVision, normalize

BEFORE = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n<|vision_start|>"
ASKS = ("Describe the image.", "What is in this picture?", "Write a caption.", "Describe what you see in one sentence.")
NAME_ASKS = ("What is this an icon of?", "Name this icon.", "What does this symbol stand for?")
LENGTH = 64  # tokens after the image at most


def _scenes(batch: tuple[int, int, int]) -> tuple[np.ndarray, list[list[tuple[str, str]]]]:
    seed, first, last = batch
    pixels, talks = [], []
    for i in range(first, last):
        r = Random(f"{seed} scene {i}")
        what = scenes.scene(r)
        pixels.append(np.asarray(scenes.draw(what)).transpose(2, 0, 1))
        talks.append([(r.choice(ASKS), scenes.caption(what, r)), scenes.question(what, r)])
    return np.stack(pixels), talks


class Group:
    """Images of one size, each with several (question, reply)."""

    def __init__(self, pixels: np.ndarray, talks: list[list[tuple[str, str]]], flips: bool):
        self.pixels, self.talks, self.flips = pixels, talks, flips


def groups(images: Path, seed: int, count: int, workers: int | None) -> dict[str, list[Group]]:
    """By kind: photographs in a group per size, icons, scenes."""
    from PIL import Image

    by_size: dict[tuple[str, int, int], tuple[list, list]] = {}
    r = Random(f"{seed} images")
    with tarfile.open(images) as archive:
        for row in json.loads(archive.extractfile("captions.json").read()):
            pixels = np.asarray(Image.open(archive.extractfile(row["file"])).convert("RGB")).transpose(2, 0, 1)
            part = by_size.setdefault((row["kind"], *pixels.shape[1:]), ([], []))
            part[0].append(pixels)
            part[1].append([(ask, text[0].upper() + text[1:]) for text in row["captions"] for ask in r.sample(ASKS if row["kind"] == "photograph" else NAME_ASKS, 2)])
    result: dict[str, list[Group]] = {}
    for (kind, _, _), (pixels, talks) in sorted(by_size.items()):
        if kind == "photograph" and len(pixels) < 12:
            continue
        result.setdefault(kind, []).append(Group(np.stack(pixels), talks, flips=kind == "photograph"))
    with processes(workers) as pool:
        parts = list(pool.map(_scenes, [(seed, a, min(count, a + 500)) for a in range(0, count, 500)]))
    result["scene"] = [Group(np.concatenate([p for p, _ in parts]), [t for _, ts in parts for t in ts], flips=False)]
    return result


SHARES = {"photograph": 0.4, "icon": 0.1, "scene": 0.5}


class Pictures:
    """Batches of images with conversations, a function of seed and step."""

    def __init__(self, by_kind: dict[str, list[Group]], tokenizer_folder: Path, batch: int, seed: int, device: torch.device, merge: int, patch: int):
        self.by_kind, self.batch, self.seed, self.device = by_kind, batch, seed, device
        self.unit = merge * patch
        tokenizer = load(tokenizer_folder)
        self.pad, self.image = tokenizer.token_to_id("<|endoftext|>"), tokenizer.token_to_id("<|image_pad|>")
        self.before = tokenizer.encode(BEFORE).ids
        self.kinds = [kind for kind in SHARES if kind in by_kind]
        self.talks = {kind: [self._encode(tokenizer, group.talks) for group in parts] for kind, parts in by_kind.items()}
        self.pixels = {kind: [torch.from_numpy(np.ascontiguousarray(group.pixels)).to(device) for group in parts] for kind, parts in by_kind.items()}

    def _encode(self, tokenizer, talks):
        flat = [(q, a) for row in talks for q, a in row]
        asked = tokenizer.encode_batch([f"<|vision_end|>{q}<|im_end|>\n<|im_start|>assistant\n" for q, _ in flat])
        replies = tokenizer.encode_batch([f"{a}<|im_end|>" for _, a in flat])
        pairs = iter([(a.ids, b.ids) for a, b in zip(asked, replies)])
        return [[next(pairs) for _ in row] for row in talks]

    def batch_at(self, step: int):
        """images (uint8), ids, targets, and how many tokens stand before the image."""
        r = np.random.default_rng([self.seed, step])
        kind = r.choice(self.kinds, p=np.array([SHARES[k] for k in self.kinds]) / sum(SHARES[k] for k in self.kinds))
        sizes = np.array([len(group.talks) for group in self.by_kind[kind]], dtype=float)
        which = r.choice(len(sizes), p=sizes / sizes.sum())
        group, pixels = self.by_kind[kind][which], self.pixels[kind][which]
        rows = r.integers(0, len(pixels), self.batch)
        images = pixels[torch.from_numpy(rows).to(self.device)]
        if group.flips and r.random() < 0.5:
            images = images.flip(-1)
        count = (images.shape[2] // self.unit) * (images.shape[3] // self.unit)
        head = [*self.before, *[self.image] * count]
        ids = np.full((self.batch, len(head) + LENGTH), self.pad, dtype=np.int64)
        targets = np.full_like(ids, -100)
        ids[:, : len(head)] = head
        for i, row in enumerate(rows):
            options = self.talks[kind][which][row]
            asked, reply = options[r.integers(len(options))]
            after = [*asked, *reply][:LENGTH]
            ids[i, len(head) : len(head) + len(after)] = after
            begin = len(head) + len(asked)
            end = len(head) + len(after)
            targets[i, begin - 1 : end - 1] = ids[i, begin:end]
        return images, torch.from_numpy(ids).to(self.device), torch.from_numpy(targets).to(self.device), len(self.before)


def initialize_tower(model: NanoVision, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.visual.named_parameters():
            if p.dim() < 2:
                p.fill_(1.0 if name.endswith(("norm1.weight", "norm2.weight", "ln_q.weight")) else 0.0)
            else:
                p.copy_(torch.randn(p.shape, generator=generator) * min(0.05, p[0].numel() ** -0.5))


def run(model: NanoVision, pictures: Pictures, text: Sampler, family: dict, steps: int, state: Path, note: dict, deadline: float = math.inf, log=print) -> bool:
    """As train.run: a batch of images and a batch of text at each step."""
    v, settings = family["vision"], family["optimizer"]
    device = model.cos.device
    optimizer = optimizer_of(model.named_parameters(), settings, v["lr"], device)
    first = load_state(state, model, optimizer, note) if state.is_file() else 0
    began = saved = time.monotonic()
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps, v["lr"], settings["warmup"], settings["final"])
        images, ids, targets, before = pictures.batch_at(step)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            seen = model.loss_with_images(normalize(images), ids, targets, before)
            read = model.loss(*text.batch(step))
            loss = (1 - v["text"]) * seen + v["text"] * read
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        now = time.monotonic()
        if step % max(1, steps // 12) == 0 or step + 1 == steps:
            a, b = seen.item(), read.item()
            if not math.isfinite(a + b):
                raise FloatingPointError(f"The loss of vision is {a} and {b} at step {step}: lower its learning rate in family.json.")
            log(f"vision step {step + 1}/{steps} loss on images {a:.4f}, on text {b:.4f}, {(step + 1 - first) / max(1e-9, time.monotonic() - began):.1f} steps/s")
        if now > deadline or now - saved > SAVE_SECONDS and step + 1 < steps:
            save_state(state, model, optimizer, step + 1, note)
            saved = time.monotonic()
            if now > deadline:
                log(f"vision: time is up after step {step + 1} of {steps}")
                return False
    return True
