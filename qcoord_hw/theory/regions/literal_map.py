"""What the map (169)-(171) of [NatorPereg] makes of an ensemble, for comparison with the target.

Its single-letter limit: Alice makes the average state of A, B and C, draws a fresh x~ ~ p_X, measures B in
the eigenbasis psi_{x~,z} of sigma_B^{x~} and sends z; Bob prepares psi_{x,z}. The same for Charlie. It
measures and prepares, so no entanglement of B or C with anything is left (`docs/errata.md`).
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from qcoord_hw.theory.information import partial_trace, trace_norm
from qcoord_hw.theory.regions.cells import Cells

ComplexArray = npt.NDArray[np.complex128]

MAX_WORK = 500_000_000
"""Entries of the density matrices of all cells times their dimension; above this the map is left out."""

FLAT = 1e-9
"""Eigenvalues closer than this are equal."""

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def literal_map(cells: Cells) -> dict[str, Any] | None:
    """Return how far the map's output is from the target; None where this takes too long.

    Eigenvectors are numbered by falling eigenvalue. In a degenerate eigenspace, where the paper leaves the
    basis open, it is the one nearest to the computational basis.

    Returns:
        `trace_norm` of the difference of the two ensembles. `chsh`, by pair of qubits ("AB", "AC", "BC"), the
        win probability of target and output: the mean over the cells of the best over local measurements
        [Horodecki1995]. `game`, if X, Y, B and C are bits and the answers classical, the win probability of
        CHSH, b + c = xy mod 2, of target and output.
    """
    if cells.densities.size * cells.densities.shape[-1] > MAX_WORK:
        return None
    output = _output(cells)
    distance = sum(
        p * trace_norm(o - t) for p, o, t in zip(cells.probabilities, output, cells.densities, strict=True)
    )
    answer: dict[str, Any] = {"trace_norm": float(distance), "chsh": {}}
    made = Cells(cells.letters, cells.probabilities, output, cells.dimensions)
    for pair in ("AB", "AC", "BC"):
        if all(cells.dimensions["ABC".index(s)] == 2 for s in pair):
            answer["chsh"][pair] = {"target": _mean_chsh(cells, pair), "output": _mean_chsh(made, pair)}
    if cells.letters == tuple(itertools.product((0, 1), repeat=2)) and cells.dimensions[1:] == (2, 2):
        off = cells.reduced("BC") * (1 - np.eye(4))
        if np.abs(off).max() < FLAT:
            answer["game"] = {"target": _game(cells), "output": _game(made)}
    return answer


def chsh_win(rho: ComplexArray) -> float:
    """Return the best win probability of CHSH with a state of two qubits, shape (4, 4) [Horodecki1995]."""
    tensor = rho.reshape(2, 2, 2, 2)
    correlations = np.einsum("abcd,ica,jdb->ij", tensor, PAULI, PAULI, optimize=True).real
    singular = np.linalg.svd(correlations, compute_uv=False)
    return float(0.5 + np.hypot(singular[0], singular[1]) / 4)


def _output(cells: Cells) -> ComplexArray:
    """Return the density matrices of the map's output, shape (L, d, d)."""
    a, b, c = cells.dimensions
    target = cells.average("ABC")[0].reshape(a, b, c, a, b, c)
    bases = []
    for system, label in (("B", 0), ("C", 1)):
        bases.append({letter: eigenbasis(rho) for letter, rho in cells.average(system, label).items()})
    shares: list[dict[int, float]] = [{}, {}]
    for cell, p in zip(cells.letters, cells.probabilities, strict=True):
        for share, letter in zip(shares, cell, strict=True):
            share[letter] = share.get(letter, 0.0) + float(p)
    # tr over B and C of the measured z and w: what A has then, with its probability; axes z w a a'.
    seen_b = [np.einsum("bz,dz->zbd", basis.conj(), basis) * shares[0][x] for x, basis in bases[0].items()]
    seen_c = [np.einsum("cw,fw->wcf", basis.conj(), basis) * shares[1][y] for y, basis in bases[1].items()]
    left = np.einsum("zbd,abcedf,wcf->zwae", sum(seen_b), target, sum(seen_c), optimize=True)
    output = []
    for x, y in cells.letters:
        psi, phi = bases[0][x], bases[1][y]
        made = np.einsum("zwae,bz,dz,cw,fw->abcedf", left, psi, psi.conj(), phi, phi.conj(), optimize=True)
        output.append(made.reshape(a * b * c, a * b * c))
    return np.array(output)


def eigenbasis(rho: ComplexArray) -> ComplexArray:
    """Return eigenvectors as columns, by falling eigenvalue; near the computational basis where free."""
    from scipy.linalg import qr  # slow to import

    values, vectors = np.linalg.eigh(rho)
    values, vectors = values[::-1], vectors[:, ::-1]
    spaces = np.split(vectors, np.flatnonzero(-np.diff(values) > FLAT) + 1, axis=1)
    columns = []
    for space in spaces:
        # The columns of the projector that are longest, made orthonormal, in the order of their index.
        projector = space @ space.conj().T
        pivots = np.sort(qr(projector, pivoting=True, mode="r")[1][: space.shape[1]])
        columns.append(np.linalg.qr(projector[:, pivots])[0])
    return np.hstack(columns)


def _mean_chsh(cells: Cells, pair: str) -> float:
    wins = (chsh_win(rho) for rho in cells.reduced(pair))
    return float(sum(p * win for p, win in zip(cells.probabilities, wins, strict=True)))


def _game(cells: Cells) -> float:
    """Return the win probability of CHSH when the letters are the questions and B, C the answers."""
    won = 0.0
    for (x, y), p, density in zip(cells.letters, cells.probabilities, cells.densities, strict=True):
        answers = np.diagonal(partial_trace(density, cells.dimensions, (1, 2))).real.reshape(2, 2)
        won += float(p) * float(sum(answers[k, k ^ (x & y)] for k in (0, 1)))
    return won
