"""What links of qubits need and what suffices for them, beyond entropies: measurements and codebooks.

- A measurement of one side of a link, whose outcomes share I(M(A);B) bits with the other side: Q + E is no
  less (Holevo). Proved again: its elements add up to the identity, and what they find.
- A codebook: a mixture of products that is the target, whose index, of I(all;U) bits, everybody is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcoord_hw.theory.claims import Findings
from qcoord_hw.theory.formats import lacks
from qcoord_hw.theory.regions.auxiliary.checker.dense import (
    entropy_of,
    reduced,
    spectrum_entropy,
    tensor_of,
)
from qcoord_hw.theory.regions.auxiliary.checker.programs import Reduced, read_mixture
from qcoord_hw.theory.regions.auxiliary.checker.reading import field, integer, items, refuse
from qcoord_hw.theory.regions.auxiliary.checker.reduction import State, reduce
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes

TOLERANCE = 1e-9
MOST_OUTCOMES = 4096
NOTHING = 1e-13
"""Outcomes of less probability add nothing."""

Known = dict[str, float]
"""Values in bits by the names that terms of a constraint may have."""


def check_measurements(
    f: Findings, target: Complexes, sizes: tuple[int, ...], cuts: dict[str, int]
) -> tuple[dict[str, float], Known]:
    """Return by cut what its measurement finds, in bits, and the entropies that this is made of.

    Args:
        f: what is found.
        target: density matrix of the parties in order.
        sizes: their dimensions.
        cuts: `A:BC` and the like, with the number of parties on the left; not every one has a measurement.

    Raises:
        InputError: when a measurement is malformed.
    """
    certified = f.get("certificate").get("measurements", {})
    if certified == {} and lacks(f, "details", "measurements"):
        return {}, {}
    told = f.get("details", "measurements")
    if not isinstance(certified, dict) or not set(certified) <= set(cuts):
        raise refuse("certificate.measurements", certified, f"an object by {', '.join(cuts)}")
    if not isinstance(told, dict) or set(told) != set(certified):
        f.wrong(("details", "measurements"), "not those of the certificate")
        return {}, {}
    found: dict[str, float] = {}
    known: Known = {}
    for cut, data in certified.items():
        where = f"certificate.measurements.{cut}"
        side = integer(field(data, "side", where), f"{where}.side", 0, 1)
        parts = cut.split(":")
        split = range(cuts[cut]), range(cuts[cut], len(sizes))
        own, other = split[side], split[1 - side]
        size = int(np.prod([sizes[i] for i in own]))
        vectors = tensor_of(field(data, "vectors", where), f"{where}.vectors", 2)
        if vectors.shape[1] != size or len(vectors) > MOST_OUTCOMES:
            raise refuse(f"{where}.vectors", list(vectors.shape), f"outcomes as vectors of {size} numbers")
        gap = float(np.abs(vectors.T @ vectors.conj() - np.eye(size)).max())
        if not gap <= TOLERANCE:
            f.wrong(("certificate", "measurements", cut), f"its outcomes miss the identity by {gap:.3g}")
        marginal = spectrum_entropy(np.linalg.eigvalsh(reduced(target, sizes, other)))
        left = _mean_entropy(target, sizes, tuple(own), vectors)
        found[cut] = marginal - left
        path = ("details", "measurements", cut)
        f.equal((*path, "measured"), parts[side])
        f.equal((*path, "outcomes"), len(vectors))
        f.close((*path, "information"), marginal - left, TOLERANCE)
        if set(f.get(*path)) != {"measured", "outcomes", "information"}:
            f.wrong(path, "other fields than measured, outcomes and information")
        known |= {f"S({parts[1 - side]})": marginal, f"S({parts[1 - side]}|M({parts[side]}))": left}
    f.confirm("details", "measurements")
    return found, known


def _mean_entropy(
    target: Complexes, sizes: tuple[int, ...], own: tuple[int, ...], vectors: Complexes
) -> float:
    """Return the mean entropy of the other parties after outcomes |v><v| on some, which stand together."""
    before = int(np.prod(sizes[: own[0]], dtype=int))
    size = vectors.shape[1]
    tensor = target.reshape(before, size, -1, before, size, target.shape[0] // (before * size))
    total = 0.0
    for v in vectors:
        half = np.tensordot(v.conj(), tensor, axes=(0, 1))
        left = np.tensordot(half, v, axes=(3, 0))
        matrix = left.reshape(left.shape[0] * left.shape[1], -1)
        p = float(np.trace(matrix).real)
        if p > NOTHING:
            total += p * spectrum_entropy(np.linalg.eigvalsh((matrix + matrix.conj().T) / (2 * p)))
    return total


@dataclass(frozen=True)
class ProvedCodebook:
    """The codebook of an answer: its rate I(all;U) in bits, who needs it, and what the rate is made of."""

    rate: float
    parties: tuple[str, ...]
    known: Known


def check_codebook(f: Findings, target: State) -> ProvedCodebook | None:
    """Return the codebook of an answer, proved to make the target; None where it has none.

    Raises:
        InputError: when it is malformed.
    """
    data: Any = f.get("certificate").get("codebook")
    if data is None:
        if lacks(f, "details", "codebook"):
            return None
        f.equal(("details", "codebook"), None)
        return None
    state, faults = reduce(target, data)
    everyone = target.classical + target.quantum
    order = tuple(name for name in state.classical + state.quantum if name in everyone)
    problem = Reduced(state, order, sender=False)
    listed = items(field(data, "decomposition", "certificate.codebook"), "certificate.codebook.decomposition")
    mixture = read_mixture(problem, listed, "certificate.codebook")
    for line in (*faults, *mixture.faults):
        f.wrong(("certificate", "codebook"), line)
    rate = max(0.0, mixture.sum_rate)
    f.close(("details", "codebook", "C"), rate, TOLERANCE)
    if set(f.get("details", "codebook")) != {"C"}:
        f.wrong(("details", "codebook"), "other fields than C")
    f.confirm("details", "codebook")
    return ProvedCodebook(rate, order, mixture_names(problem, mixture.conditional, target))


def mixture_names(problem: Reduced, conditional: Known, target: State) -> Known:
    """Return the entropies of a reduced target, and those of its parties given the index, by their names."""
    names = problem.order
    known = {f"S({name}|U)": value for name, value in conditional.items()}
    of = " of the reduced target"
    known |= {f"S({name}){of}": value for name, value in problem.own.items()}
    known |= {f"S({name})": entropy_of(target, (name,)) for name in names}
    whole = "".join(names)
    return known | {f"S({whole}){of}": problem.total, f"S({whole})": entropy_of(target, names)}
