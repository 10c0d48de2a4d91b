"""Candidates of a pass: which texts are encoded, by whom, and which query may be compared with which of them."""

import heapq

import numpy as np


class Pool:
    """The queries of one pass, on all devices, and everything they are compared with. Every process builds the same one.

    A text is encoded once, however often it stands in the pass. Columns are candidates: with `mask_duplicates` the distinct ones, so that a
    document counts once, and other positives of a query are none of its negatives; without, all in order (positive, its negatives, the next
    positive …), as Tevatron has them.
    """

    def __init__(self, choices, devices: int, in_batch: bool, cross_device: bool, mask_duplicates: bool):
        """@param devices Processes; queries are dealt out in equal runs, which matters where candidates stay within a device."""
        self.choices = choices
        queries = np.asarray([choice.query for choice in choices], dtype=np.int64)
        candidates = np.concatenate([choice.candidates for choice in choices])
        counts = np.asarray([len(choice.candidates) for choice in choices])
        starts = np.cumsum(counts) - counts
        self.texts = np.unique(np.concatenate([queries, candidates]))
        """Ids, ascending. Everything else here points into it."""
        self.queries = np.searchsorted(self.texts, queries)
        ids = np.unique(candidates) if mask_duplicates else candidates
        self.columns = np.searchsorted(self.texts, ids)
        column_of = np.searchsorted(ids, candidates) if mask_duplicates else np.arange(len(candidates))
        self.own = [column_of[start : start + count] for start, count in zip(starts, counts)]
        """Columns of each query's own positive and negatives, in this order."""
        self.targets = np.asarray([own[0] for own in self.own])
        self.shares = np.array_split(np.arange(len(choices)), devices)
        """Queries of each device."""
        self.allowed = self._allowed(ids, in_batch, cross_device, mask_duplicates)
        """queries x columns, bool."""

    def _allowed(self, ids, in_batch, cross_device, mask_duplicates) -> np.ndarray:
        allowed = np.zeros((len(self.choices), len(ids)), dtype=bool)
        if in_batch and cross_device:
            allowed[:] = True
        elif in_batch:
            for share in filter(len, self.shares):
                allowed[np.ix_(share, np.unique(np.concatenate([self.own[row] for row in share])))] = True
        for row, own in enumerate(self.own):
            allowed[row, own] = True
        if not mask_duplicates:
            return allowed
        # One query may come with different positives, each in a group of its own.
        known = {}
        for choice in self.choices:
            known.setdefault(choice.query, set()).update(choice.known.tolist())
        for row, choice in enumerate(self.choices):
            positives = np.asarray(sorted(known[choice.query]))
            places = np.searchsorted(ids, positives)
            there = places < len(ids)
            places = places[there][ids[places[there]] == positives[there]]
            allowed[row, places] = False
            allowed[row, self.targets[row]] = True
        return allowed

    def dealt(self, lengths: np.ndarray, processes: int) -> list:
        """Places in `texts` of each process, so that all have about as many tokens: the longest first, to whoever has least."""
        loads = [(0, process) for process in range(processes)]
        dealt = [[] for _ in range(processes)]
        for place in np.argsort(-lengths, kind="stable"):
            load, process = heapq.heappop(loads)
            dealt[process].append(int(place))
            heapq.heappush(loads, (load + int(lengths[place]), process))
        return [np.asarray(sorted(places), dtype=np.int64) for places in dealt]
