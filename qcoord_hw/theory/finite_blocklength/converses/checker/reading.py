"""Arrays of a certificate, as strangers write them: of bounded size, of numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.claims import is_integer, is_number

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]

MAX_NUMBERS = 4_000_000
MAX_DIMENSION = 4096
"""Of a vector; of a matrix 512."""

MAX_MATRIX = 512


class CertificateError(Exception):
    """What a certificate says cannot be read, or does not prove what is claimed."""


def array(value: Any, where: str, *shape: int | None) -> FloatArray:
    """Return nested lists as an array of this shape; None stands for any size.

    Raises:
        CertificateError: when it has another shape, or holds something that is no number.
    """
    total = 0

    def read(part: Any, depth: int) -> Any:
        nonlocal total
        if depth == len(shape):
            total += 1
            if not is_number(part) or total > MAX_NUMBERS:
                raise CertificateError(f"{where}: allowed are numbers, at most {MAX_NUMBERS}")
            return float(part)
        if not isinstance(part, list) or (shape[depth] is not None and len(part) != shape[depth]):
            raise CertificateError(f"{where}: allowed are lists of shape {shape}")
        return [read(one, depth + 1) for one in part]

    nested = read(value, 0)
    try:
        return np.array(nested, dtype=float)
    except ValueError:
        raise CertificateError(f"{where}: allowed are lists of shape {shape}") from None


def integer(value: Any, where: str, low: int, high: int) -> int:
    """Return an integer in a range.

    Raises:
        CertificateError: when it is none.
    """
    if not is_integer(value, low, high):
        raise CertificateError(f"{where}: allowed are integers from {low} to {high}")
    return int(value)


def listed(value: Any, where: str, most: int = 100_000) -> list[Any]:
    """Return a list of bounded length.

    Raises:
        CertificateError: when it is none.
    """
    if not isinstance(value, list) or len(value) > most:
        raise CertificateError(f"{where}: allowed is a list of at most {most}")
    return value


def field(value: Any, name: str, where: str) -> Any:
    """Return what stands under a key.

    Raises:
        CertificateError: when it is missing.
    """
    if not isinstance(value, dict) or name not in value:
        raise CertificateError(f"{where}.{name}: missing")
    return value[name]


def vector(entries: Any, where: str, size: int) -> ComplexArray:
    """Return a vector of entries [index, re, im].

    Raises:
        CertificateError: when it is none.
    """
    integer(size, where, 1, MAX_DIMENSION)
    found = np.zeros(size, dtype=complex)
    for row in array(entries, where, None, 3).reshape(-1, 3):
        found[_index(row[0], size, where)] = row[1] + 1j * row[2]
    return found


def hermitian(entries: Any, where: str, size: int) -> ComplexArray:
    """Return a Hermitian matrix of the entries [row, column, re, im] of its upper triangle.

    Raises:
        CertificateError: when it is none.
    """
    integer(size, where, 1, MAX_MATRIX)
    found = np.zeros((size, size), dtype=complex)
    for row in array(entries, where, None, 4).reshape(-1, 4):
        i, j = _index(row[0], size, where), _index(row[1], size, where)
        if i > j:
            raise CertificateError(f"{where}: allowed are entries of the upper triangle")
        found[i, j] = row[2] + 1j * row[3]
        found[j, i] = row[2] - 1j * row[3]
    return found


def _index(value: float, size: int, where: str) -> int:
    if not (value == int(value) and 0 <= value < size):
        raise CertificateError(f"{where}: allowed are indices from 0 to {size - 1}")
    return int(value)
