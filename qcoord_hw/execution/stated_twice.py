"""What a record states in more than one place: times, names, versions, what a target returned beside counts.

None of it follows from the spec; but what was written at one time by one program is at one with itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from qcoord_hw import record
from qcoord_hw.execution.foreign.guard import safe_name
from qcoord_hw.execution.foreign.known import MIN_SHOTS
from qcoord_hw.provenance import ENGINE, PROTOCOLS
from qcoord_hw.record import FOREIGN, RunRecord
from qcoord_hw.spec import short_repr

EARLIEST = datetime(2025, 6, 1, tzinfo=UTC)
"""No run is older than the oldest Qiskit that any version of this program runs on, 2.1."""

LEAST_QISKIT = (2, 1)

BETWEEN_CLOCKS = timedelta(minutes=5)
"""By which clocks of machines may differ, as Kerberos allows (RFC 4120): a run may go on on another one."""

OF_OTHERS = timedelta(days=1)
"""By which the clock of somebody else's service may differ, which may not say in which zone it is."""

SINCE_RULES, SINCE_VERSION = 3, (0, 2)
"""Every program with these rules of analysis, or of this version, states which protocols it builds."""

_NAME = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{8})-(.*)", re.DOTALL)
_VERSION = re.compile(r"(\d+)\.(\d+)(\.\d+)*((a|b|rc)\d+)?(\.(post|dev)\d+)*(\+[a-z0-9.]+)?")


class Contradicts(Exception):
    """Two places of a record do not fit together."""


def check_stated_twice(run: RunRecord) -> tuple[str, ...]:
    """Check that all places of a record that state the same fit together.

    Args:
        run: with a plan (no draft).

    Returns:
        What is stated once, so that nothing can be held against it, a line each.

    Raises:
        Contradicts: naming the field.
    """
    draft = _draft(run)
    created = _check_created(run, draft)
    _check_order(run, created)
    _check_versions(run, draft)
    _check_calibration(run, created)
    _check_notes(run)
    renamed = _NAME.fullmatch(run.path.resolve().name) is None
    return ("created (the folder has another name than runs get)",) if renamed else ()


def _draft(run: RunRecord) -> dict[str, Any]:
    """Return what was asked for before the device was known; nothing where that was known at once."""
    if record.DRAFT not in run.intent["files"]:
        return {}
    draft = record.read_signed(run.path, record.DRAFT)
    for key in ("created", "spec_id", "spec", "seed"):
        if draft.get(key) != run.intent[key]:
            raise Contradicts(f"{key}: {short_repr(run.intent[key])}; {record.DRAFT} has another")
    return draft


def _moment(where: str, text: object, timespec: str) -> datetime:
    """Return a time as this program writes it: in UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
        if moment.astimezone(UTC).isoformat(timespec=timespec) != text:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Contradicts(f"{where}: {short_repr(text)}; no time in UTC as it is written") from None
    if moment < EARLIEST:
        raise Contradicts(f"{where}: {text}; before there was what it was made with")
    if moment > datetime.now(UTC) + BETWEEN_CLOCKS:
        raise Contradicts(f"{where}: {text}; that is later than now, by the clock of this machine")
    return moment


def _check_created(run: RunRecord, draft: dict[str, Any]) -> datetime:
    """Check when a run was begun, and that its folder's name says the same."""
    intent = run.intent
    created = _moment("created", intent["created"], "seconds")
    if named := _NAME.fullmatch(run.path.resolve().name):
        when, spec, target = named.groups()
        if when != f"{created:%Y%m%dT%H%M%S}Z":
            raise Contradicts(f"created: {intent['created']}; its folder's name says {when}")
        if spec != intent["spec_id"][:8]:
            raise Contradicts(f"spec_id: {intent['spec_id'][:8]}..; its folder's name says {spec}")
        asked = draft.get("target", intent["target"])["name"]
        if record.CHIP in intent["files"]:
            asked = record.chip_in_path(intent["target"]["snapshot"]["device"])
        if not target.startswith(record.name_in_path(asked)):
            raise Contradicts(
                f"target.name: {short_repr(asked)}; its folder's name says {short_repr(target)}"
            )
    return created


def _check_order(run: RunRecord, created: datetime) -> None:
    """Check that what came later was written later: the journal line by line, then the seal."""
    last, where = created, "created"
    for name, when in _times(run):
        if when < last - BETWEEN_CLOCKS:
            raise Contradicts(f"{name}: {when.isoformat()}; before {where}, {last.isoformat()}")
        last, where = max(last, when), name


def _times(run: RunRecord) -> Iterator[tuple[str, datetime]]:
    """Yield where a time is stated, and which, in the order in which they were written."""
    for number, event in enumerate(record.journal_events(run.path), start=1):
        if "at" in event:
            yield (
                f"jobs.jsonl line {number}",
                _moment(f"jobs.jsonl line {number}", event["at"], "milliseconds"),
            )
    if run.sealed:
        seal = record.read_signed(run.path, record.SEAL)
        if "sealed" in seal:
            yield "sealed", _moment("sealed", seal["sealed"], "seconds")


