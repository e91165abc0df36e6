"""A table of counts: columns by our names, cells as they stand there until somebody reads them.

Reading is strict and by distinct cells, so that a million rows cost little: a whole number is digits, at most
with a sign or, where the file holds numbers and not text, a float without a fraction. A refusal names the
column, the row and what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from qcoord_hw.errors import InputError
from qcoord_hw.text import one_line, short_repr

T = TypeVar("T")

MAX_COUNT = 10**10
"""Shots of a row, and of all rows that are one part of a record."""

MAX_ROWS = 2_000_000
LEAK = "leak"
FIRST, LAST = "first", "last"

ALIASES = {
    "va": "question_1",
    "vb": "question_2",
    "ca": "answer_1",
    "cb": "answer_2",
    "n": "count",
    "counts": "count",
    "target": "backend",
    "outcome": "bits",
}
"""Name in files of others -> ours; `target` is what `qcoord export` writes."""

OURS = (
    *("count", "bits", "circuit", "name", "setting", "round", "y", "case", "basis", "outcome", "preparation"),
    *("check", "chosen", "schedule", "leaks", "win", "block", "time", "tile", "chunk", "shots"),
    *("job", "backend", "run"),
)
"""The columns that mean something, beside `question_1`, .. `answer_1`, .. and `w1`, .. ."""

BESIDE = frozenset(
    ("experiment", "kind", "created", "calibrated", "layout", "seed", "label", "method", "tag", "target")
)
"""What `qcoord export` writes beside, and nobody needs."""

_NUMBERED = re.compile(r"(question_|answer_|w)([1-9][0-9]?)")
_DIGITS = re.compile(r"[0-9]{1,18}")
_BITS = re.compile(r"[01]{1,10000}")


@dataclass(frozen=True)
class Given:
    """What a reader of a format found.

    Attributes:
        format: what the file is, in a word or two.
        columns: by the names in the file; all of one length.
        first: the number that the first row has in the file.
    """

    format: str
    columns: Mapping[str, Sequence[Any]]
    first: int = 1


@dataclass(frozen=True, eq=False)
class CountTable:
    """A table of counts, a row for each thing that was seen.

    Attributes:
        format: what the file is.
        columns: by our names.
        count: how often each row was seen.
        bit_order: which character of `bits` is classical bit 0, as it was declared; None without.
        unread: columns that say nothing here.
        first: the number that the first row has in the file.
        numbers: that of each row, where some were left out.
        empty: columns of the file in which nothing stands.
    """

    format: str
    columns: Mapping[str, Sequence[Any]]
    count: Sequence[int]
    bit_order: str | None
    unread: tuple[str, ...]
    first: int
    numbers: Sequence[int] = ()
    empty: Set[str] = frozenset()

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.count)

    def __contains__(self, name: str) -> bool:
        """Return whether there is a column of that name in which something stands."""
        return name in self.columns

    def numbered(self, stem: str) -> int:
        """Return how many columns `stem1`, `stem2`, .. there are in a row."""
        k = 0
        while f"{stem}{k + 1}" in self.columns:
            k += 1
        return k

    def need(self, *names: str) -> None:
        """Check that columns are there.

        Raises:
            InputError: naming the first that is not.
        """
        for name in names:
            if name not in self.columns:
                lacks = "empty in every row" if name in self.empty else "no such column"
                raise InputError(f"{name}: {lacks}; the file has {_some(self.columns)}")

    def need_either(self, name: str, other: str) -> None:
        """Check that one of two columns is there.

        Raises:
            InputError: naming both when neither is.
        """
        if name not in self.columns and other not in self.columns:
            raise InputError(f"{name}: no such column, nor {other}; the file has {_some(self.columns)}")

    def read(self, name: str, reader: Callable[[Any], T], allowed: str) -> list[T]:
        """Return a column, each distinct cell read once.

        Args:
            name: of the column.
            reader: raises a ValueError where a cell is not allowed.
            allowed: what is, for the error.

        Raises:
            InputError: when there is no such column, or naming the row and the cell that is not allowed.
        """
        self.need(name)
        cells = self.columns[name]
        keys: Sequence[Any] = cells
        if set(map(type, cells)) != {str}:  # 1, 1.0 and true are equal, and a list is no key
            keys = [(type(cell), str(cell)) for cell in cells]
        known: dict[Any, T] = {}
        for key, cell in dict(zip(keys, cells, strict=True)).items():
            try:
                known[key] = reader(cell)
            except ValueError:
                raise self.refusal(keys.index(key), name, cell, allowed) from None
        return [known[key] for key in keys]

    def integers(self, name: str, high: int) -> list[int]:
        """Return a column of whole numbers from 0 to `high`."""
        return self.read(name, lambda cell: whole(cell, high), f"are integers from 0 to {high}")

    def words(self, name: str) -> list[str]:
        """Return a column of texts."""
        return self.read(name, lambda cell: str(cell).strip(), "is text")

    def bits(self, width: int) -> list[str]:
        """Return the bit strings, classical bit 0 first.

        Raises:
            InputError: when nobody declared which character that is, or one has another width.
        """
        if self.bit_order is None:
            raise InputError(
                f"bit-order: not declared; allowed are {FIRST} (the leftmost character is classical bit 0) "
                f"and {LAST} (the rightmost is, as Qiskit prints): counts alone need not show a reversal"
            )
        step = 1 if self.bit_order == FIRST else -1

        def read(cell: Any) -> str:
            text = str(cell).replace(" ", "")
            if not _BITS.fullmatch(text) or len(text) != width:
                raise ValueError
            return text[::step]

        return self.read("bits", read, f"are {width} characters 0 and 1: so many classical bits there are")

    def single(self, name: str) -> str | None:
        """Return what stands in every row of a column; None where there is no such column.

        Raises:
            InputError: when rows differ.
        """
        if name not in self.columns:
            return None
        found = list(dict.fromkeys(self.words(name)))
        if len(found) > 1:
            raise InputError(
                f"{name}: {one_line(', '.join(found[:4]), 120)}; allowed is the same in every row"
            )
        return found[0] or None

    def only(self, name: str, value: str) -> CountTable:
        """Return the rows with some text in a column.

        Raises:
            InputError: when there are none.
        """
        words = self.words(name)
        kept = [k for k, word in enumerate(words) if word == value]
        if not kept:
            there = one_line(", ".join(dict.fromkeys(words)), 160)
            raise InputError(f"{name}: {short_repr(value)}; the file has {there}")
        columns = {key: [cells[k] for k in kept] for key, cells in self.columns.items()}
        numbers = [self.number(k) for k in kept]
        return replace(self, columns=columns, count=[self.count[k] for k in kept], numbers=numbers)

    def number(self, row: int) -> int:
        """Return the number that a row has in the file."""
        return self.numbers[row] if self.numbers else row + self.first

    def refusal(self, row: int, name: str, cell: object, allowed: str) -> InputError:
        """Return the error of a cell that is not allowed."""
        return InputError(f"row {self.number(row)}: {name}: {short_repr(cell)}; allowed {allowed}")


def whole(cell: Any, high: int) -> int:
    """Return the whole number that a cell states.

    Raises:
        ValueError: when it states none from 0 to `high`.
    """
    if isinstance(cell, bool):
        raise ValueError
    if isinstance(cell, float):
        if not cell.is_integer() or math.copysign(1, cell) < 0:
            raise ValueError
        cell = int(cell)
    if isinstance(cell, str):
        cell = cell.strip()
        if not _DIGITS.fullmatch(cell):
            raise ValueError
        cell = int(cell)
    if not isinstance(cell, int) or not 0 <= cell <= high:
        raise ValueError
    return cell


def number(value: Any, high: int) -> int:
    """Return a whole number of JSON, where no text stands for one.

    Raises:
        ValueError: when it is none from 0 to `high`.
    """
    if isinstance(value, str):
        raise ValueError
    return whole(value, high)


def whole_list(cell: Any, high: int) -> tuple[int, ...]:
    """Return the whole numbers of a cell: a list, or text with spaces or commas between.

    Raises:
        ValueError: when there are none, or one is not from 0 to `high`.
    """
    parts = (
        cell
        if isinstance(cell, list)
        else cell.replace(",", " ").split()
        if isinstance(cell, str)
        else [cell]
    )
    if not parts:
        raise ValueError
    return tuple(whole(part, high) for part in parts)


def make_table(given: Given, bit_order: str | None, columns: Mapping[str, str]) -> CountTable:
    """Return what a reader found as a table with our names.

    Raises:
        InputError: when a column is missing, stands there twice, or holds what it may not.
    """
    if bit_order not in (None, FIRST, LAST):
        raise InputError(f"bit-order: {short_repr(bit_order)}; allowed are {FIRST} and {LAST}")
    named = _named(given, columns)
    known = {name: cells for name, cells in named.items() if name in OURS or _NUMBERED.fullmatch(name)}
    if not known:
        raise InputError(
            f"header: {_some(given.columns)}; allowed is a heading with names such as question_1, answer_1, "
            "count"
        )
    rows = len(next(iter(known.values())))
    if not 0 < rows <= MAX_ROWS:
        raise InputError(f"rows: {rows}; allowed are 1 to {MAX_ROWS}")
    filled = {name: cells for name, cells in known.items() if not all(map(_is_blank, cells))}
    unread = tuple(sorted(one_line(name, 60) for name in named.keys() - known.keys() - BESIDE))
    empty = known.keys() - filled.keys()
    table = CountTable(given.format, filled, [0] * rows, bit_order, unread, given.first, empty=empty)
    count = table.integers("count", MAX_COUNT)
    if not any(count):
        raise InputError("count: 0 in every row; allowed is a shot or more")
    return replace(table, count=count)


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _named(given: Given, columns: Mapping[str, str]) -> dict[str, Sequence[Any]]:
    """Return the columns by our names."""
    there = {name.strip().lower(): name for name in given.columns}
    if len(there) < len(given.columns):
        raise InputError(f"header: {_some(given.columns)}; allowed is every column once")
    found: dict[str, Sequence[Any]] = {}
    taken = set()
    for ours, theirs in columns.items():
        if ours not in OURS and not _NUMBERED.fullmatch(str(ours)):
            raise InputError(
                f"columns: {short_repr(ours)}; allowed are question_1, .., answer_1, .., w1, .., "
                f"{', '.join(OURS)}"
            )
        if not isinstance(theirs, str) or (key := theirs.strip().lower()) not in there:
            raise InputError(f"columns: {short_repr(theirs)}; the file has {_some(given.columns)}")
        found[ours] = given.columns[there[key]]
        taken.add(key)
    for key, name in there.items():
        if key in taken or key in found:
            continue
        found[key] = given.columns[name]
    for theirs, ours in ALIASES.items():
        if theirs in found and ours not in found:
            found[ours] = found[theirs] if theirs == "outcome" else found.pop(theirs)
    return found


def _some(names: Any) -> str:
    return one_line(", ".join(one_line(name, 24) or "''" for name in list(names)[:12]), 160)
