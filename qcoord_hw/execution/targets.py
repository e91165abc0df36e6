"""Targets: the ideal simulator, the noise model of a device snapshot, and what a record holds of them.

A long module: one short class a target, and below them the one way in which all are laid out and compiled.
Backends and samplers that somebody else wrote are in `qcoord_hw.execution.foreign`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from qiskit.circuit import QuantumCircuit
from qiskit.primitives import BaseSamplerV2
from qiskit.providers import BackendV2
from qiskit.transpiler import Target as QiskitTarget
from qiskit.transpiler import TranspilerError, generate_preset_pass_manager

from qcoord_hw.errors import InputError, TargetError, TooLargeError
from qcoord_hw.execution.devices.registry import ALLOWED, device_name, snapshots
from qcoord_hw.execution.foreign.guard import name_of, provider
from qcoord_hw.execution.growing import grown
from qcoord_hw.execution.idle import unstated, with_idle_noise
from qcoord_hw.execution.layout import check_layout, choose_layout
from qcoord_hw.execution.links import with_channels
from qcoord_hw.execution.methods import Pull, framed, pull_of, twirls
from qcoord_hw.execution.noise import IDLE_NOISE_MODEL, NOISE_MODEL
from qcoord_hw.execution.parts import unroll
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.routing import routed_circuits
from qcoord_hw.execution.scale import (
    MAX_NAME,
    PROPERTIES,
    check_scale,
    scaled_name,
    seed_name,
    split_scale,
)
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.tiling import tile
from qcoord_hw.families.experiment import TWIRLED_FRAME, Setting
from qcoord_hw.network.links import Route
from qcoord_hw.provenance import ENGINE
from qcoord_hw.qudits.stages import own_stages
from qcoord_hw.record import Counts
from qcoord_hw.spec import check_unicode, one_line, short_repr
from qcoord_hw.text import meant

if TYPE_CHECKING:
    from qcoord_hw.execution.foreign.known import KnownAnswer
    from qcoord_hw.execution.link_patterns import Paulis

IDEAL = "ideal"
NOISE = "noise-model"
BACKEND = "backend"
SAMPLER = "sampler"

OPTIMIZATION_LEVEL = 1
"""Higher levels may permute qubits (they elide swaps), which here would mean to move them between owners."""


@dataclass(frozen=True)
class Request:
    """One chunk to execute: in which block and tile, which setting, how many shots, the seed of the draw.

    `pattern` says which errors of links are put in as gates; 0 where none are.
    """

    block: int
    setting: int
    shots: int
    seed: int
    tile: int = 0
    chunk: int = 0
    pattern: int = 0


AT_ONCE = 2**16
"""Shots that a simulator draws together."""

Keep = Callable[[dict[str, Any]], None]
"""Told of what a target returned beside the counts that were asked for: events as a record keeps them."""


def forget(event: dict[str, Any]) -> None:
    """Keep nothing: for what is executed without a record."""


class Executor(Protocol):
    """Executes requests in the order given."""

    @property
    def methods(self) -> list[str]:
        """How the circuits are executed."""

    def execute(self, requests: Sequence[Request], keep: Keep = forget) -> Iterator[Counts | None]:
        """Yield the counts of each request; None for one that the target did not execute as asked.

        Raises:
            TargetError: when there is such a one, after those that came with it.
        """

    def in_groups(
        self, requests: Sequence[Request], keep: Keep = forget
    ) -> Iterator[Sequence[Counts | None]]:
        """Yield the same, several at a time: what is counted at once."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Circuits ready for a target.

    Attributes:
        target: the target's name.
        kind: `ideal`, `noise-model`, `backend`, `sampler`, or that of a device.
        circuits: as they are executed; for a noise model on qubits 0..n-1 that stand for `layout`.
        layout: physical qubit of each circuit qubit; empty where there is none.
        snapshot: calibration of the layout's qubits; None where there is none.
        noise: what the noise model holds, in words; empty where there is none.
        settings: what is executed and counted, and by which method.
        tiles: the same on further qubits, to be executed side by side with it.
        known: on a foreign target the circuit whose answer is known, compiled as the others; else None.
        bound: one circuit per setting, instead of its circuit at its values; empty where that is not needed.
        origin: versions with which it was made, where it is read from a record; None if it is made today.
        chip: calibration of the whole device, unscaled, where the record is to keep it; else None.
        batch: which of the batches of couplings it runs in, where it is one of every coupling; else None.
        routes: what links do to each circuit; empty where they cost nothing.
        paulis: the gates that make their errors, on a target that can be given no channels; else None.
        idle_noise: whether qubits that wait decay.
        engine: version of the rules by which methods of simulation are chosen; that of its record, where it
            is read from one.
        shots: of a circuit; infinitely many where outcome probabilities are wanted.
    """

    target: str
    kind: str
    circuits: tuple[QuantumCircuit, ...]
    layout: tuple[int, ...] = ()
    snapshot: Snapshot | None = None
    noise: str = ""
    settings: tuple[Setting, ...] = ()
    tiles: tuple[Prepared, ...] = ()
    known: KnownAnswer | None = None
    bound: tuple[QuantumCircuit, ...] = ()
    origin: dict[str, Any] | None = None
    chip: Snapshot | None = None
    batch: int | None = None
    routes: tuple[Route, ...] = ()
    paulis: Paulis | None = None
    idle_noise: bool = False
    engine: int = ENGINE
    shots: float = math.inf

    @cached_property
    def simulated(self) -> tuple[QuantumCircuit, ...]:
        """The circuits with what links do to their qubits, and waiting."""
        circuits = self.circuits
        if self.routes:
            circuits = tuple(with_channels(c, r) for c, r in zip(circuits, self.routes, strict=True))
        if self.idle_noise and self.snapshot is not None:
            circuits = with_idle_noise(circuits, self.snapshot)
        return circuits

    def simulator(self, settings: Sequence[Setting] | None = None) -> Simulator:
        """Return what draws counts of the circuits, at some settings or at all."""
        asked = self.settings if settings is None else settings
        return Simulator(
            self.simulated, asked, self.snapshot, shots=self.shots, engine=self.engine, pull=self.pull
        )

    @cached_property
    def pull(self) -> Pull:
        """Where relaxation pulls towards |0> in circuits whose errors are twirled elsewhere."""
        return pull_of(self.circuits, self.settings, self.engine)

    def counted(self, shots: float) -> Prepared:
        """Return the same where each circuit is executed so many times."""
        tiles = tuple(one.counted(shots) for one in self.tiles)
        return replace(self, shots=shots, tiles=tiles)

    @property
    def noisy(self) -> bool:
        """Whether anything goes wrong, at a gate, a measurement or on a link."""
        return self.snapshot is not None or not all(route.is_quiet for route in self.routes)

    @property
    def seed_name(self) -> str:
        """The target's name in the seeds of its runs."""
        return self.target if self.snapshot is None else seed_name(self.target, self.snapshot.device)

    @property
    def sent(self) -> tuple[QuantumCircuit, ...]:
        """The circuits that are executed: one per setting where they are bound."""
        return self.bound or self.circuits

    def executed(self, setting: int, pattern: int = 0) -> tuple[QuantumCircuit, tuple[float, ...]]:
        """Return the circuit that is executed for a setting, and the values of its parameters.

        Args:
            setting: its number.
            pattern: of errors of links that are put in as gates.
        """
        asked = self.settings[setting]
        circuit, values = self.circuits[asked.circuit], tuple(asked.values)
        if self.bound:
            circuit, values = self.bound[setting], ()
        if not pattern:
            return circuit, values
        assert self.paulis is not None
        key = (setting if self.bound else asked.circuit, pattern)
        if key not in self._turned:
            self._turned[key] = self.paulis.put_in(circuit, self.routes[asked.circuit], pattern)
        return self._turned[key], values

    @cached_property
    def _turned(self) -> dict[tuple[int, int], QuantumCircuit]:
        return {}

    @property
    def batches(self) -> list[list[Prepared]]:
        """It and its tiles: all together, or batch by batch, that of the first tile first."""
        found: dict[int | None, list[Prepared]] = {}
        for one in (self, *self.tiles):
            found.setdefault(one.batch, []).append(one)
        return list(found.values())

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
        self._simulators = [one.simulator() for one in (prepared, *prepared.tiles)]

    @property
    def methods(self) -> list[str]:
        return self._simulators[0].methods

    def execute(self, requests: Sequence[Request], keep: Keep = forget) -> Iterator[Counts]:
        return chain.from_iterable(self.in_groups(requests, keep))

    def in_groups(self, requests: Sequence[Request], keep: Keep = forget) -> Iterator[Sequence[Counts]]:
        """Yield counts, several at a time: what has to be simulated first is waited for by none before it."""
        group: list[Request] = []
        left = AT_ONCE
        for request in requests:
            left -= request.shots
            if group and (left < 0 or not self._simulators[request.tile].is_ready(request.setting)):
                yield self._draw(group)
                group, left = [], AT_ONCE - request.shots
            group.append(request)
        if group:
            yield self._draw(group)

    def _draw(self, requests: Sequence[Request]) -> list[Counts]:
        found: list[Counts] = [{} for _ in requests]
        for number in {request.tile for request in requests}:
            places = [k for k, request in enumerate(requests) if request.tile == number]
            asked = [(requests[k].setting, requests[k].shots, requests[k].seed) for k in places]
            for k, counts in zip(places, self._simulators[number].counts_of(asked), strict=True):
                found[k] = counts
        return found