def _check_versions(run: RunRecord, draft: dict[str, Any]) -> None:
    """Check which versions a record says it was made with, against its circuits and each other."""
    own = run.intent["provenance"]
    for stated in filter(None, (own, own.get("circuits_of"), draft.get("provenance"))):
        protocols, packages = stated.get("protocols", 0), stated["packages"]
        if protocols > PROTOCOLS:
            raise Contradicts(
                f"provenance.protocols: {protocols}; this program knows up to {PROTOCOLS}, a newer one tells"
            )
        if stated.get("engine", 0) > ENGINE:
            raise Contradicts(
                f"provenance.engine: {stated['engine']}; this program knows up to {ENGINE}, a newer one tells"
            )
        for name, text in packages.items():
            if text is not None and not _VERSION.fullmatch(text):
                raise Contradicts(f"provenance.packages.{name}: {short_repr(text)}; no version")
        if _numbers(packages.get("qiskit")) < LEAST_QISKIT:
            raise Contradicts(
                f"provenance.packages.qiskit: {short_repr(packages.get('qiskit'))}; none it runs on"
            )
        states = stated.get("rules", 1) >= SINCE_RULES or _numbers(packages.get("qcoord_hw")) >= SINCE_VERSION
        if states and protocols < 1:
            raise Contradicts(
                f"provenance.protocols: {protocols}; the version that it names builds later ones"
            )
    allowed = {record.INTENT: {_numbers(own["packages"]["qiskit"])}}
    allowed[record.DRAFT] = allowed[record.INTENT] | {
        _numbers(one["packages"]["qiskit"]) for one in (draft.get("provenance"),) if one
    }
    for name in (record.CIRCUITS, record.EXECUTED, record.KNOWN, record.BOUND, record.PAULIS):
        if name in run.intent["files"]:
            major, minor = run.file(name)[7:9]  # QPY states the Qiskit that wrote it
            if (major, minor) not in allowed[
                record.DRAFT if name in draft.get("files", {}) else record.INTENT
            ]:
                raise Contradicts(
                    f"provenance.packages.qiskit: {own['packages']['qiskit']}; {name} was written by "
                    f"{major}.{minor}"
                )


def _numbers(version: str | None) -> tuple[int, int]:
    """Return the first two numbers of a version; (0, 0) where there is none."""
    found = _VERSION.fullmatch(version or "")
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _check_calibration(run: RunRecord, created: datetime) -> None:
    """Check that calibration is that of one device, at one time before the run, of the qubits that it has."""
    target = run.intent["target"]
    places = [target, *target.get("tiles", ())]
    stated = [place["snapshot"] for place in places]
    if any((one is None) != (stated[0] is None) for one in stated):
        raise Contradicts("target.snapshot: missing of some tiles")
    if stated[0] is None:
        return
    for key in ("device", "version", "calibrated", "num_qubits"):
        if len({one[key] for one in stated}) > 1:
            raise Contradicts(f"target.snapshot.{key}: not the same for all tiles")
    device, when = stated[0]["device"], stated[0]["calibrated"]
    if target["kind"] in FOREIGN and ":" not in target["name"] and safe_name(device) != target["name"]:
        raise Contradicts(f"target.snapshot.device: {short_repr(device)}; the target is {target['name']}")
    if when:
        try:
            moment = datetime.fromisoformat(when).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Contradicts(f"target.snapshot.calibrated: {short_repr(when)}; no time") from None
        if moment > created + OF_OTHERS:
            raise Contradicts(f"target.snapshot.calibrated: {when}; after the run was begun")
    for place in places:
        numbers = {qubit["index"] for qubit in place["snapshot"]["qubits"]}
        gates = place["snapshot"]["gates"]
        if max(numbers, default=0) >= stated[0]["num_qubits"] or not all(
            numbers.issuperset(gate["qubits"]) for gate in gates
        ):
            raise Contradicts("target.snapshot: of qubits that the device or the layout does not have")
        for gate in gates:
            if gate["error"] is not None and not 0 <= gate["error"] <= 1 and target["kind"] not in FOREIGN:
                raise Contradicts(f"target.snapshot.gates: {gate['name']} of error {gate['error']:g}")


def _check_notes(run: RunRecord) -> None:
    """Check what a target returned beside counts: of which circuits, how wide, how many shots."""
    expected = run.intent["target"].get("known_answer")
    chunks = {chunk.id: chunk for chunk in run.plan}
    stated = [*(chunk.shots for chunk in run.plan), *(job.shots for job in run.jobs)]
    shots = {max(one, MIN_SHOTS) for one in stated}
    for number, note in enumerate(run.notes, start=1):
        where = f"notes.jsonl line {number}"
        if note["event"] == record.REFUSED:
            if note.get("chunk") not in chunks:
                raise Contradicts(
                    f"{where}: of chunk {short_repr(note.get('chunk'))}, which is none of its plan"
                )
        elif note.get("expected") != expected:
            raise Contradicts(
                f"{where}: expected {short_repr(note.get('expected'))}; the target states another"
            )
        elif not note["fault"]:
            counts = note["counts"]
            fits = all(len(word) == len(expected or "") and type(n) is int for word, n in counts.items())
            if not fits or sum(counts.values()) not in shots:
                raise Contradicts(f"{where}: counts that are not of the shots that were asked for")
