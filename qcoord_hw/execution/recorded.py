"""Whether a record is that of a run of its protocol: all that it says is held against the rest.

Checksums tell that nothing was changed by accident; anybody can compute them anew. So the protocol's steps
are held against its network and its usage, the circuits as built against the steps, those as executed
against those as built, and all of it against what today's program builds of the recorded spec.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import QuantumCircuit

from qcoord_hw import record
from qcoord_hw.errors import LocalityError, QcoordError, RecordError, TargetError
from qcoord_hw.execution.as_built import check_as_built
from qcoord_hw.execution.decided import TOLERANCE, check_decided, other_version
from qcoord_hw.execution.equivalence import check_equivalence
from qcoord_hw.execution.ownership import Locality, check_ownership
from qcoord_hw.execution.parts import unroll
from qcoord_hw.execution.program import bind, instructions
from qcoord_hw.execution.run_description import (
    PYTHON,
    describe,
    gates_used,
    measured_by,
    prepared_of,
    recorded_program,
    two_qubit,
)
from qcoord_hw.execution.stated_twice import Contradicts, check_stated_twice
from qcoord_hw.execution.targets import IDEAL, Prepared
from qcoord_hw.record import RunRecord
from qcoord_hw.spec import spec_from_mapping

AS_TODAY, ALONE = "rebuilt", "consistent"

OF_THE_SPEC = ("topology", "copies", "weights", "play.game", "play.theory", "play.bound", "play.baselines")
"""What of a description follows from a spec alone, whatever circuits a version of the program builds."""

WORDS = ("source", "notes", "title", "label")
"""Fields that say the same in other words when another version of the program writes them."""


@dataclass(frozen=True)
class Recorded:
    """What a check of a record found; it holds, or the check raises.

    Attributes:
        locality: of the executed circuits.
        protocol: `rebuilt` where today's program builds the same from the spec; else `consistent`: what the
            record says fits together, and why there is nothing to compare it with is in `why`.
        why: empty where it was rebuilt.
        parts: connected parts of stages of the executed circuits that were compared with those as built.
        too_large: how many are too large for it.
        not_compared: what else another version may have decided otherwise, a line each.
    """

    locality: Locality
    protocol: str
    why: str
    parts: int
    too_large: int
    not_compared: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what `verify` prints."""
        return {
            "checked": self.protocol,
            "why": self.why,
            "parts_compared": self.parts,
            "parts_too_large": self.too_large,
            "not_compared": list(self.not_compared),
        }


def check_recorded(run: RunRecord, *, rebuild: bool = True) -> Recorded:
    """Check a record: its network, steps, usage, circuits and figures against each other and the spec.

    Args:
        run: with a plan (no draft).
        rebuild: whether to build the experiment of the spec anew, and to compute exact figures; a search for
            a scheme may take seconds.

    Raises:
        RecordError: naming what does not fit.
    """
    with record.interpreting(run.path):
        try:
            return _check(run, rebuild)
        except (LocalityError, TargetError) as error:
            raise RecordError(
                f"run {run.path.name}: {error}; its circuits are not those of the protocol"
            ) from None


def _check(run: RunRecord, rebuild: bool) -> Recorded:
    try:
        once = check_stated_twice(run)
    except Contradicts as contradicts:
        raise RecordError(f"run {run.path.name}: {contradicts}; it was altered") from None
    experiment, program = run.intent["experiment"], recorded_program(run)
    check_as_built(experiment, program.circuits)
    protocols = [circuit["events"] for circuit in experiment["circuits"]]
    _none_between(check_ownership(protocols, program.circuits))
    prepared = prepared_of(run)
    if prepared.paulis is not None:
        prepared.paulis.check()
    executed = (prepared, *prepared.tiles)
    locality, parts, too_large = Locality(0, 0), 0, 0
    for one in executed:
        layouts = _layouts(run, one)
        _none_between(check_ownership(protocols, one.circuits, layouts))
        pairs = list(zip(protocols, program.circuits, one.circuits, strict=True))
        found = check_ownership(protocols, one.circuits, layouts)
        if one.bound:
            asked = [(protocols[s.circuit], program.circuits[s.circuit], s.values) for s in one.settings]
            found = check_ownership([events for events, _, _ in asked], one.bound, layouts)
            _none_between(found)
            pairs += [(e, bind(c, v), b) for (e, c, v), b in zip(asked, one.bound, strict=True)]
        locality = Locality(locality.two_qubit_gates + found.two_qubit_gates, 0)
        for events, built, sent in pairs:
            if one.kind == IDEAL and instructions(unroll(built)) == instructions(sent):
                continue
            compared, large = check_equivalence(events, built, sent, layouts)
            parts, too_large = parts + compared, too_large + large
    _check_figures(run, program.circuits, executed, locality)
    left = check_decided(run, program, prepared, thorough=rebuild)
    why = _differs_from_today(run, program.circuits) if rebuild else "not asked for"
    return Recorded(locality, ALONE if why else AS_TODAY, why, parts, too_large, (*once, *left))


