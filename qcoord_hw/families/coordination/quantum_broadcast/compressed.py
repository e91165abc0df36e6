"""Pairs of the quantum broadcast network of which both halves are compressed (`schumacher`).

Both halves carry the same string. So it is compressed once and the code is copied: what arrives is as if each
half had been compressed, but for the sign of one string that fails, which two compressors would cancel.
Where the kept strings are all that is prepared (`prepared`), none fails, and no qubit is discarded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit, Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.local_circuits.kept import kept_twins
from qcoord_hw.families.coordination.local_circuits.schumacher import (
    DROPPED,
    SENT,
    TRIPLE,
    Block,
    angle_of,
    best_blocks,
    blocks,
    compressor,
    expander,
    pair,
    retained,
)
from qcoord_hw.families.coordination.preparation import Coordination, Preparation
from qcoord_hw.families.coordination.quantum_broadcast.ensemble import Ensemble, apply, plan_of
from qcoord_hw.network import QUANTUM_BROADCAST, NetworkCircuit
from qcoord_hw.theory.pauli_measurements.figures import trace_norm_between
from qcoord_hw.theory.regions.region import RegionAnswer

FloatArray = npt.NDArray[np.float64]
String = tuple[int, ...]

BOB, CHARLIE = (0, 2, 1), (2, 1, 0)
"""Copy -> place among the two code qubits and the fresh one, after `expander` on them in this order."""

PREPARED = "Alice prepares what the 2^m likeliest strings keep of the pairs: nothing is discarded"

FAILED: dict[Block, dict[String, tuple[String, int]]] = {
    TRIPLE: {
        (1, 1, 0): ((0, 0, 0), 1),
        (1, 0, 1): ((1, 0, 0), 1),
        (0, 1, 1): ((0, 1, 0), 1),
        (1, 1, 1): ((0, 0, 1), -1),
    },
    SENT: {},
    DROPPED: {(1,): ((0,), 1)},
}
"""The strings that are not kept, as what they come out, and with which sign."""


def build_compressed(
    ensemble: Ensemble, answer: RegionAnswer, n: int, m: int | None, *, prepared: bool
) -> Coordination:
    """Build n entangled pairs of qubits B and C, both halves compressed to m qubits.

    Args:
        ensemble: without A.
        answer: what theory says of it.
        n: copies.
        m: qubits; None for the smallest with a fidelity of 0.9 or more.
        prepared: whether Alice prepares the kept part of the pairs alone.

    Raises:
        InputError: when the state is no entangled pair of qubits, or m does not fit.
    """
    if ensemble.qubits != (0, 1, 1) or len(ensemble.weights) != 2:
        protocol = "prepared" if prepared else "compressed"
        raise InputError(
            f"protocol: {protocol}, with dimensions {ensemble.dimensions} of A, B, C and "
            f"{len(ensemble.weights)} Schmidt coefficients; allowed is an entangled pair of qubits B and C"
        )
    largest = ensemble.weights[0]
    coded = best_blocks(n, largest, 1 if prepared else 2) if m is None else blocks(n, m)
    preparations = []
    for (x, y), _ in ensemble.cells:
        net = NetworkCircuit(QUANTUM_BROADCAST, f"quantum-broadcast-n{n}-x{x}-y{y}")
        halves = _received(net, largest, coded, prepared)
        for party, gate in (("Bob", ensemble.bob[x]), ("Charlie", ensemble.charlie[y])):
            for qubit in halves[party]:
                apply(net, party, gate, [qubit])
        pairs = zip(halves["Bob"], halves["Charlie"], strict=True)
        preparations.append(Preparation(net, tuple(q for both in pairs for q in both)))
    if prepared:
        kept = retained(coded, largest)
        exact = {"fidelity": kept, "trace_norm": 2 * math.sqrt(max(0.0, 1 - kept))}
        return plan_of(ensemble, answer, n, preparations, exact, (PREPARED,))
    made, wanted = twin_branches(coded, largest)
    exact = {
        "fidelity": float(((wanted @ made) ** 2).sum()),
        "trace_norm": trace_norm_between(made.astype(complex), wanted[:, None].astype(complex)),
    }
    notes = (
        "both halves carry the same string: it is compressed once and its code is copied",
        f"one half compressed by itself would have the fidelity P^2 = {retained(coded, largest) ** 2:.6f}",
    )
    return plan_of(ensemble, answer, n, preparations, exact, notes)


def compressed_twins(angle: float) -> QuantumCircuit:
    """Return three pairs cos(angle/2)|00> + sin(angle/2)|11>, both halves compressed, with ten CX in a row.

    Qubits: the code of Bob's half (two), what is discarded, the code of Charlie's half (two). CX join 2-1,
    1-0, 0-3 and 3-4. The copied codes are the compressor's up to a linear map, which the order in which the
    copies come out takes up (`BOB`, `CHARLIE`).
    """
    circuit = QuantumCircuit(5, name="compressed twins")
    for qubit in range(3):
        circuit.ry(angle, qubit)
    circuit.compose(compressor(), range(3), inplace=True)
    for control, target in ((0, 3), (3, 4), (1, 0), (0, 3)):
        circuit.cx(control, target)
    return circuit


def twin_branches(coded: Sequence[Block], largest: float) -> tuple[FloatArray, FloatArray]:
    """Return what compressed pairs come out as, and what they should.

    Args:
        coded: the blocks.
        largest: the larger eigenvalue of a half.

    Returns:
        Branches, shape (4^n, e), rho being the sum of their projectors, and the pairs, shape (4^n,): copy by
        copy Bob's qubit and Charlie's.
    """
    made: FloatArray = np.ones((1, 1))
    wanted: FloatArray = np.ones(1)
    for block in coded:
        branches, pairs = np.zeros((4 ** block[0], 2)), np.zeros(4 ** block[0])
        for string in np.ndindex((2,) * block[0]):
            amplitude = float(np.prod([np.sqrt(1 - largest if bit else largest) for bit in string]))
            image, sign = FAILED[block].get(string, (string, 1))
            branches[_doubled(image), int(string in FAILED[block])] += sign * amplitude
            pairs[_doubled(string)] = amplitude
        made, wanted = np.asarray(np.kron(made, branches)), np.asarray(np.kron(wanted, pairs))
    return made, wanted


def _doubled(string: String) -> int:
    """Return the index of a string that both halves hold, the qubits copy by copy."""
    return sum(3 * bit << 2 * place for place, bit in enumerate(reversed(string)))


def _received(
    net: NetworkCircuit, largest: float, coded: Sequence[Block], prepared: bool
) -> dict[str, list[Qubit]]:
    """Let Alice prepare and compress, and Bob and Charlie expand; return their qubits by copy."""
    angle = angle_of(largest)
    parties = ("Bob", "Charlie")
    codes = {
        party: [_allocate(net, "Alice", b[1], f"{party.lower()}_code_{k}") for k, b in enumerate(coded)]
        for party in parties
    }
    for k, block in enumerate(coded):
        both = (codes["Bob"][k], codes["Charlie"][k])
        if block == TRIPLE and prepared:
            net.local("Alice", kept_twins(largest), [*both[0], *both[1]])
        elif block == TRIPLE:
            far = net.allocate("Alice", 1, f"alice_discarded_{k}")
            net.local("Alice", compressed_twins(angle), [*both[0], *far, *both[1]])
        elif block == SENT:
            net.local("Alice", pair(angle), both[0] + both[1])
    received: dict[str, list[Qubit]] = {party: [] for party in parties}
    for party in parties:
        if sent := [q for code in codes[party] for q in code]:
            net.send("Alice", party, sent)
    for party, order in zip(parties, (BOB, CHARLIE), strict=True):
        for k, block in enumerate(coded):
            part = codes[party][k] + _allocate(net, party, block[0] - block[1], f"{party.lower()}_fresh_{k}")
            if block == TRIPLE:
                net.local(party, expander(), part)
                part = [part[place] for place in order]
            received[party] += part
    return received


def _allocate(net: NetworkCircuit, party: str, count: int, label: str) -> list[Qubit]:
    return net.allocate(party, count, label) if count else []
