"""Source files of packages: which are worth reading, and stdlib files without the functions that a collection tests with."""

import ast
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

LANGUAGES = {".py": "python", ".ts": "typescript", ".mts": "typescript", ".js": "javascript", ".mjs": "javascript", ".go": "go", ".java": "java", ".rb": "ruby", ".h": "c", ".hpp": "c++", ".tcc": "c++", "": "c++"}  # fmt: skip


def worth(text: str) -> bool:
    """Written by hand, it seems: no minified lines, no tables of numbers, mostly ASCII."""
    if not 200 <= len(text) <= 120_000 or "\0" in text:
        return False
    lines = text.split("\n")
    if len(text) / len(lines) > 90 or max(map(len, lines)) > 600:
        return False
    if sum(c.isdigit() for c in text) > 0.15 * len(text) or sum(ord(c) > 127 for c in text) > 0.02 * len(text):
        return False
    return "sourceMappingURL" not in text[-200:] and "DO NOT EDIT" not in text[:600] and "@generated" not in text[:600]


_COMMENT = re.compile(r"\s*(?:/\*.*?\*/|(?:(?:#|//)[^\n]*(?:\n|$))+)", re.S)


def without_licence(text: str) -> str:
    """The same licence at the head of ten thousand files teaches nothing: comments go up to the last that speaks of one."""
    at = end = 0
    while (comment := _COMMENT.match(text, at)) and at < 8000:
        at = comment.end()
        if re.search(r"licen[sc]e|copyright|warrant", comment.group(0), re.I):
            end = at
    return text[end:].lstrip("\n")


def java_zip(path: Path, modules: tuple[str, ...] = ("java.base/", "java.desktop/javax/swing/", "java.logging/", "java.net.http/", "java.sql/", "java.xml/javax/")) -> Iterator[tuple[str, str]]:
    """(name, text) of the Java files of a JDK's src.zip, in the archive's sorted order."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".java") and name.startswith(modules):
                yield name, archive.read(name).decode("utf-8", errors="replace")


def without_functions(text: str, names: set[str]) -> tuple[str, int]:
    """A Python file without the functions and methods of these names, and how many were taken out. A file that cannot be parsed comes back empty."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return "", 1
    lines, cut = text.split("\n"), 0
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in names:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            spans.append((first - 1, node.end_lineno))
    for first, last in spans:
        cut += 1
        for i in range(first, last):
            lines[i] = None
    return "\n".join(line for line in lines if line is not None), cut
