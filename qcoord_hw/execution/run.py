"""From an experiment to a sealed record: plan, write the intent, execute chunk by chunk, seal.

A long module: three ways to plan, and one way from a plan to a record or from a record to the same again.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from qiskit.circuit import ControlFlowOp, QuantumCircuit

from qcoord_hw import record
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.execution.formats import from_qpy, to_qasm, to_qpy
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.ownership import check_ownership
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import DEVICE, IDEAL, NOISE, SAMPLER, Executor, Prepared, Request, RunTarget
from qcoord_hw.protocols.experiment import DIRECT, Experiment, Setting
from qcoord_hw.provenance import provenance
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.spec import ExperimentSpec, canonical_json
from qcoord_hw.theory.coordination.play import CoordinationPlay

Progress = Callable[[int, int], None]
"""Called with (chunks done, chunks planned) after every chunk."""

MAX_SEED = 2**63 - 1

SYNC_SECONDS = 0.25
"""How much of a simulation a power failure may cost."""

COORDINATION = "coordination"
"""The kind of play whose figures a simulator also computes exactly."""

MAX_SINGLE_SHOTS = 100_000
"""Shots of a run in which each shot is a chunk of its own."""


def make_plan(
    settings: int, shots: int, blocks: int, seed: int, name: str, *, equal: bool = False
) -> tuple[Chunk, ...]:
    """Return the chunks in the order of execution.

    The shots of each setting are spread over the blocks; within a block every setting comes once, in an
    order drawn from the seed. A chunk's seed depends on the root seed, the name and its id alone: not on
    what was executed before it, and runs of one root seed on two targets are independent.

    Args:
        settings: how many settings.
        shots: shots a setting.
        blocks: how many blocks; at most one a shot is used.
        seed: root seed.
        name: what is run where.
        equal: take fewer blocks if needed, so that all chunks have the same shots.
    """
    blocks = min(blocks, shots)
    if equal:
        blocks = next(b for b in range(blocks, 0, -1) if shots % b == 0)
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    order = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 0)))
    plan = []
    for block in range(blocks):
        size = shots // blocks + (block < shots % blocks)
        for setting in order.permutation(settings):
            number = block * settings + int(setting)
            state = np.random.SeedSequence(seed, spawn_key=(stem, 1, number)).generate_state(1, np.uint64)
            plan.append(Chunk(number, block, int(setting), size, int(state[0])))
    return tuple(plan)


def random_plan(weights: Sequence[float], shots: int, seed: int, name: str) -> tuple[Chunk, ...]:
    """Return a plan of single shots, each of a setting drawn at random.

    Args:
        weights: of the settings.
        shots: in all.
        seed: root seed.
        name: what is run where.

    Raises:
        InputError: when the experiment has no weights, or more than 100000 single shots are asked for.
    """
    if not weights:
        raise InputError("random_questions: true; allowed for games alone")
    if shots > MAX_SINGLE_SHOTS:
        raise InputError(f"shots: {shots} single shots in all; allowed are at most {MAX_SINGLE_SHOTS}")
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 2)))
    share = np.asarray(weights) / math.fsum(weights)
    settings = draw.choice(len(share), size=shots, p=share)
    seeds = draw.integers(0, 2**63, size=shots)
    return tuple(
        Chunk(k, 8 * k // shots, int(setting), 1, int(own))  # eighths of the run, to test for drift
        for k, (setting, own) in enumerate(zip(settings, seeds, strict=True))
    )


def sampled_plan(
    settings: Sequence[Setting], weights: Sequence[float], shots: int, blocks: int, seed: int, name: str
) -> tuple[Chunk, ...]:
    """Return a plan in which chance decides how often each setting is executed: the protocol draws it.

    Settings with the same values of their parameters (the same measurement) share their shots: as many in all
    as if each of their circuits had `shots`, split at random by the weights, block by block.

    Args:
        settings: what may be executed.
        weights: how likely each is among those that share its measurement.
        shots: shots a circuit.
        blocks: how many blocks; at most one a shot is used.
        seed: root seed.
        name: what is run where.
    """
    blocks = min(blocks, shots)
    stem = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    draw = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stem, 3)))
    groups: dict[tuple[float, ...], list[int]] = {}
    for k, setting in enumerate(settings):
        groups.setdefault(setting.values, []).append(k)
    plan: list[Chunk] = []
    for block in range(blocks):
        drawn = []
        for members in groups.values():
            circuits = len({settings[k].circuit for k in members})
            total = circuits * shots
            share = np.array([weights[k] for k in members])
            size = total // blocks + (block < total % blocks)
            drawn += list(zip(members, draw.multinomial(size, share / share.sum()).tolist(), strict=True))
        for index in draw.permutation(len(drawn)):
            setting, times = drawn[index]
            if times:
                own = int(draw.integers(0, 2**63))
                plan.append(Chunk(len(plan), block, setting, times, own))
    return tuple(plan)


def on_tiles(plan: Sequence[Chunk], tiles: int) -> tuple[Chunk, ...]:
    """Return a plan with a copy of every chunk for each tile; each copy has a seed of its own."""
    if tiles == 1:
        return tuple(plan)
    return tuple(
        replace(chunk, id=chunk.id + number * len(plan), seed=_tile_seed(chunk.seed, number), tile=number)
        for chunk in plan
        for number in range(tiles)
    )


def _tile_seed(seed: int, number: int) -> int:
    if number == 0:
        return seed
    return int(np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1, np.uint64)[0])


def spec_of(experiment: Experiment) -> ExperimentSpec:
    """Return the spec under which an experiment built in Python is recorded.

    Its family is `python`; a hash of protocol, scoring and circuits stands among the parameters, so its id
    is their identity.
    """
    parts = [canonical_json(describe(experiment)), *(to_qasm(net.circuit) for net in experiment.circuits)]
    text = "\n".join(parts)
    return ExperimentSpec(
        name=experiment.name,
        title=experiment.title,
        family="python",
        parameters=(("sha256", hashlib.sha256(text.encode()).hexdigest()),),
    )


def describe(experiment: Experiment) -> dict[str, Any]:
    """Return the plain values by which a record keeps an experiment."""
    return {
        "name": experiment.name,
        "title": experiment.title,
        "copies": experiment.copies,
        "weights": list(experiment.weights),
        "usage": experiment.usage,
        "topology": experiment.circuits[0].topology.to_json(),
        "feed_forward": any(
            isinstance(i.operation, ControlFlowOp) for net in experiment.circuits for i in net.circuit.data
        ),
        "wires": list(experiment.circuits[0].wires),
        "circuits": [
            {"events": [event.to_json() for event in net.events], "movable": list(net.movable)}
            for net in experiment.circuits
        ],
        "settings": [setting.to_json() for setting in experiment.settings],
        "play": experiment.play.to_json(),
    } | ({"sampled": True} if experiment.sampled else {})


def program_of(experiment: Experiment) -> Program:
    """Return what an experiment executes."""
    return Program(
        tuple(net.circuit for net in experiment.circuits),
        experiment.settings,
        tuple(net.movable for net in experiment.circuits),
        experiment.weights,
    )


def execute(
    description: dict[str, Any],
    program: Program,
    spec: ExperimentSpec,
    target: RunTarget,
    seed: int,
    runs: Path,
    progress: Progress | None = None,
    tiles: int = 1,
) -> Path:
    """Run circuits on a target and return the folder of the sealed record.

    Args:
        description: what `describe` returned for the experiment.
        program: its circuits as built, and settings.
        spec: shots, blocks and layout.
        target: where to run.
        seed: root seed.
        runs: the folder of all runs.
        progress: told of every finished chunk.
        tiles: how many copies of the circuits run side by side.
    """
    prepared = target.prepare(program, spec.layout, tiles)
    executor = target.executor(prepared)
    intent = intent_of(description, program, spec, prepared, executor.methods, seed)
    executed = [circuit for one in (prepared, *prepared.tiles) for circuit in one.circuits]
    files = circuit_files(program) | {record.EXECUTED: to_qpy(executed)}
    path = record.create(runs, intent, files, spec_id=spec.spec_id, target=prepared.target)
    _finish(path, executor, progress)
    return path


def intent_of(
    description: dict[str, Any],
    program: Program,
    spec: ExperimentSpec,
    prepared: Prepared,
    methods: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    """Return everything that is decided before execution, in plain values.

    Args:
        description: what `describe` returned for the experiment.
        program: its circuits as built, and settings.
        spec: shots, blocks and layout.
        prepared: its circuits as they will be executed.
        methods: how they will be.
        seed: root seed.

    Raises:
        TargetError: when a compiled gate joins two parties.
    """
    gates = [
        {"two_qubit": _two_qubit(built), "two_qubit_executed": _two_qubit(run)}
        for built, run in zip(program.circuits, prepared.circuits, strict=True)
    ]
    kept = [
        c | {"measured": m, "gates": g}
        for c, m, g in zip(description["circuits"], _measured(prepared), gates, strict=True)
    ]
    tiles = [_place(description, one) | {"measured": _measured(one)} for one in prepared.tiles]
    return {
        "spec": spec.to_json(),
        "experiment": description
        | {"circuits": kept, "settings": [setting.to_json() for setting in prepared.settings]},
        "target": {
            "name": prepared.target,
            "kind": prepared.kind,
            "noise": prepared.noise,
            "methods": list(methods),
        }
        | _place(description, prepared)
        | ({"tiles": tiles} if tiles else {}),
        "seed": seed,
        "plan": [_plain(chunk) for chunk in _plan(description, program, spec, prepared, seed)],
        "provenance": provenance(),
    }


def _place(description: dict[str, Any], prepared: Prepared) -> dict[str, Any]:
    """Return where circuits stand, and what that place is like."""
    exact = _exact(description["play"], prepared)
    return {
        "layout": list(prepared.layout),
        "locality": check_ownership(description["circuits"], prepared.circuits, prepared.layout),
        "snapshot": prepared.snapshot.to_json() if prepared.snapshot else None,
    } | ({} if exact is None else {"exact": exact})


def _plain(chunk: Chunk) -> dict[str, int]:
    """Return a chunk as a record keeps it; most runs have one tile, which goes without saying."""
    return {name: value for name, value in asdict(chunk).items() if name != "tile" or value}


def draft_of(
    description: dict[str, Any], spec: ExperimentSpec, target: str, options: dict[str, Any], seed: int
) -> dict[str, Any]:
    """Return the intent of a run on a device that is not known yet: no layout, nothing compiled, no plan."""
    empty: dict[str, Any] = {"layout": [], "noise": "", "methods": [], "locality": None, "snapshot": None}
    return {
        "spec": spec.to_json(),
        "experiment": description,
        "target": {"name": target, "kind": DEVICE, **empty, "options": options},
        "seed": seed,
        "plan": [],
        "provenance": provenance(),
    }


def circuit_files(program: Program) -> dict[str, bytes]:
    """Return the files with the circuits as built: name -> content."""
    qasm = {f"circuits/{k:03}.qasm": to_qasm(c).encode() for k, c in enumerate(program.circuits)}
    return {record.CIRCUITS: to_qpy(program.circuits)} | qasm


def _plan(
    description: dict[str, Any], program: Program, spec: ExperimentSpec, prepared: Prepared, seed: int
) -> tuple[Chunk, ...]:
    name = f"{spec.spec_id} on {prepared.target}"
    if spec.random_questions:
        plan = random_plan(program.weights, spec.shots * len(program.settings), seed, name)
    elif description.get("sampled"):
        plan = sampled_plan(prepared.settings, program.weights, spec.shots, spec.blocks, seed, name)
    else:
        equal = prepared.kind in (SAMPLER, DEVICE)  # these may take one number of shots a job
        plan = make_plan(len(prepared.settings), spec.shots, spec.blocks, seed, name, equal=equal)
    return on_tiles(plan, 1 + len(prepared.tiles))


def _exact(play: dict[str, Any], prepared: Prepared) -> dict[str, float] | None:
    """Return the figures of what a simulator's circuits make, before readout; None where there are none."""
    if play["kind"] != COORDINATION or prepared.kind not in (IDEAL, NOISE):
        return None
    from qcoord_hw.execution.states import exact_figures

    return exact_figures(CoordinationPlay.from_json(play), prepared.circuits, prepared.snapshot)


