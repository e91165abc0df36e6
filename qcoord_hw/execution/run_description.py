"""Between circuits and the plain values of a record: what is written before execution, and read again.

A long module: what a run writes down and what is read back of it stand side by side.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from qiskit.circuit import ControlFlowOp, QuantumCircuit

from qcoord_hw import record, registry
from qcoord_hw.codec import to_plain
from qcoord_hw.errors import TargetError
from qcoord_hw.execution.foreign.known import KnownAnswer
from qcoord_hw.execution.formats import from_qpy, to_qasm, to_qpy
from qcoord_hw.execution.layout import executed_gates, interactions
from qcoord_hw.execution.link_patterns import Paulis
from qcoord_hw.execution.methods import NEWER
from qcoord_hw.execution.ownership import check_ownership
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.schedule import on_tiles, over_patterns, plan_of
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import IDEAL, NOISE, Prepared
from qcoord_hw.families.base import OutputState
from qcoord_hw.families.experiment import DIRECT, Experiment, Setting
from qcoord_hw.network.link_patterns import patterns_of
from qcoord_hw.network.links import LinkCost, Route, read_links, route
from qcoord_hw.provenance import provenance
from qcoord_hw.record import Chunk, RunRecord, signed
from qcoord_hw.spec import ExperimentSpec, Links, canonical_json, links_from_mapping

WAYS = ("sampled", "spread", "weighed")
"""Of an experiment: how often and when its settings are executed, if not all alike in every block."""

PYTHON = "python"
"""The `family` of specs of experiments that were built in Python; how they are scored tells their family."""


def spec_of(experiment: Experiment) -> ExperimentSpec:
    """Return the spec under which an experiment built in Python is recorded.

    Its family is `PYTHON`; a hash of protocol, scoring and circuits stands among the parameters, so its id
    is their identity.
    """
    parts = [canonical_json(describe(experiment)), *(to_qasm(net.circuit) for net in experiment.circuits)]
    text = "\n".join(parts)
    return ExperimentSpec(
        name=experiment.name,
        title=experiment.title,
        family=PYTHON,
        parameters=(("sha256", hashlib.sha256(text.encode()).hexdigest()),),
    )


def describe(experiment: Experiment) -> dict[str, Any]:
    """Return the plain values by which a record keeps an experiment."""
    rules = [to_plain(one) for one in experiment.processing]
    processing = {record.PROCESSING: rules} if rules else {}
    return (
        {
            "name": experiment.name,
            "title": experiment.title,
            "copies": experiment.copies,
            "weights": list(experiment.weights),
            "usage": experiment.usage,
            "topology": experiment.circuits[0].topology.to_json(),
            "feed_forward": any(
                isinstance(i.operation, ControlFlowOp)
                for net in experiment.circuits
                for i in net.circuit.data
            ),
            "wires": list(experiment.circuits[0].wires),
            "circuits": [
                {"events": [event.to_json() for event in net.events], "movable": list(net.movable)}
                for net in experiment.circuits
            ],
            "settings": [setting.to_json() for setting in experiment.settings],
            "play": experiment.play.to_json(),
        }
        | {key: True for key in WAYS if getattr(experiment, key)}
        | processing
    )


@lru_cache(
    maxsize=8
)  # an experiment that is run again is the same program, whose compiled circuits are known
def program_of(experiment: Experiment, links: Links = ()) -> Program:
    """Return what an experiment executes, over links that cost what they are stated to."""
    return Program(
        tuple(net.circuit for net in experiment.circuits),
        experiment.settings,
        tuple(net.movable for net in experiment.circuits),
        experiment.weights,
        routes_of(({"events": [e.to_json() for e in net.events]} for net in experiment.circuits), links),
    )


def routes_of(circuits: Iterable[Mapping[str, Any]], links: Links) -> tuple[Route, ...]:
    """Return what links do to circuits, from their recorded steps; none where links cost nothing."""
    return route_costs(circuits, read_links(links)) if links else ()


def route_costs(circuits: Iterable[Mapping[str, Any]], costs: Mapping[str, LinkCost]) -> tuple[Route, ...]:
    """Return what links of some costs do to circuits, from their recorded steps."""
    return tuple(route(circuit["events"], costs) for circuit in circuits)


def intent_of(
    description: dict[str, Any],
    program: Program,
    spec: ExperimentSpec,
    prepared: Prepared,
    methods: Sequence[str],
    seed: int,
    *,
    equal: bool = False,
) -> dict[str, Any]:
    """Return everything that is decided before execution, in plain values.

    Args:
        description: what `describe` returned for the experiment.
        program: its circuits as built, and settings.
        spec: shots, blocks and layout.
        prepared: its circuits as they will be executed.
        methods: how they will be.
        seed: root seed.
        equal: whether all chunks get the same shots: a job may have one number of shots for all circuits.

    Raises:
        TargetError: when a compiled gate joins two parties.
    """
    gates = [
        {"two_qubit": two_qubit(built), "two_qubit_executed": two_qubit(run)}
        for built, run in zip(program.circuits, prepared.circuits, strict=True)
    ]
    kept = [
        c | {"measured": m, "gates": g}
        for c, m, g in zip(description["circuits"], _measured(prepared), gates, strict=True)
    ]
    plan = plan_for(
        description, program.weights, spec, prepared, seed, equal=equal, tiles=1 + len(prepared.tiles)
    )
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
        | ({"idle_noise": True} if prepared.idle_noise else {})
        | _place(description, prepared)
        | ({"tiles": tiles} if tiles else {})
        | ({"known_answer": prepared.known.expected} if prepared.known else {}),
        "seed": seed,
        "plan": [_plain(chunk) for chunk in plan],
        "provenance": provenance() | ({"circuits_of": prepared.origin} if prepared.origin else {}),
    }


def plan_for(
    description: dict[str, Any],
    weights: Sequence[float],
    spec: ExperimentSpec,
    prepared: Prepared,
    seed: int,
    *,
    equal: bool,
    tiles: int,
) -> tuple[Chunk, ...]:
    """Return the plan of a run on a target, with a copy of every chunk for each tile.

    Raises:
        InputError: when spec and protocol have none, or it is larger than a record holds.
    """
    name, settings = f"{spec.spec_id} on {prepared.seed_name}", prepared.settings
    plan = plan_of(spec, name, settings, weights, seed, **ways(description), equal=equal)
    if prepared.paulis is not None:
        plan = split_plan(plan, settings, prepared.routes, seed, name)
    return on_tiles(plan, tiles)


def split_plan(
    plan: Sequence[Chunk], settings: Sequence[Setting], routes: Sequence[Route], seed: int, name: str
) -> tuple[Chunk, ...]:
    """Return a plan in which the patterns of links share the shots of each setting.

    Args:
        plan: of the settings.
        settings: what is executed.
        routes: what links do to each circuit.
        seed: root seed.
        name: what is run where.
    """
    patterns = [patterns_of(one) for one in routes]
    return over_patterns(plan, [patterns[setting.circuit] for setting in settings], seed, name)


def check_recordable(
    description: dict[str, Any], spec: ExperimentSpec, settings: Sequence[Setting], plan: Sequence[Chunk]
) -> None:
    """Check that a record can hold a run, all but what it will say of its target, which takes little.

    Raises:
        InputError: when that is more than is read again.
    """
    signed(
        {
            "spec": spec.to_json(),
            "experiment": description | {"settings": [setting.to_json() for setting in settings]},
            "plan": [_plain(chunk) for chunk in plan],
        }
    )


def ways(description: Mapping[str, Any]) -> dict[str, bool]:
    """Return how often and when the settings of a recorded experiment are executed."""
    return {key: bool(description.get(key)) for key in WAYS}


def draft_of(
    description: dict[str, Any],
    spec: ExperimentSpec,
    target: str,
    kind: str,
    options: dict[str, Any],
    seed: int,
) -> dict[str, Any]:
    """Return the intent of a run on a device that is not known yet: no layout, nothing compiled, no plan."""
    empty: dict[str, Any] = {"layout": [], "noise": "", "methods": [], "locality": None, "snapshot": None}
    return {
        "spec": spec.to_json(),
        "experiment": description,
        "target": {"name": target, "kind": kind, **empty, "options": options},
        "seed": seed,
        "plan": [],
        "provenance": provenance(),
    }


def circuit_files(program: Program) -> dict[str, bytes]:
    """Return the files with the circuits as built: name -> content."""
    qasm = {f"circuits/{k:03}.qasm": to_qasm(c).encode() for k, c in enumerate(program.circuits)}
    return {record.CIRCUITS: to_qpy(program.circuits)} | qasm


def prepared_of(run: RunRecord) -> Prepared:
    """Return the circuits as executed, their layout and calibration, from a record alone."""
    with record.interpreting(run.path):
        target = run.intent["target"]
        circuits, bound = from_qpy(run.file(record.EXECUTED)), _bound(run)
        every = [target, *target.get("tiles", ())]
        # On a device the circuits of all tiles of a batch are one.
        places = [every[batch[0]] for batch in run.batches] if run.is_on_device else every
        each, alone = len(circuits) // len(places), len(bound) // len(places)
        made = [
            Prepared(
                target["name"],
                target["kind"],
                circuits[k * each : (k + 1) * each],
                tuple(place["layout"]),
                Snapshot.from_json(place["snapshot"]) if place["snapshot"] else None,
                target["noise"],
                _settings(run),
                bound=bound[k * alone : (k + 1) * alone],
                batch=place.get("batch"),
                routes=_routes(run),
                engine=_engine(run),
                shots=run.intent["spec"].get("shots", math.inf),
                idle_noise=target.get("idle_noise", False),  # records that do not say had none
            )
            for k, place in enumerate(places)
        ]
        return replace(
            made[0],
            tiles=tuple(made[1:]),
            known=_known(run),
            paulis=_paulis(run, every),
            origin=_origin(run),
            chip=None if run.chip is None else Snapshot.from_json(run.chip),
        )


def _engine(run: RunRecord) -> int:
    """Return the version of the rules by which methods of a record were chosen."""
    stated = run.intent["provenance"]
    made = stated.get("circuits_of", stated)
    return int(made.get("engine", bool(NEWER.intersection(run.intent["target"]["methods"]))))


def _origin(run: RunRecord) -> dict[str, Any]:
    """Return with what a record's circuits and calibration were made."""
    stated: dict[str, Any] = run.intent["provenance"]
    kept = ("protocols", "engine", "packages")
    return dict(stated.get("circuits_of") or {key: stated[key] for key in kept if key in stated})