class IdealTarget:
    """`aer`: simulation without noise; circuits run as they are written."""

    name = "aer"

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Return the circuits, with gates that Aer does not know replaced by their definitions.

        Raises:
            InputError: when a layout or tiles are asked for; `aer` has no physical qubits.
        """
        check_no_tiles(self.name, tiles)
        if layout:
            raise InputError(
                f"layout: {list(layout)}; target aer has no physical qubits, allowed is no layout"
            )
        circuits = tuple(map(unroll, program.circuits))
        settings = executed_settings(circuits, program.settings, program.routes, noisy=False)
        return Prepared(self.name, IDEAL, circuits, settings=settings, routes=program.routes)

    def executor(self, prepared: Prepared) -> Executor:
        """Return the simulator."""
        return _SimulatorExecutor(prepared)


class NoiseTarget:
    """`fake_NAME`, `properties:FILE`: the noise model of a calibration, on the qubits that are used."""

    def __init__(
        self,
        chip: BackendV2 | Snapshot,
        scale: float = 1.0,
        name: str | None = None,
        *,
        keep: bool = True,
        idle_noise: bool = True,
    ) -> None:
        """Wrap a fake backend of the runtime package, or a calibration.

        Args:
            chip: whose calibration makes the noise model.
            scale: what its noise is multiplied by, 0 to 10000; another than 1 stands in the target's name.
            name: of the target, without a scale; the chip's if omitted.
            keep: whether the records of runs keep a snapshot whole; not where its name is enough.
            idle_noise: whether qubits that wait decay.

        Raises:
            InputError: when the scale is not allowed.
        """
        self.scale, self.idle_noise = check_scale(scale), idle_noise
        own = chip.device if isinstance(chip, Snapshot) else chip.name
        self.name = scaled_name(name or str(own), self.scale)
        self.chip = chip
        self._kept = chip if keep and isinstance(chip, Snapshot) else None

    @property
    def rep_delay(self) -> float | None:
        """Seconds from the end of a shot to the next, where a device snapshot states its default."""
        name = split_scale(self.name)[0]
        found = (one.rep_delay(name) for one in snapshots() if name in one.names())
        return next(found, None)

    def snapshot(self) -> Snapshot:
        """Return the calibration of all its qubits, scaled."""
        whole = self.chip if isinstance(self.chip, Snapshot) else Snapshot.of(self.chip)
        return whole.scaled(self.scale)

    def prepare(self, program: Program, layout: Sequence[int], tiles: int = 1) -> Prepared:
        """Lay out and compile the circuits for the snapshot.

        Where every input of a setting is a Pauli frame, one noisy simulation serves all of them.
        """
        first, *others = self._prepared(_placed(program, tuple(layout), self.snapshot(), tiles), program)
        return replace(first, tiles=tuple(others))

    def on(
        self,
        layouts: Sequence[tuple[int, ...]],
        circuits: Sequence[QuantumCircuit],
        program: Program,
    ) -> list[Prepared]:
        """Return circuits of a program, placed, compiled for each of some layouts."""
        return self._prepared(compiled_on(layouts, circuits, self.snapshot()), program)

    def _prepared(self, compiled: Sequence[_Compiled], program: Program) -> list[Prepared]:
        made = []
        for one in compiled:
            settings = executed_settings(one.circuits, program.settings, program.routes, noisy=True)
            twirled = twirls(one.circuits) or any(s.method == TWIRLED_FRAME for s in settings)
            gaps = unstated(one.circuits, one.used) if self.idle_noise else None
            made.append(
                Prepared(
                    self.name,
                    NOISE,
                    one.circuits,
                    one.layout,
                    one.used,
                    noise_words(self.scale, pull_of(one.circuits, settings) if twirled else None, gaps=gaps),
                    settings,
                    routes=program.routes,
                    idle_noise=self.idle_noise,
                )
            )
        return [replace(made[0], chip=self._kept), *made[1:]]

    def executor(self, prepared: Prepared) -> Executor:
        """Return the simulator with the prepared snapshot's noise."""
        return _SimulatorExecutor(prepared)


