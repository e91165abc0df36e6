"""From an experiment to a sealed record: write the intent, execute, seal; and the same from a record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from qiskit.circuit import QuantumCircuit

from qcoord_hw import record
from qcoord_hw.errors import RecordError
from qcoord_hw.execution.edges import on_every_edge
from qcoord_hw.execution.formats import to_qpy
from qcoord_hw.execution.link_figures import link_figures
from qcoord_hw.execution.link_patterns import over_links
from qcoord_hw.execution.program import Program, instructions
from qcoord_hw.execution.recorded import check_recorded
from qcoord_hw.execution.run_description import (
    circuit_files,
    intent_of,
    prepared_of,
    recorded_program,
)
from qcoord_hw.execution.targets import IDEAL, NOISE, SAMPLER, Executor, Request, RunTarget, by_engine
from qcoord_hw.provenance import provenance
from qcoord_hw.record import Chunk, RunRecord
from qcoord_hw.spec import ExperimentSpec, canonical_json, spec_from_mapping
from qcoord_hw.spec import check_seed as check_seed
from qcoord_hw.watching import watched

Progress = Callable[[int, int], None]
"""Called with (chunks done, chunks planned) after every chunk."""

SYNC_SECONDS = 0.25
"""How much of a simulation a power failure may cost."""


def execute(
    description: dict[str, Any],
    program: Program,
    spec: ExperimentSpec,
    target: RunTarget,
    seed: int,
    runs: Path,
    progress: Progress | None = None,
    tiles: int = 1,
) -> RunRecord:
    """Run circuits on a target and return the sealed record.

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
    with watched(progress, spec.name) as told:
        if spec.every_edge:
            target = on_every_edge(target)
        prepared = over_links(target.prepare(program, spec.layout, tiles), program, spec, target.prepare)
        prepared = prepared.counted(spec.shots)
        executor = target.executor(prepared)
        equal = prepared.kind == SAMPLER
        intent = intent_of(description, program, spec, prepared, executor.methods, seed, equal=equal)
        if spec.links:
            intent["target"]["links"] = link_figures(description, program, spec, prepared)
        executed = [circuit for one in (prepared, *prepared.tiles) for circuit in one.circuits]
        files = circuit_files(program) | {record.EXECUTED: to_qpy(executed)}
        if prepared.known is not None:
            files |= {record.KNOWN: to_qpy([prepared.known.circuit])}
        if prepared.bound:
            files |= {record.BOUND: to_qpy(prepared.bound)}
        if prepared.paulis is not None:
            files |= {record.PAULIS: to_qpy(prepared.paulis.layers)}
        if prepared.chip is not None:
            files |= {record.CHIP: canonical_json(prepared.chip.to_json()).encode()}
        place = prepared.target if prepared.chip is None else record.chip_in_path(prepared.chip.device)
        path = record.create(runs, intent, files, spec_id=spec.spec_id, target=place)
        return _finish(path, executor, told)


def finish(path: Path, target: RunTarget, progress: Progress | None = None) -> RunRecord:
    """Execute the missing chunks of an unfinished run, seal it and return it; a sealed run is left alone.

    Raises:
        RecordError: when the record is damaged, or its circuits do not keep to their network.
    """
    run = record.read(path)
    if run.sealed:
        return run
    check_recorded(run)
    with watched(progress, path.name) as told:
        return _finish(path, target.executor(prepared_of(run)), told)


def moved(run: RunRecord, program: Program, target: RunTarget) -> list[str]:
    """Execute a sealed run's plan again with today's program and packages, and say what moved.

    Nothing is written. The stages are compared in order (circuits, layout, calibration, compiled
    circuits, counts), so that the first line names where a difference begins.
    """
    if not run.sealed:
        raise RecordError(f"run {run.path.name}: unfinished; allowed is a sealed run")
    found = []
    before = prepared_of(run)
    program = replace(program, engine=before.engine)
    if changed := _differing(recorded_program(run).circuits, program.circuits):
        found.append(f"circuits as built: {changed}")
    spec = run.intent["spec"]
    target = on_every_edge(target) if spec.get("every_edge") else target
    now = target.prepare(program, tuple(spec["layout"]), run.tiles)
    now = over_links(now, program, spec_from_mapping(spec, "recorded spec"), target.prepare)
    now = by_engine(now.counted(before.shots), program, before.engine)
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


def _finish(path: Path, executor: Executor, progress: Progress | None) -> RunRecord:
    """Execute the missing chunks in order, append each to the record, seal it and return it.

    What a simulator counted is forced to the disk a few times a second, what a device counted at once.
    """
    with record.writing(path) as run:
        if run.sealed:
            return run
        simulated, synced = run.intent["target"]["kind"] in (IDEAL, NOISE), 0.0
        groups = executor.in_groups(_requests(run.missing), partial(record.note, path))
        done, missing = len(run.counts), iter(run.missing)
        for group in groups:
            chunks = list(islice(missing, len(group)))
            # None where the target did not execute it as asked, which it says at the end.
            counted = [(c.id, counts) for c, counts in zip(chunks, group, strict=True) if counts is not None]
            done += len(counted)
            sync = not simulated or done == len(run.plan) or time.monotonic() - synced > SYNC_SECONDS
            record.append(path, counted, sync=sync)
            synced = time.monotonic() if sync else synced
            if progress:
                for k in range(done - len(counted), done):
                    progress(k + 1, len(run.plan))
        return record.seal(path, run)


def _requests(chunks: Sequence[Chunk]) -> list[Request]:
    return [Request(c.block, c.setting, c.shots, c.seed, c.tile, c.id, c.pattern) for c in chunks]


def _differing(before: Sequence[QuantumCircuit], now: Sequence[QuantumCircuit]) -> str:
    """Return how many circuits differ, in words; empty if none does."""
    if len(before) != len(now):
        return f"{len(before)} -> {len(now)}"
    others = sum(instructions(a) != instructions(b) for a, b in zip(before, now, strict=True))
    return f"{others} of {len(now)} differ" if others else ""
