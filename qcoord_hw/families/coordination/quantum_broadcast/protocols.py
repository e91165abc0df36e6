"""The quantum broadcast network [NatorPereg, Section IV-B]: Alice sends B to Bob (X) and C to Charlie (Y).

A pure ensemble that can be made is sigma^{xy} = (V_x (x) W_y) sigma (`theory.regions.quantum_broadcast`).
Alice prepares sigma, and Bob and Charlie apply V_x and W_y. Each cell (x, y) has a circuit of its own, and
these are equal but for the gates of Bob and Charlie behind the links. With n copies all have the same
letters, x^n = x..x. The option `protocol` says how B and C are sent:

- `local-unitaries`: as they are; without A only the code of the Schmidt vectors, which is decoded;
- `compressed`: both halves of n entangled pairs by Schumacher compression (`broadcast_compressed`);
- `prepared`: what such a compression keeps of n entangled pairs is prepared, and nothing else;
- `literal`: by the paper's own map (`broadcast_literal`), for comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from qiskit.circuit import QuantumCircuit, Qubit

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.mixture import read_target
from qcoord_hw.families.coordination.local_circuits.isometry import synthesise
from qcoord_hw.families.coordination.local_circuits.schumacher import angle_of, pair
from qcoord_hw.families.coordination.parameters import MAX_QUBITS, QUANTUM_BROADCAST_PARAMETERS
from qcoord_hw.families.coordination.preparation import Coordination, Preparation
from qcoord_hw.families.coordination.quantum_broadcast.compressed import build_compressed
from qcoord_hw.families.coordination.quantum_broadcast.ensemble import Ensemble, apply, cut, plan_of, send
from qcoord_hw.families.coordination.quantum_broadcast.literal import build_literal
from qcoord_hw.network import QUANTUM_BROADCAST, NetworkCircuit
from qcoord_hw.schema import read
from qcoord_hw.spec import Plain
from qcoord_hw.theory.regions.cells import Cells
from qcoord_hw.theory.regions.holders import holders
from qcoord_hw.theory.regions.quantum_broadcast import quantum_broadcast
from qcoord_hw.theory.states import State

BOB_CODE, CHARLIE_CODE = (0, 1, 3, 2), (0, 2, 1, 3)
"""The codes of the Schmidt vectors 2y + x, where they take two bits: (y, x + y) and (x, y)."""


def build_quantum_broadcast(options: Mapping[str, Plain]) -> Coordination:
    """Build an ensemble of pure states on the broadcast network.

    Args:
        options: those of `QUANTUM_BROADCAST_PARAMETERS`.

    Returns:
        A case for each cell, labelled `x=.. y=..`. Outputs copy by copy: A, B, C.

    Raises:
        InputError: naming the option, or why the network cannot make the state.
    """
    values = read(QUANTUM_BROADCAST_PARAMETERS, options, "for network quantum-broadcast")
    state = read_target(values["state"])
    holders(state, "quantum-broadcast")  # refuses what the network cannot hold
    return _build(state, values["protocol"], values["n"], values["m"]).of_target(state)


def _build(state: State, protocol: str, n: int, m: int | None) -> Coordination:
    answer = quantum_broadcast(state)
    if protocol == "literal":
        return build_literal(Cells.of(state), answer)
    if answer.status != "feasible":
        raise InputError(f"state: {state.name} is {answer.status}: {answer.why}; allowed are feasible states")
    ensemble = Ensemble.of(Cells.of(state), answer)
    outputs = n * sum(ensemble.qubits)
    if outputs > MAX_QUBITS:  # a target is a vector with 2^outputs entries
        raise InputError(f"parameters.n: {outputs} output qubits; allowed are {MAX_QUBITS}")
    if protocol in ("compressed", "prepared"):
        return build_compressed(ensemble, answer, n, m, prepared=protocol == "prepared")
    build = _by_code if ensemble.weights else _by_systems
    preparations = []
    for (x, y), _ in ensemble.cells:
        net = NetworkCircuit(QUANTUM_BROADCAST, f"quantum-broadcast-n{n}-x{x}-y{y}")
        preparations.append(Preparation(net, build(net, ensemble, n, x, y)))
    return plan_of(ensemble, answer, n, preparations, {"fidelity": 1.0, "trace_norm": 0.0})


def _by_systems(net: NetworkCircuit, ensemble: Ensemble, n: int, x: int, y: int) -> tuple[Qubit, ...]:
    """Let Alice prepare sigma in a row B, A, C, keep A and send the others; return the outputs."""
    systems = {}
    for name, size in zip("abc", ensemble.qubits, strict=True):
        systems[name] = cut(net.allocate("Alice", n * size, f"alice_{name}") if size else [], n)
    prepare = synthesise(ensemble.sigma[:, None])
    for k in range(n):
        net.local("Alice", prepare, systems["b"][k] + systems["a"][k] + systems["c"][k])
    send(net, "Bob", systems["b"], ensemble.dimensions[1])
    send(net, "Charlie", systems["c"], ensemble.dimensions[2])
    for party, name, gate in (("Bob", "b", ensemble.bob[x]), ("Charlie", "c", ensemble.charlie[y])):
        for qubits in systems[name]:
            apply(net, party, gate, qubits)
    return tuple(q for k in range(n) for name in "abc" for q in systems[name][k])


def _by_code(net: NetworkCircuit, ensemble: Ensemble, n: int, x: int, y: int) -> tuple[Qubit, ...]:
    """Let Alice prepare and send codes of Schmidt vectors, and Bob and Charlie decode; return the outputs."""
    rank = len(ensemble.weights)
    bits = (rank - 1).bit_length()
    sent = {name: cut(net.allocate("Alice", n * bits, f"alice_{name}") if bits else [], n) for name in "bc"}
    for b, c in zip(sent["b"], sent["c"], strict=True):
        if bits == 1:
            net.local("Alice", pair(angle_of(ensemble.weights[0])), b + c)
        elif bits == 2:
            net.local("Alice", _two_bits(ensemble.weights), b + c[::-1])
    send(net, "Bob", sent["b"], rank)
    send(net, "Charlie", sent["c"], rank)
    systems = {}
    for party, name, size, gate, code in (
        ("Bob", "b", ensemble.qubits[1], ensemble.bob[x], BOB_CODE),
        ("Charlie", "c", ensemble.qubits[2], ensemble.charlie[y], CHARLIE_CODE),
    ):
        more = net.allocate(party, n * (size - bits), f"{party.lower()}_more") if size > bits else []
        systems[name] = [new + old for new, old in zip(cut(more, n), sent[name], strict=True)]
        for qubits in systems[name]:
            apply(net, party, gate, qubits, bits, code[:rank] if bits == 2 else range(rank))
    return tuple(q for k in range(n) for name in "bc" for q in systems[name][k])


def _two_bits(weights: Sequence[float]) -> QuantumCircuit:
    """Return sum_yx sqrt(w_yx) |y, x+y>|y, x>, Bob's code and Charlie's reversed: at most five CX in a row.

    The codes are not equal because that takes fewer gates; the decoding makes up for it.
    """
    amplitudes = np.sqrt([*weights, *[0.0] * (4 - len(weights))])
    circuit = QuantumCircuit(4)
    circuit.compose(synthesise(amplitudes[:, None].astype(complex)), [0, 1], inplace=True)
    for control, target in ((1, 2), (2, 3), (0, 1), (1, 2)):
        circuit.cx(control, target)
    return circuit
