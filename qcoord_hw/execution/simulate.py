"""Exact and sampled simulation of circuits, ideal or noisy, part by part.

Qubits that no gate connects are independent (the noise models have no crosstalk), so each connected part
of a circuit is simulated alone: eight CHSH rounds cost eight pairs, not sixteen qubits. A part whose
measurements are final is simulated once, for its outcome probabilities; every block of shots is then
drawn from them, with the readout error applied exactly. Clifford parts that are too large for a density
matrix have twirled errors (`frames`). Other parts are sampled by Aer.

The method is chosen by rules that were measured (`benchmarks/simulation_methods.py` prints them) and not left
to Aer's `automatic`: exact probabilities cost one run whatever the number of shots and blocks.

A long module: cutting into parts, choosing, simulating, shifting by frames and drawing are one path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from qiskit.circuit import (
    Barrier,
    ClassicalRegister,
    ControlFlowOp,
    IfElseOp,
    QuantumCircuit,
    QuantumRegister,
    Qubit,
)
from qiskit.circuit.controlflow import get_control_flow_name_mapping
from qiskit.circuit.library import XGate, YGate, ZGate
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveProbabilities

from qcoord_hw.errors import TargetError, TooLargeError
from qcoord_hw.execution import active
from qcoord_hw.execution.batch import probabilities
from qcoord_hw.execution.channels import has_channels
from qcoord_hw.execution.drawing import MAX_WIDTH, codes, tabulated
from qcoord_hw.execution.frames import frame_circuit, is_clifford, outcomes
from qcoord_hw.execution.frames.sampling import Sampler
from qcoord_hw.execution.layout import components, interactions, operations
from qcoord_hw.execution.noise import confusion, noise_model
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.families.experiment import DIRECT, FRAME, Setting
from qcoord_hw.network import is_relayed
from qcoord_hw.record import Counts

MAX_EXACT_IDEAL = 20
MAX_STATEVECTOR = 28
MAX_DENSITY_MATRIX = 11
MAX_TRAJECTORIES = 16
MAX_MPS = 40
MAX_FRAMES = 16
"""Outcome bits of a Clifford part whose probabilities under twirled noise are computed, not sampled."""

FRAMES = "pauli-frames"
STIM = "stim"
TWIRLED = {FRAMES, f"exact:{FRAMES}"}
"""Methods in which errors are twirled."""

NEWER = TWIRLED | {STIM}
"""Methods that older records know nothing of, in which Aer simulated what these do now."""

ACTIVE = "exact:active-qubits"
"""The method of `qcoord_hw.execution.active`."""

BATCH = 16
"""Values of a circuit's parameters that are simulated with noise in one call of Aer."""

SMALL, KEPT = 6, 2**14
"""Outcome bits of a part whose probabilities are kept after the readout error; how many of them, at most."""

SPOT_CHECKS = 3
"""Inputs that are also simulated directly when the others are derived."""


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

    @cached_property
    def measured(self) -> dict[int, int]:
        """Classical bit -> measured qubit, by classical bit."""
        circuit = self.circuit
        pairs = {
            circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
            for i in circuit.data
            if i.operation.name == "measure"
        }
        return dict(sorted(pairs.items()))

    @property
    def is_final(self) -> bool:
        """Whether every measurement is the last thing that happens to its qubit."""
        return is_final(self.circuit)


def is_final(circuit: QuantumCircuit) -> bool:
    """Return whether every measurement is the last thing that happens to its qubit."""
    measured: set[Qubit] = set()
    for instruction in circuit.data:
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
    """Return the connected parts of a circuit that measure anything; barriers do not connect.

    Gates that hang on outcomes connect all; with relays, which have many, those on whose outcomes they do.
    """
    edges = list(interactions(circuit))
    conditional = [i for i in circuit.data if isinstance(i.operation, ControlFlowOp)]
    if is_relayed(circuit) and all(active.is_simple(i.operation) for i in conditional):
        measured = {i.clbits[0]: i.qubits[0] for i in circuit.data if i.operation.name == "measure"}
        for i in conditional:
            joined = (*i.qubits, *(measured[c] for c in i.clbits if c in measured))
            edges.append(frozenset(circuit.find_bit(q).index for q in joined))
    elif conditional:
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
        alone.metadata = circuit.metadata
        qubit_of = {circuit.qubits[q]: alone.qubits[i] for i, q in enumerate(qubits)}
        clbit_of = {circuit.clbits[c]: alone.clbits[i] for i, c in enumerate(clbits)}
        for i in data:
            if not isinstance(i.operation, Barrier):
                operation, bits = i.operation, [clbit_of[c] for c in i.clbits]
                if isinstance(operation, ControlFlowOp):  # which holds the bit that it hangs on
                    operation = IfElseOp((bits[0], True), operation.blocks[0])
                alone.append(operation, [qubit_of[q] for q in i.qubits], bits)
        parts.append(Part(alone, tuple(qubits), tuple(clbits)))
    return parts


