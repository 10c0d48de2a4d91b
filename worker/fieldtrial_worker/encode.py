"""One request: sequences in, pooled states (and scores) into files."""

import numpy as np
import torch

from . import packing, pooling
from .devices import is_out_of_memory, release
from .errors import Cancelled, WorkerError
from .generate import decode
from .packing import pack

SCORE_ROWS = 128
"""Rows whose scores of the whole vocabulary are in memory at once."""


class Request:
    """What is asked of the model: sequences of token ids, the first token of each that is pooled, words whose scores are wanted."""

    def __init__(self, ids, lengths, pooled_from, scores=None, images=None):
        """@param scores None, or (word ids one behind the other, words per sequence, vocabulary: ids below it may be terms, terms where a
        sequence has no words).
        @param images Pictures by the place of their sequence."""
        ends = np.cumsum(lengths)
        self.sequences = [ids[end - length : end] for end, length in zip(ends, lengths)]
        self.lengths = [int(length) for length in lengths]
        self.pooled_from = np.asarray(pooled_from)
        self.images = images or {}
        self.words = None
        if scores is not None:
            words, counts, self.vocabulary, self.fallback = scores
            bounds = np.cumsum(counts)
            self.words = [words[end - count : end] for end, count in zip(bounds, counts)]


class Answer:
    """Pooled states, sequences x width, float32; per sequence what goes into the file of scores.

    What a pack gives is fetched from the device when the next one is under way there, so that neither side waits for the other.
    """

    def __init__(self, count: int):
        self.vectors = None
        self.scores = [None] * count
        self._count = count
        self._waiting = []

    def put(self, places, vectors: torch.Tensor, scores=()):
        """@param scores As `wanted_scores` gives them."""
        self._waiting.append((places, vectors.float(), scores))
        if len(self._waiting) > 1:
            self._fetch(self._waiting.pop(0))

    def finish(self) -> "Answer":
        while self._waiting:
            self._fetch(self._waiting.pop(0))
        return self

    def _fetch(self, waiting):
        places, vectors, scores = waiting
        rows = vectors.cpu().numpy()
        if self.vectors is None:
            self.vectors = np.empty((self._count, rows.shape[1]), dtype=np.float32)
        self.vectors[places] = rows
        for kind, own, first, second in scores:
            if kind == "words":
                values = second.cpu().numpy().astype("<f4")
                for place, part in zip(own, np.split(values, np.cumsum(first)[:-1])):
                    self.scores[place] = part.tobytes()
            else:
                for place, ids, values in zip(own, first.cpu().numpy().astype("<i4"), second.cpu().numpy().astype("<f4")):
                    self.scores[place] = ids.tobytes() + values.tobytes()


def wanted_scores(places, scores: torch.Tensor, request: Request) -> list:
    """Of rows x vocabulary what is asked for: ("words", places, how many of each, their scores one behind the other), and for sequences
    without words ("top", places, ids, scores) of the largest, rows x terms."""
    wanted = []
    rows = [(row, place) for row, place in enumerate(places) if len(request.words[place]) > 0]
    if rows:
        counts = [len(request.words[place]) for _, place in rows]
        columns = np.concatenate([request.words[place] for _, place in rows]).astype(np.int64)
        at = torch.from_numpy(np.repeat([row for row, _ in rows], counts)), torch.from_numpy(columns)
        wanted.append(("words", [place for _, place in rows], counts, scores[at[0].to(scores.device), at[1].to(scores.device)]))
    rows = [(row, place) for row, place in enumerate(places) if len(request.words[place]) == 0]
    if rows:
        at = torch.tensor([row for row, _ in rows], device=scores.device)
        values, ids = scores[at, : request.vocabulary].topk(min(request.fallback, request.vocabulary), dim=1)
        wanted.append(("top", [place for _, place in rows], ids, values))
    return wanted


class Runner:
    """Takes requests to a model in packs that fit."""

    def __init__(self, model, budget: int, fixed_sizes: bool, graphs=None):
        """@param budget Tokens of a pack at most; halved for good where memory runs out.
        @param fixed_sizes Whether packs are padded to one of a few sizes, for compiled models."""
        self.model, self.budget, self.fixed_sizes, self.graphs = model, budget, fixed_sizes, graphs
        self.halved = 0

    @torch.inference_mode()
    def encode(self, request: Request, generate=None, progress=None, cancelled=None) -> Answer:
        """@param generate None, or (tokens decoded at most, whether each token of the vocabulary stops)."""
        answer = Answer(len(request.sequences))
        waiting = self._plan(range(len(request.sequences)), request)
        done = 0
        while waiting:
            if cancelled is not None and cancelled():
                raise Cancelled
            places = waiting.pop(0)
            try:
                self._pack(places, request, answer, generate)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(places, request, error)
                waiting = self._plan([place for rest in (places, *waiting) for place in rest], request)
                continue
            done += len(places)
            if progress is not None:
                progress(done)
        return answer.finish()

    def _plan(self, places, request):
        places = list(places)
        lengths = [request.lengths[place] for place in places]
        planned = packing.plan(lengths, self.budget, padded=not self.model.packed)
        return [[places[i] for i in one] for one in planned]

    def _halve(self, places, request, error):
        release(self.model.device)
        if len(places) == 1:
            raise WorkerError(
                "ENGINE_FAILED",
                f"Memory ran out on {self.model.device} for a single text of {request.lengths[places[0]]} tokens.",
                "Lower maxLength, or of an image maxPixels; use dtype bfloat16, or a device with more memory.",
            ) from error
        self.halved += 1
        self.budget = max(1, min(self.budget, sum(request.lengths[place] for place in places)) // 2)

    def _pack(self, places, request, answer, generate):
        sequences = [request.sequences[place] for place in places]
        images = [request.images.get(place) for place in places]
        if self.model.dual:
            answer.put(places, self.model.vectors(sequences, images))
            return
        seen = self.model.vision.look(images) if any(image is not None for image in images) else None
        if generate is not None:
            vectors, scores = decode(self.model, sequences, *generate, seen)
            answer.put(places, vectors, [] if request.words is None else wanted_scores(places, scores, request))
            return
        states, only_last, hidden = self._run(sequences, seen)
        if only_last:
            vectors = torch.cat([states[: len(sequences)].float()] * len(self.model.poolings), dim=1)
        else:
            lengths = np.asarray([len(ids) for ids in sequences])
            ends = np.cumsum(lengths)
            vectors = pooling.pool(states, ends - lengths, ends, request.pooled_from[places], self.model.poolings)
        scores = []
        if request.words is not None:
            for at in range(0, len(places), SCORE_ROWS):
                some = places[at : at + SCORE_ROWS]
                scores += wanted_scores(some, self.model.scores(hidden[at : at + len(some)]), request)
        answer.put(places, vectors, scores)

    def _run(self, sequences, seen):
        if not self.model.packed:
            return self.model.run_padded(*padded(sequences, self.model.device), seen)
        if self.graphs is not None and len(sequences) == 1 and seen is None:
            found = self.graphs.run(sequences[0])
            if found is not None:
                return found
        tokens = sum(len(ids) for ids in sequences)
        size = packing.step_above(tokens, packing.SIZES) if self.fixed_sizes else None
        return self.model.run(pack(sequences, self.model.device, size), seen=seen)


def padded(sequences, device):
    """(ids, mask), sequences x longest; padding stands behind. Its id is the first one's first token: it is masked."""
    width = max(len(ids) for ids in sequences)
    ids = np.full((len(sequences), width), sequences[0][0], dtype=np.int64)
    mask = np.zeros((len(sequences), width), dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
