"""Loss and gradients of a pool of texts, exactly, however few of them fit into memory at once.

GradCache (Gao et al. 2021, arXiv:2101.06983): vectors first, then the loss and its gradients with respect to the vectors, then the same
forward passes once more, each followed by its own backward pass. Where everything fits into one pass, the first one keeps its graph and
nothing is computed twice. The same scheme carries the negatives of other devices: vectors are gathered without gradients, those of the loss
are added up over the devices, and each takes the ones of its own texts.
"""

from contextlib import nullcontext

import numpy as np
import torch

from ..devices import is_out_of_memory, release
from ..errors import WorkerError
from ..packing import plan
from .watch import require_different

ROWS = 512
"""Queries whose scores of all candidates are in memory at once."""


class OutOfMemory(Exception):
    """Of one process or another: all give up what they were at."""


class Passes:
    """Runs pools through a retriever.

    `chunk_texts`, `chunk_tokens`: the most that goes through the model at once, None for no bound; the second is halved where memory runs out.
    """

    def __init__(self, retriever, losses, data, processes, seed: int, batch: dict, precision: str, autocast: bool, sharded: bool):
        self._retriever, self._losses, self._data, self._processes = retriever, losses, data, processes
        self._seed, self._sharded = seed, sharded
        self.chunk_texts, self.chunk_tokens = batch.get("chunk"), batch.get("chunkTokens")
        self._autocast = torch.bfloat16 if autocast and precision == "bfloat16" else None
        # A pass without gradients may take other kernels, which draw other numbers.
        self._draws = any(getattr(module, "p", 0) > 0 for module in retriever.modules() if isinstance(module, torch.nn.Dropout))
        self._draws = self._draws or getattr(retriever.core.config, "attention_probs_dropout_prob", 0) > 0

    def gradients(self, pool, step: int, part: int, share: float) -> dict:
        """Adds the gradients of the pool's mean loss, times `share`, to the parameters.

        @param part Number of the pool within the update.
        @returns Sums over this process's queries: {"loss", "accuracy", "pool", parts …}; "queries" of them; "tokens" that it has encoded.
        @throws OutOfMemory where memory ran out on any device; gradients are then worth nothing.
        """
        dealt = pool.dealt(self._data.lengths[pool.texts], self._processes.world)
        places = dealt[self._processes.rank]
        terms, own = self._terms(pool)
        chunks = self._chunks(pool, places)
        whole = len(chunks) == 1
        seed = lambda number: hash((self._seed, step, part, self._processes.rank, number)) & (2**63 - 1)
        encode = lambda number: self._encode(pool, chunks[number], terms, own, seed(number))
        vectors = self._guarded(lambda: self._first(encode, len(chunks), whole))
        order = np.concatenate(chunks) if chunks else places
        table = self._table(vectors, order, dealt, pool)
        if step == part == 0:
            dense = table.detach()[:, : self._retriever.dimension]
            require_different(float((dense - dense[0]).abs().max()), len(dense))
        found = self._guarded(lambda: self._loss(pool, table, share))
        self._processes.add_up(table.grad)
        gradient = table.grad[torch.from_numpy(order).to(table.device)]
        self._guarded(lambda: self._second(encode, chunks, vectors if whole else None, gradient))
        found["tokens"] = int(self._data.lengths[pool.texts[places]].sum())
        return found

    # --- Texts ------------------------------------------------------------------------------------------------------------------------------

    def _chunks(self, pool, places) -> list:
        """Places in the pool's texts that go through the model together, longest first. Sharded weights are gathered by all processes
        together: each has as many chunks as the one with most."""
        lengths = self._data.lengths[pool.texts[places]]
        tokens = self.chunk_tokens or int(lengths.sum()) + 1
        planned = plan(lengths.tolist(), tokens, padded=False) if self.chunk_tokens else [np.argsort(-lengths, kind="stable").tolist()]
        bound = self.chunk_texts or len(places) + 1
        chunks = [places[one[at : at + bound]] for one in planned for at in range(0, len(one), bound)]
        if not self._sharded:
            return chunks
        count = self._processes.largest(len(chunks))
        while len(chunks) < count:
            at = int(np.argmax([len(chunk) for chunk in chunks]))
            if len(chunks[at]) < 2:
                raise WorkerError("USAGE", "A pass has fewer texts than there are devices for it.", "Take more queries in a batch, or fewer devices.")
            chunks[at : at + 1] = np.array_split(chunks[at], 2)
        return chunks

    def _terms(self, pool):
        """(ids of the words of the pool's queries, ascending; texts x terms, which are words of the text), or (None, None)."""
        if not self._data.has_words or self._retriever.head is None:
            return None, None
        words = [self._data.words(text) for text in pool.texts]
        terms = np.unique(np.concatenate([words[place] for place in pool.queries]))
        terms = terms[(terms >= 0) & (terms < self._retriever.vocabulary_rows)]
        own = np.stack([np.isin(terms, one) for one in words])
        return torch.from_numpy(terms.astype(np.int64)).to(self._processes.device), torch.from_numpy(own)

    def _encode(self, pool, places, terms, own, seed: int):
        # Once more with the same seed, dropout leaves out the same.
        torch.manual_seed(seed)
        ids = pool.texts[places]
        texts, pooled_from = [self._data.text(i) for i in ids], self._data.pooled_from[ids]
        with self.casting():
            return self._retriever(texts, pooled_from, terms, None if own is None else own[places], [self._data.image(i) for i in ids])

    def casting(self):
        return nullcontext() if self._autocast is None else torch.autocast(self._processes.device.type, self._autocast)

    # --- Passes -----------------------------------------------------------------------------------------------------------------------------

    def _first(self, encode, count: int, whole: bool):
        if whole:
            return encode(0)
        with torch.set_grad_enabled(self._draws):
            return torch.cat([encode(number).detach() for number in range(count)]) if count else None

    def _second(self, encode, chunks, vectors, gradient):
        if vectors is not None:
            vectors.backward(gradient)
            return
        at = 0
        for number, chunk in enumerate(chunks):
            encode(number).backward(gradient[at : at + len(chunk)])
            at += len(chunk)

    def _table(self, vectors, order, dealt, pool) -> torch.Tensor:
        """Vectors of all texts of the pool, in its order, as a leaf."""
        counts = [len(places) for places in dealt]
        rank = self._processes.rank
        if len(order):
            back = torch.from_numpy(np.argsort(order)).to(vectors.device)
            mine = vectors.detach()[back]
            width = mine.shape[1]
        else:
            mine, width = None, 0
        width = self._processes.largest(width)
        if mine is None:
            mine = torch.zeros(0, width, device=self._processes.device)
        assert counts[rank] == len(mine)
        gathered = self._processes.gather(mine, counts)
        table = torch.empty_like(gathered)
        table[torch.from_numpy(np.concatenate(dealt)).to(table.device)] = gathered
        return table.requires_grad_()

    def _loss(self, pool, table, share: float) -> dict:
        """Backward to the table, of this process's queries."""
        device, total = table.device, {}
        at = lambda places: torch.from_numpy(np.asarray(places, dtype=np.int64)).to(device)
        table.grad = torch.zeros_like(table)
        mine = pool.shares[self._processes.rank]
        for start in range(0, len(mine), ROWS):
            rows = mine[start : start + ROWS]
            own, teacher = _side_by_side([pool.own[row] for row in rows], [pool.choices[row].scores for row in rows])
            loss, parts, right = self._losses(
                table[at(pool.queries[rows])],
                table[at(pool.columns)],
                at(pool.targets[rows]),
                torch.from_numpy(pool.allowed[rows]).to(device),
                own.to(device),
                None if teacher is None else teacher.to(device),
            )
            (loss * (share / len(pool.choices))).backward()
            for name, value in {"loss": loss.detach(), "accuracy": right, **parts}.items():
                total[name] = total.get(name, 0.0) + float(value)
        total["pool"] = float(pool.allowed[mine].sum())
        total["queries"] = len(mine)
        return total

    def _guarded(self, work):
        """Does it; where memory runs out, all processes learn of it before they wait for each other."""
        error, found = None, None
        try:
            found = work()
        except Exception as caught:
            # Shards are gathered within the passes: there is no way back for the others.
            if self._sharded or not is_out_of_memory(caught):
                raise
            error = caught.with_traceback(None)
        if self._processes.any(error is not None):
            raise OutOfMemory from error
        return found

    def halve(self, pool) -> str:
        """Takes half as many tokens at once from now on. @returns What was done. @throws WorkerError where a single text does not fit."""
        release(self._processes.device)
        lengths = self._data.lengths[pool.texts]
        most = max(int(lengths[places].sum()) for places in pool.dealt(lengths, self._processes.world))
        tokens = min(self.chunk_tokens or most, most) // 2
        if self.chunk_texts:
            tokens = min(tokens, int(np.sort(lengths)[::-1][: self.chunk_texts].sum()) // 2)
        tokens = self._processes.largest(tokens)
        if tokens < int(lengths.max()) // 2 or tokens < 1:
            raise WorkerError(
                "ENGINE_FAILED",
                f"Memory ran out on {self._processes.device} for a single text of {int(lengths.max())} tokens.",
                "Lower maxLength, turn on gradient checkpointing, take bfloat16 or LoRA, or a device with more memory.",
            )
        self.chunk_tokens = tokens
        return f"Memory ran out on {self._processes.device}: from now on {tokens} tokens at a time (GradCache, the same gradients)."


def _side_by_side(own, scores):
    """Ragged rows as tensors: columns with -1 behind the last, teacher scores with 0; None where there are no scores."""
    width = max(len(columns) for columns in own)
    columns = np.full((len(own), width), -1, dtype=np.int64)
    teacher = None if scores[0] is None else np.zeros((len(own), width), dtype=np.float32)
    for row, one in enumerate(own):
        columns[row, : len(one)] = one
        if teacher is not None:
            teacher[row, : len(one)] = scores[row]
    return torch.from_numpy(columns), None if teacher is None else torch.from_numpy(teacher)