def _bound(run: RunRecord) -> tuple[QuantumCircuit, ...]:
    """Return the circuits of the settings at their values, where these were compiled; else none."""
    return from_qpy(run.file(record.BOUND)) if record.BOUND in run.intent["files"] else ()


def _paulis(run: RunRecord, places: Sequence[Mapping[str, Any]]) -> Paulis | None:
    """Return the gates that make errors of links, where a run has them."""
    if record.PAULIS not in run.intent["files"]:
        return None
    return Paulis(from_qpy(run.file(record.PAULIS)), tuple(tuple(one["layout"]) for one in places))


def _known(run: RunRecord) -> KnownAnswer | None:
    """Return the known-answer circuit as executed; None where there was none."""
    expected = run.intent["target"].get("known_answer")
    return None if expected is None else KnownAnswer(from_qpy(run.file(record.KNOWN))[0], str(expected))


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
            _routes(run),
        )


def _routes(run: RunRecord) -> tuple[Route, ...]:
    links = links_from_mapping(run.intent["spec"].get("links", {}), "recorded spec")
    return routes_of(run.intent["experiment"]["circuits"], links)


def _settings(run: RunRecord) -> tuple[Setting, ...]:
    return tuple(Setting.from_json(data) for data in run.intent["experiment"]["settings"])


