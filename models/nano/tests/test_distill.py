"""Distillation from beginning to end on a small family and a small teacher; its losses and its figures against ones written out."""

import argparse
import json
import math
import shutil
import tempfile
import unittest
from pathlib import Path
from random import Random

import numpy as np
import torch
import torch.nn.functional as F

from nano import dev, distill_loss, packed, texts
from nano.distill import Distillation
from nano.distill_data import LENGTHS, Pool
from nano.model import Nano, Shape
from nano.teacher import Teacher

from . import fixture

torch.set_num_threads(2)
root: Path


def setUpModule():
    global root
    root = Path(tempfile.mkdtemp(prefix="nano-distill-"))
    fixture.write_corpus(root / "corpus")
    fixture.write_tokenizer(root / "tokenizer")
    fixture.write_teacher(root / "teacher")
    fixture.write_dev(root / "dev.jsonl.xz")
    model = Nano(Shape.of(fixture.SETTINGS)).initialize(1)
    packed.save(root / "base.int8.safetensors", model.weights(), {"name": "nano-base"})


def tearDownModule():
    shutil.rmtree(root)


def distillation(out: str, minutes: float | None = None, family: dict = fixture.SETTINGS) -> Distillation:
    work = root / f"work-{out}"
    work.mkdir(exist_ok=True)
    for shared in ("texts", "teacher.pt", "teacher.json"):
        if (root / "shared" / shared).exists() and not (work / shared).exists():
            (work / shared).symlink_to(root / "shared" / shared)
    return Distillation(
        argparse.Namespace(
            corpus=root / "corpus" / "corpus.jsonl.bz2", teacher=root / "teacher", parent=root / "base.int8.safetensors", dev=root / "dev.jsonl.xz", out=root / out,
            work=work, tokenizer=root / "tokenizer", minutes=minutes, reserve=0.0, scale=1.0, workers=2, device="cpu", eager=True,
        ),
        family,
    )  # fmt: skip


class WholeRun(unittest.TestCase):
    def test_losses_fall_and_a_stopped_run_ends_in_the_same_weights(self):
        whole = distillation("whole")
        self.assertTrue(whole.run())
        (root / "shared").mkdir()
        for name in ("texts", "teacher.pt", "teacher.json"):
            shutil.move(root / "work-whole" / name, root / "shared" / name)
        lines = [line for line in (root / "whole" / "training.log").read_text().splitlines() if "] run step" in line]
        places = [json.loads("{" + line.split("{")[1].split("}")[0] + "}")["place"] for line in lines]
        self.assertLess(places[-1], places[0] - 0.1)
        report = json.loads((root / "whole" / "distill.json").read_text())
        self.assertEqual((report["steps"], report["finished"], len(report["trials"])), (12, True, 2))
        # The weights that came out are those that were judged.
        again = distillation("whole")
        again.prepare()
        model = Nano(Shape.of(fixture.SETTINGS)).take(packed.load(root / "whole" / "retriever.int8.safetensors"))
        self.assertEqual(again.judge(model), report["after"])

        settings = json.loads(json.dumps(fixture.SETTINGS))
        settings["distill"]["trials"] = [{key: report["chosen"][key] for key in ("contrast",)}]
        for _ in range(2):
            stopped = distillation("parts", family=settings)
            stopped.prepare()
            stopped.deadline = 0.0
            self.assertFalse(stopped.train(stopped.model(), stopped.trials(), 12, "run", root / "work-parts" / "run.state.safetensors")[1])
        settings["distill"]["trials"] = report["settings"]["trials"]
        shutil.copyfile(root / "work-whole" / "trials.json", root / "work-parts" / "trials.json")
        self.assertTrue(distillation("parts", family=settings).run())
        a, b = (packed.load(root / name / "retriever.int8.safetensors") for name in ("whole", "parts"))
        self.assertTrue(all(torch.equal(a[key], b[key]) for key in a))


