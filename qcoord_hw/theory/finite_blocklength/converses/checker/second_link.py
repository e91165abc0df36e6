"""What the certificate of Bob's link to Charlie proves: the upper end by its dual, the lower by a code."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.checker.reading import (
    CertificateError,
    ComplexArray,
    array,
    field,
    hermitian,
    integer,
    listed,
    vector,
)

MAX_LEVELS = 16
MAX_ENTRIES = 64
"""Of the message and of the ebits; of A B C together."""

NORMAL = 1e-6


def second_link_value(certificate: Any, where: str) -> float:
    """Return the fidelity that no code exceeds, whatever Alice sends to Bob.

    Whatever the dual misses of being feasible is added: S_st and -G_ij are shifted until they are positive.

    Raises:
        CertificateError: when it cannot be read.
    """
    ket, m, k = read_target(certificate, where)
    a, b, c = ket.shape
    size = a * b * c
    dual = field(certificate, "dual", where)
    sectors = list(itertools.product(range(min(2, m)), range(min(2, k))))
    y = _matrices(dual, "Y", sectors, a * b, where)
    s = _matrices(dual, "S", sectors, size, where)
    z = np.zeros((a, c, a, c), dtype=complex)
    if k > 1:
        z = hermitian(field(dual, "Z", where), f"{where}.dual.Z", a * c).reshape(a, c, a, c)
    crossed = {}
    for pair, own in s.items():
        shift = max(0.0, -float(np.linalg.eigvalsh(own)[0]))
        raised = (own + shift * np.eye(size)).reshape(a, b, c, a, b, c)
        crossed[pair] = raised.swapaxes(2, 5).reshape(size, size)
    kept = np.einsum("acde,bf->abcdfe", z, np.eye(b)).reshape(size, size)
    total, excess = np.zeros((a * b, a * b), dtype=complex), 0.0
    for i, j in sectors:
        of_m = (1 / m, -1 / m) if i == 0 else (1 - 1 / m, 1 + 1 / m)
        of_k = (1 / k, -1 / k) if j == 0 else (1 - 1 / k, 1 + 1 / k)
        gap = sum(of_m[p] * of_k[q] * own for (p, q), own in crossed.items()) - np.kron(y[i, j], np.eye(c))
        gap = gap + (kept if j else -kept) * (1 / m if i == 0 else m - 1 / m)
        if i == j == 0:
            gap = gap + m * k * np.outer(ket, ket.conj())
        excess += max(0.0, float(np.linalg.eigvalsh(gap)[-1]))
        total += y[i, j]
    return min(1.0, (float(np.linalg.eigvalsh(total)[-1]) + excess) / (m * k))


def second_link_reached(certificate: Any, where: str) -> float:
    """Return the fidelity of the code of a certificate, by multiplying it out.

    Raises:
        CertificateError: when it is no code.
    """
    ket, m, k = read_target(certificate, where)
    a, b, c = ket.shape
    code = field(certificate, "code", where)
    alice = _tensor(code, "alice", where, a, None)
    bob = _tensor(code, "bob", where, b, m, None, alice.shape[1], k)
    charlie = _tensor(code, "charlie", where, c, None, m, k)
    if abs(np.linalg.norm(alice) - 1) > NORMAL:
        raise CertificateError(f"{where}.code.alice: allowed are unit vectors")
    for name, tensor, outputs in (("bob", bob, 3), ("charlie", charlie, 2)):
        matrix = tensor.reshape(int(np.prod(tensor.shape[:outputs])), -1)
        if np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max() > NORMAL:
            raise CertificateError(f"{where}.code.{name}: allowed are isometries")
    made = np.einsum("ax,bmext->abmet", alice / np.linalg.norm(alice), bob)
    made = np.einsum("abmet,cfmt->efabc", made, charlie).reshape(-1, a * b * c) / np.sqrt(k)
    seen = made @ ket.conj().ravel()
    return float((np.abs(seen) ** 2).sum() / max(1.0, float((np.abs(made) ** 2).sum())))


def read_target(certificate: Any, where: str) -> tuple[ComplexArray, int, int]:
    """Return the target, shape (a, b, c), the levels of the message and the rank of the ebits.

    Raises:
        CertificateError: when they cannot be read.
    """
    sizes = listed(field(certificate, "sizes", where), f"{where}.sizes", 3)
    if len(sizes) != 3:
        raise CertificateError(f"{where}.sizes: allowed are three")
    sizes = [integer(one, f"{where}.sizes", 1, MAX_ENTRIES) for one in sizes]
    size = int(np.prod(sizes))
    integer(size, f"{where}.sizes", 1, MAX_ENTRIES)
    ket = vector(field(certificate, "ket", where), f"{where}.ket", size)
    if abs(np.linalg.norm(ket) - 1) > NORMAL:
        raise CertificateError(f"{where}.ket: allowed are unit vectors")
    levels = [
        integer(field(certificate, key, where), f"{where}.{key}", 1, MAX_LEVELS)
        for key in ("message", "ebits")
    ]
    return (ket / np.linalg.norm(ket)).reshape(sizes), levels[0], levels[1]


def _matrices(
    dual: Any, name: str, sectors: list[tuple[int, int]], size: int, where: str
) -> dict[tuple[int, int], ComplexArray]:
    """Return a Hermitian matrix for each sector, in their order."""
    given = listed(field(dual, name, f"{where}.dual"), f"{where}.dual.{name}", 4)
    if len(given) != len(sectors):
        raise CertificateError(f"{where}.dual.{name}: allowed are {len(sectors)} matrices")
    own = (hermitian(one, f"{where}.dual.{name}", size) for one in given)
    return dict(zip(sectors, own, strict=True))


def _tensor(code: Any, name: str, where: str, *shape: int | None) -> ComplexArray:
    parts = array(field(code, name, f"{where}.code"), f"{where}.code.{name}", *shape, 2)
    return np.asarray(parts[..., 0] + 1j * parts[..., 1])