def choose_method(
    part: Part, *, noisy: bool, values: Sequence[Sequence[float]] = (), frames: bool = True
) -> str:
    """Return how a part is simulated: its method, behind `exact:` if its probabilities are computed once.

    Args:
        part: with final measurements or without.
        noisy: whether anything goes wrong in it.
        values: at which its parameters are to be executed, a row for each setting; zeros if there is none.
        frames: whether stim and twirled errors may be used, which older records know nothing of.

    Raises:
        TooLargeError: when no method can do it within its measured limits, with the limits.
    """
    size, final = part.circuit.num_qubits, part.is_final
    if is_relayed(part.circuit) and active.fits(part.circuit):
        return ACTIVE
    if not noisy:
        if final and size <= MAX_EXACT_IDEAL:
            return "exact:statevector"
        if final and is_clifford(part.circuit, values):
            return STIM if frames else "stabilizer"
        if size <= MAX_STATEVECTOR:
            return "statevector"
    elif final and size <= MAX_DENSITY_MATRIX:
        return "exact:density_matrix"
    elif frames and final and is_clifford(part.circuit, values):
        return f"exact:{FRAMES}" if len(part.clbits) <= MAX_FRAMES else FRAMES
    elif size <= MAX_TRAJECTORIES:
        return "statevector"
    if size <= MAX_MPS and _is_line(part.circuit):
        return "matrix_product_state"
    dense, why = (MAX_TRAJECTORIES, "with noise") if noisy else (MAX_STATEVECTOR, "ideal, not Clifford")
    raise TooLargeError(
        f"circuit {part.circuit.name!r}: {size} connected qubits {why}; allowed are {dense} for a state "
        f"vector or {MAX_MPS} in a line for a matrix product state"
    )


def _is_line(circuit: QuantumCircuit) -> bool:
    edges = list(interactions(circuit))
    degree = [sum(q in edge for edge in edges) for q in range(circuit.num_qubits)]
    return len(edges) < circuit.num_qubits and max(degree) <= 2 and all(len(e) == 2 for e in edges)


@dataclass(frozen=True, eq=False)
class _Distribution:
    """Probabilities of a part's outcomes before the readout error; outcomes left out have none.

    Attributes:
        outcomes: indices; the part's classical bit 0 is the most significant bit.
        weights: their probabilities.
        read: the part's classical bits whose readout error is in them already.
    """

    outcomes: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    read: frozenset[int] = frozenset()


_Instance = tuple[int, int, tuple[float, ...]]
"""A part of a circuit (circuit, part) at values of the parameters that stand in it."""


_Chances = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]
"""Probabilities of a part's outcomes, read out, and what each adds to the whole outcome."""


