"""A prepared training set: token ids of distinct texts, and groups of one query with its positives and negatives; mapped, never read whole."""

import json
from pathlib import Path

import numpy as np

from ..errors import WorkerError
from ..vision import Image

VERSION = 1


class Group:
    """One query, the texts that answer it and the texts that do not, as text ids; teacher scores of these, or None."""

    def __init__(self, query: int, positives: np.ndarray, negatives: np.ndarray, scores):
        self.query, self.positives, self.negatives, self.scores = query, positives, negatives, scores


class PreparedSet:
    """The files of a folder, all little-endian: tokens.bin and from.bin (int32), offsets.bin (uint64), groups.bin (int32) and
    group-offsets.bin (uint64), scores.bin (float32), words.bin (int32) and word-offsets.bin (uint64), set.json.
    Where there are pictures: pixels.bin (8-bit levels of each, height x width x 3, one behind the other), picture-offsets.bin (uint64),
    picture-sizes.bin (int32: height, width) and shown.bin (int32, of each text: its picture or -1, place of the picture's first token).

    An equal text id is an equal text, with an equal picture, on an equal side.
    """

    def __init__(self, folder: str):
        """@throws WorkerError DATA_INVALID where files are missing, cut short or contradict one another."""
        self._folder = Path(folder)
        try:
            self.facts = json.loads((self._folder / "set.json").read_text())
        except (OSError, ValueError) as error:
            raise _broken(self._folder / "set.json", f"cannot be read: {error}") from error
        if self.facts.get("version") != VERSION:
            raise _broken(self._folder / "set.json", f"is of version {self.facts.get('version')}; this worker reads {VERSION}")
        texts = self.facts["texts"]
        self._offsets = self._map("offsets.bin", "<u8", texts + 1)
        self._tokens = self._map("tokens.bin", "<i4", int(self._offsets[-1]))
        self.lengths = np.diff(self._offsets.astype(np.int64))
        self.pooled_from = self._map("from.bin", "<i4", texts)
        self._group_offsets, self._groups, self._scores = None, None, None
        if self.facts.get("groups"):
            self._group_offsets = self._map("group-offsets.bin", "<u8", self.facts["groups"] + 1)
            self._groups = self._map("groups.bin", "<i4", int(self._group_offsets[-1]))
            if self.facts.get("scores"):
                # A group's record is three numbers and its candidates.
                self._scores = self._map("scores.bin", "<f4", len(self._groups) - 3 * self.facts["groups"])
        self._answers = self._answers_of_repeated() if self.groups else None
        self._words = self._word_offsets = None
        if self.facts.get("words"):
            self._word_offsets = self._map("word-offsets.bin", "<u8", texts + 1)
            self._words = self._map("words.bin", "<i4", int(self._word_offsets[-1]))
        self._shown = None
        if self.facts.get("pictures"):
            pictures = self.facts["pictures"]
            self._picture_offsets = self._map("picture-offsets.bin", "<u8", pictures + 1)
            self._sizes = self._map("picture-sizes.bin", "<i4", 2 * pictures).reshape(-1, 2)
            self._pixels = self._map("pixels.bin", "u1", int(self._picture_offsets[-1]))
            self._shown = self._map("shown.bin", "<i4", 2 * texts).reshape(-1, 2)
            self._require_pictures(pictures)
        if texts and self.lengths.min() < 1:
            raise _broken(self._folder / "offsets.bin", f"says that text {int(self.lengths.argmin())} has no tokens")

    def _require_pictures(self, pictures: int):
        bytes_of = np.diff(self._picture_offsets.astype(np.int64))
        if self._sizes.min() < 1 or (bytes_of != self._sizes.astype(np.int64).prod(axis=1) * 3).any():
            raise _broken(self._folder / "picture-sizes.bin", "does not fit the pixels")
        with_picture = self._shown[self._shown[:, 0] != -1]
        if len(with_picture) and (with_picture.min() < 0 or with_picture[:, 0].max() >= pictures):
            raise _broken(self._folder / "shown.bin", f"names a picture beyond the {pictures} that there are")

    def _map(self, name: str, kind: str, count: int) -> np.ndarray:
        path = self._folder / name
        wanted = count * np.dtype(kind).itemsize
        try:
            size = path.stat().st_size
        except OSError as error:
            raise _broken(path, f"cannot be read: {error}") from error
        if size != wanted:
            raise _broken(path, f"has {size} bytes where {wanted} belong")
        return np.memmap(path, dtype=kind, mode="r") if count else np.empty(0, dtype=kind)

    @property
    def groups(self) -> int:
        return self.facts.get("groups", 0)

    @property
    def has_scores(self) -> bool:
        return self._scores is not None

    @property
    def has_words(self) -> bool:
        return self._words is not None

    @property
    def has_pictures(self) -> bool:
        return self._shown is not None

    def __len__(self) -> int:
        return len(self.lengths)

    def text(self, i: int) -> np.ndarray:
        """Token ids."""
        return self._tokens[int(self._offsets[i]) : int(self._offsets[i + 1])]

    def image(self, i: int):
        """The text's picture, with its place among the tokens; None where it has none."""
        if self._shown is None or self._shown[i, 0] < 0:
            return None
        number, offset = map(int, self._shown[i])
        start, end = int(self._picture_offsets[number]), int(self._picture_offsets[number + 1])
        height, width = map(int, self._sizes[number])
        # A copy, since what is mapped cannot be written to, as PyTorch would have it.
        return Image(np.array(self._pixels[start:end]).reshape(height, width, 3), offset, (str(self._folder), number))

    def words(self, i: int) -> np.ndarray:
        """Ids of the vocabulary that the text's words are made of."""
        return self._words[int(self._word_offsets[i]) : int(self._word_offsets[i + 1])]

    def group(self, i: int) -> Group:
        start, end = int(self._group_offsets[i]), int(self._group_offsets[i + 1])
        record = self._groups[start:end]
        positives, negatives = int(record[1]), int(record[2])
        if end - start != 3 + positives + negatives or positives < 1 or record.min() < 0 or max(record[0], *record[3:]) >= len(self):
            raise _broken(self._folder / "groups.bin", f"is damaged: record {i} does not hold what it says")
        scores = None if self._scores is None else self._scores[start - 3 * i : end - 3 * (i + 1)]
        return Group(int(record[0]), record[3 : 3 + positives], record[3 + positives :], scores)

    def known(self, group: Group) -> np.ndarray:
        """All that answers a group's query, also what other groups of the query hold: pairs and triples bring one positive each."""
        if self._answers is None:
            return group.positives
        start, end = np.searchsorted(self._answers, [group.query << 32, (group.query + 1) << 32])
        return (self._answers[start:end] & 0xFFFFFFFF).astype(np.int64) if end > start else group.positives

    def _answers_of_repeated(self):
        """query · 2³² + positive of queries that come in several groups, ascending; None where each comes once. Eight bytes for each of them."""
        starts, ends = self._group_offsets[:-1].astype(np.int64), self._group_offsets[1:].astype(np.int64)
        if (ends - starts < 4).any() or starts[0] != 0 or ends[-1] != len(self._groups):
            raise _broken(self._folder / "group-offsets.bin", "is damaged: a record is too short")
        queries, counts = self._groups[starts].astype(np.int64), self._groups[starts + 1].astype(np.int64)
        order = np.sort(queries)
        several = np.unique(order[1:][order[1:] == order[:-1]])
        if len(several) == 0:
            return None
        mine = np.isin(queries, several)
        starts, queries, counts = starts[mine], queries[mine], np.clip(counts[mine], 0, ends[mine] - starts[mine] - 3)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.unique((np.repeat(queries, counts) << 32) | self._groups[np.repeat(starts + 3, counts) + within].astype(np.int64))

    def require_vocabulary(self, rows: int):
        """@throws WorkerError DATA_INVALID where a token has no embedding: on a GPU that would end the process without a reason."""
        for start in range(0, len(self._tokens), 2**24):
            part = self._tokens[start : start + 2**24]
            if part.min() < 0 or part.max() >= rows:
                raise WorkerError(
                    "DATA_INVALID",
                    f"The prepared set {self._folder} holds the token {int(part.max())}; the model has embeddings for {rows}.",
                    "Prepare the set with the tokenizer of this model.",
                )


def _broken(path, what: str) -> WorkerError:
    return WorkerError("DATA_INVALID", f"{path} {what}.", "Remove the prepared set; it is made again.")
