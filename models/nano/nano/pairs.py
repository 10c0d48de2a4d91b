"""Pairs of texts that belong together, read off the records of the corpus: what chats are made of, and what the retriever learns from."""

import ast
import re
from collections.abc import Iterator

_HEADING = re.compile(r"^# (\S.{2,90})$", re.M)

# Headings that say nothing of what stands below them.
_GENERIC = frozenset(
    "name|synopsis|description|see also|examples|example|notes|note|return value|errors|options|author|authors|bugs|reporting bugs|colophon|copyright|history|standards|attributes|versions|table of contents|contents|parameters|returns|library|summary|overview|introduction|methods|index|usage|tip|warning|implementations|related topics|compatibility|arguments|syntax|parameter|return type".split("|")
)


def sections(text: str) -> Iterator[tuple[str, str]]:
    """(heading, body) of a document, for bodies of 60 characters and more."""
    marks = list(_HEADING.finditer(text))
    for i, mark in enumerate(marks):
        body = text[mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(text)].strip()
        heading = re.sub(r"^[\d.]+\.?\s+|[¶#:]+$|`", "", mark.group(1)).strip()
        if len(body) >= 60 and len(heading) >= 4 and heading.lower() not in _GENERIC and sum(c.isalpha() for c in heading) > 0.6 * len(heading):
            yield heading, body


def paragraphs(text: str, shortest: int = 160) -> list[str]:
    """Prose: paragraphs of some length that are mostly letters, on one line each."""
    result = []
    for block in text.split("\n\n"):
        block = re.sub(r"\s+", " ", block).strip()
        if len(block) >= shortest and not block.startswith("# ") and sum(c.isalpha() or c == " " for c in block) > 0.85 * len(block):
            result.append(block)
    return result


def sentences(paragraph: str) -> list[str]:
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+(?=[A-Z(\"'])", paragraph) if s.strip()]


def first_paragraph(comment: str) -> str:
    """What a documentation comment says first, on one line."""
    part = re.split(r"\n\s*\n|\n\s*[@:](?:param|return|throws|see|example|since)|\n\s*(?:Args|Parameters|Returns|Raises|Example)s?:?\s*\n", comment.strip())[0]
    part = re.sub(r"\{@(?:code|link|linkplain)\s+([^}]*)\}", r"\1", re.sub(r"</?[a-z]+[^>]*>", "", part))
    return re.sub(r"\s+", " ", part).strip()


def functions(record: dict) -> Iterator[tuple[str, str]]:
    """(documentation, code without it) of the functions of a code record."""
    language = record["h"].rpartition("(")[2].rstrip(")")
    if language == "python":
        yield from _python(record["t"])
    elif language == "go":
        yield from _line_comments(record["t"], "//", re.compile(r"func "))
    elif language == "ruby":
        yield from _line_comments(record["t"], "#", re.compile(r"\s*def "))
    elif language in ("java", "javascript", "typescript", "c", "c++"):
        yield from _block_comments(record["t"])


def _fits(documentation: str, code: str) -> bool:
    return 20 <= len(documentation) <= 400 and 40 <= len(code) <= 3000 and len(documentation.split()) >= 4


def _python(text: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    lines = text.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(node.body) < 2 or not isinstance(node.body[0], ast.Expr):
            continue
        comment = ast.get_docstring(node)
        if not comment:
            continue
        first, last = node.body[0].lineno - 1, node.body[0].end_lineno
        code = lines[node.lineno - 1 : first] + lines[last : node.end_lineno]
        indent = node.col_offset
        body = "\n".join(line[indent:] if line[:indent].isspace() or not line.strip() else line for line in code).strip()
        documentation = first_paragraph(comment)
        if _fits(documentation, body):
            yield documentation, body


def _line_comments(text: str, mark: str, begins: re.Pattern) -> Iterator[tuple[str, str]]:
    comment: list[str] = []
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if line.lstrip().startswith(mark):
            comment.append(line.lstrip()[len(mark) :].strip())
            continue
        if comment and begins.match(line):
            indent = line[: len(line) - len(line.lstrip())]
            closing = indent + ("end" if mark == "#" else "}")
            end = next((j for j in range(i + 1, min(i + 80, len(lines))) if lines[j].startswith(closing)), None)
            documentation, code = first_paragraph("\n".join(comment)), "\n".join(lines[i : (end or i) + 1]).strip()
            if end is not None and _fits(documentation, code):
                yield documentation, code
        comment = []


_BLOCK = re.compile(r"^([ \t]*)/\*\*(.*?)\*/[ \t]*\n", re.M | re.S)


def _block_comments(text: str) -> Iterator[tuple[str, str]]:
    for match in _BLOCK.finditer(text):
        comment = "\n".join(re.sub(r"^\s*\*\s?", "", line) for line in match.group(2).split("\n"))
        documentation = first_paragraph(comment)
        if not 20 <= len(documentation) <= 400:
            continue
        code = _statement(text[match.end() : match.end() + 3200])
        if code is not None and "(" in code.split("\n")[0] + code[:200] and _fits(documentation, code):
            yield documentation, re.sub(rf"^{match.group(1)}", "", code, flags=re.M).strip()


def _statement(text: str) -> str | None:
    """From the beginning to the brace that closes the first one, or to a semicolon before any brace."""
    depth = 0
    for match in re.finditer(r"[{};]", text):
        mark = match.group()
        if mark == ";" and depth == 0:
            return text[: match.end()]
        depth += {"{": 1, "}": -1, ";": 0}[mark]
        if mark == "}" and depth <= 0:
            return text[: match.end()] if depth == 0 else None
    return None


def meanings(text: str) -> tuple[str, str | None]:
    """A dictionary's text as definition and, where WordNet gives one, an example."""
    example = re.search(r'; "([^"]{10,})"', text)
    return re.sub(r'(; "[^"]*")+', "", text).strip(), example.group(1) if example else None
