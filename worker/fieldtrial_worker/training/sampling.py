"""Which groups, positives and negatives an update takes: a function of seed and step alone, hence the same on any number of processes and
after a resume."""

import numpy as np

from .prepared import PreparedSet


class Sampler:
    """Each epoch is a seeded permutation of all groups; an update takes the next ones, going on into the next epoch."""

    def __init__(self, data: PreparedSet, seed: int, queries: int, negatives: int, positives: str):
        """@param queries Groups of an update. @param negatives At most so many of each. @param positives random or first."""
        self._data, self._seed, self._queries = data, seed, queries
        self._negatives, self._positives = negatives, positives
        self._orders = {}

    def update(self, step: int) -> list:
        """Choices of the update `step`, counted from 0."""
        count = self._data.groups
        places = range(step * self._queries, (step + 1) * self._queries)
        return [self._choose(place // count, int(self._order(place // count)[place % count])) for place in places]

    def _order(self, epoch: int) -> np.ndarray:
        if epoch not in self._orders:
            # No update needs more than two epochs at once, since it is no larger than one.
            self._orders = {number: order for number, order in self._orders.items() if number == epoch - 1}
            self._orders[epoch] = np.random.default_rng([self._seed, epoch]).permutation(self._data.groups).astype(np.int64)
        return self._orders[epoch]

    def _choose(self, epoch: int, index: int):
        group = self._data.group(index)
        random = np.random.default_rng([self._seed, epoch, index])
        first = int(random.integers(len(group.positives))) if self._positives == "random" else 0
        count = min(self._negatives, len(group.negatives))
        taken = np.sort(random.choice(len(group.negatives), size=count, replace=False)) if count else np.empty(0, dtype=np.int64)
        scores = None
        if group.scores is not None:
            scores = np.concatenate([group.scores[[first]], group.scores[len(group.positives) + taken]])
        return Choice(group.query, int(group.positives[first]), group.negatives[taken], self._data.known(group), scores)


class Choice:
    """What an update takes of a group, as text ids; `known`: all positives of the query; `scores`: the teacher's of positive and negatives."""

    def __init__(self, query: int, positive: int, negatives: np.ndarray, known: np.ndarray, scores):
        self.query, self.positive, self.negatives, self.known, self.scores = query, positive, negatives, known, scores

    @property
    def candidates(self) -> np.ndarray:
        return np.concatenate([[self.positive], self.negatives]).astype(np.int64)
