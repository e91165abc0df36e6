"""stim's tableaus and MacKay's alist matrices as text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.spec import check_known, short_repr
from qcoord_hw.theory.linear_computation.field import Array, field_of
from qcoord_hw.theory.linear_computation.pauli_strings import Generators, read_strings

_HEADER = re.compile(r"\+((?:-xz)+)-")
_LISTED = re.compile(r"(?s)stim\.Tableau\.from_conjugated_generators\(\s*xs=\[(.*)\],\s*zs=\[(.*)\],?\s*\)")
_PAULI = re.compile(r"stim\.PauliString\(\"([^\"]*)\"\)")

MAX_ALIST = 100_000
"""Numbers in an alist."""


def read_tableau(where: str, given: object) -> Generators:
    """Return the generators of the state that a tableau makes from |0..0>: the images of Z.

    Args:
        where: the field of the file, for errors.
        given: what `str` or `repr` of a `stim.Tableau` prints, or an object with its `xs` and `zs`.

    Raises:
        InputError: when it is none of these, or no tableau of a unitary.
    """
    if isinstance(given, dict):
        check_known(given, ("xs", "zs"), prefix=f"{where}.")
        xs, zs = given.get("xs"), given.get("zs")
    elif isinstance(given, str):
        xs, zs = _drawn(where, given.strip()) if given.strip()[:2] == "+-" else _listed(where, given.strip())
    else:
        raise InputError(
            f"{where}: {short_repr(given)}; allowed is the text of a stim.Tableau, or its xs and zs"
        )
    qubits = field_of(2)
    x, z = (read_strings(f"{where}.{name}", s, qubits) for name, s in (("xs", xs), ("zs", zs)))
    if len({*x.x.shape, *z.x.shape}) != 1:
        raise InputError(f"{where}: {len(x.x)} xs and {len(z.x)} zs; allowed is one of each a qubit")
    rows = np.vstack([np.hstack([g.x, g.z]) for g in (x, z)])
    n = len(x.x)
    product = (rows[:, :n] @ rows[:, n:].T + rows[:, n:] @ rows[:, :n].T) % 2
    should = np.roll(np.eye(2 * n, dtype=np.int64), n, axis=1)
    if wrong := np.argwhere(product != should).tolist():
        one, two = (f"{'xs' if k < n else 'zs'}[{k % n}]" for k in wrong[0])
        raise InputError(
            f"{where}: {one} and {two} {'do not ' if product[*wrong[0]] else ''}commute; "
            "allowed are images of X and Z under a unitary"
        )
    return z


def _drawn(where: str, text: str) -> tuple[list[str], list[str]]:
    """Return xs and zs of what `str` prints: a column for each, a line for the signs and one per qubit."""
    lines = [line.strip() for line in text.splitlines()]
    header = _HEADER.fullmatch(lines[0])
    n = len(header[1]) // 3 if header else 0
    cells = [line[2:].split(" ") for line in lines[1:]]
    if (
        header is None
        or len(lines) != n + 2
        or any(not line.startswith("| ") for line in lines[1:])
        or any(len(row) != n or any(len(cell) != 2 for cell in row) for row in cells)
    ):
        raise InputError(f"{where}: {short_repr(text)}; allowed is what stim prints of a Tableau")
    return tuple(["".join(row[k][half] for row in cells) for k in range(n)] for half in range(2))  # type: ignore[return-value]


def _listed(where: str, text: str) -> tuple[list[str], list[str]]:
    """Return xs and zs of what `repr` prints."""
    if not (match := _LISTED.fullmatch(text)):
        raise InputError(f"{where}: {short_repr(text)}; allowed is what stim prints of a Tableau")
    return _PAULI.findall(match[1]), _PAULI.findall(match[2])


def read_alist(where: str, text: Any) -> Array:
    """Return the binary matrix of an alist, one row a check.

    The lines are: columns and rows; the largest weights of each; all weights of columns, then of rows; for
    each column the rows in which it has a 1, from 1 on, and for each row the columns, filled up with zeros.

    Raises:
        InputError: when a number is missing or too many, or the two lists do not agree.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    words = [word for line in lines for word in line]
    if len(words) > MAX_ALIST or not all(re.fullmatch("[0-9]{1,6}", word) for word in words):
        raise InputError(f"{where}: allowed are at most {MAX_ALIST} whole numbers")
    numbers = [[int(x) for x in row] for row in lines]
    if len(numbers) < 4 or len(numbers[0]) != 2 or 0 in numbers[0] or len(numbers[1]) != 2:
        raise InputError(
            f"{where}: allowed are first numbers of columns and rows, then their largest weights"
        )
    columns, rows = numbers[0]
    if len(numbers) != 4 + columns + rows:
        raise InputError(f"{where}: {len(numbers)} lines; allowed for its size are {4 + columns + rows}")
    by_column = _sparse(where, numbers[4 : 4 + columns], numbers[2], rows)
    by_row = _sparse(where, numbers[4 + columns :], numbers[3], columns)
    if not np.array_equal(by_column.T, by_row):
        row, column = np.argwhere(by_column.T != by_row)[0].tolist()
        raise InputError(f"{where}: row {row + 1} and column {column + 1} disagree; allowed is one matrix")
    return by_row


def _sparse(where: str, lists: list[list[int]], weights: list[int], size: int) -> Array:
    out = np.zeros((len(lists), size), dtype=np.int64)
    if len(weights) != len(lists):
        raise InputError(f"{where}: {len(weights)} weights; allowed for its size are {len(lists)}")
    for k, (places, weight) in enumerate(zip(lists, weights, strict=True)):
        ones = [x for x in places if x]
        if len(set(ones)) != weight or len(ones) != weight or any(x > size for x in ones):
            raise InputError(
                f"{where}: {short_repr(places)}; allowed are {weight} different numbers 1 to "
                f"{size}, then zeros"
            )
        out[k, [x - 1 for x in ones]] = 1
    return out
