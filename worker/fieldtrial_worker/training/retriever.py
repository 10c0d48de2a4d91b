"""Texts to the vectors that the loss compares, with gradients."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .. import pooling
from ..encode import padded
from ..packing import pack

ALIGNED = 128
"""Tokens of packs are a multiple of it: matrix products are fastest so."""
WASTE = 0.8
"""A padded pass holds no text shorter than this share of its longest one, unless there are few."""


class Retriever(nn.Module):
    """A model with its recipe's pooling. `run` is the worker's Decoder or Encoder, which computes states as encoding does."""

    def __init__(self, run, recipe: dict, vocabulary_rows: int, longest: int, fixed: bool, sees: bool = False, looks=None):
        """@param longest Bound on the tokens of a text, told to the attention kernel. @param fixed Whether layers are compiled.
        @param sees Whether gradients reach the image tower. @param looks What it has made of pictures, where it is frozen and that is kept."""
        super().__init__()
        self._run = [run]  # in a list, since it is no module of its own
        self.core = run.core if hasattr(run, "core") else run.model
        self.norm = run.norm if getattr(run, "final_norm", False) or run.wants_scores else None
        self.head = run.head if run.wants_scores else None
        self.tower = run.vision.tower if getattr(run, "vision", None) is not None else None
        self._sees, self._looks = sees, looks
        self._normalize, self._longest, self._fixed = recipe["normalize"], longest, fixed
        self.vocabulary_rows = vocabulary_rows

    @property
    def run(self):
        return self._run[0]

    @property
    def dimension(self) -> int:
        return self.run.dimension * len(self.run.poolings)

    def forward(self, texts, pooled_from, terms=None, own=None, images=None):
        """texts x dimension, float32; behind it, where terms are asked for, texts x terms: log(1 + relu(score)) of the text's own words.

        @param texts Token ids. @param pooled_from First pooled token of each. @param terms Ids of the vocabulary. @param own texts x terms, bool.
        @param images The picture of each, or None; None: no text has one.
        """
        pooled_from = np.asarray(pooled_from)
        order = np.argsort([-len(ids) for ids in texts], kind="stable")
        images = [None] * len(texts) if images is None else images
        parts = [
            self._part([texts[i] for i in places], pooled_from[places], terms, None if own is None else own[places], [images[i] for i in places])
            for places in self._split(texts, order)
        ]
        back = torch.from_numpy(np.argsort(order))
        found = torch.cat(parts)
        return found[back.to(found.device)]

    def _split(self, texts, order):
        if self.run.packed:
            return [order]
        runs, start = [], 0
        for at in range(1, len(order) + 1):
            few = at - start < 8
            if at == len(order) or not (few or len(texts[order[at]]) >= WASTE * len(texts[order[start]])):
                runs.append(order[start:at])
                start = at
        return runs

    def _part(self, texts, pooled_from, terms, own, images):
        run, seen = self.run, self._look(images)
        if run.packed:
            tokens = sum(len(ids) for ids in texts)
            batch = pack(texts, run.device, -(-tokens // ALIGNED) * ALIGNED if self._fixed else None)
            batch.longest = max(batch.longest, self._longest) if self._fixed else batch.longest
            states, only_last, hidden = run.run(batch, seen=seen)
        else:
            states, only_last, hidden = run.run_padded(*padded(texts, run.device), seen)
        if only_last:
            vectors = torch.cat([states[: len(texts)].float()] * len(run.poolings), dim=1)
        else:
            lengths = np.asarray([len(ids) for ids in texts])
            ends = np.cumsum(lengths)
            vectors = pooling.pool(states, ends - lengths, ends, pooled_from, run.poolings)
        if self._normalize:
            vectors = F.normalize(vectors, dim=1)
        if terms is None:
            return vectors
        return torch.cat([vectors, self._weights_of(hidden[: len(texts)], terms, own)], dim=1)

    def _look(self, images):
        if all(image is None for image in images):
            return None
        if self._looks is not None:
            return self._looks.look(images)
        with torch.set_grad_enabled(self._sees and torch.is_grad_enabled()):
            return self.run.vision.look(images)

    def _weights_of(self, hidden, terms, own):
        """Only words of the pass's queries can meet: no others are computed."""
        bias = getattr(self.head, "bias", None)
        scores = F.linear(hidden, self.head.weight[terms].to(hidden.dtype), None if bias is None else bias[terms].to(hidden.dtype)).float()
        if self.run.cap is not None:
            scores = self.run.cap * torch.tanh(scores / self.run.cap)
        return torch.log1p(torch.relu(scores)) * own.to(scores.device)
