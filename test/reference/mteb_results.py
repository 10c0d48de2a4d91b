"""Reads exported results with mteb itself, and measures their runs anew with mteb's own code.

usage: mteb_results.py FOLDER RUN=QRELS...   (FOLDER holds `results/`)

Prints JSON: what mteb's cache finds, what TaskResult reads in each file, what ModelMeta makes of each card, and for each run mteb's scores.
mteb averages over the queries that a run holds, so a judged query without results gets one document that nobody judged: as in mteb's own
runs, where every query has results.
"""

import json
import sys
from pathlib import Path

from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores
from mteb.cache import ResultCache
from mteb.models.model_meta import ModelMeta
from mteb.results import TaskResult

DEPTHS = [1, 3, 5, 10, 20, 100, 1000]


def measure(run_file, qrels_file):
    qrels, run = {}, {}
    for line in open(qrels_file, encoding="utf-8"):
        query, _, document, grade = line.split()
        qrels.setdefault(query, {})[document] = int(grade)
    for line in open(run_file, encoding="utf-8"):
        query, _, document, _, score, _ = line.split()
        run.setdefault(query, {})[document] = float(score)
    for query in qrels:
        run.setdefault(query, {"\0nothing": 0.0})
    found = calculate_retrieval_scores(run, qrels, DEPTHS)
    families = {
        "ndcg": found.ndcg,
        "map": found.map,
        "recall": found.recall,
        "precision": found.precision,
        "mrr": found.mrr,
        "hit_rate": found.hit_rate,
    }
    return {f"{name}_at_{key.split('@')[1]}": value for name, scores in families.items() for key, value in scores.items()}


folder = Path(sys.argv[1])
cache = ResultCache(cache_path=folder)
tasks, models = {}, []
for file in sorted(folder.glob("results/**/*.json")):
    if file.name == "model_meta.json":
        meta = ModelMeta(**json.loads(file.read_text(encoding="utf-8")))
        models.append([meta.name, meta.revision, meta.experiment_name])
        continue
    result = TaskResult.from_disk(file)
    tasks[result.task_name] = {
        "score": result.get_score(),
        "current": result.is_mergeable(result.task),
        "complete": [len(scores) for scores in result.validate_and_filter_scores().scores.values()],
    }
json.dump(
    {
        "cached": sorted(list(pair) for pair in cache.get_models(include_remote=False)),
        "tasks": tasks,
        "models": models,
        "runs": [measure(*pair.split("=")) for pair in sys.argv[2:]],
    },
    sys.stdout,
)
