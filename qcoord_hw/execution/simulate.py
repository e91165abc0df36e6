"""Exact and sampled simulation of circuits, ideal or noisy, part by part.

Qubits that no gate connects are independent (the noise models have no crosstalk), so each connected part
of a circuit is simulated alone: eight CHSH rounds cost eight pairs, not sixteen qubits. A part whose
measurements are final is simulated once, for its outcome probabilities; every block of shots is then
drawn from them, with the readout error applied exactly. Clifford parts that are too large for a density
matrix, or whose inputs are Pauli frames, have twirled errors, with or without relaxation's pull (`frames`).
Other parts are sampled by Aer. By which method each part is simulated is decided in `methods`.

A long module: one class, since all methods share the parts and what was computed of them before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import XGate, YGate, ZGate
from qiskit_aer import AerSimulator
from qiskit_aer.library import SaveProbabilities

from qcoord_hw.errors import TargetError
from qcoord_hw.execution import active
from qcoord_hw.execution.batch import probabilities
from qcoord_hw.execution.channels import has_channels
from qcoord_hw.execution.density import density_matrix
from qcoord_hw.execution.drawing import MAX_WIDTH, codes, generators, tabulated
from qcoord_hw.execution.frames import frame_circuit, outcomes
from qcoord_hw.execution.frames.sampling import Sampler
from qcoord_hw.execution.last_stage import LastStage, last_stage, pauli_coefficients
from qcoord_hw.execution.layout import operations
from qcoord_hw.execution.methods import (
    ACTIVE,
    DENSITY_MATRIX,
    FRAMES,
    STIM,
    TWIRLED,
    Pull,
    pull_of,
    setting_method,
)
from qcoord_hw.execution.noise import confusion, noise_model
from qcoord_hw.execution.parts import Part, split
from qcoord_hw.execution.program import bind
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.transfers import gate_transfers
from qcoord_hw.families.experiment import DIRECT, TWIRLED_FRAME, Setting
from qcoord_hw.provenance import ENGINE
from qcoord_hw.record import Counts

BATCH = 16
"""Values of a circuit's parameters that are simulated with noise in one call of Aer."""

SMALL, KEPT = 6, 2**14
"""Outcome bits of parts whose probabilities are at hand for a setting; of how many parts, at most."""


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


MAX_KEPT = 2**20
"""Probabilities, readout errors included, that are kept for the next block: 8 MiB."""


class _Instance(NamedTuple):
    """A part of a circuit at values of the parameters that stand in it, simulated by some method."""

    circuit: int
    part: int
    values: tuple[float, ...]
    method: str


_Chances = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]
"""Probabilities of a part's outcomes, read out, and what each adds to the whole outcome."""


