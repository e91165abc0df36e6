"""Targets: the ideal simulator, the noise model of a device snapshot, and any Qiskit backend or sampler.

A long module: one short class a target, and below them the one way in which all are laid out and compiled.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import BackendSamplerV2, BaseSamplerV2, StatevectorSampler
from qiskit.providers import BackendV2
from qiskit.transpiler import Target as QiskitTarget
from qiskit.transpiler import TranspilerError, generate_preset_pass_manager

from qcoord_hw.errors import InputError, TargetError, TooLargeError
from qcoord_hw.execution.layout import check_layout, choose_layout
from qcoord_hw.execution.noise import NOISE_MODEL
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.routing import routed_circuits
from qcoord_hw.execution.scale import check_scale, scaled_name, split_scale
from qcoord_hw.execution.simulate import Simulator, framed, unroll
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.tiling import tile
from qcoord_hw.protocols.experiment import Setting
from qcoord_hw.record import Counts
from qcoord_hw.spec import one_line

IDEAL = "ideal"
NOISE = "noise-model"
BACKEND = "backend"
SAMPLER = "sampler"

OPTIMIZATION_LEVEL = 1
"""Higher levels may permute qubits (they elide swaps), which here would mean to move them between owners."""


@dataclass(frozen=True)
class Request:
    """One chunk to execute: in which block and tile, which setting, how many shots, the seed of the draw."""

    block: int
    setting: int
    shots: int
    seed: int
    tile: int = 0


class Executor(Protocol):
    """Executes requests in the order given."""

    @property
    def methods(self) -> list[str]:
        """How the circuits are executed."""

    def execute(self, requests: Sequence[Request]) -> Iterator[Counts]:
        """Yield the counts of each request."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Circuits ready for a target.

    Attributes:
        target: the target's name.
        kind: `ideal`, `noise-model`, `backend`, `sampler` or `ibm`.
        circuits: as they are executed; for a noise model on qubits 0..n-1 that stand for `layout`.
        layout: physical qubit of each circuit qubit; empty where there is none.
        snapshot: calibration of the layout's qubits; None where there is none.
        noise: what the noise model holds, in words; empty where there is none.
        settings: what is executed and counted, and by which method.
        tiles: the same on further qubits, to be executed side by side with it.
    """

    target: str
    kind: str
    circuits: tuple[QuantumCircuit, ...]
    layout: tuple[int, ...] = ()
    snapshot: Snapshot | None = None
    noise: str = ""
    settings: tuple[Setting, ...] = ()
    tiles: tuple[Prepared, ...] = ()

    @property
    def is_placed(self) -> bool:
        """Whether the circuits' qubits are the device's own, so that `layout` says which is which."""
        return bool(self.layout) and self.kind != NOISE


class RunTarget(Protocol):
    """Where circuits run."""

    name: str

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Choose ONE layout for all circuits (or check the one given) on each tile, and compile for it."""

    def executor(self, prepared: Prepared) -> Executor:
        """Return what executes prepared circuits."""


class _SimulatorExecutor:
    """The package's own simulation paths behind the executor's interface."""

    def __init__(self, prepared: Prepared) -> None:
        self._simulators = [
            Simulator(one.circuits, one.settings, one.snapshot) for one in (prepared, *prepared.tiles)
        ]

    @property
    def methods(self) -> list[str]:
        return self._simulators[0].methods

    def execute(self, requests: Sequence[Request]) -> Iterator[Counts]:
        for request in requests:
            simulator = self._simulators[request.tile]
            yield simulator.counts(request.setting, request.shots, request.seed)


