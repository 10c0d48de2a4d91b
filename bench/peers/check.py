"""Proves that every peer works: each does a small real piece of its own work and its answer is checked."""

import os
import tempfile
from importlib.metadata import version

from peer import answers, java

failures = 0
TEXTS = ["a cat sat on the mat", "dogs bark at night", "the quick brown fox", "cats and dogs"]


def prove(package, work):
    global failures
    try:
        assert work(), "wrong answer"
        print(f"{package} {version(package)}: works", file=answers)
    except Exception as error:
        failures += 1
        print(f"{package}: {type(error).__name__}: {error}", file=answers)


def bm25s():
    import bm25s as library
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    tokens = library.tokenize(TEXTS, stopwords="en", stemmer=stemmer, show_progress=False)
    index = library.BM25(backend="numba", method="lucene", k1=0.9, b=0.4)
    index.index(tokens, show_progress=False)
    query = library.tokenize(["cats"], stopwords="en", stemmer=stemmer, show_progress=False)
    ids, _ = index.retrieve(query, k=2, n_threads=1, show_progress=False)
    return set(ids[0].tolist()) == {0, 3}


def pyserini():
    java()
    from pyserini.index.lucene import LuceneIndexer
    from pyserini.search.lucene import LuceneSearcher

    with tempfile.TemporaryDirectory() as folder:
        indexer = LuceneIndexer(folder)
        for i, text in enumerate(TEXTS):
            indexer.add_doc_dict({"id": str(i), "contents": text})
        indexer.close()
        searcher = LuceneSearcher(folder)
        searcher.set_bm25(0.9, 0.4)
        return {hit.docid for hit in searcher.search("cats", 10)} == {"0", "3"}


def faiss():
    import faiss as library
    import numpy

    vectors = numpy.random.default_rng(0).standard_normal((100, 16)).astype("float32")
    index = library.IndexFlatIP(16)
    index.add(vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True))
    return (index.search(vectors, 1)[1][:, 0] == range(100)).all()


QRELS = {"q": {"a": 1, "b": 0}}
RUN = {"q": {"b": 2.0, "a": 1.0}}
EXPECTED = 0.6309297535714575  # 1 / log2(3)


def pytrec_eval():
    import pytrec_eval as library

    result = library.RelevanceEvaluator(QRELS, {"ndcg_cut_10"}).evaluate(RUN)
    return abs(result["q"]["ndcg_cut_10"] - EXPECTED) < 1e-9


def ranx():
    import ranx as library

    return abs(library.evaluate(library.Qrels(QRELS), library.Run(RUN), "ndcg@10") - EXPECTED) < 1e-9


def ir_measures():
    import ir_measures as library

    result = library.calc_aggregate([library.nDCG @ 10], QRELS, RUN)
    return abs(result[library.nDCG @ 10] - EXPECTED) < 1e-9


def sentence_transformers():
    import sentence_transformers as library
    import torch

    return hasattr(library, "SentenceTransformer") and torch.ones(2, 2).mm(torch.ones(2, 2)).sum().item() == 8


prove("sentence-transformers", sentence_transformers)
prove("bm25s", bm25s)
prove("pyserini", pyserini)
prove("faiss-cpu", faiss)
prove("pytrec_eval-terrier", pytrec_eval)
prove("ranx", ranx)
prove("ir_measures", ir_measures)
# The JVM that Pyserini leaves behind can hold up an ordinary exit.
os._exit(1 if failures else 0)
