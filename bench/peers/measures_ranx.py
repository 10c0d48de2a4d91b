"""Reading a TREC run and qrels, and measuring them, by ranx (compiled by numba before the clock starts).

Arguments: the qrels, the run.
"""

import sys
import time

from ranx import Qrels, Run, evaluate

import peer

qrels_file, run_file = sys.argv[1], sys.argv[2]
NAMES = {"nDCG@10": "ndcg@10", "AP": "map", "R@1000": "recall@1000", "RR": "mrr", "P@10": "precision@10"}


def measure():
    """Seconds of reading and of measuring, and the means."""
    start = time.perf_counter()
    qrels = Qrels.from_file(qrels_file, kind="trec")
    run = Run.from_file(run_file, kind="trec")
    read = time.perf_counter()
    values = evaluate(qrels, run, list(NAMES.values()))
    means = {ours: float(values[theirs]) for ours, theirs in NAMES.items()}
    return {"read": read - start, "measure": time.perf_counter() - read, "means": means}


peer.serve({"measure": measure})