def _none_between(found: Locality) -> None:
    """Refuse acts that no party could have done.

    Raises:
        LocalityError: with the first one.
    """
    if found.between_parties:
        raise LocalityError(f"{found.between_parties} of its gates are between parties: {found.example}")


def _layouts(run: RunRecord, one: Prepared) -> list[Sequence[int]]:
    """Return the layout of each tile in circuits; none where they are on the protocol's own qubits."""
    if not one.is_placed:
        return []
    if run.is_on_device:  # all tiles of a batch in one circuit
        target = run.intent["target"]
        places = (target, *target.get("tiles", ()))
        return [place["layout"] for place in places if place.get("batch") == one.batch]
    return [one.layout]


def _check_figures(
    run: RunRecord, built: Sequence[QuantumCircuit], executed: Sequence[Prepared], locality: Locality
) -> None:
    """Check what the record says of its circuits; only what an older one does not say is not missed.

    Raises:
        LocalityError: naming the figure.
    """
    target, circuits = run.intent["target"], run.intent["experiment"]["circuits"]
    places = [target, *target.get("tiles", ())]
    stated = [place["locality"] for place in places if place.get("locality") is not None]
    if not other_version(run):
        _none_missing(places, circuits)
    totals = {key: sum(one.get(key, 0) for one in stated) for key in ("two_qubit_gates", "between_parties")}
    if stated and totals != locality.to_json():
        raise LocalityError(f"locality: {totals}; its circuits have {locality.to_json()}")
    for place, layout in ((place, place["layout"]) for place in places):
        there = [q["index"] for q in place["snapshot"]["qubits"]] if place["snapshot"] else layout
        if list(there) != list(layout):
            raise LocalityError(f"layout: {list(layout)[:8]}; its calibration is of qubits {list(there)[:8]}")
    for k, circuit in enumerate(circuits):
        two = circuit.get("gates", {}).get("two_qubit")
        if two is not None and two != two_qubit(built[k]):
            raise LocalityError(f"gates: {two} on two qubits; circuit {k} as built has {two_qubit(built[k])}")
    if len(places) != len(executed):  # tiles of a device are one circuit
        return
    for t, (place, one) in enumerate(zip(places, executed, strict=True)):
        measured = place.get("measured", [circuit.get("measured") for circuit in circuits])
        should = [measured_by(one, circuit) for circuit in one.circuits]
        if measured != should:
            raise LocalityError(
                f"measured qubits of tile {t}: {str(measured)[:60]}; its circuits measure others"
            )
        if "gates" in place and place["gates"] != [[name, *qubits] for name, qubits in gates_used(one)]:
            raise LocalityError(f"gates of tile {t}: its circuits have others")
    for k, circuit in enumerate(circuits):
        done, should_be = (
            circuit.get("gates", {}).get("two_qubit_executed"),
            two_qubit(executed[0].circuits[k]),
        )
        if done is not None and done != should_be:
            raise LocalityError(f"gates: {done} executed on two qubits; circuit {k} has {should_be}")


def _none_missing(places: Sequence[dict[str, Any]], circuits: Sequence[dict[str, Any]]) -> None:
    """Check that a record says all that one of this version says of its circuits.

    Raises:
        LocalityError: naming what is missing.
    """
    for place in places:
        for key in ("locality", "gates"):
            if place.get(key) is None:
                raise LocalityError(f"{key}: missing")
        if place["locality"].keys() != Locality(0, 0).to_json().keys():
            raise LocalityError("locality: not as it is written")
    if any("gates" not in circuit for circuit in circuits):
        raise LocalityError("gates of a circuit: missing")


