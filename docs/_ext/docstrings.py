"""Docstrings are plain text with names in `backticks`; here they become what Sphinx reads."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def readable(text: str) -> str:
    r"""Return a docstring with its code as literals and its other signs as they stand.

    >>> readable("`a_b` of |0> is x_")
    '``a_b`` of \\|0> is x\\_'
    """
    pieces = re.split(r"(``[^`]+``|`[^`]+`)", text)
    return "".join(_literal(piece) if piece.startswith("`") else _plain(piece) for piece in pieces)


def _literal(piece: str) -> str:
    return CODE.sub(r"``\1``", piece)


def _plain(piece: str) -> str:
    return re.sub(r"(?<=\w)_(?=\W|$)", r"\\_", piece).replace("|", "\\|")


def process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Rewrite the lines of a docstring in place."""
    lines[:] = readable("\n".join(lines)).split("\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before Napoleon, which reads the sections."""
    app.connect("autodoc-process-docstring", process, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
