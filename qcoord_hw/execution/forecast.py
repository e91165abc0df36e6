"""What a run would cost on a device, where it would stand, and what would be counted there.

Probabilities are those of the package's own noise model of the device's calibration, exact where they can be
computed and listed. A long module: what a device is, and one forecast that answers every question about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.providers import BackendV2

from qcoord_hw import registry
from qcoord_hw.errors import InputError
from qcoord_hw.execution.devices.base import Device as ConnectedDevice
from qcoord_hw.execution.devices.registry import device_name, device_of, open_typed
from qcoord_hw.execution.edges import ALLOWED, edge_layouts
from qcoord_hw.execution.expectation import (
    Expectation,
    Outcomes,
    is_exact,
    outcomes_of,
    random_outcomes,
    work,
)
from qcoord_hw.execution.foreign.guard import provider, stated
from qcoord_hw.execution.foreign.known import MIN_SHOTS
from qcoord_hw.execution.foreign.target import ForeignTarget
from qcoord_hw.execution.growing import grows
from qcoord_hw.execution.jobs import plan_jobs
from qcoord_hw.execution.layout import check_layout, expected_errors, interactions, ranked_layouts
from qcoord_hw.execution.link_patterns import over_links
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.run_description import (
    check_recordable,
    exact_figures,
    intent_of,
    split_plan,
    ways,
)
from qcoord_hw.execution.schedule import ONE_ROUND, on_tiles, plan_of
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import (
    IDEAL,
    SAMPLER,
    IdealTarget,
    NoiseTarget,
    Offers,
    Prepared,
    Request,
    compiled_on,
    resolve_target,
)
from qcoord_hw.execution.tiling import tile
from qcoord_hw.execution.usage import REP_DELAY, REP_DELAY_SOURCE
from qcoord_hw.families.experiment import parities_of
from qcoord_hw.network.link_patterns import check_patterns, patterns_told
from qcoord_hw.network.links import read_links
from qcoord_hw.record import PROCESSING, Chunk, Job
from qcoord_hw.spec import ExperimentSpec


@dataclass(frozen=True, eq=False)
class Device:
    """Where a plan is for.

    Attributes:
        name: of the target.
        backend: what calibration is taken from; None without a device.
        remaining: QPU seconds that the account has left; None if there is no account or it does not say.
        simulated: whether a run there is a simulation of ours.
        foreign: the target, where it is a backend or sampler that somebody else wrote.
        connection: to the device, where jobs would be sent to it.
        noise: the noise model of a calibration, where there is no backend to make one of.
        idle_noise: whether qubits that wait decay in what is expected.
    """

    name: str
    backend: BackendV2 | None = None
    remaining: float | None = None
    simulated: bool = True
    foreign: ForeignTarget | None = None
    connection: ConnectedDevice | None = None
    noise: NoiseTarget | None = None
    idle_noise: bool = True

    @property
    def model(self) -> NoiseTarget:
        """The noise model by which outcomes are expected, of a device with a calibration."""
        if self.noise is not None:
            return self.noise
        assert self.backend is not None
        return NoiseTarget(self.backend, idle_noise=self.idle_noise)

    @property
    def compiler(self) -> ForeignTarget | ConnectedDevice | None:
        """What compiles by means of a provider of whose gates nothing is known beforehand; None if we do."""
        connected = self.connection if self.connection and self.connection.compiles else None
        return self.foreign or connected

    @cached_property
    def snapshot(self) -> Snapshot | None:
        """The calibration of the whole device; None where no qubits are coupled by name."""
        if self.noise is not None:
            return self.noise.snapshot()
        with provider(self.name):
            if self.backend is None or self.backend.target.build_coupling_map() is None:
                return None
            try:
                return Snapshot.of(self.backend)
            except Exception:
                if self.compiler is None:
                    raise
                return None  # it states nothing that can be read

    @cached_property
    def states_errors(self) -> bool:
        """Whether the device states any rate of errors; without one nothing can be expected but the ideal."""
        return self.snapshot is not None and self.snapshot.states_errors

    @cached_property
    def rep_delay(self) -> tuple[float, str]:
        """Seconds from the end of a shot to the next, and who says so."""
        configuration = stated(self.backend, "configuration")
        with provider(self.name):
            delay = stated(configuration() if callable(configuration) else None, "default_rep_delay")
        if self.noise is not None:
            delay = self.noise.rep_delay
        if isinstance(delay, int | float) and delay > 0:
            return float(delay), f"the default of {self.name}"
        return REP_DELAY, f"{REP_DELAY_SOURCE}, {self.name} states none"


def where_of(target: object, *, idle_noise: bool = True) -> Device:
    """Return the device that a target's name or object stands for.

    Args:
        target: as in `run`.
        idle_noise: whether qubits that wait decay in what is expected there.

    Raises:
        InputError: when it is no target.
        TargetError: when it cannot be reached.
    """
    name = device_name(target)
    if name is not None:
        target = open_typed(name) if isinstance(target, str) else device_of(target, name)
        if isinstance(target, ConnectedDevice):
            with provider(name):
                remaining = target.remaining_seconds()
            return Device(
                name,
                target.backend,
                remaining,
                simulated=False,
                connection=target,
                idle_noise=idle_noise,
            )
    where = resolve_target(target, name, idle_noise=idle_noise)
    if isinstance(where, NoiseTarget) and isinstance(where.chip, Snapshot):
        return Device(where.name, noise=where)
    if isinstance(where, ForeignTarget):
        return Device(where.name, where.backend, simulated=False, foreign=where, idle_noise=idle_noise)
    return Device(where.name, target if isinstance(target, BackendV2) else None, idle_noise=idle_noise)


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
        description: what `execution.intents.describe` says of the experiment.
        program: its circuits and settings.
        spec: shots, blocks and layout.
        device: where it would run.
        prepared: the circuits whose outcomes are expected, compiled for the layout that a run would take.
        sent: the circuits that a foreign target would be sent, compiled by its provider's means; else None.
        noisy: whether what is expected are outcomes with the device's errors.
        chosen: the settings that stand for all; those that the family says if none.
    """

    description: dict[str, Any]
    program: Program
    spec: ExperimentSpec
    device: Device
    prepared: Prepared
    sent: Prepared | None = None
    noisy: bool = True
    chosen: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        description: dict[str, Any],
        program: Program,
        spec: ExperimentSpec,
        target: object,
        *,
        idle_noise: bool = True,
    ) -> Forecast:
        """Choose a layout and compile, as a run on the target would.

        Args:
            description: what `run_description.describe` returned for the experiment.
            program: its circuits and settings.
            spec: shots, blocks and layout.
            target: as in `run`.
            idle_noise: whether qubits that wait decay in what is expected.

        Raises:
            InputError: when the target or the layout is not allowed.
            TargetError: when the target cannot be reached.
            TooLargeError: when the circuits do not fit the device.
        """
        device = where_of(target, idle_noise=idle_noise)
        if not device.simulated:
            check_patterns(read_links(spec.links), program.routes, device.name, every_edge=spec.every_edge)
        if device.compiler is not None:
            return cls._compiled(description, program, spec, device, device.compiler)
        if device.snapshot is None:
            if spec.layout:
                raise InputError(
                    f"layout: {list(spec.layout)}; target {device.name} has no coupled qubits, allowed is no "
                    "layout"
                )
            prepared = replace(IdealTarget().prepare(program, ()), target=device.name)
            return cls(description, program, spec, device, prepared, noisy=False)
        with provider(device.name):
            prepared = device.model.prepare(program, spec.layout)
        return cls(description, program, spec, device, prepared, noisy=device.states_errors)

    @classmethod
    def _compiled(
        cls,
        description: dict[str, Any],
        program: Program,
        spec: ExperimentSpec,
        device: Device,
        target: ForeignTarget | ConnectedDevice,
    ) -> Forecast:
        """Prepare as the target would; what is expected has its errors, if it states any that we know."""
        with provider(device.name):
            sent = over_links(target.prepare(program, spec.layout), program, spec, target.prepare)
        # Refuses what a run would refuse: a gate that joins two parties.
        intent_of(description, program, spec, sent, [], 0)
        ideal = replace(IdealTarget().prepare(program, ()), target=device.name, layout=sent.layout)
        prepared, noisy = ideal, False
        if device.backend is not None and device.states_errors and sent.layout:
            with suppress(Exception):  # its gates are none of those of which we know a noise model
                prepared = device.model.prepare(program, sent.layout)
                noisy = True
        return cls(description, program, spec, device, prepared, sent, noisy)

    @cached_property
    def shares(self) -> npt.NDArray[np.float64]:
        """How often each setting is executed, in units of the shots of a circuit; shape (settings,)."""
        settings, weights = self.program.settings, np.asarray(self.program.weights)
        if self.spec.random_questions:
            if not weights.size or self.description.get("sampled"):
                raise InputError(ONE_ROUND)
            return np.asarray(weights / weights.sum() * len(settings))
        if self.description.get("weighed") and not self._equal:
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

    @property
    def _equal(self) -> bool:
        """Whether a run there gives all circuits of a job the same shots."""
        return self.device.connection is not None or (self.sent is not None and self.sent.kind == SAMPLER)

    def errors(self, layout: Sequence[int]) -> float:
        """Return the expected number of errors of a circuit on a layout, by calibration."""
        assert self.device.snapshot is not None
        return expected_errors(layout, self.prepared.circuits, self.device.snapshot)

    @cached_property
    def circuits(self) -> int:
        """How many circuits, each at its own values, are executed with the spec's shots."""
        return round(float(self.shares.sum()))

    def jobs(self, least: int = 1, batches: int = 1) -> tuple[Job, ...]:
        """Return the jobs in which a device would be sent everything, at least `least`.

        Where the protocol draws how often its circuits run they are those of one draw; where every coupling
        is run, each batch of them has circuits of its own.
        """
        connection = self.device.connection
        limits = connection.limits if connection else None
        known = self.sent is not None and self.sent.known is not None
        plan = on_tiles(self._plan(equal=True), batches)
        return plan_jobs(plan, least, limits, known_answer=known)

    @property
    def known_answer(self) -> int | None:
        """Shots of the circuit whose answer is known, which a foreign target gets first; None elsewhere."""
        if self.sent is None or self.sent.known is None:
            return None
        if self.device.connection is not None:
            return self.jobs()[0].shots
        return max(self._plan(equal=self.sent.kind == SAMPLER)[0].shots, MIN_SHOTS)

    def foreign_jobs(self) -> tuple[int, int]:
        """Return in how many jobs a foreign target is sent everything, and how many executions that is."""
        assert self.device.foreign is not None
        assert self.sent is not None
        plan = self._plan(equal=self.sent.kind == SAMPLER)
        requests = [Request(c.block, c.setting, c.shots, c.seed, pattern=c.pattern) for c in plan]
        jobs = self.device.foreign.executor(self.sent).jobs(requests)
        return jobs, sum(chunk.shots for chunk in plan) + (self.known_answer or 0)

    def check_recordable(self) -> None:
        """Check that a record can hold what would be run, before anything is estimated of it.

        Raises:
            InputError: as a run would, when there are too many inputs, blocks or tiles.
        """
        connected = self.device.connection is not None
        equal = connected or (self.sent is not None and self.sent.kind == SAMPLER)
        check_recordable(self.description, self.spec, self.prepared.settings, self._plan(equal=equal))

    def _plan(self, *, equal: bool) -> tuple[Chunk, ...]:
        program, how, name = self.program, ways(self.description), self.spec.name
        plan = plan_of(self.spec, name, program.settings, program.weights, 0, **how, equal=equal)
        if self.device.simulated or all(route.is_quiet for route in program.routes):
            return plan
        return split_plan(plan, program.settings, program.routes, 0, name)

    def link_patterns(self) -> dict[str, Any] | None:
        """Return which patterns of errors of links would be executed how often; None where none would."""
        if self.device.simulated or all(route.is_quiet for route in self.program.routes):
            return None
        executed = ((c.setting, c.pattern, c.shots) for c in self._plan(equal=self._equal))
        return patterns_told(executed, self.program.routes, [s.circuit for s in self.program.settings])

    def at(self, layout: Sequence[int]) -> Prepared:
        """Return the circuits compiled for another layout."""
        if self.device.snapshot is None or tuple(layout) == self.prepared.layout:
            return self.prepared
        (made,) = compiled_on([tuple(layout)], self._unplaced, self.device.snapshot, self._offers)
        return replace(self.prepared, circuits=made.circuits, layout=made.layout, snapshot=made.used)

    @cached_property
    def _offers(self) -> Offers:
        return {}

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
        if prepared.kind == IDEAL or not prepared.layout or self.device.snapshot is None:
            return None
        placed = prepared.layout
        if self.device.backend is not None:
            target = self.device.backend.target
        else:
            assert prepared.snapshot is not None
            target, placed = prepared.snapshot.target(measured=True), tuple(range(len(placed)))
        durations = []
        for circuit in map(_straight, prepared.circuits):
            wide = circuit
            if circuit.num_qubits == len(prepared.layout):
                wide = QuantumCircuit(target.num_qubits, circuit.num_clbits)
                wide.compose(circuit, placed, range(circuit.num_clbits), inplace=True)
            try:
                durations.append(float(wide.estimate_duration(target)))
            except (QiskitError, KeyError, TypeError, ValueError):  # some gate has no duration
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
        if self.device.snapshot is None or not self.noisy:
            return []
        ours, snapshot = self.prepared.layout, self.device.snapshot
        if grows(self.program):  # on a tree that is one of very many
            return [(self.errors(ours), ours)]
        found = ranked_layouts(self.prepared.circuits, snapshot, most)
        others = [one for one in found if set(one[1]) != set(ours)]
        return sorted([(self.errors(ours), ours), *others[: most - 1]])

    def tiles(self) -> list[tuple[float, tuple[int, ...]]]:
        """Return (expected number of errors, layout) of disjoint tiles, that of the plan first."""
        ours, snapshot = self.prepared.layout, self.device.snapshot
        if snapshot is None or self.sent is not None or not self.noisy:
            return []
        if grows(self.program):
            return [(self.errors(ours), ours)]
        return [(self.errors(ours), ours), *tile(self.prepared.circuits, snapshot, ours)]

    def every_edge(self) -> list[tuple[tuple[int, ...], int]]:
        """Return (layout, batch) of every coupling.

        Raises:
            InputError: when there is none, or the circuits do not join two qubits.
        """
        if self.device.snapshot is None or self.device.foreign is not None:
            raise InputError(f"every-edge: target {self.device.name} has no coupling map of ours; {ALLOWED}")
        return edge_layouts(self.program, self.device.snapshot)

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
        settings = prepared.settings[: len(self.program.settings)]  # without those that check the others
        prepared = replace(prepared, settings=settings)
        exact = exact_figures(self.description["play"], prepared) if figures else None
        return self._expectation(prepared, outcomes_of(prepared, self._chosen, self._parities), exact)

    @cached_property
    def is_exact(self) -> bool:
        """Whether outcome probabilities are computed, not estimated from simulated shots."""
        return is_exact(self.prepared, self._chosen, self._parities)

    @cached_property
    def work(self) -> float:
        """Seconds that `expect` takes, roughly; the same each time."""
        return work(self.prepared, self._chosen, self._parities)

    def mixed(self) -> Expectation:
        """Return what would be counted if every bit read were random."""
        return self._expectation(self.prepared, random_outcomes(self.prepared, self._chosen), None)

    def ideal(self) -> Expectation:
        """Return what would be counted without noise."""
        return self.expect(replace(IdealTarget().prepare(self.program, ()), layout=self.prepared.layout))

    def _expectation(
        self, prepared: Prepared, outcomes: Sequence[Outcomes], figures: dict[str, float] | None
    ) -> Expectation:
        return Expectation(
            self.description, self.spec.to_json(), prepared, self.shares, self._chosen, outcomes, figures
        )

    @cached_property
    def _parities(self) -> tuple[tuple[int, ...], ...] | None:
        """The sums of classical bits that alone decide how outcomes are scored; None if unknown."""
        if self.description.get(PROCESSING):
            return None
        play = self.description["play"]
        return parities_of(registry.family_of_kind(play["kind"]).scoring(play))

    @cached_property
    def _chosen(self) -> list[int]:
        """The settings that stand for all."""
        if self.chosen:
            return list(self.chosen)
        family = registry.family_of_kind(self.description["play"]["kind"])
        return list(family.representatives(len(self.program.settings)))


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
