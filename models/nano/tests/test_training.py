"""The model against transformers', training from beginning to end on a small family, stopping and going on, packing, exports."""

import argparse
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import torch
import torch.nn.functional as F

from nano import contrast, export, packed
from nano.family import Family, bundle
from nano.model import Nano, Shape, config_of
from nano.sampler import Sampler
from nano.streams import build
from nano.tokenizer import TURN, ids, load
from nano.vision_model import NanoVision, normalize

from . import fixture

torch.set_num_threads(2)
root: Path


def setUpModule():
    global root
    root = Path(tempfile.mkdtemp(prefix="nano-test-"))
    fixture.write_corpus(root / "corpus")
    fixture.write_images(root / "corpus")
    fixture.write_tokenizer(root / "tokenizer")


def tearDownModule():
    shutil.rmtree(root)


def arguments(out: str, **other) -> argparse.Namespace:
    """What the command line gives. Streams and pairs are made by the first run that needs them."""
    work = root / f"work-{out}"
    work.mkdir(exist_ok=True)
    for name in ("streams", "pairs"):
        (root / name).mkdir(exist_ok=True)
        if not (work / name).exists():
            (work / name).symlink_to(root / name)
    return argparse.Namespace(
        **{
            "corpus": root / "corpus", "work": work, "out": root / out, "start": None, "held_out": root / "corpus" / "held-out.jsonl.bz2",
            "limit": 2000, "tokenizer": root / "tokenizer", "only": "base,math", "retriever_from": None, "scale": 1.0, "batch": 1.0, "minutes": None,
            "workers": 2, "device": "cpu", "eager": True, "bundle": None, **other,
        }
    )  # fmt: skip