@dataclass(frozen=True, eq=False)
class _Compiled:
    """Circuits compiled for one layout, and the calibration of its qubits."""

    circuits: tuple[QuantumCircuit, ...]
    layout: tuple[int, ...]
    used: Snapshot


@lru_cache(maxsize=8)  # seed after seed of a sweep has the same; a program is the same if it is one object
def _placed(program: Program, layout: tuple[int, ...], whole: Snapshot, tiles: int) -> tuple[_Compiled, ...]:
    """Return what a program executes on a calibrated device, for each of its tiles."""
    circuits, layouts = place(program, layout, whole, tiles)
    return compiled_on(layouts, circuits, whole)


Offers = dict[frozenset[tuple[str, tuple[int, ...]]], tuple[QuantumCircuit, ...]]
"""Gates that qubits offer, these by their places -> some circuits compiled to them."""


def compiled_on(
    layouts: Sequence[tuple[int, ...]],
    circuits: Sequence[QuantumCircuit],
    whole: Snapshot,
    known: Offers | None = None,
) -> tuple[_Compiled, ...]:
    """Compile circuits for each of some layouts.

    Where the same gates are offered the same circuits come out, so that they are compiled once.

    Args:
        layouts: on the device.
        circuits: the circuits.
        whole: calibration of the device.
        known: what these circuits were compiled to before; what is new is added.
    """
    known = {} if known is None else known
    made = []
    for one in layouts:
        used = whole.restrict(one)
        offered = frozenset((g.name, tuple(one.index(q) for q in g.qubits)) for g in used.gates)
        if offered not in known:
            known[offered] = compile_for(used, circuits)
        made.append(_Compiled(known[offered], one, used))
    return tuple(made)


