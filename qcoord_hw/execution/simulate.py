"""Exact and sampled simulation of circuits, ideal or noisy, part by part.

Qubits that no gate connects are independent (the noise models have no crosstalk), so each connected part
of a circuit is simulated alone: eight CHSH rounds cost eight pairs, not sixteen qubits. A part whose
measurements are final is simulated once, for its outcome probabilities; every block of shots is then
drawn from them, with the readout error applied exactly. Other parts are sampled by Aer.

The method is chosen by rules that were measured (`benchmarks/simulation_methods.py` prints them) and not left
to Aer's `automatic`: exact probabilities cost one run whatever the number of shots and blocks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from qiskit.circuit import Barrier, ClassicalRegister, ControlFlowOp, QuantumCircuit, QuantumRegister, Qubit
from qiskit.circuit.controlflow import get_control_flow_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveProbabilities

from qcoord_hw.errors import TargetError, TooLargeError
from qcoord_hw.execution.layout import components, interactions
from qcoord_hw.execution.noise import confusion, noise_model
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.record import Counts

MAX_EXACT_IDEAL = 20
MAX_STATEVECTOR = 28
MAX_DENSITY_MATRIX = 11
MAX_TRAJECTORIES = 16
MAX_MPS = 40


@dataclass(frozen=True)
class Part:
    """A connected part of a circuit.

    Attributes:
        circuit: the part alone, on its own qubits and classical bits.
        qubits: the qubits of the whole circuit that it stands for.
        clbits: the classical bits of the whole circuit that it stands for.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    clbits: tuple[int, ...]

    @property
    def is_final(self) -> bool:
        """Whether every measurement is the last thing that happens to its qubit."""
        measured: set[Qubit] = set()
        for instruction in self.circuit.data:
            if isinstance(instruction.operation, ControlFlowOp):
                return False
            if isinstance(instruction.operation, Barrier):
                continue
            if measured.intersection(instruction.qubits) or instruction.operation.name == "reset":
                return False
            if instruction.operation.name == "measure":
                measured.update(instruction.qubits)
        return True


