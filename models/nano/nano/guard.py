"""What must not be learnt: the test and development splits of the collections on which the family is measured.

Texts are compared as sequences of lower-case words. A run of `size` words that also occurs in a protected text is an overlap (13 words, as
in Brown et al. 2020, arXiv:2005.14165, appendix C; 24 for code, whose idioms are long); a protected text of 6 to 12 words is found whole.
Shorter ones, such as the names of emoji, cannot be told from ordinary language and are not searched for.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable

import numpy as np

TEXT, CODE, SHORTEST = 13, 24, 6
_WORD = re.compile(r"[^\W_]+")
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class _Hashes(dict):
    def __missing__(self, word: str) -> int:
        data = word.encode()
        value = (zlib.crc32(data) << 32 | zlib.adler32(data) ^ len(data)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        self[word] = value
        return value


_HASHES = _Hashes()


def _words(text: str) -> np.ndarray:
    found = _WORD.findall(text.lower())
    return np.fromiter((_HASHES[w] for w in found), dtype=np.uint64, count=len(found))


def _grams(words: np.ndarray, size: int) -> np.ndarray:
    """A hash of every run of `size` words."""
    count = max(0, len(words) - size + 1)
    result = np.zeros(count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for i in range(size):
            result = result * _FACTOR + words[i : i + count]
    return result ^ (result >> np.uint64(31))


class Guard:
    def __init__(self):
        self._parts: dict[int, list[np.ndarray]] = {}
        self._sorted: dict[int, np.ndarray] = {}
        self.protected: Counter[str] = Counter()
        self.unsearchable: Counter[str] = Counter()

    def protect(self, collection: str, text: str, size: int = TEXT) -> None:
        words = _words(text)
        if len(words) < SHORTEST:
            self.unsearchable[collection] += 1
            return
        self.protected[collection] += 1
        self._parts.setdefault(min(size, len(words)), []).append(_grams(words, min(size, len(words))))

    def seal(self) -> None:
        """After the last `protect`, before the first search."""
        self._sorted = {size: np.unique(np.concatenate(parts)) for size, parts in sorted(self._parts.items())}
        self._parts = {}

    def fingerprint(self) -> str:
        """Of all that is protected."""
        return f"{zlib.crc32(b''.join(known.tobytes() for known in self._sorted.values())):08x}"

    def _marks(self, words: np.ndarray) -> np.ndarray:
        """True for every word that is part of an overlap."""
        marked = np.zeros(len(words), dtype=bool)
        for size, known in self._sorted.items():
            grams = _grams(words, size)
            if not len(grams):
                continue
            at = np.searchsorted(known, grams)
            at[at == len(known)] = 0
            for start in np.flatnonzero(known[at] == grams):
                marked[start : start + size] = True
        return marked

    def clean(self, texts: list[str]) -> list[tuple[str, int]]:
        """Each text without its blocks (parts between empty lines) that overlap, and how many blocks were taken out."""
        rows = [_words(text) for text in texts]
        # Searched as one sequence; a random word between two texts keeps runs from crossing over.
        walls = np.random.default_rng(len(rows)).integers(1, 2**63, len(rows), dtype=np.uint64)
        whole = np.concatenate([part for row, wall in zip(rows, walls) for part in (row, np.array([wall], dtype=np.uint64))]) if rows else np.zeros(0, np.uint64)
        marked = self._marks(whole)
        result, start = [], 0
        for text, row in zip(texts, rows):
            mine = marked[start : start + len(row)]
            start += len(row) + 1
            result.append(_without(text, mine) if mine.any() else (text, 0))
        return result

    def overlaps(self, texts: Iterable[str]) -> int:
        """How many of the texts overlap with a protected one."""
        return sum(bool(self._marks(_words(text)).any()) for text in texts)


def _without(text: str, marked: np.ndarray) -> tuple[str, int]:
    kept, taken, at = [], 0, 0
    for block in re.split(r"\n[ \t]*\n", text):
        count = len(_WORD.findall(block.lower()))
        if marked[at : at + count].any():
            taken += 1
        else:
            kept.append(block)
        at += count
    return "\n\n".join(kept), taken
