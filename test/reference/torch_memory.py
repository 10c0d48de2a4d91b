"""Whether the worker goes on where memory runs out: vectors under a limit on tokens at once are those without one.

usage: torch_memory.py MODEL

A forward pass of more tokens than the limit fails as PyTorch fails on a full GPU. Prints {"same": largest difference, "budgets": [...],
"single": the error of a sequence that is longer than the limit by itself, "full": that of a GPU on which another process sits}.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "worker"))

from fieldtrial_worker import attention  # noqa: E402
from fieldtrial_worker.decoder import Decoder  # noqa: E402
from fieldtrial_worker.devices import GIB, require_room  # noqa: E402
from fieldtrial_worker.encode import Request, Runner  # noqa: E402
from fieldtrial_worker.errors import WorkerError  # noqa: E402
from fieldtrial_worker.loading import load  # noqa: E402

torch.set_num_threads(1)
attention.register()
DEVICE = torch.device("cpu")


class Limited(Decoder):
    limit = None

    def run(self, pack, *rest, **more):
        if self.limit is not None and pack.ids.shape[1] > self.limit:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {pack.ids.shape[1]} tokens")
        return super().run(pack, *rest, **more)


with torch.inference_mode():
    model, missing = load({"folder": sys.argv[1], "dtype": "float32"}, DEVICE)
    request = {"layer": None, "finalNorm": None, "direction": "model", "pooling": ["mean"], "scores": False, "generates": 0, "packed": True}
    limited = Limited(model, request, DEVICE, missing)

lengths = [(37 * i) % 90 + 1 for i in range(60)]
asked = Request(np.concatenate([(np.arange(n) * 13 + n) % 600 for n in lengths]).astype("<i4"), lengths, [0] * len(lengths))
whole = Runner(limited, 2048, False).encode(asked).vectors
limited.limit = 200
runner = Runner(limited, 2048, False)
budgets = []
under = runner.encode(asked, progress=lambda _: budgets.append(runner.budget)).vectors
limited.limit = 50
try:
    Runner(limited, 2048, False).encode(asked)
    single = None
except WorkerError as error:
    single = {"code": error.code, "message": error.message, "hint": error.hint}
# What a GPU of 80 GiB tells of which another worker has taken 60.
torch.cuda.mem_get_info = lambda device: (20 * GIB, 80 * GIB)
require_room(torch.device("cuda:0"), 18 * GIB)
try:
    require_room(torch.device("cuda:0"), 30 * GIB)
    full = None
except WorkerError as error:
    full = {"code": error.code, "message": error.message, "hint": error.hint}
print(json.dumps({"full": full, "same": float(np.abs(whole - under).max()), "budgets": budgets, "single": single}))
