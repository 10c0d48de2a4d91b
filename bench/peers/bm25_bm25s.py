"""BM25 by bm25s with its numba backend, its own tokenizer and PyStemmer, on one thread.

Arguments: the corpus ({"id", "contents"} a line), the queries ({"id", "text"} a line).
"""

import json
import sys

import bm25s
import Stemmer

import peer

corpus_file, queries_file = sys.argv[1], sys.argv[2]
with open(corpus_file, encoding="utf-8") as lines:
    corpus = [json.loads(line)["contents"] for line in lines]
with open(queries_file, encoding="utf-8") as lines:
    queries = [json.loads(line)["text"] for line in lines]
stemmer = Stemmer.Stemmer("english")
retriever = None
tokens = None


def tokenize(texts):
    return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)


def build():
    made = bm25s.BM25(method="lucene", k1=0.9, b=0.4, backend="numba")
    made.index(tokenize(corpus), show_progress=False)
    return made


def index():
    """Seconds of tokenizing and indexing the corpus."""
    global retriever, tokens
    seconds, retriever = peer.timed(build)
    # Term numbers, so that the search alone is timed. Queries without a known term are left out here: this release would read
    # beyond its arrays for them.
    tokenized = tokenize(queries)
    words = {number: word for word, number in tokenized.vocab.items()}
    tokens = [retriever.get_tokens_ids([words[number] for number in ids]) for ids in tokenized.ids]
    tokens = [ids for ids in tokens if ids]
    return seconds


def search(k, passes):
    """Seconds of retrieving for all queries at once, tokenized before, so many times."""

    def work():
        for _ in range(passes):
            retriever.retrieve(tokens, k=k, show_progress=False, n_threads=1)

    return peer.timed(work)[0]


def search_text(k, passes):
    """Seconds of the same from the queries' text on."""

    def work():
        for _ in range(passes):
            retriever.retrieve(tokenize(queries), k=k, show_progress=False, n_threads=1)

    return peer.timed(work)[0]


def top(k):
    """Line numbers of the documents found, best first, for all queries."""
    return retriever.retrieve(tokenize(queries), k=k, show_progress=False, n_threads=1).documents.tolist()


peer.serve({"index": index, "search": search, "search_text": search_text, "top": top})
