"""Smaller problems with the same value: what costs nothing is taken off before anything is solved.

Every step is exact:

- a party in tensor product with all the others can be made locally: any mixture of the rest tensored with its
  state has the same I(X;U) and I(all;U), and tracing it out never raises either;
- every theta_i of a mixture lies in the support of the marginal, so that nothing outside it matters;
- if all conditional operators of a quantum party commute, dephasing it in their basis maps mixtures of the
  target to mixtures of the target and never raises I(all;U) or I(X;U), so that the party may be taken as
  classical;
- letters of a classical party with equal conditionals: the letter is the merged letter followed by a coin
  that is independent of everything, which can be thrown locally (for the sender: U depends on the merged
  letter alone).

Finally the basis of a quantum party is chosen such that its conditional operators are real, where there is
such a basis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from qcoord_hw.theory.regions.auxiliary.problem import ComplexArray, FloatArray, Party, Problem

TOLERANCE = 1e-10  # of entries; below it a difference is rounding
ZERO = 1e-12  # of probabilities


@dataclass(frozen=True, eq=False)
class KeptParty:
    """How a party of the reduced problem comes from the original one.

    Attributes:
        name: the system.
        kind: its kind in the reduced problem.
        letters: for a classical party the original letters (or columns of `basis`) merged into each letter;
            None if quantum.
        basis: for an originally quantum party the isometry (d, d') onto what is kept, columns; else None.
    """

    name: str
    kind: Literal["classical", "quantum"]
    letters: tuple[tuple[int, ...], ...] | None
    basis: ComplexArray | None


@dataclass(frozen=True, eq=False)
class Reduction:
    """A reduced problem.

    Attributes:
        original: the problem as given.
        problem: the reduced one; it may have no party at all (every rate is 0).
        split_off: names of the parties that cost nothing.
        parties: one for each party of `problem`.
    """

    original: Problem
    problem: Problem
    split_off: tuple[str, ...]
    parties: tuple[KeptParty, ...]


@dataclass
class _Part:
    """A party on its way: `letters` is None while it is quantum, `basis` None if it never was."""

    name: str
    letters: list[tuple[int, ...]] | None
    basis: ComplexArray | None
    split: bool = field(default=False)


def reduce(problem: Problem) -> Reduction:
    """Return the reduced problem; the sender, if it remains, is still the first party."""
    parts = []
    for party in problem.parties:
        if party.kind == "classical":
            parts.append(_Part(party.name, [(x,) for x in range(party.dimension)], None))
        else:
            parts.append(_Part(party.name, None, np.eye(party.dimension, dtype=complex)))
    # axes: one a classical party, then rows and then columns of the quantum parties
    dimensions = [p.dimension for p in problem.quantum]
    tensor = problem.target.reshape(*problem.target.shape[: len(problem.classical)], *dimensions, *dimensions)
    sender = problem.sender
    split_off: list[str] = []
    while True:
        before = (tensor.shape, tuple(p.letters is None for p in parts))
        for step in (_merge, _support, _dephase):
            for index in range(len(parts)):
                tensor, parts = step(tensor, parts, index)
        for index in reversed(range(len(parts))):
            rest = _without_product(tensor, parts, index)
            if rest is not None:
                split_off.append(parts[index].name)
                sender = sender and not (index == 0 and parts[0].name == problem.parties[0].name)
                tensor, parts = rest, parts[:index] + parts[index + 1 :]
        if (tensor.shape, tuple(p.letters is None for p in parts)) == before:
            break
    for index in range(len(parts)):
        tensor = _real_basis(tensor, parts, index)
    quantum = [p for p in parts if p.letters is None]
    letters = tensor.shape[: len(parts) - len(quantum)]
    size = int(np.prod([p.basis.shape[1] for p in quantum if p.basis is not None], dtype=int))
    target = np.ascontiguousarray(tensor.reshape(*letters, size, size))
    target = 0.5 * (target + target.conj().swapaxes(-1, -2))
    target = target / np.einsum("...aa->...", target).real.sum()
    kept, parties = [], []
    for part in parts:
        if part.letters is None and part.basis is not None:
            kept.append(KeptParty(part.name, "quantum", None, part.basis))
            parties.append(Party(part.name, "quantum", part.basis.shape[1]))
        elif part.letters is not None:
            kept.append(KeptParty(part.name, "classical", tuple(part.letters), part.basis))
            parties.append(Party(part.name, "classical", len(part.letters)))
    order = [p.name for p in problem.parties]
    return Reduction(
        problem,
        Problem(tuple(parties), target, sender and bool(parties)),
        tuple(sorted(split_off, key=order.index)),
        tuple(kept),
    )


def _count(parts: list[_Part]) -> int:
    return sum(p.letters is not None for p in parts)


def _axes(parts: list[_Part], index: int) -> tuple[int, int]:
    """Return the row and the column axis of a quantum party."""
    n = _count(parts)
    return index, index + len(parts) - n


def _operators(tensor: ComplexArray, parts: list[_Part], index: int) -> ComplexArray:
    """Return Hermitian operators (N, d, d) that span the conditional operators of a quantum party."""
    row, column = _axes(parts, index)
    moved = np.moveaxis(tensor, (row, column), (-2, -1))
    operators = moved.reshape(-1, *moved.shape[-2:])
    adjoint = operators.conj().swapaxes(1, 2)
    both = np.concatenate([0.5 * (operators + adjoint), -0.5j * (operators - adjoint)])
    return np.asarray(both[np.abs(both).max(axis=(1, 2)) > 1e-14])


def _rotate(tensor: ComplexArray, parts: list[_Part], index: int, isometry: ComplexArray) -> ComplexArray:
    """Apply V^dagger . V to a quantum party and record it."""
    row, column = _axes(parts, index)
    tensor = np.moveaxis(np.tensordot(tensor, isometry.conj(), (row, 0)), -1, row)
    tensor = np.moveaxis(np.tensordot(tensor, isometry, (column, 0)), -1, column)
    basis = parts[index].basis
    parts[index].basis = isometry if basis is None else basis @ isometry
    return tensor


def _combination(operators: ComplexArray, seed: int) -> ComplexArray:
    """Return a random real combination of Hermitian operators."""
    weights = np.random.default_rng(seed).normal(size=len(operators))
    return np.asarray(np.tensordot(weights, operators, 1))


def _merge(tensor: ComplexArray, parts: list[_Part], index: int) -> tuple[ComplexArray, list[_Part]]:
    """Drop letters of probability 0 and merge those with equal conditionals."""
    letters = parts[index].letters
    if letters is None:
        return tensor, parts
    slices = np.moveaxis(tensor, index, 0)
    probabilities = [_trace(s, parts, 1) for s in slices]
    groups: list[list[int]] = []
    for x, p in enumerate(probabilities):
        if p <= ZERO:
            continue
        for group in groups:
            first = group[0]
            if np.abs(slices[x] / p - slices[first] / probabilities[first]).max() < TOLERANCE:
                group.append(x)
                break
        else:
            groups.append([x])
    parts[index].letters = [tuple(sorted(o for x in group for o in letters[x])) for group in groups]
    merged = np.array([slices[group].sum(axis=0) for group in groups])
    return np.moveaxis(merged, 0, index), parts


def _support(tensor: ComplexArray, parts: list[_Part], index: int) -> tuple[ComplexArray, list[_Part]]:
    """Restrict a quantum party to the support of its marginal."""
    if parts[index].letters is not None:
        return tensor, parts
    values, vectors = np.linalg.eigh(_marginal(tensor, parts, index))
    kept = vectors[:, values > 1e-11]
    if kept.shape[1] < len(values):
        tensor = _rotate(tensor, parts, index, kept)
    return tensor, parts


def _dephase(tensor: ComplexArray, parts: list[_Part], index: int) -> tuple[ComplexArray, list[_Part]]:
    """Make a quantum party classical if all its conditional operators commute."""
    if parts[index].letters is not None:
        return tensor, parts
    operators = _operators(tensor, parts, index)
    vectors = np.linalg.eigh(_combination(operators, 1))[1]
    rotated = vectors.conj().T @ operators @ vectors
    d = len(vectors)
    if np.abs(rotated * (1 - np.eye(d))).max() > TOLERANCE:
        return tensor, parts
    tensor = _rotate(tensor, parts, index, vectors)
    row, column = _axes(parts, index)
    diagonal = np.diagonal(tensor, axis1=row, axis2=column)  # the new axis is the last
    n = _count(parts)
    parts[index].letters = [(a,) for a in range(d)]
    moved = parts[:n] + [parts[index]] + parts[n:index] + parts[index + 1 :]
    return np.moveaxis(diagonal, -1, n), moved


def _real_basis(tensor: ComplexArray, parts: list[_Part], index: int) -> ComplexArray:
    """Rotate a quantum party to a basis in which its conditional operators are real, if there is one.

    In such a basis a generic combination has real eigenvectors, so that its eigenbasis is real up to phases,
    which a second combination fixes.
    """
    if parts[index].letters is not None:
        return tensor
    operators = _operators(tensor, parts, index)
    vectors = np.linalg.eigh(_combination(operators, 2))[1]
    second = vectors.conj().T @ _combination(operators, 3) @ vectors
    phases = second[0] / np.maximum(np.abs(second[0]), 1e-300)
    phases[0] = 1.0
    vectors = vectors * phases.conj()
    if np.abs((vectors.conj().T @ operators @ vectors).imag).max() > 1e-13:
        return tensor
    return _rotate(tensor, parts, index, vectors)


def _trace(tensor: ComplexArray, parts: list[_Part], missing: int = 0) -> float:
    """Return the trace of a tensor that lacks `missing` of the letters' axes."""
    n = _count(parts) - missing
    blocks = tensor.sum(axis=tuple(range(n)))
    size = int(np.sqrt(blocks.size) + 0.5)
    return float(np.trace(blocks.reshape(size, size)).real)


def _marginal(tensor: ComplexArray, parts: list[_Part], index: int) -> ComplexArray | FloatArray:
    """Return the marginal of a party: probabilities or a density matrix."""
    n, q = _count(parts), len(parts) - _count(parts)
    for axis in reversed(range(n)):
        if axis != index:
            tensor = tensor.sum(axis=axis)
    offset = 1 if index < n else 0
    for other in reversed(range(q)):
        if other != index - n:
            tensor = np.trace(tensor, axis1=offset + other, axis2=offset + q + other)
            q -= 1
    return tensor.real if index < n else tensor


def _without_product(tensor: ComplexArray, parts: list[_Part], index: int) -> ComplexArray | None:
    """Return the state of all other parties if a party is in tensor product with them, else None."""
    own = _marginal(tensor, parts, index)
    if index < _count(parts):
        rest = tensor.sum(axis=index)
        product = np.moveaxis(np.multiply.outer(own, rest), 0, index)
    else:
        row, column = _axes(parts, index)
        rest = np.trace(tensor, axis1=row, axis2=column)
        product = np.moveaxis(np.multiply.outer(own, rest), (0, 1), (row, column))
    return rest if np.abs(product - tensor).max() < TOLERANCE else None