def finish(path: Path, target: RunTarget, progress: Progress | None = None) -> None:
    """Execute the missing chunks of an unfinished run and seal it; a sealed run is left alone.

    Raises:
        RecordError: when the record is damaged.
    """
    run = record.read(path)
    if not run.sealed:
        _finish(path, target.executor(prepared_of(run)), progress)


def prepared_of(run: RunRecord) -> Prepared:
    """Return the circuits as executed, their layout and calibration, from a record alone."""
    with record.interpreting(run.path):
        target = run.intent["target"]
        circuits = from_qpy(run.file(record.EXECUTED))
        places = [target, *target.get("tiles", ())]
        if target["kind"] == DEVICE:  # there the circuits of all tiles are one
            places = places[:1]
        each = len(circuits) // len(places)
        made = [
            Prepared(
                target["name"],
                target["kind"],
                circuits[k * each : (k + 1) * each],
                tuple(place["layout"]),
                Snapshot.from_json(place["snapshot"]) if place["snapshot"] else None,
                target["noise"],
                _settings(run),
            )
            for k, place in enumerate(places)
        ]
        return replace(made[0], tiles=tuple(made[1:]))


def recorded_program(run: RunRecord) -> Program:
    """Return the circuits as built, and the settings as asked for, from a record alone."""
    with record.interpreting(run.path):
        asked: dict[int, Setting] = {}
        for setting in _settings(run):
            asked.setdefault(setting.input, replace(setting, method=DIRECT))
        return Program(
            from_qpy(run.file(record.CIRCUITS)),
            tuple(asked.values()),
            tuple(tuple(c["movable"]) for c in run.intent["experiment"]["circuits"]),
            tuple(run.intent["experiment"].get("weights", ())),
        )


