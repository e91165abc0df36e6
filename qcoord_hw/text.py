"""What strangers may have written, as it is shown: in tables, errors, paths, progress and pages."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

_LABEL = re.compile(r" *\S+(?: \S+)*  +(?=\S)")
_DRAWN = re.compile("[\u2500-\u257f]")
"""Characters of which drawings and the rules of tables are made."""

_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")


def printable(value: object) -> str:
    """Return a value as text in which no character has an effect on a terminal or hides from its reader.

    Control characters, those that turn or hide text, line separators and halves of a surrogate pair become
    `?`: names, files, servers and records may hold them.

    >>> printable("a" + chr(27) + "[31mb" + chr(0x202E))
    'a?[31mb?'
    """
    text = str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def printable_lines(value: object) -> str:
    """Return text of several lines, each as `printable` returns it."""
    return "\n".join(map(printable, str(value).split("\n")))


def wrapped(text: str, width: int) -> str:
    """Return text with its long lines broken between words; drawings of circuits stay as they are.

    What follows a label, or a margin, is set below its own beginning.

    >>> print(wrapped("bound     0.75 (exact; classical)", 24))
    bound     0.75 (exact;
              classical)
    """
    return "\n".join(line if len(line) <= width else _broken(line, width) for line in text.split("\n"))


def _broken(line: str, width: int) -> str:
    if _DRAWN.search(line):
        return line
    label = _LABEL.match(line)
    indent = label.end() if label else 0
    if not 0 < indent <= width // 2:
        indent = len(line) - len(line.lstrip()) + 2
    longest = max(map(len, line.split()))
    margin = " " * max(0, min(indent, width // 2, width - longest))
    return textwrap.fill(
        line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def one_line(error: object, most: int | None = None) -> str:
    """Return an error's text on a single line, as `printable` returns it.

    Args:
        error: the error, or any text.
        most: characters at most; what is longer is cut.
    """
    text = printable(" ".join(str(error).split()))
    return text if most is None or len(text) <= most else text[: most - 3] + "..."


def short_repr(value: object) -> str:
    """Return a value as it stands in an error message: on one line, not too long, numbers as they are typed.

    >>> from decimal import Decimal
    >>> short_repr([1, Decimal("1E+3"), "a"])
    "[1, 1E+3, 'a']"
    """
    try:
        text = _DECIMAL.sub(r"\1", repr(value))
    except (ValueError, RecursionError):  # an integer with too many digits, or lists too deep
        text = f"a {type(value).__name__}"
    return printable(text if len(text) <= 60 else text[:57] + "...")


def meant(word: object, known: Iterable[object]) -> str:
    """Return which known name may be meant by a wrong one, in brackets; empty if none is close.

    >>> meant("rouns", ["rate", "rounds"])
    ' (did you mean rounds?)'
    """
    from difflib import get_close_matches

    names = [name for name in known if isinstance(name, str)]
    close = get_close_matches(word, names, 1) if isinstance(word, str) and len(word) < 100 else []
    return f" (did you mean {close[0]}?)" if close else ""
