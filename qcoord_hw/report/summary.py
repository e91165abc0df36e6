"""The summary of a run: the object that `--json` prints and that every table and figure is drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from qcoord_hw import registry
from qcoord_hw.families.base import Family
from qcoord_hw.families.view import View
from qcoord_hw.provenance import RULES
from qcoord_hw.record import (
    IMPORTED,
    KNOWN_ANSWER,
    REFUSED,
    UNKNOWN,
    RunRecord,
    interpreting,
    processed,
    processing_words,
)
from qcoord_hw.report.edges import every_edge
from qcoord_hw.report.faults import our_own
from qcoord_hw.report.links import made_patterns
from qcoord_hw.report.shapes import JobJson, RunSummary, TileJson

NOTE = (
    "One chip is not a network: links are ownership of qubits on one device, and no locality, "
    "freedom-of-choice or detection loophole is closed."
)

NOISE_NOTE = "The noise model has no crosstalk and no idle noise: a qubit that waits does not decay."

IMPORT_NOTE = (
    "Somebody else measured these counts: circuits, locality and the schedule of questions are not attested."
)

NOTES = {"noise-model": NOISE_NOTE, IMPORTED: IMPORT_NOTE}


def summarise(record: RunRecord, confidence: float = 0.95) -> RunSummary:
    """Return the summary of a run, recomputed from raw counts.

    An unfinished run has `state` `unfinished` and no estimates. Where copies of the circuits ran side by side
    (tiles) each is analysed on its own: the summary is that of the first, which calibration chose, and
    `tiles` has what was estimated on every one; where they are all couplings of a chip `edges` has it, with
    intervals that hold together.

    Raises:
        InputError: when the confidence is not between 0 and 1.
        RecordError: when the record cannot be interpreted.
        InternalError: when its analysis fails.
    """
    if record.intent["spec"].get("every_edge"):
        return _on_every_edge(record, confidence)
    with interpreting(record.path):
        tiles = [record] if record.tiles == 1 else [record.tile(number) for number in range(record.tiles)]
    each = [_summarise(tile, confidence) for tile in tiles]
    if len(each) == 1:
        return each[0]
    each[0]["chunks"] = {"planned": len(record.plan), "done": len(record.counts)}
    own = family_of(each[0]).per_tile
    each[0]["tiles"] = [_tile(one, own) for one in each]
    return each[0]


def _on_every_edge(record: RunRecord, confidence: float) -> RunSummary:
    """Return the summary of a run on every coupling: that of the first pair, with all of them beside it."""
    with interpreting(record.path):
        first = record.tile(0)
    summary = _summarise(first, confidence)
    summary["chunks"] = {"planned": len(record.plan), "done": len(record.counts)}
    if record.sealed:
        with our_own(record.path, "its analysis"):
            summary["edges"] = every_edge(record, family_of(summary), confidence)
    return summary


def _tile(one: RunSummary, own: Sequence[str]) -> TileJson:
    """Return what is told of a tile, with the family's own keys."""
    tile: TileJson = {
        "layout": one["layout"],
        "calibrated": one["calibrated"],
        "cautions": one["cautions"],
        "shots": one["shots"],
        "estimates": one["estimates"],
        "checks": one["checks"],
    }
    return {**tile, **{key: one[key] for key in own if key in one}}  # type: ignore[typeddict-item,literal-required]


def _summarise(record: RunRecord, confidence: float) -> RunSummary:
    """Return the summary of a run of one tile."""
    with interpreting(record.path):
        summary = _stated(record)
    family = family_of(summary)
    analysis = None
    if record.sealed:
        used = processed(record)
        with our_own(record.path, "its analysis"):
            analysis = family.analyse(used, confidence)
            summary["estimates"] = [estimate.to_json() for estimate in analysis.estimates]  # type: ignore[misc]
            summary["checks"] = analysis.checks
            summary["cautions"] = [*summary["cautions"], *processing_words(record, used), *analysis.cautions]
    with our_own(record.path, "its summary"):
        return {**summary, **family.summary(record.intent, analysis)}  # type: ignore[typeddict-item]


def family_of(summary: RunSummary) -> Family:
    """Return the family of a run.

    Raises:
        InputError: when it is not installed.
    """
    return registry.family_of_kind(summary["play"])


def view_of(summary: RunSummary) -> View:
    """Return what is to be drawn of a run."""
    return family_of(summary).view(summary)


