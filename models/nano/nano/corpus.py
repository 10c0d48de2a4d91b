"""The text that the family learns from, as one file: read, cleaned of what must not be learnt, without doubles, with a part held out.

    python -m nano.corpus --data ../shared/data --out .bench/nano

Writes corpus.jsonl.bz2 and held-out.jsonl.bz2 (records {"k": kind, "s": source, "h": head, "t": text}) and corpus.json (what was taken from
where, under which licence, and what the search for overlaps found). The same inputs give the same bytes.

kind: text, maths (documentation of mathematical software), dictionary (head: the word), code (head: path and language), gsm8k (head: the
question), translation (head: Java, text: C#), captions (a line each, of one image).
"""

import argparse
import bz2
import gzip
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from . import dictionaries
from .collections_out import captions, code_translations, held_out_functions, lines, pairs_of, protect_all
from .documents import READERS, decoded, without_refrains
from .fetch import HERE, SOURCES, unpack
from .guard import Guard
from .processes import processes
from .sources_of_code import LANGUAGES, java_zip, without_functions, without_licence, worth

REPOSITORY = HERE.parent.parent
BATCH = 2_000_000  # characters searched for overlaps at once
HELD_OUT = {"text": 600_000, "maths": 200_000, "dictionary": 300_000, "code": 600_000}  # characters at most
SHORTEST = {"text": 160, "maths": 160, "code": 160}  # characters; of others 8


def order(name: str) -> str:
    """Files are taken in the order of this, so that a cut source is an even sample of its files."""
    return hashlib.sha256(name.encode()).hexdigest()


def files_of(folder: Path, patterns: list[str]) -> list[Path]:
    found = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    return sorted(found, key=lambda path: order(str(path.relative_to(folder))))


def code_record(source: str, name: str, text: str) -> dict | None:
    language = LANGUAGES.get(Path(name).suffix)
    if language is None or not worth(text):
        return None
    return {"k": "code", "s": source, "h": f"{name} ({language})", "t": without_licence(text)}


def read_package(package: dict, folder: Path, functions: set[str]) -> Iterator[dict]:
    kind, source, how = package["kind"], package["name"], package["read"]
    paths = files_of(folder, package["take"])
    if how in READERS:
        texts, size = [], 0
        for path in paths:
            texts.append(READERS[how](decoded(path)))
            size += len(texts[-1])
            if size > 1.3e6 * package["megabytes"]:
                break
        for path, text in zip(paths, without_refrains(texts)):
            yield {"k": kind, "s": source, "h": path.name.split(".")[0], "t": text}
        return
    for path in paths:
        name = str(path.relative_to(folder))
        if how == "fortune":
            yield from ({"k": kind, "s": source, "h": "", "t": text} for text in dictionaries.fortunes(decoded(path)))
        elif how in ("dictd", "wordnet"):
            for head, text in dictionaries.dictd(path) if how == "dictd" else dictionaries.wordnet(path):
                yield {"k": kind, "s": source, "h": head, "t": text}
        elif how == "javazip":
            for member, text in sorted(java_zip(path), key=lambda entry: order(entry[0])):
                yield code_record(source, member, text)
        elif how == "code":
            text = decoded(path)
            if source.startswith("libpython"):
                text, _ = without_functions(text, functions)
            yield code_record(source, name, text)


def read_installed(group: dict) -> Iterator[dict]:
    folder = next(iter(sorted(REPOSITORY.glob(group["folder"]))), None)
    if folder is None:
        raise SystemExit(f"{group['folder']} is not there: run npm install, and make the virtual environment (docs/contributing.md).")
    taken: Counter[str] = Counter()
    for path in files_of(folder, group["take"]):
        parts = path.relative_to(folder).parts
        package = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
        name = "/".join(parts)
        if any(part in ("tests", "test", "__tests__", "_vendor", "testing", "min", "umd", "cjs") for part in parts) or ".min." in name or path.is_symlink():
            continue
        if taken[package] > group["perPackage"] * 1e6 or path.stat().st_size > 120_000:
            continue
        record = code_record(f"{group['name']}: {package}", name, path.read_text(encoding="utf-8", errors="replace"))
        if record is not None:
            taken[package] += len(record["t"])
            yield record


def read_shared(data: Path) -> Iterator[dict]:
    for name in ("inaugural", "state_union", "movie_reviews"):
        with gzip.open(data / "lm-text" / f"{name}.txt.gz", "rt", encoding="utf-8") as stream:
            text = stream.read()
        # Reviews begin with no mark of their own; pieces of some thousand characters do.
        for i, piece in enumerate(pieces(text, 6000)):
            yield {"k": "text", "s": f"lm-text/{name}", "h": f"{name} {i}", "t": piece}
    for record in lines(data / "gsm8k" / "train.jsonl"):
        yield {"k": "gsm8k", "s": "gsm8k train", "h": record["question"], "t": record["answer"]}
    for java, csharp in code_translations(data):
        yield {"k": "translation", "s": "codetrans-java-csharp train", "h": java, "t": csharp}
    for image, texts in captions(data).items():
        yield {"k": "captions", "s": "flickr8k-1k train", "h": image, "t": "\n".join(texts)}


