"""The texts from which nano-retriever learns a teacher's similarities: pairs that belong together, passages, sentences, and words thrown together.

    python -m nano.texts --corpus .bench/nano --out .bench/nano/distill/texts.jsonl.xz     # a part of the corpus, for a way that takes little

A part keeps what is wanted of each kind: of code only documented functions, of the rest so many characters per source.

Words thrown together are made of an English lexicon (headwords of the dictionaries, whole words of the teacher's vocabulary): one to eight
words, or a sentence some of whose words were exchanged. A teacher answers for any text, also for one that nobody wrote, and so a student
meets words of subjects that its corpus hardly has. `build` tokenises everything twice, for the student and for the teacher.
"""

import argparse
import json
import lzma
import os
import re
import zlib
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from tokenizers import Tokenizer

from .chat import cut
from .contrast import of_record
from .fetch import HERE
from .pairs import functions, meanings, paragraphs, sentences
from .processes import processes
from .tokenizer import load, records

SOURCES = ("section", "sentence", "meaning", "function", "name", "translation", "caption", "problem")
# Longest text: tokens of the student, tokens of the teacher (what all-MiniLM-L6-v2 was published with).
STUDENT, TEACHER = 384, 256
SLICE = 50
_WORD = re.compile(r"[A-Za-z]{5,}")


def passages(paragraph: str, r: Random) -> list[str]:
    """The paragraph in pieces of 150 to 1,400 characters, short ones oftener."""
    result, rest = [], paragraph
    while len(rest) >= 60:
        piece = cut(rest, int(150 * (1400 / 150) ** r.random()))
        result.append(piece)
        rest = rest[max(1, len(piece)) :].strip()
    return result


def exchanged(sentence: str, words: list[str], r: Random) -> str:
    """The sentence with about a third of its longer words exchanged for any others."""
    return _WORD.sub(lambda match: r.choice(words) if r.random() < 0.35 else match.group(), sentence)


def singles(record: dict, words: list[str], r: Random) -> list[str]:
    """Texts of the record that belong to no pair."""
    kind, text = record["k"], record["t"]
    result: list[str] = []
    if kind in ("text", "maths"):
        for paragraph in paragraphs(text, 80):
            result += passages(paragraph, r) + passages(paragraph, r)
            parts = [s for s in sentences(paragraph) if 25 <= len(s) <= 300]
            result += parts
            result += [exchanged(s, words, r) for s in parts if words and r.random() < 0.6]
    elif kind == "dictionary":
        meaning = cut(meanings(text)[0], 600)
        result += [record["h"], f"{record['h']}: {meaning}"]
        if words:
            result += [" ".join(r.choice(words) for _ in range(r.choice((1, 1, 2, 3, 4, 5, 6, 8)))) for _ in range(3)]
            result.append(exchanged(meaning[:300], words, r))
    return [text.strip() for text in result if len(text.strip()) >= 3]


def lexicon(rows: list[dict], teacher: Tokenizer) -> list[str]:
    """Words of the teacher's vocabulary and headwords of one to three words, in order."""
    known = {word for word in teacher.get_vocab() if re.fullmatch(r"[a-z]{3,}", word)}
    known |= {row["h"] for row in rows if row["k"] == "dictionary" and re.fullmatch(r"[A-Za-z]{3,}(?:[ -][A-Za-z]{2,}){0,2}", row["h"])}
    return sorted(known)


@lru_cache
def _student(folder: str) -> Tokenizer:
    return load(Path(folder))


@lru_cache
def _teacher(file: str) -> Tokenizer:
    tokenizer = Tokenizer.from_file(file)
    tokenizer.no_padding()
    tokenizer.enable_truncation(TEACHER)
    return tokenizer


