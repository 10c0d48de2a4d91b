"""Vectors that sentence-transformers gives texts, loaded from a folder alone.

usage: st_vectors.py REQUEST.json

The request is [{"folder": …, "queries": […], "documents": […]}, …]; prints [{"queries": [[…]], "documents": [[…]]}, …].
"""

import json
import sys
from pathlib import Path

from sentence_transformers import SentenceTransformer

answers = []
for request in json.loads(Path(sys.argv[1]).read_text()):
    model = SentenceTransformer(request["folder"], device="cpu")
    # A batch of several lengths, so that padding has its part in it.
    encode = lambda side: getattr(model, f"encode_{side}")
    answers.append(
        {
            "queries": encode("query")(request["queries"]).tolist(),
            "documents": encode("document")(request["documents"]).tolist(),
        }
    )
print(json.dumps(answers))