def unroll(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit in which gates that Aer does not know stand as their definitions."""
    known = {*AerSimulator().configuration().basis_gates, *get_control_flow_name_mapping()}
    known |= {"measure", "reset", "barrier"}
    while unknown := {i.operation.name for i in circuit.data if i.operation.name not in known}:
        opened = circuit.decompose(list(unknown))
        if opened == circuit:
            raise TargetError(
                f"target aer: circuit {circuit.name!r} has {sorted(unknown)[0]!r}, unknown to Aer"
            )
        circuit = opened
    return circuit


def split(circuit: QuantumCircuit) -> list[Part]:
    """Return the connected parts of a circuit that measure anything; barriers do not connect."""
    edges = list(interactions(circuit))
    if any(isinstance(i.operation, ControlFlowOp) for i in circuit.data):
        edges = [frozenset(range(circuit.num_qubits))] if circuit.num_qubits > 1 else []
    parts = []
    for qubits in components(circuit.num_qubits, edges):
        mine = {circuit.qubits[q] for q in qubits}
        data = [i for i in circuit.data if mine.intersection(i.qubits)]
        clbits = sorted({circuit.find_bit(c).index for i in data for c in i.clbits})
        if not clbits:
            continue
        if len(mine) == circuit.num_qubits:
            parts.append(Part(circuit, tuple(qubits), tuple(range(circuit.num_clbits))))
            continue
        alone = QuantumCircuit(QuantumRegister(len(qubits), "q"), ClassicalRegister(len(clbits), "c"))
        qubit_of = {circuit.qubits[q]: alone.qubits[i] for i, q in enumerate(qubits)}
        clbit_of = {circuit.clbits[c]: alone.clbits[i] for i, c in enumerate(clbits)}
        for i in data:
            if not isinstance(i.operation, Barrier):
                alone.append(i.operation, [qubit_of[q] for q in i.qubits], [clbit_of[c] for c in i.clbits])
        parts.append(Part(alone, tuple(qubits), tuple(clbits)))
    return parts


def choose_method(part: Part, *, noisy: bool) -> str:
    """Return how a part is simulated: an Aer method, behind `exact:` if its probabilities are computed once.

    Raises:
        TooLargeError: when no method can do it within its measured limits, with the limits.
    """
    size = part.circuit.num_qubits
    if not noisy:
        if part.is_final and size <= MAX_EXACT_IDEAL:
            return "exact:statevector"
        if part.is_final and _is_clifford(part.circuit):
            return "stabilizer"
        if size <= MAX_STATEVECTOR:
            return "statevector"
    elif part.is_final and size <= MAX_DENSITY_MATRIX:
        return "exact:density_matrix"
    elif size <= MAX_TRAJECTORIES:
        return "statevector"
    if size <= MAX_MPS and _is_line(part.circuit):
        return "matrix_product_state"
    dense, why = (MAX_TRAJECTORIES, "with noise") if noisy else (MAX_STATEVECTOR, "ideal, not Clifford")
    raise TooLargeError(
        f"circuit {part.circuit.name!r}: {size} connected qubits {why}; allowed are {dense} for a state "
        f"vector or {MAX_MPS} in a line for a matrix product state"
    )


def _is_clifford(circuit: QuantumCircuit) -> bool:
    bare = circuit.remove_final_measurements(inplace=False)
    try:
        Clifford(bare)
    except QiskitError:
        return False
    return True


def _is_line(circuit: QuantumCircuit) -> bool:
    edges = list(interactions(circuit))
    degree = [sum(q in edge for edge in edges) for q in range(circuit.num_qubits)]
    return len(edges) < circuit.num_qubits and max(degree) <= 2 and all(len(e) == 2 for e in edges)


class Simulator:
    """Draws counts of prepared circuits, each part simulated once.

    Args:
        circuits: the circuits as executed.
        snapshot: calibration of their qubits, in order; None simulates without noise.
    """

    def __init__(self, circuits: Sequence[QuantumCircuit], snapshot: Snapshot | None) -> None:
        """Choose a method for each part of each circuit.

        Raises:
            TooLargeError: when a part is too large for every method.
        """
        self._snapshot = snapshot
        self._parts = [split(c) for c in circuits]
        self._num_clbits = [c.num_clbits for c in circuits]
        self._methods = [
            [choose_method(p, noisy=snapshot is not None) for p in parts] for parts in self._parts
        ]
        self._exact: dict[tuple[int, int], npt.NDArray[np.float64]] = {}
        self._backends: dict[tuple[str, tuple[int, ...]], AerSimulator] = {}

    @property
    def methods(self) -> list[str]:
        """The methods in use, without repetition."""
        return sorted({m for methods in self._methods for m in methods})

    def probabilities(self, circuit: int, part: int) -> npt.NDArray[np.float64]:
        """Return the outcome probabilities of a part, readout error included.

        Shape (2^k,) for its k classical bits; bit 0 is the most significant of the index.

        Raises:
            TargetError: when Aer reports a failure.
        """
        if not self._exact:
            self._compute()
        return self._exact[circuit, part]

    def counts(self, circuit: int, shots: int, seed: int) -> Counts:
        """Return the counts of one block of shots; the same seed gives the same counts.

        Raises:
            TargetError: when Aer reports a failure.
        """
        rng = np.random.default_rng(seed)
        parts = self._parts[circuit]
        drawn = [self._draw(circuit, p, shots, rng) for p in range(len(parts))]
        if len(parts) == 1 and len(parts[0].clbits) == self._num_clbits[circuit]:
            return drawn[0]
        bits = np.full((shots, self._num_clbits[circuit]), ord("0"), dtype=np.uint8)
        for part, counts in zip(parts, drawn, strict=True):
            keys = np.array([list(k.encode()) for k in counts], dtype=np.uint8)
            order = rng.permutation(np.repeat(np.arange(len(counts)), list(counts.values())))
            bits[:, list(part.clbits)] = keys[order]
        rows, times = np.unique(bits, axis=0, return_counts=True)
        return {row.tobytes().decode(): int(n) for row, n in zip(rows, times, strict=True)}

    def _draw(self, circuit: int, part: int, shots: int, rng: np.random.Generator) -> Counts:
        one = self._parts[circuit][part]
        width = len(one.clbits)
        if self._methods[circuit][part].startswith("exact:"):
            drawn = rng.multinomial(shots, self.probabilities(circuit, part))
            return {format(i, f"0{width}b"): int(drawn[i]) for i in np.flatnonzero(drawn)}
        backend = self._backend(one, self._methods[circuit][part])
        result = backend.run(one.circuit, shots=shots, seed_simulator=int(rng.integers(2**31))).result()
        if not result.success:
            raise TargetError(f"Aer failed on circuit {one.circuit.name!r}: {result.status}")
        return {key.replace(" ", "")[::-1]: int(n) for key, n in sorted(result.get_counts().items())}

    def _backend(self, part: Part, method: str) -> AerSimulator:
        key = (method, part.qubits)
        if key not in self._backends:
            options = {}
            if self._snapshot is not None:
                calibration = self._snapshot.restrict([self._snapshot.qubits[q].index for q in part.qubits])
                options["noise_model"] = noise_model(calibration, readout=not method.startswith("exact:"))
            self._backends[key] = AerSimulator(method=method.removeprefix("exact:"), **options)
        return self._backends[key]

    def _compute(self) -> None:
        """Simulate every exact part once; parts on the same qubits go to Aer in one batch."""
        batches: dict[AerSimulator, list[tuple[int, int]]] = {}
        for c, (parts, methods) in enumerate(zip(self._parts, self._methods, strict=True)):
            for p, (part, method) in enumerate(zip(parts, methods, strict=True)):
                if method.startswith("exact:"):
                    batches.setdefault(self._backend(part, method), []).append((c, p))
        for backend, batch in batches.items():
            result = backend.run(
                [_saving(self._parts[c][p]) for c, p in batch], shots=1, seed_simulator=0
            ).result()
            if not result.success:
                raise TargetError(f"Aer failed: {result.status}")
            for k, (c, p) in enumerate(batch):
                saved = np.asarray(result.data(k)["probabilities"])
                self._exact[c, p] = self._outcomes(self._parts[c][p], saved)

    def _outcomes(self, part: Part, saved: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return probabilities of classical outcomes from those of the measured qubits."""
        measured = _measured(part)
        tensor = saved.reshape((2,) * len(measured)).transpose()  # axis k: the k-th measured classical bit
        if self._snapshot is not None:
            matrices = confusion(self._snapshot)
            for axis, qubit in enumerate(measured.values()):
                matrix = matrices[part.qubits[qubit]]
                tensor = np.moveaxis(np.tensordot(matrix, tensor, axes=(1, axis)), 0, axis)
        full = np.zeros((2,) * len(part.clbits))
        full[tuple(slice(None) if c in measured else 0 for c in range(len(part.clbits)))] = tensor
        # Rounded, so that a draw hardly ever hangs on the order in which threads add floats.
        flat = np.clip(np.round(full.reshape(-1), 12), 0.0, 1.0)
        return np.asarray(flat / math.fsum(flat))


def _measured(part: Part) -> dict[int, int]:
    """Return classical bit -> measured qubit of a part, by classical bit."""
    circuit = part.circuit
    pairs = {
        circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
        for i in circuit.data
        if i.operation.name == "measure"
    }
    return dict(sorted(pairs.items()))


def _saving(part: Part) -> QuantumCircuit:
    """Return a part that saves the probabilities of its measured qubits instead of measuring them."""
    bare = part.circuit.copy_empty_like()
    for instruction in part.circuit.data:
        if instruction.operation.name not in ("measure", "barrier"):
            bare.append(instruction)
    qubits = list(_measured(part).values())
    bare.append(SaveProbabilities(len(qubits)), qubits)
    return bare