def flat(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """All tokens one behind the other (uint16), and how many each text has (int32)."""
    return np.concatenate([np.array(row, dtype=np.uint16) for row in rows]) if rows else np.zeros(0, np.uint16), np.array([len(row) for row in rows], dtype=np.int32)


def tokenize(texts: list[str], student: str, teacher: str, longest: int = STUDENT) -> tuple[np.ndarray, ...]:
    """Student's tokens and lengths, teacher's tokens and lengths, and a 64-bit key of each text."""
    a = [e.ids[:longest] for e in _student(student).encode_batch(texts, add_special_tokens=False)]
    b = [e.ids for e in _teacher(teacher).encode_batch(texts)]
    data = [text.encode() for text in texts]
    keys = np.array([zlib.crc32(d) << 31 ^ zlib.adler32(d) for d in data], dtype=np.int64)
    return (*flat(a), *flat(b), keys)


_RECORDS: list[dict] = []
_LEXICON: list[str] = []


def _slice(job: tuple[int, int, str, str]) -> tuple:
    """Texts and pairs of a slice of the records, tokenised; pairs are (source, row, row)."""
    first, seed, student, teacher = job
    # The processes are as many as the cores already.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    index: dict[str, int] = {}
    pairs: dict[tuple[int, int, int], None] = {}
    for i, record in enumerate(_RECORDS[first : first + SLICE], first):
        r = Random(f"{seed} texts {i}")
        for source, q, d in of_record(record, r):
            pairs[SOURCES.index(source), index.setdefault(q, len(index)), index.setdefault(d, len(index))] = None
        for text in singles(record, _LEXICON, r):
            index.setdefault(text, len(index))
    return (*tokenize(list(index), student, teacher), np.array(list(pairs), dtype=np.int32).reshape(-1, 3))


NAMES = ("student", "student.lengths", "teacher", "teacher.lengths", "keys", "pairs")


def build(corpus: Path, folder: Path, seed: int, student: Path, teacher: Path, scale: float = 1.0, workers: int | None = None, log=print) -> None:
    """NAMES as arrays in `folder`. student: folder of the family's tokenizer; teacher: its tokenizer.json. scale < 1 takes so many records."""
    if (folder / "done").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    picked = Random(f"{seed} scale")
    _RECORDS[:] = [record for record in records(corpus) if scale >= 1 or picked.random() < scale]
    _LEXICON[:] = lexicon(_RECORDS, Tokenizer.from_file(str(teacher)))
    log(f"{len(_RECORDS)} records, a lexicon of {len(_LEXICON)} words")
    order = list(range(0, len(_RECORDS), SLICE))
    # Long documents stand together in the corpus; taken in a shuffled order they do not all come last.
    Random(f"{seed} slices").shuffle(order)
    with processes(workers) as pool:
        parts = list(pool.map(_slice, [(first, seed, str(student), str(teacher)) for first in order]))
    offsets = np.cumsum([0] + [len(part[1]) for part in parts])
    arrays = [np.concatenate([part[i] for part in parts]) for i in range(5)]
    arrays.append(np.concatenate([part[5] + np.array([0, offset, offset], dtype=np.int32) for part, offset in zip(parts, offsets)]))
    for name, array in zip(NAMES, arrays):
        np.save(folder / f"{name}.npy", array)
    _RECORDS.clear()
    (folder / "done").write_text("")
    counts = ", ".join(f"{name} {int((arrays[5][:, 0] == i).sum())}" for i, name in enumerate(SOURCES))
    log(f"{len(arrays[4])} texts, {len(arrays[0]) / 1e6:.1f} M tokens of the student, {len(arrays[2]) / 1e6:.1f} M of the teacher; pairs: {counts}")


# Characters kept of each source in a part of the corpus; all of what is not named, up to the last number.
KEPT = {"dict-gcide": 11e6, "lm-text/movie_reviews": 6e6, "": 0.85e6}


def part(rows, kept: dict[str, float], seed: int):
    """A part of the records: an even sample of the documents of each source, and the documented functions of the code."""
    by_source: dict[str, list[dict]] = {}
    for row in rows:
        if row["k"] == "code":
            for documentation, code in functions(row):
                by_source.setdefault(f"functions of {row['s']}", []).append({"k": "function", "s": row["s"], "h": documentation, "t": cut(code, 900)})
        else:
            by_source.setdefault(row["s"], []).append(row)
    for source, mine in by_source.items():
        whole = source not in kept and mine[0]["k"] not in ("text", "maths")
        left = float("inf") if whole else kept.get(source, kept[""])
        order = list(range(len(mine)))
        Random(f"{seed} part {source}").shuffle(order)
        chosen = []
        for i in order:
            if left <= 0:
                break
            left -= len(mine[i]["t"])
            chosen.append(i)
        yield from (mine[i] for i in sorted(chosen))


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the part of the corpus that nano-retriever is distilled on.")
    parser.add_argument("--corpus", type=Path, default=HERE.parent.parent / ".bench" / "nano")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / ".bench" / "nano" / "distill" / "texts.jsonl.xz")
    arguments = parser.parse_args()
    seed = json.loads((HERE / "family.json").read_text())["seed"]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with lzma.open(arguments.out, "wt", encoding="utf-8", filters=[{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 27}]) as stream:
        for row in part(records(arguments.corpus / "corpus.jsonl.bz2"), KEPT, seed):
            counts[row["k"]] = counts.get(row["k"], 0) + len(row["t"])
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB; characters by kind: {counts}")


if __name__ == "__main__":
    main()
