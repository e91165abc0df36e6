"""Proofs that a state is not a mixture of products: partial transposes and symmetric extensions.

A product state stays positive when some of its systems are transposed, so a mixture of products does
[Peres1996]. The second kind of proof, from extensions to several copies [Doherty2004], is an identity

    P (W (x) 1) P = P (sum_t Z_t^(T_t)) P,      every Z_t >= 0,

on the systems with copies; P projects on the vectors symmetric under permuting the copies of each system. A
product vector x with equal copies has P x = x, so <W> = sum_t <x| Z_t^(T_t) |x> = sum_t <y_t| Z_t |y_t> >= 0
with y_t = x, its transposed factors conjugated. Hence tr(W sigma) >= 0 for every mixture sigma of products.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from qcoord_hw.theory.regions.auxiliary.checker.reading import (
    complexes,
    field,
    integer,
    items,
    names,
    number,
    refuse,
    text,
)
from qcoord_hw.theory.regions.auxiliary.checker.reduction import TOLERANCE, State, read_letter, read_target
from qcoord_hw.theory.regions.auxiliary.checker.side import Complexes

SMALLEST = 1e-10  # bits of margin below this are rounding
LARGEST = 256  # dimension of the extended space


def check_infeasible(certificate: Any) -> list[str]:
    """Return what is wrong with a proof that a block of the target is entangled.

    Args:
        certificate: `target`, `witness` and, if the target has classical systems, `letter`.

    Raises:
        InputError: a field is missing or malformed.
    """
    target, faults = read_target(certificate)
    block = target.matrices
    if target.classical:
        data = field(certificate, "letter", "certificate")
        block = block[read_letter(data, "certificate.letter", target.classical, target.letters)]
    weight = float(np.trace(block).real)
    if weight < TOLERANCE:
        return [*faults, f"certificate.letter: has probability {weight:.3g}"]
    size = target.dimensions
    state = State((), target.quantum, (block / weight).reshape(*size, *size))
    witness = field(certificate, "witness", "certificate")
    kind = text(
        field(witness, "kind", "certificate.witness"),
        "certificate.witness.kind",
        ("partial transpose", "extension"),
    )
    check = check_transpose if kind == "partial transpose" else check_extension
    return faults + check(witness, state)


def check_transpose(witness: Any, state: State) -> list[str]:
    """Return why <v| omega^T |v> < 0 does not hold for the transpose on the witness's systems."""
    where = "certificate.witness"
    flipped = names(field(witness, "systems", where), f"{where}.systems", state.quantum)
    vector = complexes(field(witness, "vector", where), f"{where}.vector", (math.prod(state.dimensions),))
    if abs(float(np.linalg.norm(vector)) - 1) > TOLERANCE:
        return [f"{where}.vector: has norm {np.linalg.norm(vector):.12g}, not 1"]
    value = float(np.vdot(vector, _transposed(state.tensor, state.quantum, flipped) @ vector).real)
    return _margin(witness, value)


