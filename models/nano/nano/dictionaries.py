"""Dictionaries into entries: (headword, definition)."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

_DIGITS = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}


def _number(text: str) -> int:
    value = 0
    for c in text:
        value = value * 64 + _DIGITS[c]
    return value


def dictd(index: Path) -> Iterator[tuple[str, str]]:
    """A dictd database: NAME.index beside NAME.dict.dz (gzip). Several headwords of one definition give it once."""
    data = gzip.decompress(index.with_suffix(".dict.dz").read_bytes())
    seen: set[int] = set()
    for line in index.read_text(encoding="utf-8", errors="replace").split("\n"):
        fields = line.split("\t")
        if len(fields) < 3 or fields[0].startswith("00"):
            continue
        start, size = _number(fields[1]), _number(fields[2])
        if start in seen:
            continue
        seen.add(start)
        text = data[start : start + size].decode("utf-8", errors="replace")
        first, _, rest = text.partition("\n")
        head = re.sub(r"\\.*?\\.*", "", first).strip() or fields[0]
        body = clean(rest if rest.strip() else text)
        if len(body) > 8 and len(head) < 60:
            yield head.strip(" ,"), body


_TAGS = re.compile(r"\[(?:1913 Webster|Webster 1913[^\]]*|PJC|WordNet[^\]]*|Century[^\]]*|AS|RH|Obs\.|R\.)[^\]]*\]|<\d{4}-\d\d-\d\d>|\{|\}")


def clean(text: str) -> str:
    """One paragraph per sense, without editors' marks."""
    text = _TAGS.sub("", text)
    paragraphs = (re.sub(r"\s+", " ", part).strip() for part in re.split(r"\n\s*\n", text))
    return "\n".join(part for part in paragraphs if len(part) > 2)


_PARTS = {"n": "noun", "v": "verb", "a": "adjective", "s": "adjective", "r": "adverb"}


def wordnet(path: Path) -> Iterator[tuple[str, str]]:
    """WordNet's data files: a line per synset; its words, then the gloss with examples."""
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        if not line or line.startswith(" ") or "|" not in line:
            continue
        fields, _, gloss = line.partition("|")
        columns = fields.split(" ")
        count = int(columns[3], 16)
        words = [columns[4 + 2 * i].split("(")[0].replace("_", " ") for i in range(count)]
        yield words[0], f"({_PARTS[columns[2]]}{'; also ' + ', '.join(words[1:]) if len(words) > 1 else ''}) {gloss.strip()}"


def fortunes(text: str) -> Iterator[str]:
    """Quotations, apart by lines that hold a percent sign only."""
    for part in re.split(r"^%\n", text, flags=re.M):
        yield part.strip()
