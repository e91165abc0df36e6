"""Digits in qubits: how many qubits, and which measured bits are digits at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def qubits_per_digit(p: int) -> int:
    """Return ceil(log2 p), the number of qubits that hold a digit 0..p-1.

    >>> [qubits_per_digit(p) for p in (2, 3, 5, 7)]
    [1, 2, 3, 3]
    """
    return (p - 1).bit_length()


def decode_digits(bits: npt.ArrayLike, p: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the digits in measured bits, and which rows hold something that is no digit.

    Args:
        bits: shape (..., digits * n) with n = ceil(log2 p), zeros and ones; digit by digit, and within one
            the bit of weight 2^k at place k.
        p: the prime.

    Returns:
        Digits, shape (..., digits), int64, leaked ones with their value p or more; and a mask, shape (...,),
        true where any digit leaked.

    Raises:
        ValueError: if the last axis is not a whole number of digits, or a bit is neither 0 nor 1.

    >>> digits, leaked = decode_digits([[1, 0, 0, 1], [0, 0, 1, 1]], 3)
    >>> digits.tolist(), leaked.tolist()
    ([[1, 2], [0, 3]], [False, True])
    """
    array = np.asarray(bits, dtype=np.int64)
    n = qubits_per_digit(p)
    if array.ndim == 0 or array.shape[-1] % n:
        raise ValueError(f"bits of shape {array.shape} are not digits of {n} bits")
    if np.any((array < 0) | (array > 1)):
        raise ValueError("bits must be 0 or 1")
    digits = array.reshape(*array.shape[:-1], array.shape[-1] // n, n) @ (1 << np.arange(n))
    return digits, np.any(digits >= p, axis=-1)
