"""PromptReps' several tokens in one vector (Zhuang et al. 2024, arXiv:2404.18424, and its code): greedy decoding until a token that stops.

Each step gives a state, that of the last token so far, and scores; the step whose token stops does not count. States are averaged, scores
maximised. Where the very first token stops, its step stands alone, since there must be a vector.
"""

import numpy as np
import torch

from .packing import Pack, pack


class Kept:
    """Keys and values of all steps so far, sequence behind sequence, layer by layer."""

    def __init__(self, lengths, device):
        self._device = device
        self.lengths = np.asarray(lengths)
        self._layers = {}
        self._order = None

    def grow(self):
        """Before a step: each sequence gets one more token."""
        total, count = self.lengths.sum(), len(self.lengths)
        ends = np.cumsum(self.lengths)
        # Old tokens as they lie, each new one behind its sequence.
        order = np.insert(np.arange(total), ends, total + np.arange(count))
        self._order = torch.as_tensor(order, device=self._device)
        self.lengths = self.lengths + 1

    @property
    def cu(self):
        return torch.as_tensor(np.concatenate([[0], np.cumsum(self.lengths)]), dtype=torch.int32, device=self._device)

    def extended(self, layer: int, key, value):
        if layer in self._layers:
            key, value = (torch.cat([old, new], dim=2)[:, :, self._order] for old, new in zip(self._layers[layer], (key, value)))
        self._layers[layer] = (key, value)
        return key, value


def decode(model, sequences, steps: int, stops: torch.Tensor, seen=None):
    """(sequences x hidden, sequences x vocabulary, both float32). stops: whether a token of the vocabulary ends the decoding; seen: images."""
    device, count = model.device, len(sequences)
    running = torch.ones(count, dtype=torch.bool, device=device)
    counted = torch.zeros(count, device=device)
    sums = best = None
    grown = [list(ids) for ids in sequences]
    kept = Kept([len(ids) for ids in sequences], device) if model.packed else None
    current = pack(sequences, device) if model.packed else None
    # Behind an image positions are lower than the number of tokens.
    ahead = np.zeros(count, dtype=np.int64) if seen is None else _positions_ahead(model, sequences, seen)
    for step in range(steps):
        if model.packed:
            states, hidden = _packed_step(model, current, kept, seen if step == 0 else None)
        else:
            states, hidden = _padded_step(model, grown, seen)
        scores = model.scores(hidden)
        if sums is None:
            sums = torch.zeros(count, states.shape[1], device=device)
            best = torch.full_like(scores, float("-inf"))
        tokens = scores.argmax(dim=1)
        was = running.clone()
        running = running & ~stops[tokens]
        counts = was & (running | (counted == 0))
        counted += counts
        sums += torch.where(counts[:, None], states.float(), 0)
        best = torch.where(counts[:, None], torch.maximum(best, scores), best)
        if step == steps - 1 or not running.any():
            break
        if model.packed:
            positions = torch.as_tensor(kept.lengths + ahead, device=device)[None]
            kept.grow()
            cu = torch.arange(count + 1, dtype=torch.int32, device=device)
            current = Pack(tokens[None], positions, cu, 1, [1] * count)
        for ids, token in zip(grown, tokens.tolist()):
            ids.append(token)
    return sums / counted[:, None], best


def _positions_ahead(model, sequences, seen):
    lengths = [len(ids) for ids in sequences]
    return np.asarray([model.vision.positions(length, image)[1] - length for length, image in zip(lengths, seen.images)])


def _packed_step(model, current, kept, seen):
    states, only_last, hidden = model.run(current, kept, kept.cu, int(kept.lengths.max()), seen)
    return (states if only_last else states[current.cu[1:].long() - 1]), hidden


def _padded_step(model, grown, seen):
    from .encode import padded

    states, _, hidden = model.run_padded(*padded(grown, model.device), seen)
    ends = np.cumsum([len(ids) for ids in grown]) - 1
    return states[torch.as_tensor(ends, device=model.device)], hidden