class Simulator:
    """Draws counts of prepared circuits; what several settings share is simulated once.

    Args:
        circuits: the circuits as executed, with the channels of links.
        settings: at which values of their parameters they are counted.
        snapshot: calibration of their qubits, in order; None simulates without noise.
        shots: of a setting; infinitely many where outcome probabilities are wanted.
        engine: version of the rules by which methods are chosen.
        pull: where frames keep relaxation's pull, if these are some circuits and settings of an experiment;
            None decides by them.
    """

    def __init__(
        self,
        circuits: Sequence[QuantumCircuit],
        settings: Sequence[Setting],
        snapshot: Snapshot | None,
        *,
        shots: float = math.inf,
        engine: int = ENGINE,
        pull: Pull | None = None,
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
        self._methods = dict(self._chosen(shots, engine))
        self._pull = pull or pull_of(circuits, settings, engine)
        if snapshot is not None:  # what nobody executes needs no noise, which takes its time to be made
            done = [one for c in circuits for one in operations(c, range(c.num_qubits))]
            self._used = snapshot.only(done)
        self._exact: dict[_Instance, _Distribution] = {}
        self._read: dict[tuple[_Instance, int], npt.NDArray[np.float64]] = {}
        self._kept = 0
        self._backends: dict[tuple[str, tuple[int, ...]], AerSimulator] = {}
        self._samplers: dict[_Instance, Sampler] = {}
        self._drawn: dict[int, list[_Chances]] = {}
        self._ready: set[int] = set()

    def _chosen(self, shots: float, engine: int) -> Iterator[tuple[tuple[int, int, bool], str]]:
        """Yield the method of each part, by circuit, part and whether settings are twirled frames."""
        asked: dict[tuple[int, bool], list[Setting]] = {}
        for one in self._settings:
            asked.setdefault((one.circuit, one.method == TWIRLED_FRAME), []).append(one)
        for (circuit, twirled), settings in asked.items():
            for p, part in enumerate(self._parts[circuit]):
                values = list(dict.fromkeys(self._values(one, p) for one in settings))
                yield (
                    (circuit, p, twirled),
                    setting_method(
                        part,
                        settings[0].method,
                        noisy=self._noisy,
                        values=values,
                        shots=shots * len(settings) / len(values),
                        engine=engine,
                    ),
                )

    @property
    def methods(self) -> list[str]:
        """The methods in use, without repetition."""
        derived = {s.method for s in self._settings} - {DIRECT}
        return sorted({*self._methods.values()} | derived)

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
        mask = 0
        if asked.is_framed:
            for k, flipped in enumerate(reversed(_flipped(asked, one))):
                mask |= flipped << k
        key = self._instance(asked, part), mask
        if (known := self._read.get(key)) is not None:
            return known
        if key[0] not in self._exact:
            self._compute(key[0])
        found = self._read_out(one, self._exact[key[0]], mask)
        if self._kept + len(found) <= MAX_KEPT:
            self._read[key], self._kept = found, self._kept + len(found)
        return found

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
        numbers = generators([seed for _, _, seed in asked])
        for k, ((setting, shots, _), rng) in enumerate(zip(asked, numbers, strict=True)):
            width = self._num_clbits[self._settings[setting].circuit]
            if setting in self._drawn or self._is_drawn(setting):
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

    def _is_drawn(self, setting: int) -> bool:
        """Return whether outcomes of a setting are drawn as whole numbers: of independent exact parts."""
        asked = self._settings[setting]
        parts = range(len(self._parts[asked.circuit]))
        if len(parts) < 2 or self._num_clbits[asked.circuit] > MAX_WIDTH:
            return False
        return all(self._method(asked, p).startswith("exact:") for p in parts)

    def _outcomes(self, setting: int, shots: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return the outcome of each shot of independent parts, which meet at random: shape (shots,)."""
        chances = self._drawn.get(setting) or self._chances(setting)
        drawn = [own.repeat(rng.multinomial(shots, weights)) for weights, own in chances]
        found = np.zeros(shots, dtype=np.int64)
        for some in drawn:
            rng.shuffle(some)
            found |= some
        return found

    def _chances(self, setting: int) -> list[_Chances]:
        """Return the probabilities of each part's outcomes, and what each adds to the whole outcome."""
        asked = self._settings[setting]
        parts = self._parts[asked.circuit]
        width = self._num_clbits[asked.circuit]
        found = [(self.probabilities(setting, p), codes(one.clbits, width)) for p, one in enumerate(parts)]
        if max(len(one.clbits) for one in parts) <= SMALL and (len(self._drawn) + 1) * len(parts) <= KEPT:
            self._drawn[setting] = found
        return found

    def _counts(self, setting: int, shots: int, rng: np.random.Generator) -> Counts:
        circuit = self._settings[setting].circuit
        parts = self._parts[circuit]
        drawn = [self._draw(setting, p, shots, rng) for p in range(len(parts))]
        if len(parts) == 1 and len(parts[0].clbits) == self._num_clbits[circuit]:
            return drawn[0]
        return _together(drawn, [part.clbits for part in parts], self._num_clbits[circuit], shots, rng)

    def _method(self, asked: Setting, part: int) -> str:
        return self._methods[asked.circuit, part, asked.method == TWIRLED_FRAME]

    def _instance(self, asked: Setting, part: int) -> _Instance:
        return _Instance(asked.circuit, part, self._values(asked, part), self._method(asked, part))

    def _values(self, asked: Setting, part: int) -> tuple[float, ...]:
        """Return the values at which a part is simulated for a setting."""
        columns = self._columns[asked.circuit][part]
        if not columns:
            return ()
        return tuple(0.0 if asked.is_framed else float(asked.values[k]) for k in columns)

    def _draw(self, setting: int, part: int, shots: int, rng: np.random.Generator) -> Counts:
        asked = self._settings[setting]
        one, instance = self._parts[asked.circuit][part], self._instance(asked, part)
        method = instance.method
        if method in (FRAMES, STIM):
            return count_rows(self._sampled(asked, part, shots, rng))
        if method.startswith("exact:"):
            drawn = rng.multinomial(shots, self.probabilities(setting, part))
            width = len(one.clbits)
            return {format(i, f"0{width}b"): int(drawn[i]) for i in np.flatnonzero(drawn)}
        circuit = bind(one.circuit, instance.values)
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
            steps = frame_circuit(bind(part.circuit, instance.values), self._calibration(part))
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
        circuit, p, values, method = instance
        part = self._parts[circuit][p]
        if method in TWIRLED:
            pulled = self._pull.instructions(part.circuit)
            steps = frame_circuit(bind(part.circuit, values), self._calibration(part), pulled=pulled)
            self._store(instance, outcomes(steps, [[c] for c in range(len(part.clbits))]))
            return
        if method == ACTIVE:
            self._exact[instance] = self._walked(part, values)
            return
        if not values:
            self._run(method, [i for i in self._like(method, part.qubits) if i not in self._exact])
            return
        stages = self._last_stage(part) if method == DENSITY_MATRIX else None
        every = (self._instance(s, p) for s in self._settings if s.circuit == circuit)
        asked = dict.fromkeys(one for one in every if one.method == method)
        if stages is not None:
            before = pauli_coefficients(
                density_matrix(stages.head, list(part.measured.values()), self._calibration(part))
            )
            for one in asked:
                weights = stages.probabilities(before, one.values)
                self._keep(one, part, weights.reshape((2,) * len(part.measured)).transpose())
        elif self._noisy:
            rest = [one for one in asked if one not in self._exact]
            at = rest.index(instance)
            self._run(method, rest[at : at + BATCH])
        else:
            rows = np.array([one.values for one in asked])
            qubits = list(reversed(part.measured.values()))
            for one, weights in zip(asked, probabilities(_bare(part), qubits, rows), strict=True):
                self._keep(one, part, weights)

    def _last_stage(self, part: Part) -> LastStage | None:
        """Return what a part does before its parameters and after; None where that is not all at its end."""
        calibration = self._calibration(part)
        errors = {} if calibration is None else gate_transfers(calibration)
        return last_stage(_bare(part), list(part.measured.values()), errors)

    def _like(self, method: str, qubits: tuple[int, ...]) -> list[_Instance]:
        """Return the instances without parameters that run on the same qubits by the same method."""
        return [
            _Instance(c, p, (), method)
            for (c, p, _), own in self._methods.items()
            if own == method
            and self._parts[c][p].qubits == qubits
            and not self._parts[c][p].circuit.parameters
        ]

    def _run(self, method: str, batch: Sequence[_Instance]) -> None:
        parts = [self._parts[one.circuit][one.part] for one in batch]
        circuits = []
        for part, one in zip(parts, batch, strict=True):
            circuit = bind(_bare(part), one.values)
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
            errors, matrices = gate_transfers(calibration), confusion(calibration)
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

    def _read_out(self, part: Part, before: _Distribution, mask: int) -> npt.NDArray[np.float64]:
        """Return probabilities of outcomes that are flipped and then read, summing to 1."""
        dense = np.zeros(2 ** len(part.clbits))
        dense[before.outcomes ^ mask] = before.weights
        tensor = dense.reshape((2,) * len(part.clbits))
        if self._snapshot is not None:
            matrices = confusion(self._snapshot)
            for clbit, qubit in part.measured.items():
                if clbit in before.read:
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
    flips = (asked.flips or ()) if asked.is_framed else ()
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
