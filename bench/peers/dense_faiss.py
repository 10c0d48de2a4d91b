"""Exact search by FAISS IndexFlatIP over the vectors of a fieldtrial store.

Arguments: the store's folder (float32), a raw float32 file of queries, the number of threads.
"""

import glob
import json
import os
import sys

import faiss
import numpy as np

import peer

folder, query_file, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
faiss.omp_set_num_threads(threads)


def shard(path):
    """The tensor `vectors` of one safetensors file."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))["vectors"]
        begin, end = entry["data_offsets"]
        file.seek(8 + length + begin)
        return np.frombuffer(file.read(end - begin), "<f4").reshape(entry["shape"])


shards = sorted(glob.glob(os.path.join(folder, "*.safetensors")))
index = faiss.IndexFlatIP(shard(shards[0]).shape[1])
for path in shards:
    index.add(shard(path))
queries = np.fromfile(query_file, "<f4").reshape(-1, index.d)


def search(k):
    """Seconds of one search of all queries."""
    return peer.timed(index.search, queries, k)[0]


def rows(k):
    """Row numbers of the k best of every query."""
    return index.search(queries, k)[1].tolist()


peer.serve({"search": search, "rows": rows})
