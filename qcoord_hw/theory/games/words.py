"""Signed Pauli words and what Clifford gates do to them.

A word on n qubits is an integer: bit q says that X acts on qubit q, bit n + q that Z does; where both do, the
letter is Y. With a sign it stands for an observable with the eigenvalues +1 and -1.
"""

from __future__ import annotations

from collections.abc import Iterable

Signed = tuple[int, int]
"""A word and its sign: 1 for minus."""

Gate = tuple[str, tuple[int, ...]]
"""The name of a gate in OpenQASM (h, s, sdg, sx, sxdg, x, z, cz) and its qubits."""

_LETTERS = "IXZY"


def text(word: Signed, size: int) -> str:
    """Return a signed word such as `-XIZ`, qubit 0 first.

    >>> text((0b101011, 1), 3)
    '-YXZ'
    """
    x, z = word[0], word[0] >> size
    letters = (_LETTERS[(x >> q & 1) + 2 * (z >> q & 1)] for q in range(size))
    return "+-"[word[1]] + "".join(letters)


def parsed(name: str) -> Signed:
    """Return the word that a text stands for.

    >>> parsed("-YXZ") == (0b101011, 1)
    True
    """
    size, word = len(name) - 1, 0
    for q, letter in enumerate(name[1:]):
        code = _LETTERS.index(letter)
        word |= (code & 1) << q | (code >> 1) << size + q
    return word, "+-".index(name[0])


def anticommute(a: int, b: int, size: int) -> int:
    """Return 1 where two words anticommute, else 0."""
    low = (1 << size) - 1
    return ((a & low & b >> size).bit_count() ^ (b & low & a >> size).bit_count()) & 1


def product(words: Iterable[Signed], size: int) -> Signed:
    """Return the product of words that commute with each other."""
    low = (1 << size) - 1
    total, phase = 0, 0  # i^phase times the word
    for word, sign in words:
        ys = (total & total >> size & low).bit_count() + (word & word >> size & low).bit_count()
        after = total ^ word
        passed = (total >> size & word & low).bit_count()
        phase += 2 * sign + ys - (after & after >> size & low).bit_count() + 2 * passed
        total = after
    return total, phase >> 1 & 1


def conjugated(word: Signed, gates: Iterable[Gate], size: int) -> Signed:
    """Return U P U^dagger for the circuit U of these gates, the first of which acts first."""
    mask, sign = word
    for name, qubits in gates:
        q = qubits[0]
        x, z = mask >> q & 1, mask >> size + q & 1
        if name == "cz":
            r = qubits[1]
            other_x, other_z = mask >> r & 1, mask >> size + r & 1
            sign ^= x & other_x & (z ^ other_z)
            mask ^= other_x << size + q | x << size + r
        elif name == "h":
            sign ^= x & z
            mask ^= (x ^ z) << q | (x ^ z) << size + q
        elif name in ("s", "sdg"):
            sign ^= x & (z if name == "s" else 1 ^ z)
            mask ^= x << size + q
        elif name in ("sx", "sxdg"):
            sign ^= z & (x if name == "sxdg" else 1 ^ x)
            mask ^= z << q
        else:
            sign ^= {"x": z, "z": x}[name]
    return mask, sign