def _plain(chunk: Chunk) -> dict[str, int]:
    """Return a chunk as a record keeps it; most runs have one tile and no patterns, which is left unsaid."""
    return {k: value for k, value in vars(chunk).items() if value or k not in ("tile", "pattern")}


def _place(description: dict[str, Any], prepared: Prepared) -> dict[str, Any]:
    """Return where circuits stand, and what that place is like."""
    exact = _exact(description["play"], prepared)
    return {
        "layout": list(prepared.layout),
        "locality": _locality(description, prepared),
        "snapshot": prepared.snapshot.to_json() if prepared.snapshot else None,
        "gates": [[name, *qubits] for name, qubits in gates_used(prepared)],
        **({} if prepared.batch is None else {"batch": prepared.batch}),
    } | ({} if exact is None else {"exact": exact})


def gates_used(prepared: Prepared) -> list[tuple[str, tuple[int, ...]]]:
    """Return every gate and physical qubits that a circuit executes, also under a condition; sorted."""
    if prepared.snapshot is None:
        return []
    found = {
        (name, tuple(q if prepared.is_placed else prepared.layout[q] for q in qubits))
        for circuit in prepared.sent
        for name, qubits in executed_gates(circuit, range(circuit.num_qubits))
    }
    return sorted(found)


def _locality(description: dict[str, Any], prepared: Prepared) -> dict[str, int]:
    """Return what the check of the compiled circuits found: no gate between parties, or nothing is run."""
    protocols = [circuit["events"] for circuit in description["circuits"]]
    if prepared.bound:
        protocols = [protocols[setting.circuit] for setting in prepared.settings]
    found = check_ownership(protocols, prepared.sent, [prepared.layout] if prepared.is_placed else ())
    if found.between_parties:
        raise TargetError(found.example)
    return found.to_json()


