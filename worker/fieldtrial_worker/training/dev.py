"""Vectors of a collection that is watched; the caller measures them."""

from pathlib import Path

import numpy as np
import torch

from ..packing import plan

BLOCK = 4096
"""Texts of each process whose vectors are gathered at once."""


def write_vectors(retriever, data, passes, processes, file: Path, tokens: int):
    """Writes texts x dimension, float32, in the order of the texts. All processes must call it.

    @param tokens The most of a pass.
    """
    retriever.eval()
    block = BLOCK * processes.world
    out = None
    if processes.first:
        file.parent.mkdir(parents=True, exist_ok=True)
        out = open(file, "wb")
    try:
        with torch.no_grad(), passes.casting():
            for start in range(0, len(data), block):
                places = np.arange(start, min(start + block, len(data)))
                shares = np.array_split(places, processes.world)
                mine = _vectors(retriever, data, shares[processes.rank], tokens, processes)
                rows = processes.gather(mine, [len(share) for share in shares])
                if out is not None:
                    out.write(rows.cpu().numpy().astype("<f4").tobytes())
    finally:
        if out is not None:
            out.close()
        retriever.train()


def _vectors(retriever, data, places, tokens: int, processes) -> torch.Tensor:
    found = torch.zeros(len(places), retriever.dimension, device=processes.device)
    planned = [places[one] for one in plan(data.lengths[places].tolist(), tokens, padded=not retriever.run.packed)] if len(places) else []
    # Sharded weights are gathered by all processes together: those that are done join in with a text that nobody needs.
    for number in range(processes.largest(len(planned))):
        ids = planned[number] if number < len(planned) else np.asarray([0])
        vectors = retriever([data.text(i) for i in ids], data.pooled_from[ids], images=[data.image(i) for i in ids])
        if number < len(planned):
            found[torch.from_numpy(ids - places[0]).to(found.device)] = vectors
    return found