def _stated(record: RunRecord) -> RunSummary:
    """Return what the record itself says."""
    intent = record.intent
    experiment, target = intent["experiment"], intent["target"]
    summary: RunSummary = {
        "ok": True,
        "run": str(record.path),
        "state": "sealed" if record.sealed else "unfinished",
        "experiment": experiment["name"],
        "title": experiment["title"],
        "family": intent["spec"]["family"],
        "play": experiment["play"]["kind"],
        "parameters": intent["spec"]["parameters"],
        "spec_id": intent["spec_id"],
        "created": intent["created"],
        "target": target["name"],
        "kind": target["kind"],
        "layout": target["layout"],
        "calibrated": record.calibration["calibrated"] if record.calibration else None,
        "seed": intent["seed"],
        "shots": sum(chunk.shots for chunk in record.plan if chunk.id in record.counts),
        "copies": experiment["copies"],
        "usage": experiment["usage"],
        "gates": _gates(experiment["circuits"]),
        "locality": target.get("locality"),
        "cautions": [
            *_cautions(record.calibration, target.get("gates")),
            *_refusals(record),
            *_duplicates(record),
            *intent.get("source", {}).get("notes", ()),
        ],
        "chunks": {"planned": len(record.plan), "done": len(record.counts)},
        "rules": RULES,
        "estimates": [],
        "checks": {},
        "questions": [],
        "note": " ".join([NOTE, *filter(None, [_noise_note(target)])]),
    }
    if record.is_imported:
        kept = ("file", "sha256", "bit_order", "format", "rows", "backend", "columns")
        summary["source"] = {key: intent["source"][key] for key in kept}
        summary["unknown"] = list(UNKNOWN)
    if target.get("idle_noise"):
        summary["idle_noise"] = True
    if "links" in target:
        summary["links"] = {"costs": intent["spec"]["links"], **target["links"], **made_patterns(record)}
    if "known_answer" in target:
        summary["known_answer"] = _known_answer(record)
    if record.is_on_device:
        summary["options"] = target["options"]
        summary["jobs"], summary["stopped"] = _jobs(record), record.stopped
    return summary


def _known_answer(record: RunRecord) -> dict[str, Any]:
    """Return the answer that was known beforehand, and what came last (bit 0 first); None before it came."""
    came = [note for note in record.notes if note["event"] == KNOWN_ANSWER]
    counts = came[-1]["counts"] if came else {}
    told = counts and not came[-1]["fault"]  # where there was a fault they may be no counts at all
    return {
        "expected": record.intent["target"]["known_answer"],
        "observed": max(counts, key=lambda word: counts[word]) if told else None,
        "counts": counts,
    }


def _refusals(record: RunRecord) -> list[str]:
    """Return what a target returned that is not counted, or that is not what was known beforehand."""
    name = record.intent["target"]["name"]
    faults = Counter(note["fault"] for note in record.notes if note["event"] == REFUSED)
    lines = [
        f"target {name}: {fault}; {n} of its answers are kept, but not counted"
        for fault, n in list(faults.items())[:3]
    ]
    if any(note["event"] == KNOWN_ANSWER for note in record.notes):
        known = _known_answer(record)
        if (observed := known["observed"]) != known["expected"]:
            lines.insert(
                0,
                f"target {name}: answers {observed or 'nothing that can be read'} to the circuit whose "
                f"answer is {known['expected']} (bit 0 first): nothing is estimated from what it returns",
            )
    return lines


def _duplicates(record: RunRecord) -> list[str]:
    """Return which jobs may be on a device more than once, since it cannot be searched for them."""
    name = record.intent["target"]["name"]
    return [
        f"job {job.id or job.tag}: sending it was interrupted, and {name} cannot be searched for it, so that "
        f"there may be duplicates: at most {job.duplicates}, never counted, perhaps charged"
        for job in record.jobs
        if job.duplicates
    ]


def _jobs(record: RunRecord) -> list[JobJson]:
    """Return the jobs of a run on a device, in the order in which they were intended."""
    return [
        {
            "tag": job.tag,
            "id": job.id,
            "twins": list(job.twins),
            "duplicates": job.duplicates,
            "state": job.state,
            "reason": job.reason,
            "sent": job.sent,
            "chunks": sorted(set(job.chunks)),
            "circuits": len(job.chunks) + job.known_answer,
            "shots": job.shots,
            "usage_seconds": job.usage_seconds,
        }
        for job in record.jobs
    ]


def _cautions(snapshot: dict[str, Any] | None, used: Sequence[Sequence[Any]] | None) -> list[str]:
    """Return what a reader must know of the gates that were executed.

    Args:
        snapshot: the calibration of the layout's qubits; None without a device.
        used: name and physical qubits of each gate; None in a record that does not say, where all gates among
            these qubits stand for them.
    """
    if snapshot is None:
        return []
    executed = None if used is None else {(name, *qubits) for name, *qubits in used}
    faulty: dict[tuple[str, frozenset[int]], str] = {}
    for gate in snapshot["gates"]:
        name, qubits = gate["name"], gate["qubits"]
        if (gate["error"] or 0) < 1 or (
            len(qubits) < 2 if executed is None else (name, *qubits) not in executed
        ):
            continue
        words = f"{name} on {', '.join(map(str, qubits))}"
        faulty.setdefault((name, frozenset(qubits)), words)  # a coupling, in whichever directions
    return [f"calibration marks {gate} as faulty (error 1)" for gate in sorted(faulty.values())]


def _gates(circuits: Sequence[Mapping[str, Any]]) -> dict[str, int] | None:
    """Return two-qubit gates as built and as executed (routed, compiled), the most of any circuit."""
    counted = [circuit["gates"] for circuit in circuits if "gates" in circuit]
    return {key: max(c[key] for c in counted) for key in counted[0]} if counted else None


def _noise_note(target: dict[str, Any]) -> str | None:
    """Return what is said of the noise of a target, as a record describes it."""
    if target.get("idle_noise"):
        return f"The noise model: {target['noise']}."
    return NOTES.get(target["kind"])
