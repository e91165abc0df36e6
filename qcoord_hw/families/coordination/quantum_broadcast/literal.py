"""The map (169)-(171) of [NatorPereg] as printed, for one letter, for comparison: it measures and prepares.

Alice makes the average state of B and C, draws fresh x~ and y~, measures in the eigenbases psi_{x~,z} of
sigma_B^{x~} and phi_{y~,w} of sigma_C^{y~}, and sends z and w; Bob prepares psi_{x,z}, Charlie phi_{y,w}.
Alice's draws and measurements are an exact mixture over (z, w), so that no circuit measures: she sends basis
states.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit, Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.preparation import Case, Coordination, Preparation
from qcoord_hw.families.coordination.quantum_broadcast.ensemble import apply, rates_of
from qcoord_hw.network import QUANTUM_BROADCAST, NetworkCircuit
from qcoord_hw.theory.pauli_measurements.figures import trace_norm_between
from qcoord_hw.theory.regions.cells import Cells
from qcoord_hw.theory.regions.literal_map import eigenbasis
from qcoord_hw.theory.regions.region import RegionAnswer

ComplexArray = npt.NDArray[np.complex128]
FloatArray = npt.NDArray[np.float64]
Bases = list[dict[int, ComplexArray]]


def build_literal(cells: Cells, answer: RegionAnswer) -> Coordination:
    """Build what the map makes of an ensemble of pure states of qubits B and C, feasible or not.

    Returns:
        Four preparations a cell. `exact` has also `chsh`, the mean over the cells of the win probability with
        the best measurements.

    Raises:
        InputError: for other ensembles.
    """
    if cells.dimensions != (1, 2, 2) or not cells.pure:
        raise InputError(
            f"protocol: literal, with dimensions {cells.dimensions} of A, B, C; allowed are pure states of "
            "qubits B and C, without A"
        )
    bases = [
        {letter: eigenbasis(rho) for letter, rho in cells.average(system, k).items()}
        for k, system in enumerate("BC")
    ]
    outcomes = outcome_weights(cells, bases)
    preparations: list[Preparation] = []
    cases = []
    exact = {"fidelity": 0.0, "trace_norm": 0.0}
    for ((x, y), ket), p in zip(cells.kets().items(), cells.probabilities, strict=True):
        first, own = len(preparations), (bases[0][x], bases[1][y])
        preparations += [_sent(f"x{x}-y{y}", (z, w), own) for z, w in np.ndindex(2, 2)]
        mixture = tuple((first + k, float(weight)) for k, weight in enumerate(outcomes))
        cases.append(Case(f"x={x} y={y}", float(p), mixture, ket.ravel(), (0, 1)))
        made: ComplexArray = np.asarray(np.kron(*own) * np.sqrt(outcomes), dtype=complex)
        exact["fidelity"] += float(p * (np.abs(ket.ravel().conj() @ made) ** 2).sum())
        exact["trace_norm"] += float(p) * trace_norm_between(made, ket.reshape(4, 1))
    exact["chsh"] = answer.details["literal_map"]["chsh"]["BC"]["output"]
    return Coordination(
        network="quantum-broadcast",
        preparations=tuple(preparations),
        cases=tuple(cases),
        copies=1,
        rates=rates_of(answer, preparations[0].net, 1),
        exact=exact,
        notes=(
            "the map (169)-(171) as printed, for one letter: it measures and prepares, and entangles nobody",
        ),
    )


def outcome_weights(cells: Cells, bases: Bases) -> FloatArray:
    """Return the probability of (z, w), shape (4,), whatever x and y are: Alice does not know them."""
    average = cells.average("BC")[0]
    shares: list[dict[int, float]] = [{}, {}]
    for cell, p in zip(cells.letters, cells.probabilities, strict=True):
        for share, letter in zip(shares, cell, strict=True):
            share[letter] = share.get(letter, 0.0) + float(p)
    outcomes = np.zeros(4)
    for (x, p), (y, q) in itertools.product(shares[0].items(), shares[1].items()):
        both = np.kron(bases[0][x], bases[1][y])
        outcomes += p * q * np.einsum("ik,ij,jk->k", both.conj(), average, both).real
    return np.asarray(outcomes / outcomes.sum())


def _sent(cell: str, outcomes: tuple[int, int], bases: tuple[ComplexArray, ComplexArray]) -> Preparation:
    """Return Alice's outcomes sent as basis states, and what Bob and Charlie prepare from them."""
    net = NetworkCircuit(QUANTUM_BROADCAST, f"quantum-broadcast-literal-{cell}-z{outcomes[0]}-w{outcomes[1]}")
    parties = ("Bob", "Charlie")
    sent: list[list[Qubit]] = [net.allocate("Alice", 1, f"alice_{name}") for name in ("z", "w")]
    flip = QuantumCircuit(1)
    flip.x(0)
    for qubits, outcome in zip(sent, outcomes, strict=True):
        if outcome:
            net.local("Alice", flip, qubits)
    for party, qubits in zip(parties, sent, strict=True):
        net.send("Alice", party, qubits)
    for party, qubits, basis in zip(parties, sent, bases, strict=True):
        apply(net, party, basis, qubits)
    return Preparation(net, (sent[0][0], sent[1][0]))