def _settings(run: RunRecord) -> tuple[Setting, ...]:
    return tuple(Setting.from_json(data) for data in run.intent["experiment"]["settings"])


def moved(run: RunRecord, program: Program, target: RunTarget) -> list[str]:
    """Execute a sealed run's plan again with today's program and packages, and say what moved.

    Nothing is written. The stages are compared in order (circuits, layout, calibration, compiled
    circuits, counts), so that the first line names where a difference begins.
    """
    if not run.sealed:
        raise RecordError(f"run {run.path.name}: unfinished; allowed is a sealed run")
    found = []
    before = prepared_of(run)
    if changed := _differing(recorded_program(run).circuits, program.circuits):
        found.append(f"circuits as built: {changed}")
    spec = run.intent["spec"]
    now = target.prepare(program, tuple(spec["layout"]), run.tiles)
    if now.settings != before.settings:
        found.append("settings")
    if now.layout != before.layout:
        found.append(f"layout: {list(before.layout)} -> {list(now.layout)}")
    if now.snapshot != before.snapshot:
        found.append("calibration of the target's qubits")
    if changed := _differing(before.circuits, now.circuits):
        found.append(f"circuits as executed: {changed}")
    if len(now.circuits) == len(before.circuits) and len(now.settings) == len(before.settings):
        executor = target.executor(now)
        again = executor.execute(_requests(run.plan))
        others = sum(run.counts[chunk.id] != now for chunk, now in zip(run.plan, again, strict=True))
        if others:
            found.append(f"counts: {others} of {len(run.plan)} chunks")
    if found:
        then, today = run.intent["provenance"]["packages"], provenance()["packages"]
        assert isinstance(today, dict)
        changes = [f"{k} {then.get(k)} -> {v}" for k, v in today.items() if then.get(k) != v]
        found.append(f"packages: {', '.join(changes) or 'the same'}")
    return found


