"""Reading a TREC run and qrels, and measuring them, by pytrec_eval (trec_eval's own code).

Arguments: the qrels, the run.
"""

import sys
import time

import pytrec_eval

import peer

qrels_file, run_file = sys.argv[1], sys.argv[2]
NAMES = {"nDCG@10": "ndcg_cut_10", "AP": "map", "R@1000": "recall_1000", "RR": "recip_rank", "P@10": "P_10"}


def measure():
    """Seconds of reading and of measuring, and the means."""
    start = time.perf_counter()
    with open(qrels_file) as file:
        qrels = pytrec_eval.parse_qrel(file)
    with open(run_file) as file:
        run = pytrec_eval.parse_run(file)
    read = time.perf_counter()
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "map", "recall.1000", "recip_rank", "P.10"})
    values = evaluator.evaluate(run)
    means = {ours: sum(v[theirs] for v in values.values()) / len(values) for ours, theirs in NAMES.items()}
    return {"read": read - start, "measure": time.perf_counter() - read, "means": means}


peer.serve({"measure": measure})