class IdealTarget:
    """`aer`: simulation without noise; circuits run as they are written."""

    name = "aer"

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Return the circuits, with gates that Aer does not know replaced by their definitions.

        Raises:
            InputError: when a layout or tiles are asked for; `aer` has no physical qubits.
        """
        _check_no_tiles(self.name, tiles)
        if layout:
            raise InputError(
                f"layout: {list(layout)}; target aer has no physical qubits, allowed is no layout"
            )
        circuits = tuple(map(unroll, program.circuits))
        return Prepared(self.name, IDEAL, circuits, settings=program.settings)

    def executor(self, prepared: Prepared) -> Executor:
        """Return the simulator."""
        return _SimulatorExecutor(prepared)


class NoiseTarget:
    """`fake_NAME`: the noise model of a device snapshot, on the qubits that are used."""

    def __init__(self, backend: BackendV2, scale: float = 1.0) -> None:
        """Wrap a fake backend of the runtime package.

        Args:
            backend: whose calibration makes the noise model.
            scale: what its noise is multiplied by, 0 to 10; another than 1 stands in the target's name.

        Raises:
            InputError: when the scale is not allowed.
        """
        self._scale = check_scale(scale)
        self.name = scaled_name(str(backend.name), self._scale)
        self._backend = backend

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Lay out and compile the circuits for the snapshot.

        Where every input of a setting is a Pauli frame, one noisy simulation serves all of them.
        """
        whole = Snapshot.of(self._backend).scaled(self._scale)
        circuits, layouts = _place(program, layout, whole, tiles)
        noise = NOISE_MODEL if self._scale == 1 else f"{NOISE_MODEL}; all of it times {self._scale:g}"
        made = []
        for one in layouts:
            used = whole.restrict(one)
            compiled = compile_for(used, circuits)
            settings = framed(compiled, program.settings)
            made.append(Prepared(self.name, NOISE, compiled, one, used, noise, settings))
        return replace(made[0], tiles=tuple(made[1:]))

    def executor(self, prepared: Prepared) -> Executor:
        """Return the simulator with the prepared snapshot's noise."""
        return _SimulatorExecutor(prepared)


class RecordedTarget:
    """A simulator target rebuilt from a record alone: circuits and calibration as they were."""

    def __init__(self, prepared: Prepared) -> None:
        """Wrap what a record holds.

        Raises:
            InputError: when the record is of a backend or sampler, which a record cannot rebuild.
        """
        if prepared.kind not in (IDEAL, NOISE):
            raise InputError(
                f"target: this run was made on {prepared.target!r} ({prepared.kind}), which cannot be "
                "rebuilt from the record; give the same object in Python, or name a simulator to replay it on"
            )
        self.name = prepared.target
        self._prepared = prepared

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Return the recorded circuits, layouts and snapshots."""
        return self._prepared

    def executor(self, prepared: Prepared) -> Executor:
        """Return the simulator."""
        return _SimulatorExecutor(prepared)


class SamplerTarget:
    """Any `BaseSamplerV2`, or any `BackendV2` through a sampler."""

    def __init__(self, sampler: BaseSamplerV2 | None, backend: BackendV2 | None) -> None:
        """Wrap a sampler, a backend, or a sampler with the backend that it runs on."""
        self.name = _safe_name(str(backend.name) if backend is not None else type(sampler).__name__)
        self._sampler = sampler
        self._backend = backend

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Compile for the backend, if there is one; else leave the circuits as they are."""
        _check_no_tiles(self.name, tiles)
        kind = BACKEND if self._sampler is None else SAMPLER
        target = None if self._backend is None else self._backend.target
        if self._backend is None or target is None or target.num_qubits is None:
            if layout:
                raise InputError(f"layout: {list(layout)}; target {self.name} states no physical qubits")
            return Prepared(self.name, kind, program.circuits, settings=program.settings)
        if target.build_coupling_map() is None:
            chosen = tuple(layout) or tuple(range(program.circuits[0].num_qubits))
            compiled = _compile(program.circuits, target, chosen)
            return Prepared(self.name, kind, compiled, chosen, settings=program.settings)
        return compile_whole(self.name, kind, self._backend, program, layout)

    def executor(self, prepared: Prepared) -> Executor:
        """Return what sends jobs to the sampler."""
        return _SamplerExecutor(prepared, self._sampler, self._backend)