class Simulator:
    """Draws counts of prepared circuits; what several settings share is simulated once.

    Args:
        circuits: the circuits as executed, with the channels of links.
        settings: at which values of their parameters they are counted.
        snapshot: calibration of their qubits, in order; None simulates without noise.
        frames: whether stim and twirled errors may be used: see `choose_method`.
    """

    def __init__(
        self,
        circuits: Sequence[QuantumCircuit],
        settings: Sequence[Setting],
        snapshot: Snapshot | None,
        *,
        frames: bool = True,
    ) -> None:
        """Choose a method for each part of each circuit.

        Raises:
            TooLargeError: when a part is too large for every method.
        """
        self._snapshot = snapshot
        self._noisy = snapshot is not None or any(map(has_channels, circuits))
        self._settings = settings
        self._parts = [split(c) for c in circuits]
        self._num_clbits = [c.num_clbits for c in circuits]
        self._columns = [
            [[list(c.parameters).index(name) for name in part.circuit.parameters] for part in parts]
            for c, parts in zip(circuits, self._parts, strict=True)
        ]
        self._methods = [
            [
                choose_method(part, noisy=self._noisy, values=self._values(c, p), frames=frames)
                for p, part in enumerate(parts)
            ]
            for c, parts in enumerate(self._parts)
        ]
        if snapshot is not None:  # what nobody executes needs no noise, which takes its time to be made
            done = [one for c in circuits for one in operations(c, range(c.num_qubits))]
            self._used = snapshot.only(done)
        self._exact: dict[_Instance, _Distribution] = {}
        self._backends: dict[tuple[str, tuple[int, ...]], AerSimulator] = {}
        self._samplers: dict[_Instance, Sampler] = {}
        self._drawn: dict[tuple[int, int], _Chances] = {}
        self._alike: dict[tuple[_Instance, tuple[bool, ...]], _Chances] = {}
        self._ready: set[int] = set()

    @property
    def methods(self) -> list[str]:
        """The methods in use, without repetition."""
        derived = {s.method for s in self._settings} - {DIRECT}
        return sorted({m for methods in self._methods for m in methods} | derived)

    def parts(self, setting: int) -> int:
        """Return how many independent parts the circuit of a setting has."""
        return len(self._parts[self._settings[setting].circuit])

    def probabilities(self, setting: int, part: int) -> npt.NDArray[np.float64]:
        """Return the outcome probabilities of a part, readout error included.

        Shape (2^k,) for its k classical bits; bit 0 is the most significant of the index. A derived
        setting is shifted by its flips before the readout error, which does not commute with them.

        Raises:
            TargetError: when Aer reports a failure.
        """
        asked = self._settings[setting]
        one = self._parts[asked.circuit][part]
        instance = self._instance(asked, part)
        if instance not in self._exact:
            self._compute(instance)
        before = self._exact[instance]
        mask = 0
        for k, flipped in enumerate(reversed(_flipped(asked, one))):
            mask |= flipped << k
        dense = np.zeros(2 ** len(one.clbits))
        dense[before.outcomes ^ mask] = before.weights
        return self._read_out(one, dense, before.read)

    def counts(self, setting: int, shots: int, seed: int) -> Counts:
        """Return the counts of one block of shots; the same seed gives the same counts.

        Raises:
            TargetError: when Aer reports a failure.
        """
        return self.counts_of([(setting, shots, seed)])[0]

    def counts_of(self, asked: Sequence[tuple[int, int, int]]) -> list[Counts]:
        """Return the counts of several blocks of shots, which cost less together; each as it is alone.

        Args:
            asked: setting, shots and seed of each.

        Raises:
            TargetError: when Aer reports a failure.
        """
        found: list[Counts] = [{} for _ in asked]
        drawn: dict[int, dict[int, npt.NDArray[np.int64]]] = {}
        for k, (setting, shots, seed) in enumerate(asked):
            rng, circuit = np.random.default_rng(seed), self._settings[setting].circuit
            width = self._num_clbits[circuit]
            if len(self._parts[circuit]) > 1 and width <= MAX_WIDTH and self._is_exact(circuit):
                drawn.setdefault(width, {})[k] = self._outcomes(setting, shots, rng)
            else:
                found[k] = self._counts(setting, shots, rng)
        for width, some in drawn.items():
            for k, counts in zip(some, tabulated(list(some.values()), width), strict=True):
                found[k] = counts
        return found

    def is_ready(self, setting: int) -> bool:
        """Return whether a setting is drawn at once, since its probabilities are known."""
        if setting not in self._ready:
            asked = self._settings[setting]
            parts = range(len(self._parts[asked.circuit]))
            if all(self._instance(asked, p) in self._exact for p in parts):
                self._ready.add(setting)
        return setting in self._ready

    def _is_exact(self, circuit: int) -> bool:
        return all(method.startswith("exact:") for method in self._methods[circuit])

    def _outcomes(self, setting: int, shots: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return the outcome of each shot of independent parts, which meet at random: shape (shots,)."""
        asked = self._settings[setting]
        parts = self._parts[asked.circuit]
        chances = [self._chances(setting, p) for p in range(len(parts))]
        drawn = [rng.multinomial(shots, weights) for weights, _ in chances]
        found = np.zeros(shots, dtype=np.int64)
        for times, (_, own) in zip(drawn, chances, strict=True):
            found |= rng.permutation(np.repeat(own, times))
        return found

    def _chances(self, setting: int, part: int) -> _Chances:
        """Return the probabilities of a part's outcomes, and what each adds to the whole outcome."""
        if (setting, part) in self._drawn:
            return self._drawn[setting, part]
        asked = self._settings[setting]
        one = self._parts[asked.circuit][part]
        same = self._instance(asked, part), tuple(_flipped(asked, one))
        if (found := self._alike.get(same)) is None:
            found = self.probabilities(setting, part), codes(one.clbits, self._num_clbits[asked.circuit])
        if len(one.clbits) <= SMALL and len(self._drawn) < KEPT:
            self._drawn[setting, part] = self._alike[same] = found
        return found

    def _counts(self, setting: int, shots: int, rng: np.random.Generator) -> Counts:
        circuit = self._settings[setting].circuit
        parts = self._parts[circuit]
        drawn = [self._draw(setting, p, shots, rng) for p in range(len(parts))]
        if len(parts) == 1 and len(parts[0].clbits) == self._num_clbits[circuit]:
            return drawn[0]
        return _together(drawn, [part.clbits for part in parts], self._num_clbits[circuit], shots, rng)

    def _instance(self, asked: Setting, part: int) -> _Instance:
        columns = self._columns[asked.circuit][part]
        framed = asked.method == FRAME
        return asked.circuit, part, tuple(0.0 if framed else float(asked.values[k]) for k in columns)

    def _values(self, circuit: int, part: int) -> list[tuple[float, ...]]:
        """Return the values at which a part is simulated, each once."""
        asked = (s for s in self._settings if s.circuit == circuit)
        return list(dict.fromkeys(self._instance(s, part)[2] for s in asked))

    def _draw(self, setting: int, part: int, shots: int, rng: np.random.Generator) -> Counts:
        asked = self._settings[setting]
        one, method = self._parts[asked.circuit][part], self._methods[asked.circuit][part]
        if method in (FRAMES, STIM):
            return count_rows(self._sampled(asked, part, shots, rng))
        if method.startswith("exact:"):
            drawn = rng.multinomial(shots, self.probabilities(setting, part))
            width = len(one.clbits)
            return {format(i, f"0{width}b"): int(drawn[i]) for i in np.flatnonzero(drawn)}
        circuit = bind(one.circuit, self._instance(asked, part)[2])
        if method == "stabilizer":
            circuit = as_clifford(circuit)
        result = (
            self._backend(one, method)
            .run(circuit, shots=shots, seed_simulator=int(rng.integers(2**31)))
            .result()
        )
        if not result.success:
            raise TargetError(f"Aer failed on circuit {one.circuit.name!r}: {result.status}")
        return {key.replace(" ", "")[::-1]: int(n) for key, n in sorted(result.get_counts().items())}

    def _sampled(self, asked: Setting, p: int, shots: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """Return outcomes of a Clifford part, shot by shot, read out: shape (shots, bits)."""
        part, instance = self._parts[asked.circuit][p], self._instance(asked, p)
        if instance not in self._samplers:
            steps = frame_circuit(bind(part.circuit, instance[2]), self._calibration(part))
            self._samplers[instance] = Sampler(steps, len(part.clbits))
        bits = self._samplers[instance].sample(shots, int(rng.integers(2**31)))
        bits ^= np.array(_flipped(asked, part), dtype=np.uint8)
        if self._snapshot is not None:
            for clbit, qubit in part.measured.items():
                read, one = bits[:, clbit], self._snapshot.qubits[part.qubits[qubit]]
                read ^= rng.random(shots) < np.where(read, one.p01, one.p10)
        return bits

    def _calibration(self, part: Part) -> Snapshot | None:
        """Return the calibration of a part's qubits, with the gates that are executed."""
        if self._snapshot is None:
            return None
        return self._used.restrict([self._snapshot.qubits[q].index for q in part.qubits])

    def _backend(self, part: Part, method: str) -> AerSimulator:
        key = (method, part.qubits)
        if key not in self._backends:
            options, calibration = {}, self._calibration(part)
            if calibration is not None:
                options["noise_model"] = noise_model(calibration, readout=not method.startswith("exact:"))
            self._backends[key] = AerSimulator(method=method.removeprefix("exact:"), **options)
        return self._backends[key]

    def _compute(self, instance: _Instance) -> None:
        """Simulate exactly what an instance needs, and with it what costs little more in the same run.

        Circuits without parameters go to Aer in one batch a set of qubits. Many values of one circuit's
        parameters are simulated as one array where there is no noise; with noise some of them in a batch.
        """
        circuit, p, values = instance
        part, method = self._parts[circuit][p], self._methods[circuit][p]
        if method in TWIRLED:
            steps = frame_circuit(bind(part.circuit, values), self._calibration(part))
            self._store(instance, outcomes(steps, [[c] for c in range(len(part.clbits))]))
            return
        if method == ACTIVE:
            self._exact[instance] = self._walked(part, values)
            return
        if not values:
            self._run(method, [i for i in self._like(method, part.qubits) if i not in self._exact])
            return
        asked = dict.fromkeys(self._instance(s, p) for s in self._settings if s.circuit == circuit)
        if self._noisy:
            rest = [one for one in asked if one not in self._exact]
            at = rest.index(instance)
            self._run(method, rest[at : at + BATCH])
        else:
            rows = np.array([i[2] for i in asked])
            qubits = list(reversed(part.measured.values()))
            for one, weights in zip(asked, probabilities(_bare(part), qubits, rows), strict=True):
                self._keep(one, part, weights)

    def _like(self, method: str, qubits: tuple[int, ...]) -> list[_Instance]:
        """Return the instances without parameters that run on the same qubits by the same method."""
        return [
            (c, p, ())
            for c, parts in enumerate(self._parts)
            for p, part in enumerate(parts)
            if part.qubits == qubits and self._methods[c][p] == method and not part.circuit.parameters
        ]

    def _run(self, method: str, batch: Sequence[_Instance]) -> None:
        parts = [self._parts[c][p] for c, p, _ in batch]
        circuits = []
        for part, (_, _, values) in zip(parts, batch, strict=True):
            circuit = bind(_bare(part), values)
            qubits = list(part.measured.values())
            circuit.append(SaveProbabilities(len(qubits)), qubits)
            circuits.append(circuit)
        result = self._backend(parts[0], method).run(circuits, shots=1, seed_simulator=0).result()
        if not result.success:
            raise TargetError(f"Aer failed: {result.status}")
        for k, (part, instance) in enumerate(zip(parts, batch, strict=True)):
            self._keep(instance, part, np.asarray(result.data(k)["probabilities"]))

    def _walked(self, part: Part, values: Sequence[float]) -> _Distribution:
        """Return the outcome distribution of a part in which few qubits are in use at once."""
        errors, matrices = {}, None
        if self._snapshot is not None:
            calibration = self._used.restrict([self._snapshot.qubits[q].index for q in part.qubits])
            errors, matrices = active.gate_transfers(calibration), confusion(calibration)
        tensor, read = active.outcome_probabilities(bind(part.circuit, values), errors, matrices)
        flat = np.clip(np.round(tensor.reshape(-1), 13), 0.0, 1.0)
        outcomes = np.flatnonzero(flat)
        return _Distribution(outcomes, flat[outcomes], read)

    def _keep(self, instance: _Instance, part: Part, saved: npt.NDArray[np.float64]) -> None:
        """Keep the probabilities of the measured qubits, the last one's bit the most significant."""
        measured = part.measured
        tensor = saved.reshape((2,) * len(measured)).transpose()  # axis k: the k-th measured classical bit
        full = np.zeros((2,) * len(part.clbits))
        full[tuple(slice(None) if c in measured else 0 for c in range(len(part.clbits)))] = tensor
        self._store(instance, full.reshape(-1))

    def _store(self, instance: _Instance, flat: npt.NDArray[np.float64]) -> None:
        # Rounded, so that a draw hardly ever hangs on the order in which threads add floats.
        flat = np.clip(np.round(flat, 13), 0.0, 1.0)
        outcomes = np.flatnonzero(flat)
        self._exact[instance] = _Distribution(outcomes, flat[outcomes])

    def _read_out(
        self, part: Part, dense: npt.NDArray[np.float64], read: frozenset[int]
    ) -> npt.NDArray[np.float64]:
        """Return probabilities after the readout error, summing to 1."""
        tensor = dense.reshape((2,) * len(part.clbits))
        if self._snapshot is not None:
            matrices = confusion(self._snapshot)
            for clbit, qubit in part.measured.items():
                if clbit in read:
                    continue
                matrix = matrices[part.qubits[qubit]]
                tensor = np.moveaxis(np.tensordot(matrix, tensor, axes=(1, clbit)), 0, clbit)
        flat = np.clip(np.round(tensor.reshape(-1), 12), 0.0, 1.0)
        return np.asarray(flat / math.fsum(flat))


def _together(
    drawn: Sequence[Counts],
    places: Sequence[tuple[int, ...]],
    width: int,
    shots: int,
    rng: np.random.Generator,
) -> Counts:
    """Return counts of whole outcomes from those of independent parts, whose shots meet in random order."""
    certain = all(len(counts) == 1 for counts in drawn)
    rows = 1 if certain else shots
    bits = np.full((rows, width), ord("0"), dtype=np.uint8)
    for clbits, counts in zip(places, drawn, strict=True):
        keys = np.array([list(k.encode()) for k in counts], dtype=np.uint8)
        order = np.repeat(np.arange(len(counts)), list(counts.values()))
        bits[:, list(clbits)] = keys[:1] if certain else keys[rng.permutation(order)]
    return {word: n * shots // rows for word, n in count_rows(bits - ord("0")).items()}


def _flipped(asked: Setting, part: Part) -> list[bool]:
    """Return which classical bits of a part a derived setting flips."""
    flips = (asked.flips or ()) if asked.method == FRAME else ()
    return [clbit in flips for clbit in part.clbits]


def count_rows(bits: npt.NDArray[np.uint8]) -> Counts:
    """Return how often each row of 0 and 1 occurs, shape (shots, bits), in order."""
    width = bits.shape[1]
    if width <= 62:  # whole numbers sort much faster than rows
        codes = np.zeros(len(bits), dtype=np.int64)
        for column in bits.T:
            codes <<= 1
            codes |= column
        found, times = np.unique(codes, return_counts=True)
        kept = (found[:, None] >> np.arange(width - 1, -1, -1) & 1).astype(np.uint8)
    else:
        kept, times = np.unique(bits, axis=0, return_counts=True)
    text = (kept + ord("0")).tobytes().decode()
    words = [text[k : k + width] for k in range(0, len(text), width)]
    return dict(zip(words, times.tolist(), strict=True))


def _bare(part: Part) -> QuantumCircuit:
    """Return a part's gates alone."""
    bare = QuantumCircuit(*part.circuit.qregs)
    for instruction in part.circuit.data:
        if instruction.operation.name not in ("measure", "barrier"):
            bare.append(instruction)
    return bare


def as_clifford(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit in which rotations by multiples of pi are Pauli gates, up to a global phase.

    Aer's stabilizer method knows these alone.
    """
    out = circuit.copy_empty_like()
    for i in circuit.data:
        name = i.operation.name
        if name in ("rx", "rz", "ry", "p"):
            turns = round(float(i.operation.params[0]) / math.pi)
            if abs(float(i.operation.params[0]) - turns * math.pi) < 1e-9:
                if turns % 2:
                    out.append({"rx": XGate, "ry": YGate}.get(name, ZGate)(), i.qubits)
                continue
        out.append(i)
    return out


def twirls(circuits: Sequence[QuantumCircuit]) -> bool:
    """Return whether errors are twirled in any part of circuits when a device's noise is simulated."""
    return any(_is_twirled(part) for circuit in circuits for part in split(circuit))


def _is_twirled(part: Part) -> bool:
    return part.circuit.num_qubits > MAX_DENSITY_MATRIX and part.is_final and is_clifford(part.circuit)


def shares_noisy_run(program: Program) -> bool:
    """Return whether one noisy simulation can serve all settings of a program."""
    if not all(route.is_pauli for route in program.routes):
        return False
    return len(program.circuits) == 1 and _frames(program.circuits[0], program.settings)


def _frames(circuit: QuantumCircuit, settings: Sequence[Setting], *, frames: bool = True) -> bool:
    derived = all(_is_derived(part, frames=frames) for part in split(circuit))
    return derived and all(s.flips is not None for s in settings)


def _is_derived(part: Part, *, frames: bool) -> bool:
    """Return whether a part's exact outcome probabilities, or its twirled errors, serve all Pauli frames."""
    if is_relayed(part.circuit) and active.fits(part.circuit):
        return part.is_final
    return (part.is_final and part.circuit.num_qubits <= MAX_DENSITY_MATRIX) or (frames and _is_twirled(part))


def framed(
    circuits: Sequence[QuantumCircuit], settings: Sequence[Setting], *, frames: bool = True
) -> tuple[Setting, ...]:
    """Return settings in which one noisy simulation serves all inputs, if it can.

    It can where every input is a Pauli frame and outcome probabilities are computed exactly, or errors are
    twirled before they are shifted. Some inputs,
    evenly spread, are simulated directly as well, to check the others.
    """
    if len(settings) <= SPOT_CHECKS or len(circuits) > 1 or not _frames(circuits[0], settings, frames=frames):
        return tuple(settings)
    chosen = [settings[round(k)] for k in np.linspace(0, len(settings) - 1, SPOT_CHECKS + 2)[1:-1]]
    checks = [replace(s, label=f"{s.label} (direct)") for s in chosen]
    return (*(replace(s, method=FRAME) for s in settings), *checks)
