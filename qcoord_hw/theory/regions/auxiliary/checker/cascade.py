"""Answers of the cascade network and of two nodes with a qubit link: entropies, local parts, one-shot codes.

What is to be believed is recomputed from the target in the certificate:

- the entropies, and with them the inequalities of Theorem 6 and the necessary ones;
- that the core becomes the target by maps of each party by itself, so that whatever makes it is enough;
- the regions of Corollary 7 for the purification of the core, held by each party in turn;
- each one-shot code, from its maps: each acts on what its party holds, and the output is the target;
- what the measurements find and the codebook costs (`links`), and the terms of every constraint (`terms`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qcoord_hw.theory.claims import Findings
from qcoord_hw.theory.regions.auxiliary.checker.dense import (
    LARGEST,
    dense,
    entropy_of,
    isometry_gap,
    reduced,
    spectrum_entropy,
    subsets,
    tensor_of,
    trace_norm,
)
from qcoord_hw.theory.regions.auxiliary.checker.half_spaces import (
    Half,
    check_hull,
    check_region,
    settled,
)
from qcoord_hw.theory.regions.auxiliary.checker.links import (
    Known,
    ProvedCodebook,
    check_codebook,
    check_measurements,
)
from qcoord_hw.theory.regions.auxiliary.checker.reading import (
    complexes,
    field,
    integer,
    items,
    numbers,
    refuse,
)
from qcoord_hw.theory.regions.auxiliary.checker.reduction import State
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes, Floats

TOLERANCE = 1e-9
RATES = ("Q1", "E1", "Q2", "E2")
HOLDERS = ("Alice", "Bob", "Charlie")
MOST_SCHEMES = 24
MOST_PRODUCTS = 200_000_000
"""Products of complex numbers in the simulation of a code at most."""

RANK = 1e-14
"""Eigenvalues below this are 0."""


def check_cascade(f: Findings, state: State) -> Known:
    """Check an answer of the cascade network; return what terms may name beside entropies of the target.

    Raises:
        InputError: when a field of the certificate is missing or malformed.
        LookupError: when a claim is missing.
    """
    target, sizes = dense(state, "ABC")
    f.equal(("status",), "feasible")
    h = {s: entropy_of(state, s) for s in subsets("ABC")}
    _check_entropies(f, h)
    core, small = _core(f, target, sizes, "ABC")
    reached = _check_core_regions(f, core, small)
    codes = _check_schemes(f, target, sizes)
    codebook = check_codebook(f, state)
    reached += codes + ([] if codebook is None else _codebook_points(codebook))
    measured, seen = check_measurements(f, target, sizes, {"A:BC": 1, "AB:C": 2})
    theorem, necessary = "Theorem 6", "Definition 4: I(sender; receiver)"
    check_region(
        f,
        ("criteria", "redistribution"),
        RATES,
        [
            settled((h["BC"] + h["ABC"] - h["A"]) / 2, theorem, "Q1"),
            settled(h["BC"], theorem, "Q1", "E1"),
            settled((h["C"] + h["BC"] - h["B"]) / 2, theorem, "Q2"),
            settled(h["C"], theorem, "Q2", "E2"),
        ],
    )
    bounds = (
        (("Q1", "E1"), measured.get("A:BC", (h["A"] + h["BC"] - h["ABC"]) / 2)),
        (("Q2",), (h["A"] + h["C"] - h["AC"]) / 2),
        (("Q2", "E2"), measured.get("AB:C", (h["AB"] + h["C"] - h["ABC"]) / 2)),
    )
    points = np.array(reached)
    halves = []
    for rates, value in bounds:
        least = float(points[:, [RATES.index(r) for r in rates]].sum(axis=1).min())
        halves.append(Half(rates, max(0.0, value), max(0.0, value), least, necessary))
    outer = check_region(f, ("criteria", "generation_outer"), RATES, halves)
    check_hull(f, ("criteria", "generation_inner"), RATES, points, outer, "achievable for Definition 4")
    if set(f.get("criteria")) != {"redistribution", "generation_inner", "generation_outer"}:
        f.wrong(("criteria",), "other criteria than the three of this network")
    known = seen | _of_core(_core_entropies(core, small, "ABC"))
    known |= {} if codebook is None else codebook.known
    for k, code in enumerate(codes):
        sizes_of = zip(("M1", "T_A", "M2", "T_C"), code, strict=True)
        known |= {f"log2 |{name}| of code {k}": float(rate) for name, rate in sizes_of}
    return known


def _codebook_points(codebook: ProvedCodebook) -> list[Floats]:
    """Return the corners of Q1 + E1 >= C, Q2 >= C/2, Q2 + E2 >= C, less what parties need that work alone."""
    c, alice, charlie = codebook.rate, "A" in codebook.parties, "C" in codebook.parties
    first = ((c, 0.0), (0.0, c)) if alice else ((0.0, 0.0),)
    second = ((c, 0.0), (c / 2, c / 2) if alice else (0.0, c)) if charlie else ((0.0, 0.0),)
    return [np.array((*one, *two)) for one in first for two in second]


def _of_core(entropies: dict[str, float]) -> Known:
    return {f"S({systems}) of the core": value for systems, value in entropies.items()}


def _core_entropies(core: Complexes, sizes: tuple[int, ...], names: str) -> dict[str, float]:
    """Return the entropies of all sets of systems of the core."""
    return {
        s: spectrum_entropy(np.linalg.eigvalsh(reduced(core, sizes, [names.index(name) for name in s])))
        for s in subsets(names)
    }


def check_two_node(f: Findings, state: State) -> Known:
    """Check an answer of two nodes with a qubit link, of systems A and B; return as `check_cascade`.

    Raises:
        InputError: when a field of the certificate is missing or malformed.
        LookupError: when a claim is missing.
    """
    target, sizes = dense(state, "AB")
    f.equal(("status",), "feasible")
    h = {s: entropy_of(state, s) for s in subsets("AB")}
    _check_entropies(f, h)
    core, small = _core(f, target, sizes, "AB")
    half = max(0.0, (h["A"] + h["B"] - h["AB"]) / 2)
    codebook = check_codebook(f, state)
    measured, seen = check_measurements(f, target, sizes, {"A:B": 1})
    ends = _core_entropies(core, small, "AB")
    if h["AB"] < TOLERANCE:
        needed = settled(h["B"], "Figure 2]: Schumacher compression", "Q")
    else:
        upper = min(h["A"], h["B"], ends["A"], ends["B"])
        upper = upper if codebook is None else min(upper, codebook.rate)
        lower = min(upper, measured.get("A:B", half))
        words = "lower: I(A;B) once either side is measured" if measured else "lower: I(A;B)/2"
        needed = Half(("Q",), upper, lower, upper, words)
    check_region(f, ("criteria", "no_entanglement"), ("Q",), [needed])
    assisted = settled(half, "quantum reverse Shannon theorem", "Q")
    check_region(f, ("criteria", "entanglement_assisted"), ("Q",), [assisted])
    if set(f.get("criteria")) != {"no_entanglement", "entanglement_assisted"}:
        f.wrong(("criteria",), "other criteria than the two of this network")
    return seen | _of_core(ends) | ({} if codebook is None else codebook.known)


def _check_entropies(f: Findings, h: dict[str, float]) -> None:
    if set(f.get("details", "entropies")) != set(h):
        f.wrong(("details", "entropies"), f"not those of {', '.join(h)}")
    for name, value in h.items():
        f.close(("details", "entropies", name), value, TOLERANCE)


def _core(
    f: Findings, target: Complexes, sizes: tuple[int, ...], names: str
) -> tuple[Complexes, tuple[int, ...]]:
    """Return the core of the certificate and its dimensions, proved to become the target locally."""
    where = "certificate.core"
    data = field(f.get("certificate"), "core", "certificate")
    small = tuple(
        integer(d, f"{where}.dimensions[{i}]", 1, sizes[i] if i < len(sizes) else 1)
        for i, d in enumerate(items(field(data, "dimensions", where), f"{where}.dimensions"))
    )
    if len(small) != len(sizes):
        raise refuse(f"{where}.dimensions", list(small), f"{len(sizes)} dimensions")
    whole = math.prod(small)
    core = complexes(field(data, "density", where), f"{where}.density", (whole, whole))
    made, at = core, list(small)
    maps = items(field(data, "recover", where), f"{where}.recover")
    if len(maps) != len(sizes):
        raise refuse(f"{where}.recover", len(maps), f"{len(sizes)} maps")
    for i, one in enumerate(maps):
        place = f"{where}.recover[{i}]"
        isometry = tensor_of(one, place, 3)
        d, environment, s = isometry.shape
        if (d, s) != (sizes[i], small[i]) or environment > d:
            raise refuse(place, list(isometry.shape), f"a map from {small[i]} to {sizes[i]} dimensions")
        if not isometry_gap(isometry.reshape(-1, s)) <= TOLERANCE:
            f.wrong(("certificate", "core", "recover", i), "not an isometry")
        made = _by_party(made, at, i, isometry)
        at[i] = d
    if not trace_norm(made - target) <= 2 * TOLERANCE:
        f.wrong(("certificate", "core"), "its parties' maps do not make the target of it")
    if not float(np.linalg.eigvalsh((core + core.conj().T) / 2)[0]) >= -TOLERANCE:
        f.wrong(("certificate", "core", "density"), "has an eigenvalue below 0")
    if not float(np.abs(core - core.conj().T).max()) <= TOLERANCE:
        f.wrong(("certificate", "core", "density"), "not Hermitian")
    if set(f.get("details", "core_dimensions")) != set(names):
        f.wrong(("details", "core_dimensions"), f"not those of {', '.join(names)}")
    for name, d in zip(names, small, strict=True):
        f.equal(("details", "core_dimensions", name), d)
    return core, small


def _by_party(density: Complexes, sizes: list[int], i: int, isometry: Complexes) -> Complexes:
    """Return what a density matrix becomes by a map (original, environment, small) of system i."""
    before, own, after = math.prod(sizes[:i]), sizes[i], math.prod(sizes[i + 1 :])
    tensor = density.reshape(before, own, after, before, own, after)
    d = isometry.shape[0]
    out = np.zeros((before, d, after, before, d, after), dtype=complex)
    for e in range(isometry.shape[1]):
        kraus = isometry[:, e, :]
        left = np.moveaxis(np.tensordot(kraus, tensor, axes=(1, 1)), 0, 1)
        out += np.moveaxis(np.tensordot(left, kraus.conj(), axes=(4, 1)), -1, 4)
    return out.reshape(before * d * after, before * d * after)


def _check_core_regions(f: Findings, core: Complexes, sizes: tuple[int, ...]) -> list[Floats]:
    """Check Corollary 7 for the purification of the core at each party; return the corners."""
    values, vectors = np.linalg.eigh((core + core.conj().T) / 2)
    keep = values > RANK
    ket = (vectors[:, keep] * np.sqrt(values[keep])).reshape(*sizes, -1)
    regions = f.get("details", "purifier_regions")
    if not isinstance(regions, dict) or set(regions) != set(HOLDERS):
        f.wrong(("details", "purifier_regions"), f"not those of {', '.join(HOLDERS)}")
        raise LookupError("details.purifier_regions: missing")
    corners: list[Floats] = []
    for i, holder in enumerate(HOLDERS):
        tensor = np.moveaxis(ket, -1, i + 1)
        wide = list(sizes)
        wide[i] *= ket.shape[-1]
        a, b, c = (_cut_entropy(tensor.reshape(wide), k) for k in range(3))
        cites = f"Corollary 7] with the purifier at {holder}"
        path = ("details", "purifier_regions", holder)
        corners += list(
            check_region(
                f,
                path,
                RATES,
                [
                    settled(a, cites, "Q1", "E1"),
                    settled((a + c - b) / 2, cites, "Q2"),
                    settled(c, cites, "Q2", "E2"),
                ],
            )
        )
    return corners


def _cut_entropy(ket: Complexes, i: int) -> float:
    """Return the entropy of one system of a pure state of three."""
    matrix = np.moveaxis(ket, i, 0).reshape(ket.shape[i], -1)
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    return spectrum_entropy(np.linalg.eigvalsh(matrix @ matrix.conj().T))


def _check_schemes(f: Findings, target: Complexes, sizes: tuple[int, ...]) -> list[Floats]:
    """Check the one-shot codes: simulate each from its maps; return their rates."""
    listed, maps = f.get("details", "schemes"), field(f.get("certificate"), "schemes", "certificate")
    if (
        not isinstance(listed, list)
        or not isinstance(maps, list)
        or not len(listed) == len(maps) <= MOST_SCHEMES
    ):
        raise LookupError("details.schemes: not as many as in the certificate")
    reached = []
    for k in range(len(maps)):
        output, rates = _simulated(maps[k], f"certificate.schemes[{k}]", sizes)
        path = ("details", "schemes", k)
        for name, value in zip(RATES, rates, strict=True):
            f.close((*path, "rates", name), value, TOLERANCE)
        if set(f.get(*path)) != {"name", "rates", "trace_norm"} or set(f.get(*path, "rates")) != set(RATES):
            f.wrong(path, "other fields than name, rates and trace_norm")
        error = trace_norm(output - target)
        f.close((*path, "trace_norm"), error, TOLERANCE)
        if not error <= 2 * TOLERANCE:
            f.wrong(path, f"its code misses the target by {error:.3g} in trace norm")
        f.require(isinstance(f.get(*path, "name"), str), (*path, "name"), "not text")
        reached.append(np.array(rates))
    f.confirm("details", "schemes")
    return reached


def _simulated(data: Any, where: str, sizes: tuple[int, ...]) -> tuple[Complexes, list[float]]:
    """Return what a code makes, and the logarithms of the dimensions of M1, T_A, M2 and T_C.

    Axes of the maps: alice (A, M1, environment, T_A), bob (B, M2, environment, M1, T_B', T_B''), charlie
    (C, environment, M2, T_C).
    """
    alice, bob, charlie = (
        tensor_of(field(data, name, where), f"{where}.{name}", axes)
        for name, axes in (("alice", 4), ("bob", 6), ("charlie", 4))
    )
    a, m1, e, ta = alice.shape
    b, m2, g, n1, tb1, tb2 = bob.shape
    c, k, n2, tc = charlie.shape
    if (a, b, c) != sizes or (m1, m2, ta, tc) != (n1, n2, tb1, tb2):
        raise refuse(where, [alice.shape, bob.shape, charlie.shape], "maps that fit together and the target")
    if a * b * c > LARGEST or (a * b * c) ** 2 * e * g * k > MOST_PRODUCTS:
        raise refuse(where, [e, g, k], "smaller environments")
    gaps = {
        "alice": isometry_gap(alice.reshape(-1, ta)),
        "bob": isometry_gap(bob.reshape(b * m2 * g, -1)),
        "charlie": isometry_gap(charlie.reshape(c * k, -1)),
    }
    for name, gap in gaps.items():
        if not gap <= TOLERANCE:
            raise refuse(f"{where}.{name}", gap, "an isometry")
    spectra = items(field(data, "resources", where), f"{where}.resources")
    if len(spectra) != 2:
        raise refuse(f"{where}.resources", spectra, "two lists of Schmidt coefficients")
    one, two = (
        numbers(s, f"{where}.resources[{i}]", (size,))
        for i, (s, size) in enumerate(zip(spectra, (ta, tc), strict=True))
    )
    for i, spectrum in enumerate((one, two)):
        if not abs(float((spectrum**2).sum()) - 1) <= TOLERANCE:
            raise refuse(f"{where}.resources[{i}]", spectrum.tolist(), "the coefficients of a unit vector")
    # Alice's map on her half, then Bob's on M1, his half of hers and of Charlie's; axes A e | B M2 g | T_C.
    state = np.tensordot(alice * one, bob, axes=((1, 3), (3, 4)))
    # Charlie's map on M2 and his half: axes A e B g | C k.
    state = np.tensordot(state * two, charlie, axes=((3, 5), (2, 3)))
    matrix = state.transpose(0, 2, 4, 1, 3, 5).reshape(a * b * c, -1)
    return np.asarray(matrix @ matrix.conj().T), [math.log2(d) for d in (m1, ta, m2, tc)]