class _SamplerExecutor:
    """Sends PUBs in the order of the requests, so that the circuits stay interleaved.

    A backend gets one job a block, with the block's seed if it simulates; so does Qiskit's
    `StatevectorSampler`, whose own fixed seed would draw the same shots again for every PUB. Any other
    sampler gets one job for everything, for the same reason.
    """

    def __init__(self, prepared: Prepared, sampler: BaseSamplerV2 | None, backend: BackendV2 | None) -> None:
        self._prepared = prepared
        self._sampler = sampler
        self._backend = backend

    @property
    def methods(self) -> list[str]:
        return [type(self._sampler).__name__ if self._sampler is not None else BackendSamplerV2.__name__]

    def execute(self, requests: Sequence[Request]) -> Iterator[Counts]:
        if self._sampler is not None and type(self._sampler) is not StatevectorSampler:
            yield from self._job(self._sampler, requests)
            return
        for _, members in groupby(requests, key=lambda request: request.block):
            block = list(members)
            yield from self._job(self._seeded(block[0].seed), block)

    def _seeded(self, seed: int) -> BaseSamplerV2:
        """Return a sampler of this kind with a seed of ours, where it takes one."""
        if self._backend is None:
            return StatevectorSampler(seed=np.random.default_rng(seed))
        takes_seed = hasattr(self._backend.options, "seed_simulator")
        options = {"seed_simulator": seed % 2**31} if takes_seed else {}
        return BackendSamplerV2(backend=self._backend, options=options)

    def _job(self, sampler: BaseSamplerV2, requests: Sequence[Request]) -> Iterator[Counts]:
        circuits, settings = self._prepared.circuits, self._prepared.settings
        asked = [settings[request.setting] for request in requests]
        pubs = [
            (circuits[s.circuit], s.values or None, r.shots) for s, r in zip(asked, requests, strict=True)
        ]
        try:
            result = sampler.run(pubs).result()
        except Exception as error:  # whatever a provider raises: it is the target that failed
            raise TargetError(
                f"target {self._prepared.target!r} failed: {type(error).__name__}: {one_line(error)}; "
                "what was counted is kept"
            ) from error
        for setting, pub in zip(asked, result, strict=True):
            yield _register_counts(circuits[setting.circuit], pub.data)


def _register_counts(circuit: QuantumCircuit, data: Any) -> Counts:
    """Return counts of whole outcomes (classical bit 0 first) from a PUB result's registers."""
    shots = [data[register.name].get_bitstrings() for register in circuit.cregs]
    counts: Counts = {}
    for words in zip(*shots, strict=True):
        key = "".join(word[::-1] for word in words)
        counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items()))


def _check_no_tiles(target: str, tiles: int) -> None:
    if tiles != 1:
        raise InputError(f"tiles: {tiles}; target {target} has none, allowed on fake_NAME and ibm_NAME")


def compile_whole(
    name: str, kind: str, backend: BackendV2, program: Program, layout: Sequence[int], tiles: int = 1
) -> Prepared:
    """Return circuits compiled for all qubits of a backend, at ONE layout, and the calibration of those used.

    Raises:
        InputError: when the layout is not possible.
        TooLargeError: when the circuits do not fit the backend.
        TargetError: when they cannot be compiled.
    """
    whole = Snapshot.of(backend)
    circuits, layouts = _place(program, layout, whole, tiles)
    first, *others = [
        Prepared(name, kind, _compile(circuits, backend.target, one), one, whole.restrict(one))
        for one in layouts
    ]
    return replace(first, settings=program.settings, tiles=tuple(others))


def _place(
    program: Program, layout: Sequence[int], whole: Snapshot, tiles: int
) -> tuple[tuple[QuantumCircuit, ...], list[tuple[int, ...]]]:
    """Return `_layout`'s circuits and the layout of every tile.

    Layouts are chosen once more, for the gates that compiling made of the circuits.

    Raises:
        TooLargeError: when there is no room for so many tiles.
    """
    circuits, chosen = place_circuits(program, layout, whole)
    if layout and tiles == 1:
        return circuits, [chosen]
    native = compile_for(whole.restrict(chosen), circuits)
    first = chosen if layout else choose_layout(native, whole)
    others = tile(native, whole, first) if tiles > 1 else []
    if len(others) < tiles - 1:
        raise TooLargeError(f"tiles: {tiles}; allowed on {whole.device} are at most {1 + len(others)}")
    return circuits, [first, *(one for _, one in others[: tiles - 1])]


def place_circuits(
    program: Program, layout: Sequence[int], snapshot: Snapshot
) -> tuple[tuple[QuantumCircuit, ...], tuple[int, ...]]:
    """Return circuits whose gates fall on coupled qubits, and their layout: that given, or the best.

    Circuits that fit nowhere as they are get swaps where one hand holds all qubits.
    """
    circuits = program.circuits
    if layout:
        try:
            check_layout(layout, circuits, snapshot)
        except InputError:
            routed = _routed_for(program, layout, snapshot)
            if routed is None:
                raise
            circuits = routed
        return circuits, tuple(layout)
    try:
        return circuits, choose_layout(circuits, snapshot)
    except TooLargeError as error:
        fits = circuits[0].num_qubits <= snapshot.num_qubits
        routed = routed_circuits(program, snapshot) if fits else None
        if routed is None:
            swaps = (
                "; swaps where one hand holds all qubits do not help"
                if any(map(any, program.movable))
                else ""
            )
            raise TooLargeError(f"{error}{swaps if fits else ''}") from None
        return routed, choose_layout(routed, snapshot)


