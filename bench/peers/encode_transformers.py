"""Last-token states of a decoder by plain transformers on the processor, one text at a time, which needs no padding and is its fastest way here.

Arguments: the model's folder, a JSON file with lists of token ids, the dtype (float32 or bfloat16).
"""

import json
import os
import sys
import time

import torch
from transformers import AutoModel

import peer

folder, ids_file, dtype = sys.argv[1:4]
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
model = AutoModel.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
with open(ids_file, encoding="utf-8") as file:
    texts = json.load(file)


@torch.inference_mode()
def states():
    return torch.stack(
        [model(torch.tensor([ids]), use_cache=False).last_hidden_state[0, -1].float() for ids in texts]
    )


def encode():
    """Wall and processor seconds for all texts."""
    started = time.process_time()
    seconds, _ = peer.timed(states)
    return {"seconds": seconds, "cpu": time.process_time() - started}


def vectors(file):
    rows = torch.nn.functional.normalize(states(), dim=-1).numpy()
    rows.astype("<f4").tofile(file)
    return rows.shape[1]


peer.serve({"encode": encode, "vectors": vectors})