def instructions(circuit: QuantumCircuit) -> list[tuple[object, ...]]:
    """Return a circuit's instructions with the indices of their bits, for comparing two circuits.

    Parameters are compared by name: those of two programs are never the same objects, so angles are taken at
    some generic values.
    """
    names = [parameter.name for parameter in circuit.parameters]
    if names:
        circuit = circuit.assign_parameters([math.sqrt(2 + k) for k in range(len(names))])
    return [(name,) for name in names] + [
        (
            i.operation,
            tuple(circuit.find_bit(q).index for q in i.qubits),
            tuple(circuit.find_bit(c).index for c in i.clbits),
        )
        for i in circuit.data
    ]


def check_seed(seed: object) -> int:
    """Return a root seed.

    Raises:
        InputError: when it is not an integer from 0 to 2^63 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise InputError(f"seed: {seed!r}; allowed are integers from 0 to {MAX_SEED}")
    return seed


def _finish(path: Path, executor: Executor, progress: Progress | None) -> None:
    """Execute the missing chunks in order, append each to the record, and seal it.

    What a simulator counted is forced to the disk a few times a second, what a device counted at once.
    """
    with record.writing(path) as run:
        if run.sealed:
            return
        simulated, synced = run.intent["target"]["kind"] in (IDEAL, NOISE), 0.0
        executed = executor.execute(_requests(run.missing))
        for done, (chunk, counts) in enumerate(zip(run.missing, executed, strict=True), len(run.counts) + 1):
            sync = not simulated or done == len(run.plan) or time.monotonic() - synced > SYNC_SECONDS
            record.append(path, chunk, counts, sync=sync)
            synced = time.monotonic() if sync else synced
            if progress:
                progress(done, len(run.plan))
        record.seal(path)


def _requests(chunks: Sequence[Chunk]) -> list[Request]:
    return [Request(chunk.block, chunk.setting, chunk.shots, chunk.seed, chunk.tile) for chunk in chunks]


def _two_qubit(circuit: QuantumCircuit) -> int:
    """Return how many gates of a circuit act on two qubits or more."""
    return sum(interactions(circuit).values())


def _measured(prepared: Prepared) -> list[list[int | None]]:
    """Return, for each circuit, the physical qubit whose outcome stands in each classical bit."""
    return [_measured_by(prepared, circuit) for circuit in prepared.circuits]


def _measured_by(prepared: Prepared, circuit: QuantumCircuit) -> list[int | None]:
    """Return the physical qubit whose outcome stands in each classical bit (None without a device)."""
    measured: list[int | None] = [None] * circuit.num_clbits
    if prepared.snapshot is None:
        return measured
    narrow = circuit.num_qubits == len(prepared.layout)
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            qubit = circuit.find_bit(instruction.qubits[0]).index
            physical = prepared.layout[qubit] if narrow else qubit
            measured[circuit.find_bit(instruction.clbits[0]).index] = physical
    return measured


def _differing(before: Sequence[QuantumCircuit], now: Sequence[QuantumCircuit]) -> str:
    """Return how many circuits differ, in words; empty if none does."""
    if len(before) != len(now):
        return f"{len(before)} -> {len(now)}"
    others = sum(instructions(a) != instructions(b) for a, b in zip(before, now, strict=True))
    return f"{others} of {len(now)} differ" if others else ""
