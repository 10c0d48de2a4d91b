"""Post-processing of vectors and diagnostics of a space, as numpy and scikit-learn compute them, in float64.

usage: postprocess.py REQUEST.json

The request is {"documents": [[...]], "queries": [[...]], "cases": [{"sample": [[...]], "steps": [...]}]} or
{"space": {"documents": [[...]], "other": [[...]], "queries": [[...]], "pairs": [[q, d]], "k": 5}}.
Prints JSON: per case {"documents", "queries", "shrinkage"}, or the figures of the space.
"""

import json
import sys

import numpy as np
from scipy.stats import skew
from sklearn.covariance import ledoit_wolf


def process(documents, queries, sample, steps):
    shrinkage = None
    for step in steps:
        kind = step["kind"]
        if kind in ("center", "abtt", "whiten", "pca"):
            means = documents.mean(0), sample.mean(0)
            documents, queries, sample = documents - means[0], queries - means[1], sample - means[1]
        if kind in ("abtt", "pca"):
            _, _, vt = np.linalg.svd(documents, full_matrices=False)
            if kind == "abtt":
                top = vt[: step["components"]]
                documents, queries, sample = (x - x @ top.T @ top for x in (documents, queries, sample))
            else:
                top = vt[: step["dimensions"]]
                top = top * np.sign(top[np.arange(len(top)), np.abs(top).argmax(1)])[:, None]
                documents, queries, sample = (x @ top.T for x in (documents, queries, sample))
        if kind == "whiten":
            asked = step.get("shrinkage", "ledoit-wolf")
            if asked == "ledoit-wolf":
                covariance, shrinkage = ledoit_wolf(documents)
            else:
                plain = np.cov(documents.T, bias=True)
                covariance = (1 - asked) * plain + asked * np.trace(plain) / len(plain) * np.eye(len(plain))
            values, vectors = np.linalg.eigh(covariance)
            matrix = vectors @ np.diag(values ** (-step["power"] / 2)) @ vectors.T
            documents, queries, sample = (x @ matrix for x in (documents, queries, sample))
        if kind == "truncate":
            documents, queries, sample = (x[:, : step["dimensions"]] for x in (documents, queries, sample))
        if kind == "normalize":
            documents, queries, sample = (
                x / np.linalg.norm(x, axis=1, keepdims=True) for x in (documents, queries, sample)
            )
        if kind == "int8":
            low, high = documents.min(0), documents.max(0)
            width = (high - low) / 255
            documents = low + np.round((documents - low) / width) * width
        if kind == "binary":
            documents = np.where(documents > 0, 1.0, -1.0)
    return {"documents": documents.tolist(), "queries": queries.tolist(), "shrinkage": shrinkage}


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def neighbours(x, k):
    cosines = unit(x) @ unit(x).T
    np.fill_diagonal(cosines, -np.inf)
    return [set(row[:k]) for row in np.argsort(-cosines, axis=1, kind="stable")]


def space(documents, other, queries, pairs, k):
    n = len(documents)
    upper = np.triu_indices(n, 1)
    cosines = (unit(documents) @ unit(documents).T)[upper]
    values = np.linalg.svd(documents - documents.mean(0), compute_uv=False) ** 2
    share = values / values.sum()
    share = share[share > 1e-15]
    squared = ((unit(documents)[:, None] - unit(documents)[None]) ** 2).sum(2)[upper]
    apart = [((unit(queries)[q] - unit(documents)[d]) ** 2).sum() for q, d in pairs]
    a, b = documents - documents.mean(0), other - other.mean(0)
    cka = np.linalg.norm(b.T @ a) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    mine, theirs = neighbours(documents, k), neighbours(other, k)
    occurrences = np.zeros(n)
    for query in unit(queries) @ unit(documents).T:
        occurrences[np.argsort(-query, kind="stable")[:k]] += 1
    means = queries.mean(0), documents.mean(0)
    return {
        "anisotropy": cosines.mean(),
        "effectiveRank": np.exp(-(share * np.log(share)).sum()),
        "participationRatio": values.sum() ** 2 / (values**2).sum(),
        "firstComponentShare": values[0] / values.sum(),
        "uniformity": np.log(np.exp(-2 * squared).mean()),
        "alignment": np.mean(apart),
        "cka": cka,
        "neighbourOverlap": np.mean([len(x & y) / k for x, y in zip(mine, theirs)]),
        "neighbourJaccard": np.mean([len(x & y) / len(x | y) for x, y in zip(mine, theirs)]),
        "skew": skew(occurrences),
        "absent": (occurrences == 0).mean(),
        "blockCosine": means[0] @ means[1] / np.linalg.norm(means[0]) / np.linalg.norm(means[1]),
        "blockDistance": np.linalg.norm(means[0] - means[1]),
    }


request = json.load(open(sys.argv[1]))
if "space" in request:
    given = request["space"]
    arrays = {name: np.array(given[name], dtype=np.float64) for name in ("documents", "other", "queries")}
    print(json.dumps({k: float(v) for k, v in space(**arrays, pairs=given["pairs"], k=given["k"]).items()}))
else:
    documents, queries = (np.array(request[name], dtype=np.float64) for name in ("documents", "queries"))
    print(
        json.dumps(
            [process(documents, queries, np.array(case["sample"]), case["steps"]) for case in request["cases"]]
        )
    )