def executed_settings(
    circuits: Sequence[QuantumCircuit],
    settings: Sequence[Setting],
    routes: Sequence[Route],
    *,
    noisy: bool,
    engine: int = ENGINE,
) -> tuple[Setting, ...]:
    """Return how settings are simulated: from one run by frames where what goes wrong commutes with them."""
    if not all(route.is_pauli for route in routes):
        return tuple(settings)
    noisy = noisy or not all(route.is_quiet for route in routes)
    return framed(circuits, settings, engine=engine) if noisy else tuple(settings)


def by_engine(prepared: Prepared, program: Program, engine: int) -> Prepared:
    """Return prepared circuits of a program as another version of the rules simulates them."""
    settings = prepared.settings
    if prepared.kind in (IDEAL, NOISE):
        noisy = prepared.kind == NOISE
        settings = executed_settings(
            prepared.circuits, program.settings, prepared.routes, noisy=noisy, engine=engine
        )
    tiles = tuple(by_engine(one, program, engine) for one in prepared.tiles)
    return replace(prepared, settings=settings, tiles=tiles, engine=engine)


def noise_words(scale: float, pull: Pull | None = None, *, gaps: Sequence[str] | None = ()) -> str:
    """Return what a noise model of a scale holds, in words.

    Args:
        scale: what all of it is multiplied by.
        pull: where relaxation keeps its pull towards |0>, if it is twirled elsewhere: in a large circuit, or
            once data stand in one whose inputs are shifted.
        gaps: what calibration leaves open of idle noise, as `unstated` returns it; None without idle noise.
    """
    words = NOISE_MODEL if gaps is None else IDLE_NOISE_MODEL
    if gaps and scale:
        words = f"{words}; not stated, so that less decays: {', '.join(gaps)}"
    words = words if scale == 1 else f"{words}; all of it times {scale:g}"
    if pull is None:
        return words
    kept = "but for its pull towards |0> to first order, " if pull is Pull.EVERYWHERE else ""
    return f"{words}; {kept}relaxation twirled"


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