def pieces(text: str, size: int) -> Iterator[str]:
    part: list[str] = []
    length = 0
    for line in text.split("\n"):
        part.append(line)
        length += len(line) + 1
        if length >= size:
            yield "\n".join(part)
            part, length = [], 0
    if part:
        yield "\n".join(part)


class Source:
    """One of the places that records come from; each is read, cut at its limit and cleaned by itself, by any process."""

    def __init__(self, name: str, version: str, licence: str, megabytes: float, read, settings: dict | None = None):
        self.name, self.version, self.licence, self.megabytes, self.read, self.settings = name, version, licence, megabytes, read, settings

    def key(self) -> str:
        """Of all that its records depend on but installed files: what it is, how it is read, and what is protected."""
        code = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")) if path.stem in ("corpus", "documents", "dictionaries", "sources_of_code", "guard", "collections_out"))
        return hashlib.sha256(code + repr((self.name, self.version, self.megabytes, self.settings, _shared["guard"].fingerprint())).encode()).hexdigest()

    def records(self) -> Iterator[dict]:
        characters = 0
        for record in self.read():
            if record is None or len(record["t"]) < SHORTEST.get(record["k"], 8):
                continue
            characters += len(record["t"])
            yield record
            if characters > self.megabytes * 1e6:
                break


def sources(data: Path, cache: Path) -> list[Source]:
    functions = held_out_functions(data)
    result = []
    for package in SOURCES["packages"]:
        if package["read"] != "icons":
            folder, version = unpack(package["name"], cache)
            result.append(Source(package["name"], version, package["licence"], package["megabytes"], partial(read_package, package, folder, functions), package))
    for group in SOURCES["installed"]:
        result.append(Source(group["name"], "as installed", group["licence"], group["megabytes"], partial(read_installed, group), group))
    return [*result, Source("shared data", "", "see the manifest of the data", 1000, partial(read_shared, data))]


class Cleaning:
    """A source's records without the blocks that overlap with held-out texts; a pair with an overlap goes whole."""

    WHOLE = ("gsm8k", "translation", "dictionary", "captions")

    def __init__(self, guard: Guard):
        self.guard = guard
        self.blocks = self.dropped = self.left = 0

    def batch(self, rows: list[dict]) -> Iterator[dict]:
        heads = self.guard.clean([row["h"] for row in rows])
        texts = self.guard.clean([row["t"] for row in rows])
        kept = []
        for row, (text, taken), (_, touched) in zip(rows, texts, heads):
            self.blocks += taken
            if touched or (taken and row["k"] in self.WHOLE) or len(text) < SHORTEST.get(row["k"], 8):
                self.dropped += 1
            else:
                kept.append({**row, "t": text})
        # Where a block went, its neighbours may have made a new overlap.
        for row, (text, taken) in zip(kept, self.guard.clean([row["t"] for row in kept])):
            if taken:
                self.dropped += 1
            else:
                yield row

    def records(self, rows: Iterator[dict]) -> Iterator[dict]:
        batch: list[dict] = []
        size = 0
        for row in rows:
            batch.append(row)
            size += len(row["t"])
            if size > BATCH:
                yield from self.batch(batch)
                batch, size = [], 0
        yield from self.batch(batch)


# Set before processes are forked, which see it then.
_shared: dict = {}


def _clean_source(index: int) -> tuple[list[dict], dict]:
    """The records of a source and what became of it; kept in a file, so that a build that was stopped goes on."""
    source: Source = _shared["sources"][index]
    kept = _shared["parts"] / f"{index}-{source.key()[:24]}.json"
    if kept.is_file():
        return tuple(json.loads(kept.read_text()))
    rows, row = _cleaned(source)
    kept.with_suffix(".partial").write_text(json.dumps([rows, row], ensure_ascii=False))
    kept.with_suffix(".partial").rename(kept)
    return rows, row


def _cleaned(source: Source) -> tuple[list[dict], dict]:
    cleaning = Cleaning(_shared["guard"])
    rows = list(cleaning.records(source.records()))
    left = sum(taken for _, taken in cleaning.guard.clean([row["t"] for row in rows]))
    characters = sum(len(row["t"]) for row in rows)
    print(f"{source.name}: {len(rows)} documents, {characters / 1e6:.1f} M characters; {cleaning.blocks} blocks and {cleaning.dropped} documents left out", file=sys.stderr, flush=True)
    return rows, {
        "source": source.name, "version": source.version, "licence": source.licence, "documents": len(rows), "characters": characters,
        "blocks taken out": cleaning.blocks, "documents left out": cleaning.dropped, "overlaps left": left,
    }  # fmt: skip


