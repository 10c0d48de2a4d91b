"""Space fusions by numpy and scikit-learn: reads members' vectors, writes the similarities of fused queries with fused documents.

usage: space_fusion.py JSON, where the file holds {"documents": [[[...]]], "queries": [[[...]]], "weights": [...], "dimensions": n}: per member
a list of rows.
"""

import json
import sys

import numpy as np
from sklearn.decomposition import PCA


def unit(x):
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(lengths == 0, 1, lengths)


def concat(sides, weights):
    return [np.hstack([np.sqrt(w) * x for w, x in zip(weights, side)]) for side in sides]


def pca(documents, queries, n):
    fitted = PCA(n_components=n, svd_solver="full").fit(documents)
    return fitted.transform(documents) @ (queries @ fitted.components_.T).T


def turn(x, y):
    """The matrix with orthonormal rows that brings x nearest to y."""
    u, _, vt = np.linalg.svd(x.T @ y, full_matrices=False)
    return u @ vt


def procrustes(sides, weights, rounds=500):
    documents = sides[0]
    sizes = [x.shape[1] for x in documents]
    reference = int(np.argmax(sizes))
    most = max(sizes)
    turns = [np.eye(size, most) for size in sizes]
    for i, x in enumerate(documents):
        if i != reference:
            turns[i] = turn(x, documents[reference])
    for _ in range(rounds if len(sizes) > 2 else 0):
        for i, x in enumerate(documents):
            if i != reference:
                others = sum(w * d @ t for j, (w, d, t) in enumerate(zip(weights, documents, turns)) if j != i)
                turns[i] = turn(x, others)
    fused = [unit(sum(w * x @ t for w, x, t in zip(weights, side, turns))) for side in sides]
    return fused[0] @ fused[1].T


def power(c, p):
    values, vectors = np.linalg.eigh(c)
    return (vectors * values**p) @ vectors.T


def cca(sides, weights, n, shrinkage):
    """Canonical directions from the singular value decomposition of the whitened cross-covariance: two members."""
    (x, y), queries = sides
    means = [x.mean(0), y.mean(0)]
    centred = [x - means[0], y - means[1]]
    rows = len(x)

    def covariance(a):
        c = a.T @ a / rows
        return (1 - shrinkage) * c + shrinkage * np.trace(c) / len(c) * np.eye(len(c))

    white = [power(covariance(a), -0.5) for a in centred]
    u, rho, vt = np.linalg.svd(white[0] @ (centred[0].T @ centred[1] / rows) @ white[1], full_matrices=False)
    maps = [white[0] @ u[:, :n] * rho[:n], white[1] @ vt[:n].T * rho[:n]]
    fuse = lambda side: unit(sum(w * (a - m) @ t for w, a, m, t in zip(weights, side, means, maps)))
    return fuse(sides[0]) @ fuse(queries).T, rho[:n]


given = json.load(open(sys.argv[1]))
documents = [np.array(x) for x in given["documents"]]
queries = [np.array(x) for x in given["queries"]]
weights, n = given["weights"], given["dimensions"]
pair, pair_weights = [documents[:2], queries[:2]], [0.4, 0.6]
joined = concat([documents, queries], weights)
similarities, rho = cca(pair, pair_weights, n, 0.05)
print(
    json.dumps(
        {
            "concat": (joined[0] @ joined[1].T).tolist(),
            "pca": pca(*joined, n).tolist(),
            "procrustes2": procrustes(pair, pair_weights).tolist(),
            "procrustes3": procrustes([documents, queries], weights).tolist(),
            "cca": similarities.tolist(),
            "correlations": rho.tolist(),
        }
    )
)
