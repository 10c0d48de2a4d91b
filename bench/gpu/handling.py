"""What the worker of engine torch does on a GPU when things go wrong: random weights, nothing is fetched. One JSON object a line; exit 1 if any failed.

usage: handling.py [--device cuda:0]

Two workers on one GPU; a GPU without room; memory that runs out within the work; a worker killed at it; a caller that goes away.
"""

import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

WORKER = Path(__file__).parents[2] / "worker"
GIB = 2**30
failed = []


def tell(what: str, ok: bool, **more):
    print(json.dumps({"what": what, "ok": bool(ok), **more}), flush=True)
    if not ok:
        failed.append(what)


class Worker:
    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(WORKER), os.environ.get("PYTHONPATH"))))}
        self.process = subprocess.Popen([sys.executable, "-m", "fieldtrial_worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        self.id = 0
        self.answer()

    def send(self, **request):
        self.id += 1
        self.process.stdin.write(json.dumps({"id": self.id, **request}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        """The reply to the last request; None where the worker is gone."""
        for line in self.process.stdout:
            message = json.loads(line)
            if "ok" in message:
                return message
        return None

    def ask(self, **request):
        self.send(**request)
        return self.answer()


def load(worker, folder, device, budget=16384, weight_bytes=None):
    return worker.ask(
        method="load", folder=folder, gguf=None, adapter=None, dtype="bfloat16", device=device, decoder=True, packed=True, layer=None, finalNorm=None,
        direction="model", pooling=["lasttoken"], scores=False, generates=0, stops="", budget=budget, threads=None, weightBytes=weight_bytes,
    )  # fmt: skip


def numbers(array) -> str:
    return base64.b64encode(np.asarray(array, dtype="<i4").tobytes()).decode()


def request(out, count=600, length=200, rows=32000):
    random = np.random.default_rng(3)
    return {
        "method": "encode",
        "ids": numbers(random.integers(0, rows, size=count * length)),
        "lengths": numbers([length] * count),
        "from": numbers([0] * count),
        "out": out,
    }


def main(device: str):
    folder = tempfile.mkdtemp()
    torch.manual_seed(1)
    config = Qwen2Config(hidden_size=2048, num_hidden_layers=12, num_attention_heads=16, num_key_value_heads=4, intermediate_size=8192, vocab_size=32000)
    with torch.device(device):
        model = Qwen2ForCausalLM(config).to(torch.bfloat16)
    weight_bytes = sum(p.numel() for p in model.parameters()) * 2
    model.save_pretrained(folder)
    del model
    torch.cuda.empty_cache()
    out = os.path.join(folder, "vectors")
    read = lambda: np.fromfile(out, dtype="<f4").reshape(-1, config.hidden_size)

    first, second = Worker(), Worker()
    answers = load(first, folder, device, weight_bytes=weight_bytes), load(second, folder, device, weight_bytes=weight_bytes)
    first.send(**request(out + "1"))
    second.send(**request(out))
    got = first.answer(), second.answer()
    wanted = read()
    same = got[0]["ok"] and np.array_equal(wanted, np.fromfile(out + "1", dtype="<f4").reshape(wanted.shape))
    tell("two workers on one GPU at once give the same numbers", all(a["ok"] for a in answers + got) and same)
    second.process.stdin.close()
    tell("a worker whose caller is gone ends", second.process.wait(20) == 0)

    free, _ = torch.cuda.mem_get_info(device)
    filler = torch.empty(int(free - 2 * GIB), dtype=torch.uint8, device=device)
    third = Worker()
    answer = load(third, folder, device, weight_bytes=8 * GIB)
    tell("a model without room is refused before it is loaded", not answer["ok"], message=answer.get("error", {}).get("message"))
    third.process.stdin.close()
    third.process.wait(20)
    del filler
    torch.cuda.empty_cache()

    answer = load(first, folder, device, budget=65536, weight_bytes=weight_bytes)
    free, _ = torch.cuda.mem_get_info(device)
    filler = torch.empty(int(free - 1.2 * GIB), dtype=torch.uint8, device=device)
    answer = first.ask(**request(out))
    least = 0.0
    if answer["ok"]:
        got = read()
        least = float((np.sum(got * wanted, axis=1) / np.linalg.norm(got, axis=1) / np.linalg.norm(wanted, axis=1)).min())
    tell("memory that runs out halves the budget, and the numbers are those from before", answer["ok"] and answer["value"]["halved"] > 0 and least > 0.99, answer=answer, least_cosine=least)
    del filler
    torch.cuda.empty_cache()

    first.send(**request(out, count=20000))
    time.sleep(1)
    before, _ = torch.cuda.mem_get_info(device)
    first.process.send_signal(signal.SIGKILL)
    gone = first.answer() is None
    first.process.wait(20)
    time.sleep(1)
    after, _ = torch.cuda.mem_get_info(device)
    tell("a killed worker leaves no memory taken", gone and after > before + weight_bytes, freed_gib=round((after - before) / GIB, 1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda:0")
    main(parser.parse_args().device)
    sys.exit(1 if failed else 0)
