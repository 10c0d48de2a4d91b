"""Encoding by sentence-transformers on the processor, at its defaults (float32, batches of 32) unless told otherwise.

Arguments: the model's folder, a JSON file with a list of texts, the batch size.
"""

import json
import sys

from sentence_transformers import SentenceTransformer

import peer

folder, text_file, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])

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
