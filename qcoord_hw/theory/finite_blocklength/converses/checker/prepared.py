"""What the certificate of a prepared state proves: eigenvalues of reduced states, and an observable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.finite_blocklength.converses.checker.reading import (
    CertificateError,
    ComplexArray,
    FloatArray,
    array,
    field,
    hermitian,
    integer,
    listed,
    vector,
)

MAX_CASES = 4096
MAX_QUBITS = 12
MAX_MIXED = 8
PRODUCT = 1e-6


@dataclass(frozen=True)
class Proved:
    """What a certificate proves.

    Attributes:
        fidelity: no state has more; of one case where cases are parts of one circuit.
        all_parts: no state has more in all parts together.
        trace_norm: no state has less.
        reached: whether some state has this fidelity.
    """

    fidelity: float
    all_parts: float
    trace_norm: float
    reached: bool


@dataclass(frozen=True, eq=False)
class _Case:
    probability: float
    fidelity: float
    trace_norm: float
    bipartite: ComplexArray | None
    product: bool
    cell: tuple[int, int] | None


def prepared_value(certificate: Any, where: str) -> Proved:
    """Return what a certificate proves.

    Raises:
        CertificateError: when it cannot be read.
    """
    parts = field(certificate, "parts", where)
    if not isinstance(parts, bool):
        raise CertificateError(f"{where}.parts: allowed are true and false")
    cases = [
        _case(one, f"{where}.cases") for one in listed(field(certificate, "cases", where), where, MAX_CASES)
    ]
    if not cases or (not parts and abs(math.fsum(c.probability for c in cases) - 1) > 1e-6):
        raise CertificateError(f"{where}.cases: allowed are cases of total probability 1")
    if parts:
        return Proved(
            fidelity=min(c.fidelity for c in cases),
            all_parts=math.prod(c.fidelity for c in cases),
            trace_norm=max(c.trace_norm for c in cases),
            reached=all(c.bipartite is not None for c in cases),
        )
    mean = math.fsum(c.probability * c.fidelity for c in cases)
    return Proved(
        fidelity=mean,
        all_parts=mean,
        trace_norm=math.fsum(c.probability * c.trace_norm for c in cases),
        reached=cases[0].product if len(cases) == 1 and cases[0].bipartite is None else _one_state(cases),
    )


def _case(data: Any, where: str) -> _Case:
    qubits = integer(field(data, "qubits", where), f"{where}.qubits", 1, MAX_QUBITS)
    probability = float(array(field(data, "probability", where), f"{where}.probability"))
    if not 0 <= probability <= 1 + 1e-9:
        raise CertificateError(f"{where}.probability: allowed are 0 to 1")
    together = field(data, "together", where)
    if not isinstance(together, bool):
        raise CertificateError(f"{where}.together: allowed are true and false")
    cuts = listed(field(data, "cuts", where), f"{where}.cuts", 12)
    sides = [_side(cut, qubits, f"{where}.cuts") for cut in cuts]
    ranks = [integer(field(cut, "rank", where), f"{where}.cuts.rank", 1, 2**40) for cut in cuts]
    if together and any(set(a) & set(b) for k, a in enumerate(sides) for b in sides[:k]):
        raise CertificateError(f"{where}.cuts: allowed are senders that share no qubit")
    if "ket" not in data:
        if qubits > MAX_MIXED:
            raise CertificateError(f"{where}.qubits: allowed are at most {MAX_MIXED} of a mixed state")
        density = hermitian(field(data, "density", where), f"{where}.density", 2**qubits)
        norms = [
            _mixed(density, cut, side, rank, qubits, where)
            for cut, side, rank in zip(cuts, sides, ranks, strict=True)
        ]
        return _Case(probability, 1.0, max(norms, default=0.0), None, False, None)
    ket = vector(data["ket"], f"{where}.ket", 2**qubits)
    if abs(np.linalg.norm(ket) - 1) > 1e-6:
        raise CertificateError(f"{where}.ket: allowed are unit vectors")
    ket = ket / np.linalg.norm(ket)
    kept, norms = [], []
    for cut, side, rank in zip(cuts, sides, ranks, strict=True):
        p = _eigenvalues(ket, side, qubits)
        kept.append(min(1.0, float(p[:rank].sum())))
        norms.append(_observable(p, rank, field(cut, "w", where), where))
    bound = math.prod(kept) if together else min(kept, default=1.0)
    bipartite = None
    if cuts and not together and all(set(s) in (set(sides[0]), _rest(sides[0], qubits)) for s in sides):
        bipartite = _matrix(ket, sides[0], qubits)
    product = together and _is_product(ket, sides, qubits)
    return _Case(probability, bound, max(norms, default=0.0), bipartite, product, _cell(data, where))


def _side(cut: Any, qubits: int, where: str) -> tuple[int, ...]:
    side = [
        integer(q, f"{where}.side", 0, qubits - 1) for q in listed(field(cut, "side", where), where, qubits)
    ]
    if len(set(side)) != len(side):
        raise CertificateError(f"{where}.side: allowed are different qubits")
    return tuple(side)


def _rest(side: tuple[int, ...], qubits: int) -> set[int]:
    return set(range(qubits)) - set(side)


def _matrix(ket: ComplexArray, side: tuple[int, ...], qubits: int) -> ComplexArray:
    order = [*side, *sorted(_rest(side, qubits))]
    return np.asarray(np.transpose(ket.reshape([2] * qubits), order).reshape(2 ** len(side), -1))


def _eigenvalues(ket: ComplexArray, side: tuple[int, ...], qubits: int) -> FloatArray:
    """Return the eigenvalues of the smaller reduced state, largest first."""
    matrix = _matrix(ket, side, qubits)
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    return np.clip(np.linalg.eigvalsh(matrix @ matrix.conj().T)[::-1], 0, None)


def _observable(p: FloatArray, rank: int, given: Any, where: str) -> float:
    """Return twice (w.v)^2 less the `rank` largest w^2, v the roots of the eigenvalues: two sums."""
    w = array(given, f"{where}.cuts.w", None)
    size = min(len(p), len(w))
    norm = float((w**2).sum())
    if norm < 1e-9 or np.abs(w[size:]).sum() > 0:
        raise CertificateError(f"{where}.cuts.w: allowed are weights, one an eigenvalue")
    seen = float(w[:size] @ np.sqrt(p[:size])) ** 2
    return max(0.0, 2 * (seen - float(np.sort(w**2)[::-1][:rank].sum())) / norm)


def _mixed(
    density: ComplexArray, cut: Any, side: tuple[int, ...], rank: int, qubits: int, where: str
) -> float:
    """Return twice <phi|omega|phi> less the `rank` largest coefficients of phi."""
    if np.linalg.eigvalsh(density)[0] < -1e-7 or abs(np.trace(density).real - 1) > 1e-6:
        raise CertificateError(f"{where}.density: allowed are density matrices")
    phi = vector(field(cut, "phi", where), f"{where}.cuts.phi", 2**qubits)
    norm = float(np.linalg.norm(phi))
    if norm < 1e-6:
        raise CertificateError(f"{where}.cuts.phi: allowed are vectors that are not 0")
    phi = phi / norm
    most = float(_eigenvalues(phi, side, qubits)[:rank].sum())
    return max(0.0, 2 * (float((phi.conj() @ density @ phi).real) - most))


def _is_product(ket: ComplexArray, sides: list[tuple[int, ...]], qubits: int) -> bool:
    """Return whether the senders are uncorrelated: then the state is a pair of each, up to an isometry."""
    order = [q for side in sides for q in side]
    own = [_matrix(ket, side, qubits) for side in sides]
    together = _matrix(ket, tuple(order), qubits)
    product = np.ones((1, 1), dtype=complex)
    for matrix in own:
        product = np.kron(product, matrix @ matrix.conj().T)
    return bool(np.abs(together @ together.conj().T - product).max() < PRODUCT)


def _cell(data: Any, where: str) -> tuple[int, int] | None:
    if "cell" not in data:
        return None
    x, y = array(data["cell"], f"{where}.cell", 2)
    return int(x), int(y)


def _one_state(cases: list[_Case]) -> bool:
    """Return whether all cells are one bipartite state, turned by Bob by his x and by Charlie by his y.

    It is seen where the state has full rank: V_x = M_x0 M_00^-1 and W_y^T = M_00^-1 M_0y must be unitary and
        make
    every cell.
    """
    found = {case.cell: case.bipartite for case in cases if case.bipartite is not None}
    if len(found) != len(cases):
        return False
    if len(cases) == 1:
        return True
    cells = {cell: matrix for cell, matrix in found.items() if cell is not None}
    if len(cells) != len(cases):
        return False
    (x0, y0), start = next(iter(cells.items()))
    if start.shape[0] != start.shape[1] or np.linalg.cond(start) > 1e6:
        return False
    inverse, one = np.linalg.inv(start), np.eye(len(start))
    for (x, y), matrix in cells.items():
        if (x, y0) not in cells or (x0, y) not in cells:
            return False
        v, w = cells[x, y0] @ inverse, inverse @ cells[x0, y]
        made = v @ start @ w
        overlap = complex((made.conj() * matrix).sum())
        phase = overlap / max(abs(overlap), 0.5)
        misses = (v @ v.conj().T - one, w @ w.conj().T - one, made * phase - matrix)
        if max(float(np.abs(miss).max()) for miss in misses) > PRODUCT:
            return False
    return True