def check_no_tiles(target: str, tiles: int) -> None:
    """Refuse tiles on a target that has no physical qubits, or whose qubits are not ours to share.

    Raises:
        InputError: when more than one is asked for.
    """
    if tiles != 1:
        raise InputError(f"tiles: {tiles}; target {target} has none, allowed on fake_NAME and devices")


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
    circuits, layouts = place(program, layout, whole, tiles)
    first, *others = [
        Prepared(name, kind, _compile(circuits, backend.target, one), one, whole.restrict(one))
        for one in layouts
    ]
    return replace(first, settings=program.settings, tiles=tuple(others))


def place(
    program: Program, layout: Sequence[int], whole: Snapshot, tiles: int
) -> tuple[tuple[QuantumCircuit, ...], list[tuple[int, ...]]]:
    """Return `_layout`'s circuits and the layout of every tile.

    Layouts are chosen once more, for the gates that compiling made of the circuits.

    Raises:
        TooLargeError: when there is no room for so many tiles.
    """
    tree = None if layout else grown(program, whole)
    circuits, chosen = tree or place_circuits(program, layout, whole)
    if (layout or tree) and tiles == 1:
        return circuits, [chosen]
    native = compile_for(whole.restrict(chosen), circuits)
    first = chosen if layout or tree else choose_layout(native, whole)
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
        fits = circuits[0].num_qubits <= len(snapshot.qubits)
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
    if len(layout) != program.circuits[0].num_qubits or not snapshot.has(layout):
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
    with own_stages():
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
        raise TargetError(f"the circuits cannot be compiled: {one_line(error)[:240]}") from error
    for circuit in compiled:
        for kept in (circuit.layout.initial_index_layout, circuit.layout.final_index_layout):
            if tuple(kept(filter_ancillas=True)) != layout:
                raise TargetError(f"the transpiler moved qubits of circuit {circuit.name!r} from {layout}")
    return tuple(compiled)