def _routed_for(
    program: Program, layout: Sequence[int], snapshot: Snapshot
) -> tuple[QuantumCircuit, ...] | None:
    """Return circuits with swaps that fit a layout; None if they fit somewhere without, or not there with."""
    if len(layout) != program.circuits[0].num_qubits or any(q >= snapshot.num_qubits for q in layout):
        return None
    try:
        choose_layout(program.circuits, snapshot)
    except TooLargeError:
        routed = routed_circuits(program, snapshot)
        with suppress(InputError):
            if routed is not None:
                check_layout(layout, routed, snapshot)
                return routed
    return None


def compile_for(used: Snapshot, circuits: Sequence[QuantumCircuit]) -> tuple[QuantumCircuit, ...]:
    """Compile circuits for the qubits of a snapshot alone, which stand for theirs in order."""
    return _compile(circuits, used.target(), tuple(range(len(used.qubits))))


def _compile(
    circuits: Sequence[QuantumCircuit], target: QiskitTarget, layout: tuple[int, ...]
) -> tuple[QuantumCircuit, ...]:
    """Compile circuits for ONE layout that needs no routing, and check that no qubit was moved.

    Raises:
        TargetError: when the circuits cannot be compiled, or a qubit was moved.
    """
    manager = generate_preset_pass_manager(
        OPTIMIZATION_LEVEL,
        target=target,
        initial_layout=list(layout),
        routing_method="none",
        seed_transpiler=0,
    )
    try:
        compiled = manager.run(list(circuits))
    except TranspilerError as error:
        raise TargetError(f"the circuits cannot be compiled: {one_line(error)}") from error
    for circuit in compiled:
        for kept in (circuit.layout.initial_index_layout, circuit.layout.final_index_layout):
            if tuple(kept(filter_ancillas=True)) != layout:
                raise TargetError(f"the transpiler moved qubits of circuit {circuit.name!r} from {layout}")
    return tuple(compiled)


def fake_backends() -> dict[str, type[BackendV2]]:
    """Return name -> class of every device snapshot in the runtime package."""
    from qiskit_ibm_runtime import fake_provider  # two seconds of imports, only where they are needed

    found = {}
    for attribute in dir(fake_provider):
        name = getattr(getattr(fake_provider, attribute), "backend_name", None)
        if isinstance(name, str):
            found[name] = getattr(fake_provider, attribute)
    return dict(sorted(found.items()))


def resolve_target(target: object) -> RunTarget:
    """Return the target that a name or an object stands for.

    Args:
        target: `aer`, `fake_NAME`, a `BackendV2` or a `BaseSamplerV2`. A fake backend is run through
            the package's own noise model, exactly as by its name.

    Raises:
        InputError: when it is none of these.
    """
    if isinstance(target, str):
        return _named_target(target)
    if isinstance(target, BackendV2):
        from qiskit_ibm_runtime.fake_provider.fake_backend import FakeBackendV2

        return NoiseTarget(target) if isinstance(target, FakeBackendV2) else SamplerTarget(None, target)
    if isinstance(target, BaseSamplerV2):
        backend = getattr(target, "backend", None)
        backend = backend() if callable(backend) else backend
        return SamplerTarget(target, backend if isinstance(backend, BackendV2) else None)
    raise InputError(
        f"target: {type(target).__name__}; allowed are aer, fake_NAME, a BackendV2 or a BaseSamplerV2"
    )


def _named_target(name: str) -> RunTarget:
    if name == IdealTarget.name:
        return IdealTarget()
    if name.startswith("fake_"):
        known = fake_backends()
        device, scale = split_scale(name)
        if device in known:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # some snapshots warn that they are not typical
                return NoiseTarget(known[device](), scale)
        raise InputError(f"target: unknown {name!r}; allowed are aer, {', '.join(known)}")
    if name.startswith("ibm_"):
        raise InputError(
            f"target: {name!r} is a device, to which jobs are sent (run, submit); "
            "allowed here are aer and fake_NAME"
        )
    raise InputError(
        f"target: unknown {name!r}; allowed are aer, fake_NAME, for example fake_torino, and ibm_NAME"
    )


def _safe_name(name: str) -> str:
    """Return a name that can stand in a folder's name."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name).strip(".") or "target"