def everything(workers: int | None, report: dict) -> Iterator[dict]:
    """All cleaned records, in the order of the sources whatever process was first."""
    with processes(workers) as pool:
        for rows, row in pool.map(_clean_source, range(len(_shared["sources"]))):
            report["sources"].append(row)
            yield from rows


def distinct(records: Iterator[dict], report: dict) -> Iterator[dict]:
    seen: set[bytes] = set()
    doubles = 0
    for record in records:
        key = hashlib.blake2b(" ".join((record["h"] if record["k"] != "code" else "", record["t"])).lower().encode(), digest_size=12).digest()
        if key in seen:
            doubles += 1
            continue
        seen.add(key)
        yield record
    report["doubles"] = doubles


def measured(data: Path) -> Iterator[dict]:
    """Texts of test splits on which perplexity is measured: encyclopaedia, functions, word problems. They lie in the held-out file only."""
    with gzip.open(data / "lm-text" / "wikitext2.test.txt.gz", "rt", encoding="utf-8") as stream:
        for i, piece in enumerate(pieces(stream.read(), 6000)):
            yield {"k": "wikitext2 test", "s": "lm-text", "h": f"wikitext2 {i}", "t": piece.replace(" <unk>", "").replace(" @-@ ", "-").replace(" @,@ ", ",").replace(" @.@ ", ".")}
    folder = data / "pystdlib-docstring"
    wanted = {document for split in ("test", "dev") for _, document in pairs_of(folder, split)}
    for document in lines(folder / "corpus.jsonl"):
        if document["_id"] in wanted:
            yield {"k": "pystdlib test", "s": folder.name, "h": document["title"], "t": document["text"]}
    for record in lines(data / "gsm8k" / "test.jsonl"):
        yield {"k": "gsm8k test", "s": "gsm8k", "h": record["question"], "t": record["answer"]}


def is_held_out(record: dict) -> bool:
    """One document in a hundred, chosen by its text."""
    return record["k"] in HELD_OUT and int(hashlib.sha256(record["t"].encode()).hexdigest()[:8], 16) % 100 == 0


def build(data: Path, out: Path, workers: int | None) -> dict:
    out.mkdir(parents=True, exist_ok=True)
    report: dict = {"sources": []}
    guard = Guard()
    protect_all(guard, data)
    parts = out / "parts"
    parts.mkdir(exist_ok=True)
    _shared.update(guard=guard, parts=parts, sources=sources(data, out / "packages"))
    held: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    with bz2.open(out / "corpus.jsonl.bz2.partial", "wt", encoding="utf-8") as corpus, bz2.open(out / "held-out.jsonl.bz2.partial", "wt", encoding="utf-8") as other:
        for record in measured(data):
            other.write(json.dumps(record, ensure_ascii=False) + "\n")
        for record in distinct(everything(workers, report), report):
            if is_held_out(record) and held[record["k"]] < HELD_OUT[record["k"]]:
                held[record["k"]] += len(record["t"])
                other.write(json.dumps(record, ensure_ascii=False) + "\n")
            else:
                kinds[record["k"]] += len(record["t"]) + len(record["h"])
                corpus.write(json.dumps(record, ensure_ascii=False) + "\n")
    for name in ("corpus.jsonl.bz2", "held-out.jsonl.bz2"):
        (out / f"{name}.partial").rename(out / name)
    report["characters"] = dict(kinds)
    report["held out"] = dict(held)
    report["overlaps"] = {
        "protected texts": dict(guard.protected),
        "too short to search for": dict(guard.unsearchable),
        **{key: sum(row[key] for row in report["sources"]) for key in ("blocks taken out", "documents left out", "overlaps left")},
    }
    report["bytes"] = (out / "corpus.jsonl.bz2").stat().st_size
    report["sha256"] = hashlib.sha256((out / "corpus.jsonl.bz2").read_bytes()).hexdigest()
    (out / "corpus.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the corpus of the nano family.")
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="the folder of collections")
    parser.add_argument("--out", type=Path, default=REPOSITORY / ".bench" / "nano")
    parser.add_argument("--workers", type=int, help="processes (default: one per core)")
    arguments = parser.parse_args()
    report = build(arguments.data, arguments.out, arguments.workers)
    print(json.dumps({key: report[key] for key in ("characters", "held out", "overlaps", "doubles", "bytes")}, indent=1))
    if report["overlaps"]["overlaps left"]:
        raise SystemExit("Texts of held-out splits are left in the corpus.")


if __name__ == "__main__":
    main()
