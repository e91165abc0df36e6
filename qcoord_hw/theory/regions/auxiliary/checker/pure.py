"""Answers of the quantum broadcast and the multiple-access network: pure states, and what cannot be made."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np

from qcoord_hw.theory.claims import Findings
from qcoord_hw.theory.regions.auxiliary.checker.dense import (
    dense,
    entropy_of,
    isometry_gap,
    reduced,
    spectrum_entropy,
    tensor_of,
    trace_norm,
)
from qcoord_hw.theory.regions.auxiliary.checker.half_spaces import check_region, settled
from qcoord_hw.theory.regions.auxiliary.checker.reading import complexes, field
from qcoord_hw.theory.regions.auxiliary.checker.reduction import State
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes

TOLERANCE = 1e-9
PURE = 2e-9
FIT = 1e-7
"""Distance of unit vectors up to which a state counts as made."""

DIFFERENT = 1e-8
"""Trace distance above which two states are not the same."""

RATES = ("Q1", "Q2")
Cell = tuple[int, int]


def check_multiple_access(f: Findings, state: State) -> None:
    """Check an answer of the multiple-access network.

    Raises:
        InputError: when a field is missing or malformed.
        LookupError: when a claim is missing.
    """
    target, sizes = dense(state, "ABC")
    values, vectors = np.linalg.eigh((target + target.conj().T) / 2)
    if values[-1] < 1 - PURE:
        f.equal(("status",), "not_covered")
        f.equal(("details",), {})
        f.equal(("criteria",), {})
        return
    if values[-1] < 1 - PURE / 4 and f.get("status") == "not_covered":  # too near to pure to tell
        f.equal(("details",), {})
        f.equal(("criteria",), {})
        f.confirm("status")
        return
    ket = vectors[:, -1].reshape(sizes)
    details = f.get("details")
    figures = ("root_fidelity", "trace_distance", "V", "phi", "chi", "distance")
    if not isinstance(details, dict) or set(details) != set(figures):
        f.wrong(("details",), f"not {', '.join(figures)}")
        return
    own = reduced(target, sizes, (0,)), reduced(target, sizes, (1,))
    gap = trace_norm(reduced(target, sizes, (0, 1)) - np.kron(*own)) / 2
    f.close(("details", "trace_distance"), gap, TOLERANCE)
    # |<phi chi|psi>| up to an isometry of C, with any purifications phi and chi.
    overlap = np.einsum("xa,yb,abc->xyc", _root(own[0]), _root(own[1]), ket)
    fidelity = float(np.linalg.svd(overlap.reshape(-1, sizes[2]), compute_uv=False).sum())
    f.close(("details", "root_fidelity"), min(1.0, fidelity), TOLERANCE)
    if f.get("status") == "infeasible":
        # A and B never meet: where their state is no product nothing makes it, whatever V is printed.
        f.equal(("criteria",), {})
        apart = 1 - min(1.0, fidelity) > FIT**2 / 10
        f.require(apart, ("status",), "A and B are in a product as far as can be told")
        return
    phi, chi = (tensor_of(details[name], f"details.{name}", 2) for name in ("phi", "chi"))
    for name, columns, rho in (("phi", phi, own[0]), ("chi", chi, own[1])):
        fits = len(columns) == len(rho) and trace_norm(columns @ columns.conj().T - rho) <= 4 * TOLERANCE
        f.require(fits, ("details", name), "is no purification of its system")
        if not fits:
            return
    shape = (phi.shape[1], chi.shape[1], sizes[2])
    v = complexes(field(details, "V", "details"), "details.V", shape)
    singular = np.linalg.svd(v.reshape(-1, sizes[2]), compute_uv=False)
    rank = np.minimum(np.abs(singular), np.abs(singular - 1)).max()
    f.require(bool(rank <= TOLERANCE), ("details", "V"), "is no partial isometry")
    pairs = np.einsum("ai,bj->aibj", phi, chi)
    made = np.einsum("ijc,abc->aibj", v, ket)
    distance = _distance(made, pairs)
    f.close(("details", "distance"), distance, TOLERANCE * 10)
    f.equal(("status",), "feasible")
    f.require(distance <= FIT, ("details", "distance"), "V does not take the target to two pairs")
    halves = [
        settled(spectrum_entropy(np.linalg.eigvalsh(rho)), "Theorem 9, eq. (67)", rate)
        for rho, rate in zip(own, RATES, strict=True)
    ]
    check_region(f, ("criteria", "theorem"), RATES, halves)
    f.require(set(f.get("criteria")) == {"theorem"}, ("criteria",), "other criteria than the theorem")


def _root(rho: Complexes) -> Complexes:
    """Return the square root of a density matrix: of its eigenvalues above rounding."""
    values, vectors = np.linalg.eigh((rho + rho.conj().T) / 2)
    return np.asarray((vectors * np.sqrt(np.where(values > 1e-15, values, 0))) @ vectors.conj().T)


def check_broadcast(f: Findings, state: State) -> None:
    """Check an answer of the quantum broadcast network.

    What the paper's own map makes of the state, a comparison, is not rechecked; nor are unitaries that do not
    make it, nor which of several cells fits worst.

    Raises:
        InputError: when a field is missing or malformed.
        LookupError: when a claim is missing.
    """
    cells, sizes = _cells(state)
    formula = {"H(B|X)": ("B", "X"), "H(C|Y)": ("C", "Y")}
    value = {}
    for name, (system, letter) in formula.items():
        value[name] = max(0.0, entropy_of(state, (system, letter)) - entropy_of(state, letter))
        f.close(("details", "formula", name), value[name], TOLERANCE)
    f.require(set(f.get("details", "formula")) == set(formula), ("details", "formula"), "other formulas")
    kets: dict[Cell, Complexes] = {}
    for cell, density in cells.items():
        values, vectors = np.linalg.eigh((density + density.conj().T) / 2)
        if values[-1] >= 1 - PURE:
            kets[cell] = vectors[:, -1].reshape(sizes)
    pure = len(kets) == len(cells)
    status = f.get("status")
    if status == "feasible":
        fits = pure and _check_unitaries(f, kets)
        f.require(fits, ("status",), "local unitaries do not make all cells from one")
        halves = [
            settled(value[name], "Theorem 8, eq. (57)", rate)
            for name, rate in zip(formula, RATES, strict=True)
        ]
        check_region(f, ("criteria", "theorem"), RATES, halves)
        f.require(set(f.get("criteria")) == {"theorem"}, ("criteria",), "other criteria than the theorem")
        return
    f.equal(("criteria",), {})
    if status == "infeasible":
        impossible = _impossible(cells, sizes) or (pure and _twisted(kets))
        f.require(impossible, ("status",), "no condition that the ensemble breaks was found")
    else:
        f.equal(("status",), "undetermined" if pure else "not_covered")


def _cells(state: State) -> tuple[dict[Cell, Complexes], tuple[int, int, int]]:
    """Return the density matrix of A, B and C for each pair of letters that occurs."""
    axes = [state.classical.index(name) if name in state.classical else None for name in "XY"]
    shape = [1 if axis is None else state.letters[axis] for axis in axes]
    cells: dict[Cell, Complexes] = {}
    sizes = (1, 1, 1)
    classical = tuple(name for name in state.classical if name not in "XY")
    for x, y in np.ndindex(*shape):
        index: list[slice | int] = [slice(None)] * state.tensor.ndim
        for axis, letter in zip(axes, (x, y), strict=True):
            if axis is not None:
                index[axis] = letter
        part = State(classical, state.quantum, state.tensor[tuple(index)])
        density, found = dense(part, "ABC")
        weight = float(np.trace(density).real)
        if weight > 0:
            cells[x, y] = density / weight
            sizes = (found[0], found[1], found[2])
    return cells, sizes


def _check_unitaries(f: Findings, kets: Mapping[Cell, Complexes]) -> bool:
    """Check the local unitaries that are printed; return whether they make all cells from the reference."""
    where = ("details", "local_unitaries")
    found = f.get(*where)
    x0, y0 = next(iter(kets))
    sizes = kets[x0, y0].shape
    f.equal((*where, "reference"), [x0, y0])
    turns: list[dict[int, Complexes]] = []
    for name, size, letters in (
        ("V", sizes[1], {x for x, _ in kets}),
        ("W", sizes[2], {y for _, y in kets}),
    ):
        listed = f.get(*where, name)
        if not isinstance(listed, dict) or set(listed) != set(map(str, letters)):
            f.wrong((*where, name), f"not one for each letter {sorted(letters)}")
            return False
        own = {}
        for letter in letters:
            text = f"details.local_unitaries.{name}.{letter}"
            own[letter] = complexes(listed[str(letter)], text, (size, size))
            f.require(isometry_gap(own[letter]) <= TOLERANCE, (*where, name, str(letter)), "not unitary")
        turns.append(own)
    distances = {
        (x, y): _distance(np.einsum("jb,kc,abc->ajk", turns[0][x], turns[1][y], kets[x0, y0]), ket)
        for (x, y), ket in kets.items()
    }
    worst = max(distances.values())
    f.close((*where, "distance"), worst, 10 * TOLERANCE)
    if not isinstance(found, dict) or set(found) != {"V", "W", "reference", "worst", "distance"}:
        f.wrong(where, "other fields than V, W, reference, worst and distance")
    named = f.get(*where, "worst")
    if not (isinstance(named, list) and any(named == list(cell) for cell in kets)):
        f.wrong((*where, "worst"), "is no cell")
    elif not distances[named[0], named[1]] >= worst - FIT:
        f.wrong((*where, "worst"), "another cell fits worse")
    return worst <= FIT


def _distance(one: Complexes, other: Complexes) -> float:
    """Return the distance of two vectors, least over a phase."""
    overlap = np.vdot(one, other)
    phase = overlap / abs(overlap) if abs(overlap) > 0 else 1.0
    return float(np.linalg.norm(other - phase * one))


def _impossible(cells: Mapping[Cell, Complexes], sizes: tuple[int, int, int]) -> bool:
    """Return whether the ensemble signals, clones, or has correlators that no quantum state has."""
    for keep, same in (((0,), lambda c: 0), ((0, 1), lambda c: c[0]), ((0, 2), lambda c: c[1])):
        parts = [(same(cell), reduced(density, sizes, keep)) for cell, density in cells.items()]
        for (one, a), (two, b) in itertools.combinations(parts, 2):
            if one == two and trace_norm(a - b) / 2 > DIFFERENT:
                return True
    rows, columns = (
        [
            spectrum_entropy(np.linalg.eigvalsh(reduced(density, sizes, (0, i))))
            - spectrum_entropy(np.linalg.eigvalsh(reduced(density, sizes, (i,))))
            for density in cells.values()
        ]
        for i in (1, 2)
    )
    return min(rows) + min(columns) < -TOLERANCE or _no_quantum_box(cells, sizes)


def _no_quantum_box(cells: Mapping[Cell, Complexes], sizes: tuple[int, int, int]) -> bool:
    """Return whether classical answers break |sum of three arcsines less a fourth| <= pi [Masanes2003]."""
    if any(np.abs(d - np.diag(np.diagonal(d))).max() > TOLERANCE for d in cells.values()):
        return False
    tables = {cell: np.diagonal(d).real.reshape(sizes) for cell, d in cells.items()}
    signs = [_signs(size) for size in sizes[1:]]
    for (x, y), (u, v) in itertools.product(tables, repeat=2):
        corners = [(x, y), (x, v), (u, y), (u, v)]
        if x >= u or y == v or any(cell not in tables for cell in corners):
            continue
        for a in range(sizes[0]):
            weights = [tables[cell][a].sum() for cell in corners]
            if min(weights) < 1e-6:
                continue
            boxes = [tables[cell][a] / w for cell, w in zip(corners, weights, strict=True)]
            angles = [
                np.arcsin(np.clip(np.einsum("sb,bc,tc->st", signs[0], box, signs[1]), -1, 1)) for box in boxes
            ]
            # The first two share Bob's answers s, the last two u; first and third share Charlie's t.
            total = (
                angles[0][:, None, :, None]
                + angles[1][:, None, None, :]
                + angles[2][None, :, :, None]
                - angles[3][None, :, None, :]
            )
            if float(np.abs(total).max()) > math.pi + TOLERANCE:
                return True
    return False


def _signs(answers: int) -> Complexes:
    """Return ways to call answers +1 or -1, shape (K, answers); with each its opposite."""
    if answers > 5:
        return np.vstack([1 - 2 * np.eye(answers), 2 * np.eye(answers) - 1])
    return np.array(list(itertools.product((1.0, -1.0), repeat=answers)))


def _twisted(kets: Mapping[Cell, Complexes]) -> bool:
    """Return whether cells that rows and columns connect are not one state up to local unitaries.

    From one cell to another of its column only Bob acts, and his unitary is the polar factor of their
    overlap, unique on the support up to a phase; in a row it is Charlie's. So the unitaries that spread from
    one cell have to fit all cells that are reached, or none do.
    """
    left = dict(kets)
    while left:
        start, base = next(iter(left.items()))
        bob, charlie = {start[0]: np.eye(base.shape[1])}, {start[1]: np.eye(base.shape[2])}
        grown = True
        while grown:
            grown = False
            for (x, y), ket in left.items():
                if (x in bob) == (y in charlie):
                    continue
                grown = True
                if x in bob:
                    source = np.einsum("jb,abc->ajc", bob[x], base)
                    charlie[y] = _polar(np.einsum("abc,abk->kc", source.conj(), ket))
                else:
                    source = np.einsum("kc,abc->abk", charlie[y], base)
                    bob[x] = _polar(np.einsum("abc,ajc->jb", source.conj(), ket))
        for x, y in [cell for cell in left if cell[0] in bob]:
            turned = np.einsum("jb,kc,abc->ajk", bob[x], charlie[y], base)
            if _distance(turned, left.pop((x, y))) > FIT:
                return True
    return False


def _polar(matrix: Complexes) -> Complexes:
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right)
