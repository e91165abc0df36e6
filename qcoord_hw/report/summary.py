"""The summary of a run: the object that `--json` prints and that every table and figure is drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qcoord_hw.families.coordination.analysis import analyse_coordination
from qcoord_hw.families.games.analysis import analyse_game
from qcoord_hw.families.games.expression import summary_block
from qcoord_hw.families.linear_computation.analysis import analyse_linear
from qcoord_hw.provenance import RULES
from qcoord_hw.record import DEVICE, KNOWN_ANSWER, REFUSED, RunRecord, interpreting
from qcoord_hw.report.faults import our_own
from qcoord_hw.report.format import COORDINATION, GAME, LINEAR
from qcoord_hw.statistics.analysis import Analysis

NOTE = (
    "One chip is not a network: links are ownership of qubits on one device, and no locality, "
    "freedom-of-choice or detection loophole is closed."
)

ANALYSERS: dict[str, Callable[[RunRecord, float], Analysis]] = {
    GAME: analyse_game,
    LINEAR: analyse_linear,
    COORDINATION: analyse_coordination,
}
"""Kind of play -> its analysis."""

NOISE_NOTE = "The noise model has no crosstalk and no idle noise: a qubit that waits does not decay."


def summarise(record: RunRecord, confidence: float = 0.95) -> dict[str, Any]:
    """Return the summary of a run, recomputed from raw counts.

    An unfinished run has `state` `unfinished` and no estimates. Where copies of the circuits ran side by side
    (tiles) each is analysed on its own: the summary is that of the first, which calibration chose, and
    `tiles` has what was estimated on every one.

    Raises:
        InputError: when the confidence is not between 0 and 1.
        RecordError: when the record cannot be interpreted.
        InternalError: when its analysis fails.
    """
    with interpreting(record.path):
        tiles = [record] if record.tiles == 1 else [record.tile(number) for number in range(record.tiles)]
    each = [_summarise(tile, confidence) for tile in tiles]
    if len(each) == 1:
        return each[0]
    stated = ("layout", "calibrated", "cautions", "shots", "estimates", "checks", "expression")
    keys = [key for key in stated if key in each[0]]
    chunks = {"planned": len(record.plan), "done": len(record.counts)}
    return each[0] | {"chunks": chunks, "tiles": [{key: one[key] for key in keys} for one in each]}


def _summarise(record: RunRecord, confidence: float) -> dict[str, Any]:
    """Return the summary of a run of one tile."""
    with interpreting(record.path):
        summary = _stated(record)
        analyse = ANALYSERS[summary["play"]]
    if record.sealed:
        with our_own(record.path, "its analysis"):
            _add(summary, analyse(record, confidence), record.intent["experiment"]["play"].get("figures", ()))
    return summary


def _stated(record: RunRecord) -> dict[str, Any]:
    """Return what the record itself says."""
    intent = record.intent
    experiment, target = intent["experiment"], intent["target"]
    summary: dict[str, Any] = {
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
        "cautions": [*_cautions(record.calibration, target.get("gates")), *_refusals(record)],
        "chunks": {"planned": len(record.plan), "done": len(record.counts)},
        "rules": RULES,
        "estimates": [],
        "checks": {},
        "questions": [],
        "note": f"{NOTE} {NOISE_NOTE}" if target["kind"] == "noise-model" else NOTE,
    }
    if "known_answer" in target:
        summary["known_answer"] = _known_answer(record)
    if target["kind"] == DEVICE:
        summary |= {"options": target["options"], "jobs": _jobs(record), "stopped": record.stopped}
    if summary["play"] == LINEAR:
        summary |= {"rates": _rates(experiment), "methods": _methods(experiment)}
    if summary["play"] == COORDINATION:
        play = experiment["play"]
        summary |= {key: play[key] for key in ("network", "rates", "notes")}
        summary |= {"ideal": play["exact"], "cases": [], "holders": play.get("holders", {})}
    return summary


def _add(summary: dict[str, Any], analysis: Analysis, figures: Sequence[Mapping[str, Any]]) -> None:
    """Add what was derived from counts."""
    summary["estimates"] = [estimate.to_json() for estimate in analysis.estimates]
    summary["checks"] = analysis.checks
    summary["cautions"] += analysis.cautions
    if block := summary_block(figures, analysis.estimates):
        summary["expression"] = block
    summary["cases" if summary["play"] == COORDINATION else "questions"] = list(analysis.questions)
    if summary["play"] == LINEAR:
        summary["inputs"] = _inputs(analysis.outputs)
        if isinstance(summary["parameters"].get("inputs"), list):  # somebody asked for these outputs
            summary["outputs"] = list(analysis.outputs)


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


def _jobs(record: RunRecord) -> list[dict[str, Any]]:
    """Return the jobs of a run on a device, in the order in which they were intended."""
    return [
        {
            "tag": job.tag,
            "id": job.id,
            "twins": list(job.twins),
            "state": job.state,
            "reason": job.reason,
            "sent": job.sent,
            "chunks": sorted(set(job.chunks)),
            "circuits": len(job.chunks),
            "shots": job.shots,
            "usage_seconds": job.usage_seconds,
        }
        for job in record.jobs
    ]


def _rates(experiment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name -> value and source of what the surviving rate stands beside, in dits a qudit."""
    play, usage = experiment["play"], experiment["usage"]
    rates = {name: {"value": v, "source": source} for name, (v, source) in play["baselines"].items()}
    rates["guessing"] = {"value": 0.0, "source": "no output is learnt when nothing is sent"}
    links = {link: used["qudits"] for link, used in usage.items() if "->" in link and used.get("qudits")}
    if total := sum(links.values()):
        dits = play["baselines"]["quantum"][0] * play["qudits"]
        source = f"{dits:g} dits in {total:g} qudits: " + ", ".join(f"{k} {n:g}" for k, n in links.items())
        rates["counted"] = {"value": dits / total, "source": source}
    return rates


def _methods(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the inputs were executed, with a sentence for people."""
    inputs = len(experiment["play"]["inputs"])
    methods = sorted({setting["method"] for setting in experiment["settings"][:inputs]})
    checked = len({setting["input"] for setting in experiment["settings"][inputs:]})
    words = "direct: every input was executed"
    if methods != ["direct"]:
        words = (
            "derived: one noisy simulation serves all inputs, its outcomes shifted by what the data flip, "
            f"before the readout error; checked against {checked or 'no'} directly simulated inputs"
        )
    return {"inputs": ", ".join(methods), "checked": checked, "words": words}


def _inputs(outputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return how many inputs ran, the least share of right shots, and if every commonest output is right."""
    return {
        "run": len(outputs),
        "worst_success": min(row["success"] for row in outputs),
        "all_right": all(
            row[key[9:]] == row[key] for row in outputs for key in row if key[:9] == "expected_"
        ),
    }


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
