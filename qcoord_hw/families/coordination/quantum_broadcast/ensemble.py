"""A feasible ensemble of the quantum broadcast network on qubits, and what its protocols have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.local_circuits.isometry import synthesise
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.families.coordination.scoring import COUNTED_HERE
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.theory.regions.cells import Cell, Cells
from qcoord_hw.theory.regions.quantum_broadcast import SOURCE
from qcoord_hw.theory.regions.region import RegionAnswer

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]

MAX_DIMENSION = 4
"""Of each of A, B and C."""

FIT = 1e-9
"""Schmidt coefficients below this are 0, and closer than this equal."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A feasible ensemble on qubits: sigma^{xy} = (V_x (x) W_y) sigma.

    Attributes:
        cells: (x, y) and its probability.
        kets: by cell, shape (2^k,): A, B and C.
        dimensions: of A, B and C.
        qubits: of A, B and C.
        weights: squared Schmidt coefficients of sigma between B and C, falling; empty where A takes part.
        bob: by x what Bob applies, shape (d_B, columns): V_x, or without A V_x on the Schmidt vectors of B.
        charlie: by y what Charlie applies to C.
        sigma: what Alice prepares where A takes part, shape (2^k,): B, A and C.
    """

    cells: tuple[tuple[Cell, float], ...]
    kets: dict[Cell, ComplexArray]
    dimensions: tuple[int, int, int]
    qubits: tuple[int, int, int]
    weights: tuple[float, ...]
    bob: dict[int, ComplexArray]
    charlie: dict[int, ComplexArray]
    sigma: ComplexArray

    @classmethod
    def of(cls, cells: Cells, answer: RegionAnswer) -> Ensemble:
        """Return the ensemble of some cells, with the V_x and W_y that theory found.

        Raises:
            InputError: when a dimension is too large.
        """
        sizes = cells.dimensions
        if max(sizes) > MAX_DIMENSION:
            raise InputError(
                f"state: dimensions {sizes} of A, B, C; allowed are at most {MAX_DIMENSION} each"
            )
        a, b, c = ((d - 1).bit_length() for d in sizes)
        found = answer.details["local_unitaries"]
        kets = {cell: _padded(ket, (2**a, 2**b, 2**c)) for cell, ket in cells.kets().items()}
        sigma = kets[found["reference"]]
        bob = {x: _widened(v, 2**b) for x, v in found["V"].items()}
        charlie = {y: _widened(w, 2**c) for y, w in found["W"].items()}
        weights: tuple[float, ...] = ()
        if a == 0:
            first, values, second = _schmidt(sigma[0])
            weights = tuple(float(value) ** 2 for value in values)
            bob = {x: v @ first for x, v in bob.items()}
            charlie = {y: w @ second for y, w in charlie.items()}
        return cls(
            tuple((cell, float(p)) for cell, p in zip(cells.letters, cells.probabilities, strict=True)),
            {cell: ket.ravel() for cell, ket in kets.items()},
            sizes,
            (a, b, c),
            weights,
            bob,
            charlie,
            sigma.transpose(1, 0, 2).ravel(),
        )


def plan_of(
    ensemble: Ensemble,
    answer: RegionAnswer,
    n: int,
    preparations: Sequence[Preparation],
    exact: dict[str, float],
    notes: tuple[str, ...] = (),
) -> Coordination:
    """Return the protocol with one preparation a cell, and the same letters in all n copies."""
    outputs = tuple(range(n * sum(ensemble.qubits)))
    cases = []
    for k, ((x, y), p) in enumerate(ensemble.cells):
        target = np.ones(1, dtype=complex)
        for _ in range(n):
            target = np.kron(target, ensemble.kets[x, y])
        cases.append(Case(f"x={x} y={y}", p, ((k, 1.0),), target, outputs))
    if n > 1 and len(cases) > 1:
        notes = (*notes, "all copies have the same letters: x^n = x..x, y^n = y..y")
    return Coordination(
        network="quantum-broadcast",
        preparations=tuple(preparations),
        cases=tuple(cases),
        copies=n,
        rates=rates_of(answer, preparations[0].net, n),
        exact=exact,
        notes=notes,
    )


def rates_of(answer: RegionAnswer, net: NetworkCircuit, n: int) -> dict[str, dict[str, Any]]:
    """Return the asymptotic rates, if the state is feasible, and those of a circuit, in qubits per copy."""
    rates: dict[str, dict[str, Any]] = {}
    for rate, formula, link in (("Q1", "H(B|X)", "Alice->Bob"), ("Q2", "H(C|Y)", "Alice->Charlie")):
        if answer.status == "feasible":
            rates[f"{rate} asymptotic"] = {"value": answer.details["formula"][formula], "source": SOURCE}
        used = net.usage.get(link, {}).get("log2_dim", 0.0)
        rates[f"{rate} at this n"] = {"value": used / n, "source": COUNTED_HERE}
    return rates


def send(net: NetworkCircuit, receiver: str, systems: Sequence[list[Qubit]], dimension: int) -> None:
    """Let Alice send systems of one dimension, as qudits where it is no power of 2."""
    if dimension == 1:
        return
    if dimension & (dimension - 1) == 0:
        net.send("Alice", receiver, [q for qubits in systems for q in qubits])
        return
    for qubits in systems:
        net.send("Alice", receiver, qubits, dimension=dimension)


def apply(
    net: NetworkCircuit,
    party: str,
    columns: ComplexArray,
    qubits: list[Qubit],
    held: int | None = None,
    codes: Sequence[int] | None = None,
) -> None:
    """Let a party apply an isometry to qubits, if it does anything.

    Args:
        net: the protocol so far.
        party: whose qubits they are.
        columns: shape (2^k, r), of the k qubits.
        qubits: most significant first.
        held: how many qubits at the end hold the input; the others are |0>. All if omitted.
        codes: the inputs that become the columns; 0, .., r - 1 if omitted.
    """
    size = len(qubits)
    codes = range(columns.shape[1]) if codes is None else codes
    unchanged = np.eye(2**size)[:, list(codes)]
    if not size or abs(np.vdot(unchanged, columns)) > columns.shape[1] - FIT:
        return
    inputs = range(size - (size if held is None else held), size)
    net.local(party, synthesise(columns, inputs, codes), qubits)


def cut(qubits: Sequence[Qubit], copies: int) -> list[list[Qubit]]:
    """Return as many equal parts of some qubits."""
    size = len(qubits) // copies
    return [list(qubits[k * size : (k + 1) * size]) for k in range(copies)]


def _padded(ket: ComplexArray, shape: tuple[int, int, int]) -> ComplexArray:
    whole = np.zeros(shape, dtype=complex)
    whole[tuple(slice(d) for d in ket.shape)] = ket
    return whole


def _widened(unitary: ComplexArray, size: int) -> ComplexArray:
    whole = np.eye(size, dtype=complex)
    whole[: len(unitary), : len(unitary)] = unitary
    return whole


def _schmidt(matrix: ComplexArray) -> tuple[ComplexArray, FloatArray, ComplexArray]:
    """Return U, s, W with matrix = U diag(s) W^T, without zeros in s.

    U is the identity where all s are equal: then Bob has nothing to turn.
    """
    left, values, right = np.linalg.svd(matrix)
    values = values[values > FIT]
    rank = len(values)
    if rank == len(matrix) and np.ptp(values) < FIT:
        return np.eye(rank, dtype=complex), values, np.asarray(matrix.T / values)
    left, right = left[:, :rank], right[:rank].T
    largest = left[np.abs(left).argmax(axis=0), np.arange(rank)]
    phases = largest / np.abs(largest)
    return np.asarray(left / phases), values, np.asarray(right * phases)
