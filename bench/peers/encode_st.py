"""Encoding by sentence-transformers on the processor, at its defaults (float32, batches of 32) unless told otherwise.

Arguments: the model's folder, a JSON file with a list of texts, the number of threads, the batch size.
"""

import json
import sys

import torch

import peer

folder, text_file, threads, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)

from sentence_transformers import SentenceTransformer  # noqa: E402  (after the threads are set)

model = SentenceTransformer(folder, device="cpu")
with open(text_file, encoding="utf-8") as file:
    texts = json.load(file)


def encode(start, end):
    """Seconds for a slice of the texts."""
    return peer.timed(model.encode, texts[start:end], batch_size=batch)[0]


def vectors(file, start, end):
    """Writes the slice's vectors as raw float32 and gives their dimension."""
    rows = model.encode(texts[start:end], batch_size=batch)
    rows.astype("<f4").tofile(file)
    return rows.shape[1]


peer.serve({"encode": encode, "vectors": vectors})