class Model(unittest.TestCase):
    def test_equals_transformers_qwen2(self):
        from transformers import Qwen2Config, Qwen2ForCausalLM

        shape = Shape.of(fixture.SETTINGS)
        ours = Nano(shape).initialize(5)
        for p in ours.parameters():
            p.data += 0.05 * torch.randn(p.shape)
        theirs = Qwen2ForCausalLM(Qwen2Config(**config_of(shape, {"end": 0, "turn": 2}))).eval()
        missing, unexpected = theirs.load_state_dict(ours.weights(), strict=False)
        self.assertEqual((list(unexpected), [m for m in missing if m != "lm_head.weight"]), ([], []))
        theirs.tie_weights()
        tokens = torch.randint(0, shape.vocabulary, (3, 40))
        with torch.no_grad():
            a, b = ours.logits(tokens), theirs(tokens).logits
        self.assertLess((a - b).abs().max().item(), 2e-5 * b.abs().max().item())

    def test_equals_transformers_qwen2_5_vl(self):
        from transformers import AutoModelForImageTextToText

        tokenizer = load(root / "tokenizer")
        model = NanoVision(Shape.of(fixture.SETTINGS), fixture.SETTINGS["vision"])
        for p in model.parameters():
            p.data = torch.randn(p.shape) * 0.08 + (1.0 if p.dim() < 2 and p.shape[0] == 64 else 0.0)
        # What an export keeps of it: rounded to int8, then to float16.
        weights = packed.unpack(packed.pack(model.weights()))
        folder = root / "vl"
        export.export("vision", weights, folder, fixture.SETTINGS, root / "tokenizer")
        model.take({k: v.half().float() for k, v in weights.items()})
        theirs, info = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
        self.assertEqual([key for key in info["missing_keys"] if "lm_head" not in key], [])
        self.assertEqual(list(info["unexpected_keys"]), [])
        theirs.eval()
        height, width = 112, 84
        images = torch.randint(0, 256, (2, 3, height, width), dtype=torch.uint8)
        count = (height // 28) * (width // 28)
        before, after = tokenizer.encode("<|im_start|>user\n<|vision_start|>").ids, tokenizer.encode("<|vision_end|>What is it?").ids
        pad = tokenizer.token_to_id("<|image_pad|>")
        tokens = torch.tensor([[*before, *[pad] * count, *after]] * 2)
        pixels = normalize(images)
        # The image processor's order of patches, written out.
        rows, columns = height // 14, width // 14
        patches = pixels.unsqueeze(1).expand(-1, 2, -1, -1, -1).reshape(2, 1, 2, 3, rows // 2, 2, 14, columns // 2, 2, 14)
        patches = patches.permute(0, 1, 4, 7, 5, 8, 3, 2, 6, 9).reshape(2 * rows * columns, -1)
        with torch.no_grad():
            x = F.embedding(tokens, model.model.embed_tokens.weight)
            x = torch.cat([x[:, : len(before)], model.visual(pixels), x[:, len(before) + count :]], dim=1)
            states = model.states(x, *model.rotary_with_image(len(before), height // 28, width // 28, len(after)))
            ours = F.linear(states, model.model.embed_tokens.weight)
            other = theirs(input_ids=tokens, pixel_values=patches, image_grid_thw=torch.tensor([[1, rows, columns]] * 2), mm_token_type_ids=(tokens == pad).int()).logits
        self.assertLess((ours - other).abs().max().item(), 1e-4 * other.abs().max().item())

    def test_patches_are_those_of_the_image_processor(self):
        """transformers' processor, given the exported settings, makes the patches that the tower reads, and the size that was foreseen."""
        import numpy as np
        from PIL import Image
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

        from nano.vision_config import preprocessor, size_of

        settings = {k: v for k, v in preprocessor({"vision": {"patch": 14, "merge": 2}}).items() if k not in ("image_processor_type", "processor_class")}
        processor = Qwen2VLImageProcessorPil(**settings)
        for height, width in ((112, 84), (112, 112), (150, 200), (333, 500)):
            image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8))
            given = processor(image, return_tensors="pt")
            h, w = size_of(height, width)
            self.assertEqual(given["image_grid_thw"].tolist(), [[1, h // 14, w // 14]])
            if (h, w) == (height, width):
                pixels = normalize(torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())[None])
                mine = pixels.reshape(1, 3, h // 28, 2, 14, w // 28, 2, 14).permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(-1, 3, 1, 196).expand(-1, -1, 2, -1).reshape(-1, 1176)
                self.assertLess((given["pixel_values"] - mine).abs().max().item(), 1e-4)


class Tokens(unittest.TestCase):
    def test_special_tokens_and_round_trips(self):
        tokenizer = load(root / "tokenizer")
        self.assertEqual(tokenizer.get_vocab_size(), 700)
        text = "<|im_start|>user\nNaïve 123 → ok\n\n\tx = 1<|im_end|>\n"
        found = tokenizer.encode(text)
        self.assertEqual(found.ids.count(ids(tokenizer)["turn"]), 1)
        self.assertEqual(tokenizer.decode(found.ids, skip_special_tokens=False), text)
        self.assertIn("1", found.tokens)

    def test_transformers_reads_it_and_its_template(self):
        from transformers import AutoTokenizer

        folder = root / "for-transformers"
        shutil.copytree(root / "tokenizer", folder)
        (folder / "config.json").write_text(json.dumps(config_of(Shape.of(fixture.SETTINGS), {"end": 0, "turn": 2})))
        tokenizer = AutoTokenizer.from_pretrained(folder)
        chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
        self.assertEqual(chat, "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
        own = load(root / "tokenizer")
        for text in ("How does the cache work? It's 42.", chat, "  def f(x):\n\treturn x\n"):
            self.assertEqual(tokenizer(text)["input_ids"], own.encode(text).ids)
        self.assertEqual(tokenizer.eos_token, TURN)


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = root / "streams"
        build(root / "corpus" / "corpus.jsonl.bz2", cls.folder, 3, root / "tokenizer", fixture.SETTINGS["generated"], 1.0, 2)

    def test_the_loss_counts_on_replies_only(self):
        tokenizer = load(root / "tokenizer")
        sampler = Sampler(self.folder, {"math-chat": 1.0}, 4, 96, 3, 1, torch.device("cpu"))
        inputs, targets = sampler.batch(0)
        turn, start = ids(tokenizer)["turn"], ids(tokenizer)["start"]
        self.assertGreater((targets != -100).sum().item(), 0)
        self.assertLess((targets != -100).float().mean().item(), 0.9)
        for row, wanted in zip(inputs, targets):
            for token, target in zip(row[1:].tolist(), wanted[:-1].tolist()):
                self.assertIn(target, (-100, token))
                if token == start:
                    self.assertEqual(target, -100)
        self.assertTrue(any(turn in wanted.tolist() for wanted in targets))

    def test_batches_are_a_function_of_the_step(self):
        def make(seed):
            return Sampler(self.folder, {"text": 0.5, "code": 0.5}, 4, 32, 20, seed, torch.device("cpu"))

        a, b, c = make(1), make(1), make(2)
        a.batch(3)
        self.assertTrue(torch.equal(a.batch(7)[0], b.batch(7)[0]))
        self.assertFalse(torch.equal(a.batch(7)[0], c.batch(7)[0]))

    def test_shares(self):
        sampler = Sampler(self.folder, {"text": 0.75, "code": 0.25}, 8, 32, 50, 1, torch.device("cpu"))
        self.assertAlmostEqual((sampler.which == 0).mean(), 0.75, places=2)
        with self.assertRaises(SystemExit):
            Sampler(self.folder, {"text": 0.7}, 8, 32, 50, 1, torch.device("cpu"))


class Training(unittest.TestCase):
    def test_a_stopped_run_ends_in_the_same_weights(self):
        whole = Family(arguments("whole"), fixture.SETTINGS)
        self.assertTrue(whole.run())
        losses = [float(line.split("loss ")[1].split()[0]) for line in whole.log_lines if line.startswith("base step")]
        self.assertLess(losses[-1], losses[0] - 0.5)
        # Stopped after each of three steps, for the deadline has passed already; then to the end.
        parts = arguments("parts", held_out=None, only="base")
        for _ in range(3):
            family = Family(parts, fixture.SETTINGS)
            family.prepare(["base"])
            family.deadline = 0.0
            self.assertFalse(family.language("base", 0))
        self.assertTrue((parts.work / "base.state.safetensors").is_file())
        family = Family(parts, fixture.SETTINGS)
        self.assertTrue(family.run())
        self.assertNotIn("base step 1/", "\n".join(family.log_lines))
        a, b = (packed.load(root / name / "base.int8.safetensors") for name in ("whole", "parts"))
        self.assertTrue(all(torch.equal(a[k], b[k]) for k in a))
        self.assertFalse(torch.equal(a["model.norm.weight"], packed.load(root / "whole" / "math.int8.safetensors")["model.norm.weight"]))
        # What is finished is taken over from elsewhere, and perplexities are measured for what there is.
        rows = json.loads((root / "whole" / "perplexity.json").read_text())
        self.assertLess(rows["math"]["arithmetic"], rows["base"]["arithmetic"])
        parts.start, parts.out, parts.only = root / "whole", root / "taken", "base,math"
        self.assertTrue(Family(parts, fixture.SETTINGS).run())
        bundle(root / "taken", root / "bundles")
        self.assertEqual(sorted(p.name for p in (root / "bundles").iterdir()), ["models-1.tar", "models-2.tar", "training.log"])

    def test_a_state_of_other_settings_is_refused(self):
        family = Family(arguments("other", only="base", held_out=None), fixture.SETTINGS)
        family.prepare(["base"])
        family.deadline = 0.0
        family.language("base", 0)
        changed = json.loads(json.dumps(fixture.SETTINGS))
        changed["stages"]["base"]["lr"] = 1e-4
        with self.assertRaisesRegex(SystemExit, "other settings"):
            Family(arguments("other", only="base", held_out=None), changed).run()

    def test_vision_and_retriever(self):
        family = Family(arguments("rest", only="base,vision,retriever", held_out=None), fixture.SETTINGS)
        self.assertTrue(family.run())
        lines = [line for line in family.log_lines if line.startswith("vision step")]
        first, last = (float(line.split("images ")[1].split(",")[0]) for line in (lines[0], lines[-1]))
        self.assertLess(last, first)
        folder = root / "retriever"
        weights = packed.load(root / "rest" / "retriever.int8.safetensors")
        export.export("retriever", weights, folder, fixture.SETTINGS, root / "tokenizer")
        # sentence-transformers' layout, read by transformers with attention both ways, equals our own vectors.
        from transformers import AutoModel, AutoTokenizer

        model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.assertFalse(model.config.is_causal)
        tokens = AutoTokenizer.from_pretrained(folder)("How does the cache work?", return_tensors="pt")["input_ids"]
        own = Nano(Shape.of(fixture.SETTINGS)).take({k: v.half().float() for k, v in weights.items()})
        with torch.no_grad():
            ours = contrast.vectors(own, tokens, pad=-1)[0]
            theirs = model(input_ids=tokens).last_hidden_state[0].mean(0)
        self.assertGreater(F.cosine_similarity(ours, theirs, dim=0).item(), 0.99999)


class Packing(unittest.TestCase):
    def test_packed_weights_lie_within_half_a_step(self):
        weights = {"a.weight": torch.randn(7, 33), "b.weight": torch.randn(5), "c.weight": torch.randn(4, 3, 2, 2, 2), "z.weight": torch.zeros(2, 3)}
        back = packed.unpack(packed.pack(weights))
        self.assertTrue(torch.equal(back["b.weight"], weights["b.weight"]))
        self.assertTrue(torch.equal(back["z.weight"], weights["z.weight"]))
        for name in ("a.weight", "c.weight"):
            rows, other = weights[name].flatten(1), back[name].flatten(1)
            self.assertTrue(bool(((rows - other).abs() <= rows.abs().amax(1, keepdim=True) / 254 * 1.001).all()))
        # Packing what was unpacked changes nothing, also after float16.
        again = packed.pack({k: v.half() for k, v in back.items()})
        self.assertTrue(torch.equal(again["a.weight"], packed.pack(weights)["a.weight"]))


class Contrast(unittest.TestCase):
    def test_loss_equals_one_written_out(self):
        torch.manual_seed(0)
        q, d = torch.randn(5, 8), torch.randn(5, 8)
        same_q = torch.eye(5, dtype=torch.bool)
        same_d = same_q.clone()
        same_d[1, 3] = same_d[3, 1] = True
        got = contrast.loss_of(q, d, same_q, same_d, 0.1, [8, 4])
        total = 0.0
        for size in (8, 4):
            a, b = F.normalize(q[:, :size], dim=1), F.normalize(d[:, :size], dim=1)
            for x, y in ((a, b), (b, a)):
                for i in range(5):
                    others = [j for j in range(5) if j == i or {i, j} != {1, 3}]
                    scores = torch.stack([x[i] @ y[j] / 0.1 for j in others])
                    total += (torch.logsumexp(scores, 0) - x[i] @ y[i] / 0.1).item() / 5 / 2
        self.assertAlmostEqual(got.item(), total / 2, places=4)

    def test_equal_rows_are_known(self):
        rows = torch.tensor([[1, 2, 3], [1, 2, 4], [1, 2, 3], [3, 2, 1]])
        self.assertEqual(contrast.same(rows).int().sum().item(), 6)

    def test_padding_changes_nothing(self):
        model = Nano(Shape.of(fixture.SETTINGS)).initialize(1)
        tokens = torch.randint(1, 700, (2, 9))
        padded = F.pad(tokens, (0, 7), value=0)
        with torch.no_grad():
            self.assertLess((contrast.vectors(model, tokens, 0) - contrast.vectors(model, padded, 0)).abs().max().item(), 1e-5)


if __name__ == "__main__":
    unittest.main()