def fake_names() -> list[str]:
    """Return the names of all device snapshots; none of them is opened for that."""
    return [name for one in snapshots() for name in one.names()]


@lru_cache(maxsize=8)  # reading its files takes longer than many a run
def fake_chip(name: str) -> Snapshot:
    """Return the calibration of a device snapshot, by one of `fake_names`."""
    chip: Snapshot = next(one.chip(name) for one in snapshots() if name in one.names())
    return chip


def fake_backends() -> dict[str, type[BackendV2]]:
    """Return name -> class of every device snapshot in the runtime package."""
    return {name: kind for one in snapshots() for name, kind in one.backends().items()}


def resolve_target(target: object, name: str | None = None, *, idle_noise: bool = True) -> RunTarget:
    """Return the target that a name or an object stands for.

    Args:
        target: `aer`, `fake_NAME`, `properties:FILE`, a `BackendV2` or a `BaseSamplerV2`. A fake backend of
            the runtime package is run through our own noise model, exactly as by its name.
        name: under which the object was found, if not by its own; a foreign one is recorded under it.
        idle_noise: whether qubits that wait decay, where the target is a noise model of ours.

    Raises:
        InputError: when it is none of these.
    """
    if isinstance(target, str):
        return _named_target(target, idle_noise)
    if isinstance(target, BackendV2) and not is_foreign(target):
        with provider(name_of(target)):
            return NoiseTarget(target, idle_noise=idle_noise)
    if isinstance(target, (BackendV2, BaseSamplerV2)):
        from qcoord_hw.execution.foreign.target import ForeignTarget

        return ForeignTarget.of(target, name)
    raise InputError(
        f"target: {f'{name} is a ' if name else ''}{type(target).__name__}; allowed are aer, fake_NAME, a "
        "Device, a BackendV2 or a BaseSamplerV2"
    )


def is_foreign(target: object) -> bool:
    """Return whether a target is a backend or sampler of which nothing is known but its interface.

    A snapshot of the runtime package is none: it is only asked for its calibration, and simulated here. What
    somebody else derived from one is foreign, since it may do anything of its own.
    """
    if not isinstance(target, BackendV2):
        return isinstance(target, BaseSamplerV2)
    return not any(one.is_snapshot(target) for one in snapshots())


def _named_target(name: str, idle_noise: bool) -> RunTarget:
    if name == IdealTarget.name:
        return IdealTarget()
    if name.startswith("fake_"):
        known = fake_names()
        device, scale = split_scale(name)
        if device in known:
            return NoiseTarget(fake_chip(device), scale, device, keep=False, idle_noise=idle_noise)
        raise InputError(f"target: unknown {name!r}{meant(name, known)}; allowed are aer, {', '.join(known)}")
    if name.startswith(PROPERTIES):
        return _calibrated_target(name, idle_noise)
    if device_name(name) is not None:
        raise InputError(
            f"target: {name!r} is a device, to which jobs are sent (run, submit); "
            "allowed here are aer, fake_NAME and properties:FILE"
        )
    close = meant(name, [IdealTarget.name, *fake_names()])
    raise InputError(
        f"target: unknown {name!r}{close}; allowed are aer, fake_NAME, for example fake_torino, "
        f"properties:FILE, {ALLOWED}"
    )


def _calibrated_target(name: str, idle_noise: bool) -> NoiseTarget:
    """Return the noise model of the calibration in a file or a run.

    Raises:
        InputError: when the name is none that a record holds, or the file is wrong.
    """
    from qcoord_hw.execution.calibrations import read_chip
    from qcoord_hw.execution.calibrations.of_run import located

    check_unicode("target", name)
    name = located(name)
    if len(name) > MAX_NAME or not name.isprintable():
        raise InputError(f"target: {short_repr(name)}; allowed are at most {MAX_NAME} printable characters")
    plain, scale = split_scale(name)
    return NoiseTarget(read_chip(name), scale, plain, idle_noise=idle_noise)
