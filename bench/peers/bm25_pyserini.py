"""BM25 by Pyserini (Lucene, Anserini's BEIR settings), on one thread.

Arguments: the corpus ({"id", "contents"} a line), the queries ({"id", "text"} a line).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import peer

peer.java()
from pyserini.search.lucene import LuceneSearcher  # noqa: E402

corpus_file, queries_file = sys.argv[1], sys.argv[2]
with open(queries_file, encoding="utf-8") as lines:
    queries = [(row["id"], row["text"]) for row in map(json.loads, lines)]
folder = tempfile.mkdtemp(prefix="pyserini-")
source = os.path.join(folder, "corpus")
os.mkdir(source)
os.symlink(os.path.abspath(corpus_file), os.path.join(source, "corpus.jsonl"))
target = os.path.join(folder, "index")
searcher = None

RUN = "import peer, runpy; peer.java(); runpy.run_module('pyserini.index.lucene', run_name='__main__')"


def build():
    # Pyserini indexes by this command; its users wait for the start of the process as well.
    command = [sys.executable, "-c", RUN, "--collection", "JsonCollection", "--input", source, "--index", target]
    command += ["--generator", "DefaultLuceneDocumentGenerator", "--threads", "1"]
    subprocess.run(command, check=True, stdout=sys.stderr, cwd=os.path.dirname(os.path.abspath(__file__)))


def index():
    """Seconds of indexing the corpus, the start of Java included."""
    global searcher
    shutil.rmtree(target, ignore_errors=True)
    seconds, _ = peer.timed(build)
    searcher = LuceneSearcher(target)
    searcher.set_bm25(0.9, 0.4)
    return seconds


def run(k):
    for _, text in queries:
        searcher.search(text, k=k)


def search(k):
    """Seconds of searching for all queries one by one."""
    return peer.timed(run, k)[0]


def search_batch(k):
    """Seconds of the same in one call for all, with one thread."""
    ids = [query for query, _ in queries]
    texts = [text for _, text in queries]
    return peer.timed(searcher.batch_search, texts, ids, k=k, threads=1)[0]


def top(k):
    """Ids and scores of the documents found."""
    hits = [searcher.search(text, k=k) for _, text in queries]
    return [[[hit.docid, hit.score] for hit in found] for found in hits]


try:
    peer.serve({"index": index, "search": search, "search_batch": search_batch, "top": top})
finally:
    shutil.rmtree(folder, ignore_errors=True)