def _exact(play: dict[str, Any], prepared: Prepared) -> dict[str, float] | None:
    """Return the figures of what a simulator's circuits make, before readout; None where there are none."""
    return exact_figures(play, prepared) if prepared.kind in (IDEAL, NOISE) else None


def exact_figures(play: dict[str, Any], prepared: Prepared, *, apart: bool = True) -> dict[str, float] | None:
    """Return the figures of the exact states of circuits; None where a family computes none.

    Args:
        play: the scoring.
        prepared: with the circuits.
        apart: see `qcoord_hw.execution.states.OutputState`.
    """

    def states() -> Sequence[OutputState | None]:
        from qcoord_hw.execution.states import output_states

        return output_states(prepared.simulated, prepared.snapshot, apart=apart)

    return registry.family_of_kind(play["kind"]).exact(play, states)


def two_qubit(circuit: QuantumCircuit) -> int:
    """Return how many gates of a circuit act on two qubits or more."""
    return sum(interactions(circuit).values())


def _measured(prepared: Prepared) -> list[list[int | None]]:
    """Return, for each circuit, the physical qubit whose outcome stands in each classical bit."""
    return [measured_by(prepared, circuit) for circuit in prepared.circuits]


def measured_by(prepared: Prepared, circuit: QuantumCircuit) -> list[int | None]:
    """Return the physical qubit whose outcome stands in each classical bit (None without a device)."""
    measured: list[int | None] = [None] * circuit.num_clbits
    if prepared.snapshot is None:
        return measured
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            qubit = circuit.find_bit(instruction.qubits[0]).index
            physical = qubit if prepared.is_placed else prepared.layout[qubit]
            measured[circuit.find_bit(instruction.clbits[0]).index] = physical
    return measured