def check_extension(witness: Any, state: State) -> list[str]:
    """Return why the identity of the module's docstring or tr(W omega) < 0 does not hold.

    Args:
        witness: `copies`, `order`, `W`, `terms` and `margin` as printed by the separability tests.
        state: the state, quantum systems only.

    Raises:
        InputError: a field is missing or malformed.
    """
    where = "certificate.witness"
    data = field(witness, "copies", where)
    if not isinstance(data, dict) or list(data) != list(state.quantum):
        raise refuse(f"{where}.copies", data, f"the numbers of copies of {list(state.quantum)}")
    copies = {name: integer(k, f"{where}.copies.{name}", 1, 6) for name, k in data.items()}
    every = [[n] if k == 1 else [f"{n}{i + 1}" for i in range(k)] for n, k in copies.items()]
    order = tuple(itertools.chain(*every))
    if field(witness, "order", where) != list(order):
        raise refuse(f"{where}.order", witness["order"], str(list(order)))
    size = math.prod(state.dimensions)
    whole = math.prod(d**k for d, k in zip(state.dimensions, copies.values(), strict=True))
    if whole > LARGEST:
        raise refuse(f"{where}.copies", data, f"an extended space of dimension at most {LARGEST}")
    operator = complexes(field(witness, "W", where), f"{where}.W", (size, size))
    faults = []
    if (crooked := float(np.abs(operator - operator.conj().T).max())) > 1e-12:
        faults.append(f"{where}.W: not Hermitian by {crooked:.3g}")
    norm = float(np.abs(np.linalg.eigvalsh((operator + operator.conj().T) / 2)).sum())
    if abs(norm - 1) > TOLERANCE:
        faults.append(f"{where}.W: has trace norm {norm:.12g}, not 1")

    flat = tuple(d for d, own in zip(state.dimensions, every, strict=True) for _ in own)
    summed, error = np.zeros((whole, whole), dtype=complex), 0.0
    for i, term in enumerate(items(field(witness, "terms", where), f"{where}.terms")):
        here = f"{where}.terms[{i}]"
        flipped = names(field(term, "transpose", here), f"{here}.transpose", order)
        z = complexes(field(term, "Z", here), f"{here}.Z", (whole, whole))
        if (crooked := float(np.abs(z - z.conj().T).max())) > 1e-12:
            faults.append(f"{here}.Z: not Hermitian by {crooked:.3g}")
        error += max(0.0, -float(np.linalg.eigvalsh((z + z.conj().T) / 2)[0]))
        summed += _transposed(z.reshape(flat * 2), order, flipped)
    firsts = [order.index(own[0]) for own in every]
    others = [i for i in range(len(order)) if i not in firsts]
    rest = np.eye(math.prod(flat[i] for i in others))
    product = np.kron(operator, rest).reshape([flat[i] for i in firsts + others] * 2)
    back = np.argsort(firsts + others)
    product = product.transpose([*back, *(back + len(order))]).reshape(whole, whole)
    projector: Complexes = np.eye(1)
    for d, own in zip(state.dimensions, every, strict=True):
        projector = np.kron(projector, _symmetric(d, len(own)))
    error += float(np.linalg.norm(projector @ (product - summed) @ projector, 2))
    value = float(np.trace(operator @ state.matrices).real)
    if not -value > error or error > TOLERANCE:
        faults.append(f"{where}: tr(W omega) = {value:.6g}, but its identity holds only within {error:.3g}")
    return faults + _margin(witness, value)


def _margin(witness: Any, value: float) -> list[str]:
    """Return why the expectation is not negative, or not the margin that is printed."""
    if value > -SMALLEST:
        return [f"certificate.witness: has expectation {value:.3g}, which is not below zero"]
    if "margin" in witness:
        margin = number(witness["margin"], "certificate.witness.margin")
        if abs(margin + value) > TOLERANCE:
            return [f"certificate.witness.margin: {margin:.12g} given, {-value:.12g} found"]
    return []


def _transposed(tensor: Complexes, order: tuple[str, ...], flipped: tuple[str, ...]) -> Complexes:
    """Return the matrix with the rows and columns of some systems exchanged."""
    axes = list(range(2 * len(order)))
    for name in flipped:
        i = order.index(name)
        axes[i], axes[i + len(order)] = axes[i + len(order)], axes[i]
    size = math.isqrt(tensor.size)
    return np.transpose(tensor, axes).reshape(size, size)


def _symmetric(dimension: int, copies: int) -> Complexes:
    """Return the projector on the symmetric subspace of copies of a system."""
    size = dimension**copies
    strings = np.arange(size).reshape((dimension,) * copies)
    total = np.zeros((size, size))
    for order in itertools.permutations(range(copies)):
        total[np.arange(size), strings.transpose(order).ravel()] += 1
    return np.asarray(total / math.factorial(copies) + 0j)