class Parts(unittest.TestCase):
    def test_teacher_equals_sentence_transformers_arithmetic(self):
        from transformers import BertModel

        rows = ["How does the cache work?", "river", "a thing that reads a letter before the window"]
        _, _, flat, lengths, _ = texts.tokenize(rows, str(root / "tokenizer"), str(root / "teacher" / "tokenizer.json"))
        got = Teacher(root / "teacher", torch.device("cpu")).vectors(flat, lengths, budget=20)
        model = BertModel.from_pretrained(root / "plain-teacher", add_pooling_layer=False).eval()
        start = 0
        for vector, count in zip(got, lengths):
            with torch.no_grad():
                states = model(input_ids=torch.from_numpy(flat[start : start + count].astype(np.int64))[None]).last_hidden_state[0]
            start += count
            # int8 with a scale per row moves a vector that little.
            self.assertGreater(F.cosine_similarity(vector, states.mean(0), dim=0).item(), 0.99)

    def test_order_loss_equals_one_written_out(self):
        torch.manual_seed(0)
        a, b = F.normalize(torch.randn(5, 8), dim=1), F.normalize(torch.randn(5, 12), dim=1)
        same = torch.eye(5, dtype=torch.bool)
        same[1, 3] = same[3, 1] = True
        got = distill_loss.order_loss(a, b, 0.1, same)
        for i in range(5):
            others = [j for j in range(5) if not same[i, j]]
            p = torch.softmax(torch.stack([b[i] @ b[j] for j in others]) / 0.1, 0)
            q = torch.softmax(torch.stack([a[i] @ a[j] for j in others]) / 0.1, 0)
            self.assertAlmostEqual(got[i].item(), (p * (p / q).log()).sum().item(), places=4)
        self.assertLess(distill_loss.order_loss(b, b, 0.1, same).abs().max().item(), 1e-5)

    def test_principal_axes_keep_inner_products(self):
        torch.manual_seed(1)
        known = F.normalize(torch.randn(300, 6) @ torch.randn(6, 20), dim=1)
        image = distill_loss.principal(known, 6)
        self.assertLess((image @ image.T - known @ known.T).abs().max().item(), 1e-4)
        self.assertTrue(bool((image.square().mean(0).diff() <= 1e-6).all()))

    def test_ndcg(self):
        self.assertAlmostEqual(dev.ndcg([[3, 1, 2]], [{1: 2.0, 2: 1.0}]), (2 / math.log2(3) + 1 / 2) / (2 + 1 / math.log2(3)))
        self.assertEqual(dev.ndcg([[1, 2], [5]], [{1: 1.0}, {4: 1.0}]), 0.5)

    def test_batches(self):
        r = np.random.default_rng(0)
        lengths = r.integers(1, 90, 500).astype(np.int32)
        arrays = {"student": r.integers(1, 600, lengths.sum()).astype(np.uint16), "student.lengths": lengths, "keys": np.arange(500)}
        arrays["pairs"] = np.stack([np.repeat([0, 3], 100), r.integers(0, 500, 200), r.integers(0, 500, 200)], axis=1).astype(np.int32)
        known = F.normalize(torch.from_numpy(r.normal(size=(500, 64)).astype(np.float32)), dim=1)
        pools = [Pool(arrays, known, known, fixture.SETTINGS["distill"], seed, torch.device("cpu"), 0) for seed in (1, 1, 2)]
        a, b, c = (pool.at(6, "run") for pool in pools)
        self.assertTrue(torch.equal(a.rows, b.rows))
        self.assertFalse(torch.equal(a.rows, c.rows))
        self.assertEqual(len(a.rows), 64)
        self.assertTrue(all(length in LENGTHS for _, _, length in a.groups))
        # Every text comes back in its place, whole, however it was grouped.
        sums = pools[0].encode(None, a, lambda _, ids, pad: ids.sum(1, keepdim=True).float())
        starts = np.cumsum(lengths) - lengths
        self.assertEqual(sums[:, 0].tolist(), [float(arrays["student"][starts[i] : starts[i] + lengths[i]].astype(int).sum()) for i in a.rows.tolist()])
        # Neighbours of one batch are nearer to each other than any texts are.
        near = torch.stack([known[pools[0].at(step, "run").rows[32:]] for step in range(0, 20, 2)])
        inside = (near @ near.transpose(1, 2)).mean().item() - 1 / 32
        self.assertGreater(inside, (known @ known.T).mean().item() - 1 / 500 + 0.01)

    def test_texts(self):
        r = Random(3)
        long = " ".join(f"Sentence {i} says a little about one thing or another." for i in range(60))
        pieces = texts.passages(long, r)
        self.assertTrue(all(len(piece) <= 1400 for piece in pieces))
        self.assertTrue(all(piece in long for piece in pieces))
        other = texts.exchanged("The kernel writes a buffer before another thread", ["river", "garden"], r)
        self.assertEqual(len(other.split()), 8)
        self.assertTrue(other.startswith("The ") and any(word in other for word in ("river", "garden")))
        kept = list(texts.part(fixture.records(), {"": 2000}, 1))
        self.assertLess(sum(len(row["t"]) for row in kept if row["s"] == "manual"), 8000)
        self.assertEqual({row["k"] for row in kept if row["s"] == "library"}, {"function"})


if __name__ == "__main__":
    unittest.main()
