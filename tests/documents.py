"""Every document of the repository, its code blocks, its links, and how a block of each kind is executed.

A block of commands is a line each, in the language `sh` or indented: what follows two spaces says what it
does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "own_device" / "README.md",
    *sorted(p for p in DOCS.rglob("*.md") if not {"_build", "generated"} & set(p.relative_to(DOCS).parts)),
]
PROGRAMS = ("qcoord", "make", "pip", "export", "python3", ".venv/bin/", "smoke/bin/")
DATA = ("json", "toml", "csv", "yaml", "text")
FILE, OF = re.compile(r"<!-- file: (\S+) -->"), re.compile(r"<!-- of: (.+?) -->")
PARSER = MarkdownIt().enable("table")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        page: the document.
        line: where it begins, from 1.
        kind: one of `KINDS`, or what it is instead.
        text: what stands in it.
        above: the comment before it: the name of a file, or the command whose object it shows; else empty.
    """

    page: Path
    line: int
    kind: str
    text: str
    above: str = ""

    def __str__(self) -> str:
        """Return where it stands."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


KINDS = ("python", "console", "commands", "file", "printed", "shape", "drawing")
"""Executed; a command with what it prints; commands; a file that is read; what the Python before printed; a
part of an object that a command prints; a flow chart that is drawn."""


def blocks(page: Path) -> list[Block]:
    """Return the code blocks of a document. What Sphinx alone reads, such as a list of pages, is none."""
    text = page.read_text(encoding="utf-8")
    lines, found = text.splitlines(), []
    for token in PARSER.parse(text):
        if token.type in ("fence", "code_block") and token.map:
            info, start = token.info.strip(), token.map[0]
            above = lines[start - 1] if start else ""
            if info.startswith("{") and not info.startswith("{code-cell}"):
                continue
            of, file = OF.search(above), FILE.search(above)
            kind = kind_of(token.type, info, token.content, bool(of), bool(file), [b.kind for b in found])
            named = of[1] if of else file[1] if file else ""
            found.append(Block(page, start + 1, kind, token.content, named))
    return found


def kind_of(token: str, info: str, text: str, of: bool, file: bool, before: list[str]) -> str:
    """Return the kind of a block."""
    if of:
        return "shape"
    if info.startswith(("python", "{code-cell}")):
        return "python"
    if info == "mermaid":
        return "drawing"
    if info == "console":
        return "console"
    if info == "text" and not file and "python" in before:
        return "printed"
    if info in DATA and (file or info in ("json", "toml")):
        return "file"
    parts = [part for part in text.split("\n\n") if part.strip()]
    if token == "code_block" or info == "sh":
        if all(part.lstrip().startswith(PROGRAMS) for part in parts):
            return "commands"
        if parts[0].lstrip().startswith(("{", "[", "name = ")):
            return "file"
    return f"unknown: {info or 'indented'}"


def commands(text: str) -> Iterator[list[str]]:
    """Yield the commands of a block, each as its words, without what is said of it behind two spaces."""
    for line in text.splitlines():
        if line.strip().startswith(PROGRAMS):
            command = re.split(r"\s{2,}|\s+# ", line.strip())[0]
            for part in command.split(" && "):
                program, *words = shlex.split(part)
                if "|" in words:  # `qcoord list | runs`: a choice
                    yield from ([program, word] for word in words if word != "|")
                else:
                    yield [program, *words]


def links(page: Path, text: str) -> Iterator[str]:
    """Yield where the links of a document go, those of other hosts left out."""
    for token in PARSER.parse(text):
        for child in token.children or ():
            if child.type == "link_open":
                target = str(child.attrs["href"])
                if not re.match(r"[a-z]+:", target):
                    yield target


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a document, as GitHub and MyST make them."""
    found: set[str] = set()
    tokens = PARSER.parse(text)
    for heading, inline in zip(tokens, tokens[1:], strict=False):
        if heading.type == "heading_open":
            words = "".join(c.content for c in inline.children or () if c.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
            number = 0
            while (name := slug + f"-{number}" * bool(number)) in found:
                number += 1
            found.add(name)
    return found


def trees(text: str) -> Iterator[str]:
    """Yield the pages that the lists of a document name, `glob` patterns as they stand."""
    for body in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.M | re.S):
        yield from (line.strip() for line in body.splitlines() if line.strip() and not line.startswith(":"))
