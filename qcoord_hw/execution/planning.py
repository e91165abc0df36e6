"""What a run would cost on a device, where it would stand, and what would be counted there.

Probabilities are those of the package's own noise model of the device's calibration, exact where they can be
computed and listed.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.primitives import BaseSamplerV2
from qiskit.providers import BackendV2

from qcoord_hw.errors import InputError
from qcoord_hw.execution.layout import check_layout, expected_errors, interactions, ranked_layouts
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.scale import split_scale
from qcoord_hw.execution.simulate import Simulator, choose_method, split
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.states import exact_figures
from qcoord_hw.execution.targets import (
    IDEAL,
    IdealTarget,
    NoiseTarget,
    Prepared,
    _compile_for,
    fake_backends,
    resolve_target,
)
from qcoord_hw.execution.tiling import tile
from qcoord_hw.protocols.experiment import FRAME, Setting
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.coordination.play import CoordinationPlay

REP_DELAY = 250e-6
"""Seconds between two shots where a backend states none: the default of IBM's devices [IBMUsage]."""

MAX_LISTED = 2**18
"""Outcomes of all settings together that are listed with their probabilities."""

SAMPLED = 10**6
"""Shots of all settings together from which probabilities are estimated where they cannot be listed."""

TRAJECTORIES = 10**5
"""The same where every shot is simulated."""

MAX_SETTINGS = 256
"""Settings of one parametrised circuit (inputs) that stand for all of them, evenly spread."""

LINEAR, COORDINATION = "linear-computation", "coordination"
"""Kinds of plays: of the one, some settings (inputs) can stand for all; of the other, states are computed."""

Outcomes = tuple[list[str], npt.NDArray[np.float64]]
"""Outcome strings, classical bit 0 first, and their weights."""


