"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(one) for one in line) + " |" for line in lines) + "\n"


def cell(value: object) -> str:
    """Return what stands in a cell: one line, without what would end it."""
    return " ".join(str(value).split()).replace("|", "\\|")


def block(text: str, language: str = "text") -> str:
    """Return text as it is."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def toctree(names: Iterable[str]) -> str:
    """Return the list of the pages below this one."""
    return "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def folded(title: str, text: str) -> str:
    """Return what is shown only when it is asked for."""
    return f"<details><summary>{title}</summary>\n\n{text}\n</details>\n"