def _differs_from_today(run: RunRecord, built: Sequence[QuantumCircuit]) -> str:
    """Return why a record cannot be held against what today's program builds; empty if it is the same.

    Raises:
        LocalityError: when it is something else, and the same program made it, or the network is another.
    """
    from qcoord_hw.families.experiment import build_experiment

    spec, older = run.intent["spec"], other_version(run)
    if spec["family"] == PYTHON:
        return "built in Python, not from a spec"
    try:
        experiment = build_experiment(spec_from_mapping(spec, "recorded spec"))
    except QcoordError as error:
        if older:
            return f"this program does not build its spec ({error})"
        raise LocalityError(f"spec: {error}") from None
    now = _plain(describe(experiment))
    circuits = _other_protocol(run, now) or _other_circuits(built, [n.circuit for n in experiment.circuits])
    lines = [f"{key}: another" for key in _differences(run.intent["experiment"], now, bool(older))]
    if not circuits and not lines:
        return ""
    if not older or not circuits:  # circuits of today: so is all that is said of them
        raise LocalityError(f"{[*lines, circuits][0]} than its spec's")
    for line in lines:
        if line.startswith(OF_THE_SPEC):
            raise LocalityError(f"{line} than its spec's, which no version of the circuits changes")
    what = ", ".join(dict.fromkeys([circuits, *lines]))
    return f"made by another version of the program, and this one builds another protocol ({what[:300]})"


def _differences(then: dict[str, Any], now: dict[str, Any], older: bool) -> Iterator[str]:
    """Yield what of a recorded experiment is not as it is described today; an older one may say less."""
    inner = {"circuits", "settings", "play"}
    for prefix, a, b in (("", then, now), ("play.", then["play"], now["play"])):
        for key in sorted({*a, *b} if prefix else {*a, *b} - inner):
            if not near(a[key], b[key], older) if key in a and key in b else key in a or not older:
                yield prefix + key


def _other_protocol(run: RunRecord, now: dict[str, Any]) -> str:
    """Return which of steps and settings are not those of today's protocol; empty if they are."""
    asked = [s.to_json() for s in recorded_program(run).settings]
    stated = run.intent["experiment"]["circuits"]
    for which, then, should, keys in (
        ("settings", asked, now["settings"], ("label", "circuit", "values", "input", "flips")),
        ("circuits", stated, now["circuits"], ("events", "movable")),
    ):
        pairs = [_plain([{k: one.get(k) for k in keys} for one in many]) for many in (then, should)]
        if not near(*pairs):
            return f"{which}: others"
    return ""


def _other_circuits(built: Sequence[QuantumCircuit], now: Sequence[QuantumCircuit]) -> str:
    if [_shape(c) for c in built] == [_shape(c) for c in now]:
        for one, should in zip(built, now, strict=True):
            if not _same_instructions(instructions(one), instructions(should)):
                return f"circuits as built: {one.name!r} is another"
        return ""
    return "circuits as built: others"


def _shape(circuit: QuantumCircuit) -> tuple[object, ...]:
    registers = tuple((r.name, r.size) for r in (*circuit.qregs, *circuit.cregs))
    return (*registers, len(circuit.data))


def _same_instructions(a: Sequence[tuple[Any, ...]], b: Sequence[tuple[Any, ...]]) -> bool:
    return len(a) == len(b) and all(
        x == y or (x[1:] == y[1:] and x[0].name == y[0].name and near(list(x[0].params), list(y[0].params)))
        for x, y in zip(a, b, strict=True)
    )


def near(a: Any, b: Any, older: bool = False) -> bool:
    """Return whether two plain values are the same, numbers within what processors differ by.

    What an older record does not say of an object is not missed.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        both = [key for key in a.keys() & b.keys() if not older or key not in WORDS]
        return (older or a.keys() == b.keys()) and all(near(a[key], b[key], older) for key in both)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(near(x, y, older) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, (int, float)) or isinstance(b, float) and isinstance(a, int):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(a) is type(b) and bool(a == b)


def _plain(value: Any) -> Any:
    """Return values as a record would hold them."""
    return json.loads(json.dumps(value))