@dataclass(frozen=True, eq=False)
class Device:
    """Where a plan is for.

    Attributes:
        name: of the target.
        backend: what calibration is taken from; None without a device.
        remaining: QPU seconds that the account has left; None if there is no account or it does not say.
        simulated: whether a run there is a simulation of ours.
        scale: what the noise of such a simulation is multiplied by.
    """

    name: str
    backend: BackendV2 | None = None
    remaining: float | None = None
    simulated: bool = True
    scale: float = 1.0

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The calibration of the whole device; None where no qubits are coupled by name."""
        if self.backend is None or self.backend.target.build_coupling_map() is None:
            return None
        return Snapshot.of(self.backend).scaled(self.scale)

    @cached_property
    def rep_delay(self) -> tuple[float, str]:
        """Seconds from the end of a shot to the next, and who says so."""
        configuration = getattr(self.backend, "configuration", None)
        stated = getattr(configuration() if callable(configuration) else None, "default_rep_delay", None)
        if isinstance(stated, int | float) and stated > 0:
            return float(stated), f"the default of {self.name}"
        return REP_DELAY, f"IBM's usual default, {self.name} states none"


def device_of(target: object) -> Device:
    """Return the device that a target's name or object stands for.

    Raises:
        InputError: when it is no target.
        TargetError: when an IBM backend cannot be reached.
    """
    if isinstance(target, str) and target.startswith("ibm_"):
        from qcoord_hw.execution.ibm import connect

        connection = connect(target)
        return Device(target, connection.backend, connection.remaining_seconds(), simulated=False)
    where = resolve_target(target)
    if isinstance(target, str):
        device, scale = split_scale(target)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # some snapshots warn that they are not typical
            backend = fake_backends()[device]() if target.startswith("fake_") else None
        return Device(where.name, backend, scale=scale)
    if isinstance(target, BaseSamplerV2):
        backend = getattr(target, "backend", None)
        target = backend() if callable(backend) else backend
    ours = isinstance(where, NoiseTarget)
    return Device(where.name, target if isinstance(target, BackendV2) else None, simulated=ours)


@dataclass(frozen=True)
class Cost:
    """What one execution of compiled circuits takes, the most of any circuit.

    Attributes:
        two_qubit_gates: gates on two qubits.
        depth: gates and measurements one after the other.
        duration: seconds, readout included; None where the device states no durations.
    """

    two_qubit_gates: int
    depth: int
    duration: float | None


@dataclass(frozen=True, eq=False)
class Forecast:
    """An experiment on a device, before it is run.

    Attributes:
        description: what `execution.run.describe` says of the experiment.
        program: its circuits and settings.
        spec: shots, blocks and layout.
        device: where it would run.
        prepared: the circuits, compiled for the layout that a run would take.
    """

    description: dict[str, Any]
    program: Program
    spec: ExperimentSpec
    device: Device
    prepared: Prepared

    @classmethod
    def of(
        cls, description: dict[str, Any], program: Program, spec: ExperimentSpec, target: object
    ) -> Forecast:
        """Choose a layout and compile, as a run on the target would.

        Raises:
            InputError: when the target or the layout is not allowed.
            TargetError: when the target cannot be reached.
            TooLargeError: when the circuits do not fit the device.
        """
        device = device_of(target)
        if device.backend is None or device.snapshot is None:
            if spec.layout:
                raise InputError(
                    f"layout: {list(spec.layout)}; target {device.name} has no coupled qubits, allowed is no "
                    "layout"
                )
            prepared = replace(IdealTarget().prepare(program, ()), target=device.name)
        else:
            prepared = NoiseTarget(device.backend, device.scale).prepare(program, spec.layout)
        return cls(description, program, spec, device, prepared)

    @cached_property
    def shares(self) -> npt.NDArray[np.float64]:
        """How often each setting is executed, in units of the shots of a circuit; shape (settings,)."""
        settings, weights = self.program.settings, np.asarray(self.program.weights)
        if self.spec.random_questions:
            if not weights.size:
                raise InputError("random_questions: true; allowed for games alone")
            return np.asarray(weights / weights.sum() * len(settings))
        shares = np.ones(len(settings))
        if self.description.get("sampled"):  # chance decides among the circuits of one measurement
            groups: dict[tuple[float, ...], list[int]] = {}
            for k, setting in enumerate(settings):
                groups.setdefault(setting.values, []).append(k)
            for members in groups.values():
                circuits = len({settings[k].circuit for k in members})
                shares[members] = circuits * weights[members] / weights[members].sum()
        return shares

    def errors(self, layout: Sequence[int]) -> float:
        """Return the expected number of errors of a circuit on a layout, by calibration."""
        assert self.device.snapshot is not None
        return expected_errors(layout, self.prepared.circuits, self.device.snapshot)

    @cached_property
    def circuits(self) -> int:
        """How many circuits, each at its own values, are executed with the spec's shots."""
        return round(float(self.shares.sum()))

    def at(self, layout: Sequence[int]) -> Prepared:
        """Return the circuits compiled for another layout."""
        if self.device.snapshot is None or tuple(layout) == self.prepared.layout:
            return self.prepared
        used = self.device.snapshot.restrict(layout)
        compiled = _compile_for(used, self._unplaced)
        return replace(self.prepared, circuits=compiled, layout=tuple(layout), snapshot=used)

    @cached_property
    def _unplaced(self) -> tuple[QuantumCircuit, ...]:
        """The circuits as built, or with swaps and compiled where they fit nowhere as they are."""
        assert self.device.snapshot is not None
        try:
            check_layout(self.prepared.layout, self.program.circuits, self.device.snapshot)
        except InputError:
            return self.prepared.circuits
        return self.program.circuits

    def cost(self, prepared: Prepared) -> Cost:
        """Return what compiled circuits take."""
        circuits = prepared.circuits
        return Cost(
            two_qubit_gates=max(sum(interactions(c).values()) for c in circuits),
            depth=max(c.depth() for c in circuits),
            duration=self._duration(prepared),
        )

    def _duration(self, prepared: Prepared) -> float | None:
        if self.device.backend is None or prepared.kind == IDEAL:
            return None
        target = self.device.backend.target
        durations = []
        for circuit in map(_straight, prepared.circuits):
            wide = QuantumCircuit(target.num_qubits, circuit.num_clbits)
            wide.compose(circuit, prepared.layout, range(circuit.num_clbits), inplace=True)
            try:
                durations.append(float(wide.estimate_duration(target)))
            except QiskitError:  # some gate has no duration
                return None
        return max(durations)

    @property
    def feeds_forward(self) -> bool:
        """Whether gates hang on outcomes, so that durations are those of the longer branches."""
        return bool(self.description["feed_forward"])

    def candidates(self, most: int) -> list[tuple[float, tuple[int, ...]]]:
        """Return (expected number of errors, layout) of the best sets of qubits; none without a device.

        The layout of the plan is among them.
        """
        if self.device.snapshot is None:
            return []
        ours, snapshot = self.prepared.layout, self.device.snapshot
        found = ranked_layouts(self.prepared.circuits, snapshot, most)
        others = [one for one in found if set(one[1]) != set(ours)]
        return sorted([(self.errors(ours), ours), *others[: most - 1]])

    def tiles(self) -> list[tuple[float, tuple[int, ...]]]:
        """Return (expected number of errors, layout) of disjoint tiles, that of the plan first."""
        ours, snapshot = self.prepared.layout, self.device.snapshot
        if snapshot is None:
            return []
        return [(self.errors(ours), ours), *tile(self.prepared.circuits, snapshot, ours)]

    def expect(self, prepared: Prepared | None = None, *, figures: bool = False) -> Expectation:
        """Return what would be counted.

        Args:
            prepared: circuits compiled for a layout; that of the plan if omitted.
            figures: whether the figures that are computed, not counted, are wanted as well.

        Raises:
            TooLargeError: when no simulation method can run the circuits.
            TargetError: when Aer reports a failure.
        """
        prepared = prepared or self.prepared
        asked = prepared.settings[: len(self.program.settings)]  # without those that check the others
        chosen = self._chosen
        simulator = Simulator(prepared.circuits, [asked[k] for k in chosen], prepared.snapshot)
        noisy, every = prepared.snapshot is not None, len(chosen)
        read = [_final_bits(circuit, noisy=noisy) for circuit in prepared.circuits]
        outcomes = []
        for n, k in enumerate(chosen):
            circuit, clbits = prepared.circuits[asked[k].circuit], read[asked[k].circuit]
            if clbits is None or every << len(clbits) > MAX_LISTED:
                shots = (SAMPLED if clbits is not None else TRAJECTORIES) // every
                outcomes.append(_counted(simulator.counts(n, max(1, shots), seed=n)))
                continue
            weights = np.ones(1)
            for part in range(simulator.parts(n)):
                weights = np.multiply.outer(weights, simulator.probabilities(n, part)).reshape(-1)
            outcomes.append(_words(clbits, circuit.num_clbits, weights))
        exact = None
        if figures and self.description["play"]["kind"] == COORDINATION:
            play = CoordinationPlay.from_json(self.description["play"])
            exact = exact_figures(play, prepared.circuits, prepared.snapshot)
        return Expectation(self, prepared, asked, chosen, outcomes, exact)

    @cached_property
    def work(self) -> float:
        """Seconds that `expect` takes, roughly: by rules and not by the clock, so that plans do not vary."""
        runs: dict[tuple[int, int, tuple[float, ...]], int] = {}
        noisy, outcomes = self.prepared.snapshot is not None, 0
        parts = [split(circuit) for circuit in self.prepared.circuits]
        for k in self._chosen:
            setting = self.prepared.settings[k]
            value = dict(zip(self.prepared.circuits[setting.circuit].parameters, setting.values, strict=True))
            for p, part in enumerate(parts[setting.circuit]):
                if not choose_method(part, noisy=noisy).startswith("exact:"):
                    return math.inf
                framed = setting.method == FRAME
                own = tuple(0.0 if framed else value[name] for name in part.circuit.parameters)
                runs[setting.circuit, p, own] = part.circuit.num_qubits
            outcomes += 2 ** sum(len(part.clbits) for part in parts[setting.circuit])
        return sum(0.02 + 0.1 * 2.0 ** (n - 7) for n in runs.values()) + 3e-6 * min(outcomes, MAX_LISTED)

    def mixed(self) -> Expectation:
        """Return what would be counted if every bit read were random."""
        asked = self.prepared.settings[: len(self.program.settings)]
        outcomes = [self._random(self.prepared.circuits[asked[k].circuit]) for k in self._chosen]
        return Expectation(self, self.prepared, asked, self._chosen, outcomes, None)

    def ideal(self) -> Expectation:
        """Return what would be counted without noise."""
        return self.expect(replace(IdealTarget().prepare(self.program, ()), layout=self.prepared.layout))

    def _random(self, circuit: QuantumCircuit) -> Outcomes:
        """Return equally likely outcomes of the bits that a circuit reads: all of them, or some at random."""
        read = sorted(
            {circuit.find_bit(i.clbits[0]).index for i in circuit.data if i.operation.name == "measure"}
        )
        every = len(self._chosen)
        if every << len(read) <= MAX_LISTED:
            return _words(read, circuit.num_clbits, np.ones(2 ** len(read)))
        bits = np.full((max(1, SAMPLED // every), circuit.num_clbits), "0")
        bits[:, read] = np.random.default_rng(0).choice(["0", "1"], (len(bits), len(read)))
        return _counted(Counter("".join(row) for row in bits))

    @cached_property
    def _chosen(self) -> list[int]:
        """The settings that stand for all."""
        every = len(self.program.settings)
        if self.description["play"]["kind"] != LINEAR or every <= MAX_SETTINGS:
            return list(range(every))
        return sorted({round(k) for k in np.linspace(0, every - 1, MAX_SETTINGS)})


@dataclass(frozen=True, eq=False)
class Expectation:
    """Outcome probabilities of an experiment's settings.

    Attributes:
        forecast: of which experiment.
        prepared: its circuits as executed.
        settings: all of its settings.
        chosen: those whose probabilities are known.
        outcomes: of each of these: outcome strings (classical bit 0 first) and their probabilities.
        figures: what was computed of them; None if nothing.
    """

    forecast: Forecast
    prepared: Prepared
    settings: Sequence[Setting]
    chosen: Sequence[int]
    outcomes: Sequence[Outcomes]
    figures: dict[str, float] | None

    def shots(self, shots: int) -> int:
        """Return the shots of all settings whose probabilities are known, at some shots a circuit."""
        return sum(round(float(self.forecast.shares[k]) * shots) for k in self.chosen)

    def record(self, shots: int) -> RunRecord:
        """Return the record, in memory alone, of a run that counts what is expected.

        Args:
            shots: of a circuit.
        """
        return self._record([apportion(w, n) for (_, w), n in self._each(shots)])

    def draw(self, shots: int, seed: int) -> RunRecord:
        """Return the record, in memory alone, of a run that draws its counts.

        Args:
            shots: of a circuit.
            seed: of the draw.
        """
        rng = np.random.default_rng(seed)
        return self._record([rng.multinomial(n, w / w.sum()) for (_, w), n in self._each(shots)])

    def _each(self, shots: int) -> list[tuple[Outcomes, int]]:
        return [
            (outcomes, round(float(self.forecast.shares[k]) * shots))
            for k, outcomes in zip(self.chosen, self.outcomes, strict=True)
        ]

    def _record(self, drawn: Sequence[npt.NDArray[np.int64]]) -> RunRecord:
        plan, counts = [], {}
        for k, (words, _), times in zip(self.chosen, self.outcomes, drawn, strict=True):
            if n := int(times.sum()):
                plan.append(Chunk(k, 0, k, n, 0))
                counts[k] = {words[i]: int(times[i]) for i in np.flatnonzero(times)}
        return RunRecord(Path(), self._intent, tuple(plan), counts, True)

    @cached_property
    def _intent(self) -> dict[str, Any]:
        description, prepared = self.forecast.description, self.prepared
        circuits = [
            c | {"measured": _measured(circuit, prepared.layout)}
            for c, circuit in zip(description["circuits"], prepared.circuits, strict=True)
        ]
        return {
            "spec": self.forecast.spec.to_json(),
            "experiment": description
            | {"circuits": circuits, "settings": [setting.to_json() for setting in self.settings]},
            "target": {
                "name": prepared.target,
                "kind": prepared.kind,
                "snapshot": asdict(prepared.snapshot) if prepared.snapshot else None,
            }
            | ({} if self.figures is None else {"exact": self.figures}),
        }


def apportion(weights: npt.NDArray[np.float64], shots: int) -> npt.NDArray[np.int64]:
    """Return whole shots in proportion to weights, by largest remainders; they sum to `shots`.

    >>> apportion(np.array([0.5, 0.3, 0.2]), 7).tolist()
    [4, 2, 1]
    """
    share = weights / weights.sum() * shots
    whole: npt.NDArray[np.int64] = np.floor(share).astype(np.int64)
    left = shots - int(whole.sum())
    whole[np.argsort(whole - share, kind="stable")[:left]] += 1
    return whole


def _final_bits(circuit: QuantumCircuit, *, noisy: bool) -> list[int] | None:
    """Return the classical bits of a circuit's parts, in order; None where shots have to be simulated."""
    parts = split(circuit)
    if not all(choose_method(part, noisy=noisy).startswith("exact:") for part in parts):
        return None
    return [clbit for part in parts for clbit in part.clbits]


def _counted(counts: Mapping[str, int]) -> Outcomes:
    return list(counts), np.array(list(counts.values()), dtype=float)


def _words(clbits: Sequence[int], width: int, weights: npt.NDArray[np.float64]) -> Outcomes:
    """Return outcome strings with their weights, without those of weight 0.

    Args:
        clbits: the classical bits that the index of `weights` is made of, the most significant first.
        width: classical bits in all; the others read 0.
        weights: shape (2^k,).
    """
    found = np.flatnonzero(weights)
    bits = np.zeros((len(found), width), dtype=np.uint8)
    for k, clbit in enumerate(reversed(clbits)):
        bits[:, clbit] = found >> k & 1
    return [row.tobytes().decode() for row in bits + ord("0")], weights[found]


def _measured(circuit: QuantumCircuit, layout: Sequence[int]) -> list[int | None]:
    """Return the physical qubit whose outcome stands in each classical bit (None without a device)."""
    measured: list[int | None] = [None] * circuit.num_clbits
    for i in circuit.data:
        if layout and i.operation.name == "measure":
            measured[circuit.find_bit(i.clbits[0]).index] = layout[circuit.find_bit(i.qubits[0]).index]
    return measured


def _straight(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit in which the longest branch stands for every condition."""
    if not any(isinstance(i.operation, ControlFlowOp) for i in circuit.data):
        return circuit
    straight = circuit.copy_empty_like()
    for i in circuit.data:
        if isinstance(i.operation, ControlFlowOp):
            body = max(map(_straight, i.operation.blocks), key=lambda block: block.depth())
            straight.compose(body, i.qubits, i.clbits, inplace=True)
        else:
            straight.append(i)
    return straight
