"""Merges of checkpoints in plain numpy, float32, whole tensors in memory.

usage: merge.py FOLDER < jobs.json

Each job: {"method", "base", "models", "weights", "densities", "normalize", "lambda", "t", "masks", "out"}; paths are of safetensors files relative
to FOLDER. `masks`: one file per model with what each number is multiplied by. Formulas: TIES arXiv 2306.01708, DARE 2311.03099, task arithmetic
2212.04089; SLERP over the flattened tensor.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file


def slerp(t, x, y):
    unit_x, unit_y = x.ravel() / np.linalg.norm(x), y.ravel() / np.linalg.norm(y)
    dot = float(unit_x @ unit_y)
    if abs(dot) > 0.9995:
        return (1 - t) * x + t * y
    angle = np.arccos(dot)
    return (np.sin((1 - t) * angle) * x + np.sin(t * angle) * y) / np.sin(angle)


def trim(delta, density):
    if density >= 1:
        return delta
    keep = max(1, int(density * delta.size))
    order = np.argsort(-np.abs(delta).ravel(), kind="stable")[:keep]
    kept = np.zeros(delta.size, dtype=np.float32)
    kept[order] = delta.ravel()[order]
    return kept.reshape(delta.shape)


def elect(deltas, weights, normalize):
    stacked = np.stack([w * d for w, d in zip(weights, deltas)])
    sign = np.where(stacked.sum(0) >= 0, 1, -1)
    mask = np.sign(stacked) == sign
    total = (stacked * mask).sum(0)
    if not normalize:
        return total
    divisor = sum(w * m for w, m in zip(weights, mask)).astype(np.float32)
    divisor[divisor == 0] = 1
    return total / divisor


def merge(job, name, base, models, masks):
    method, weights = job["method"], [np.float32(w) for w in job["weights"]]
    if method == "linear":
        return sum(w * x for w, x in zip(weights, models)) / (sum(weights) if job["normalize"] else 1)
    if method == "slerp":
        return slerp(job["t"], *models)
    deltas = [x - base for x in models]
    if method == "ties":
        deltas = [trim(d, p) for d, p in zip(deltas, job["densities"])]
    if masks:
        deltas = [d * m for d, m in zip(deltas, masks)]
    if method in ("ties", "dare_ties"):
        total = elect(deltas, weights, job["normalize"])
    else:
        total = sum(w * d for w, d in zip(weights, deltas)) / (sum(weights) if job["normalize"] else 1)
    return base + np.float32(job["lambda"]) * total


def main():
    folder = Path(sys.argv[1])
    load = lambda path: load_file(folder / path)
    for job in json.load(sys.stdin):
        base = load(job["base"]) if job["base"] else None
        models, masks = [load(m) for m in job["models"]], [load(m) for m in job["masks"]]
        merged = {}
        for name in models[0]:
            value = merge(job, name, None if base is None else base[name], [m[name] for m in models], [m[name] for m in masks])
            merged[name] = np.ascontiguousarray(value, dtype=np.float32)
        save_file(merged, folder / job["out"])


main()
