"""Documentation into plain text: headings as lines that begin with `# `, paragraphs apart by an empty line, code as it stands."""

import gzip
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path


def decoded(path: Path) -> str:
    """The file's text, unpacked where its name ends in .gz; bytes that are not UTF-8 are read as Latin-1."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def tidy(text: str) -> str:
    """No blanks at the ends of lines, never two empty lines in a row."""
    text = re.sub(r"[ \t\u00a0]+\n", "\n", text.replace("\r\n", "\n").replace("\u00b6", "") + "\n")
    text = re.sub(r"^#[ #]*$|(?<=\S)# TOC$", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def without_refrains(texts: list[str], share: float = 0.03, least: int = 8) -> list[str]:
    """Without the blocks (parts between empty lines) that stand in many of a source's texts: navigation, notices, footers."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(text.split("\n\n")))
    most = max(least, share * len(texts))
    return ["\n\n".join(block for block in text.split("\n\n") if counts[block] <= most) for text in texts]


# A title and the line of marks below it.
_UNDERLINED = re.compile(r"^(?:[=\-~*^#\"+]{3,}\n)?(\S[^\n]{1,90})\n([=\-~*^#\"+`'])\2{2,}[ \t]*$", re.M)
_ROLE = re.compile(r":[a-zA-Z0-9:+-]+:`~?!?([^`<]+?)(?: <[^`>]*>)?`")
_COMMENT = re.compile(r"^\.\. (?:_|index::|meta::|currentmodule::|module::|highlight::|only::|versionadded::|raw::).*\n", re.M)


def plain(text: str) -> str:
    """reStructuredText, Markdown, AsciiDoc or plain text."""
    text = _COMMENT.sub("", text.replace("\r\n", "\n"))
    text = _UNDERLINED.sub(r"# \1", text)
    text = _ROLE.sub(r"\1", text).replace("``", "`")
    text = re.sub(r"^#{2,6} ", "# ", text, flags=re.M)
    return tidy(text)


class _Reader(HTMLParser):
    SKIP = {"script", "style", "nav", "footer", "head", "svg", "button", "form", "select", "math"}
    BREAK = {"p", "li", "div", "tr", "dt", "dd", "ul", "ol", "dl", "table", "section", "article", "br", "blockquote", "item", "note", "steps", "title", "td", "th"}
    HEADS = {"h1", "h2", "h3", "h4", "h5", "h6"}

    def __init__(self, title_is_heading: bool):
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.skipped = 0
        self.pre = 0
        self.heads = self.HEADS | ({"title"} if title_is_heading else set())

    def handle_starttag(self, tag, attrs):
        if tag in self.SKIP:
            self.skipped += 1
        elif tag in self.heads:
            self.parts.append("\n\n# ")
        elif tag == "pre":
            self.pre += 1
            self.parts.append("\n\n")
        elif tag in self.BREAK:
            self.parts.append("\n" if tag in ("li", "br", "tr", "dt", "dd", "td", "th") else "\n\n")
        elif tag == "meta" and self.skipped:
            return

    def handle_endtag(self, tag):
        if tag in self.SKIP:
            self.skipped = max(0, self.skipped - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
            self.parts.append("\n\n")
        elif tag in self.heads or tag in ("p", "table", "div"):
            self.parts.append("\n\n")

    def handle_data(self, data):
        if not self.skipped:
            self.parts.append(data if self.pre else re.sub(r"\s+", " ", data))


def html(text: str) -> str:
    """HTML, or Mallard's XML pages, where `title` is a heading."""
    reader = _Reader(title_is_heading="<page" in text[:2000])
    reader.feed(text)
    reader.close()
    return tidy(re.sub(r"\n[ \t]+(?=\n)", "\n", re.sub(r"\n# \s*\n", "\n", re.sub(r" *\n ?(?=\S)", "\n", "".join(reader.parts)))))


_FONT = re.compile(r"\\f(?:\[[^\]]*\]|\(..|.)|\\s[+-]?\d|\\[&|^:/,%]|\\\*(?:\[[^\]]*\]|\(..|.)")
_GLYPHS = {"\\-": "-", "\\(bu": "*", "\\(aq": "'", "\\(dq": '"', "\\e": "\\", "\\ ": " ", "\\(em": "-", "\\(en": "-", "\\~": " ", "\\(co": "(c)", "\\(lq": '"', "\\(rq": '"', "\\(oq": "'", "\\(cq": "'", "\\(ha": "^", "\\(ti": "~", "\\(rs": "\\", "\\0": " "}  # fmt: skip


def man(text: str) -> str:
    """A manual page's source (the man macros): sections as headings, fonts and comments dropped."""
    if re.search(r"^\.so man", text, re.M) or re.search(r"^\.Dd ", text, re.M):
        return ""
    out: list[str] = []
    for line in text.split("\n"):
        if line.startswith(('.\\"', "'\\\"", "\\.\"")):
            continue
        if line.startswith((".", "'")):
            name, _, rest = line[1:].strip().partition(" ")
            rest = rest.replace('" "', " ").strip()
            if name in ("SH", "SS"):
                out.append("\n\n# " + rest.strip('"').strip().capitalize() + "\n\n")
            elif name in ("PP", "LP", "P", "TP", "IP", "HP", "sp", "TQ"):
                out.append("\n\n" if name != "IP" or not rest else f"\n\n{rest.split(' ')[0]} ")
            elif name in ("B", "I", "BR", "BI", "IR", "RB", "RI", "IB", "SM", "SB", "MR"):
                words = re.findall(r'"([^"]*)"|(\S+)', rest)
                glue = "" if name not in ("B", "I", "SM", "SB") else " "
                out.append(glue.join(a or b for a, b in words) + "\n")
            elif name in ("nf", "EX"):
                out.append("\n\n")
            continue
        out.append(line + "\n")
    whole = "".join(out)
    for mark, glyph in _GLYPHS.items():
        whole = whole.replace(mark, glyph)
    whole = _FONT.sub("", whole)
    return tidy(re.sub(r"\\\([a-zA-Z]{2}|\\\[[^\]]*\]", "", whole))


def pod(text: str) -> str:
    """Perl's plain old documentation."""
    text = re.sub(r"^=(?:encoding|over|back|cut|begin|end|for).*\n", "", text, flags=re.M)
    text = re.sub(r"^=head\d\s+", "# ", text, flags=re.M)
    text = re.sub(r"^=item\s+", "", text, flags=re.M)
    for _ in range(3):
        text = re.sub(r"\b[BCFISXZ]<{1,3}\s?([^<>]*?)\s?>{1,3}", r"\1", text)
        text = re.sub(r"\bL<{1,3}(?:([^<>|]*)\|)?([^<>]*?)>{1,3}", lambda m: m.group(1) or m.group(2), text)
    return tidy(text.replace("E<lt>", "<").replace("E<gt>", ">"))


READERS = {"plain": plain, "html": html, "man": man, "pod": pod}
