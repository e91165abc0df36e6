"""The shape of what a record holds: intents and drafts, seals, the events of a journal, device properties.

A checksum tells that nothing was changed since it was written; it does not tell who wrote it, since anybody
can compute it. So every field that is computed with, or shown, is held against its shape as a record is read,
and what comes after need not ask again. Further fields are let through: newer programs may add some.
"""

from __future__ import annotations

import math
from typing import Any

from qcoord_hw import registry
from qcoord_hw.record.shape import (
    Misfit,
    anything,
    boolean,
    fields,
    integer,
    list_of,
    maybe,
    real,
    require,
    rows_of,
    table,
    text,
    tuple_of,
)
from qcoord_hw.spec import MAX_BLOCKS, spec_from_mapping

MAX_QUBITS = 10_000
MAX_CHUNK = 10**10
"""Shots of one chunk."""

MAX_PLAN = 100_000
"""Chunks of a run, on all tiles together; no larger run is begun."""

NAME = text(r"[^\x00/\\]*", 200)
WORDS = text()
QUBITS = list_of(integer(0, MAX_QUBITS), most=MAX_QUBITS)
HASH = text(r"[0-9a-f]{64}", 64)
FILES = table(HASH)
COUNT = integer(0, 10**9)
BITS = list_of(COUNT)

SEAL_SHAPE = fields({"files": FILES}, {"sealed": WORDS})

SNAPSHOT = fields(
    {
        "device": NAME,
        "version": WORDS,
        "calibrated": WORDS,
        "num_qubits": integer(0, MAX_QUBITS),
        "qubits": list_of(
            fields(
                {
                    "index": integer(0, MAX_QUBITS),
                    "t1": maybe(real(0)),
                    "t2": maybe(real(0)),
                    "p10": real(0, 1),
                    "p01": real(0, 1),
                }
            )
        ),
        "gates": list_of(
            fields(
                {"name": NAME, "qubits": QUBITS, "duration": maybe(real(0)), "error": maybe(real())},
            )
        ),
    }
)

IMPORTED = "imported"
"""The kind of target of counts that somebody else measured."""

UNKNOWN = ("layout", "calibration", "locality", "usage", "circuits", "seed")
"""What nobody knows of them here: null in the record, or (calibration, circuits) not there."""

PLACE = {
    "layout": maybe(QUBITS),
    "snapshot": maybe(SNAPSHOT),
}
BESIDE = {
    "locality": maybe(fields({}, {"two_qubit_gates": COUNT, "between_parties": COUNT})),
    "exact": table(real()),
    "measured": list_of(list_of(maybe(integer(0, MAX_QUBITS)))),
    "batch": integer(0, 999),
}

LINKS = fields(
    {
        "figure": maybe(WORDS),
        "expected": maybe(real()),
        "success_probability": real(0, 1),
        "rounds_per_s": real(0),
        "qubits_per_s": real(0),
        "critical_visibility": maybe(real(0, 1)),
        "critical_km": maybe(real(0)),
    },
    {"by": WORDS},
)
"""What links that cost do to a run."""

OPTIONS = fields(
    {},
    {
        "dynamical_decoupling": maybe(NAME),
        "twirling": maybe(NAME),
        "mode": NAME,
        "jobs": integer(1, 1000),
        "tiles": integer(1, 1000),
    },
)

TARGET = fields(
    {"name": text(r"(?s).+", 200), "kind": NAME, "noise": WORDS, "methods": list_of(WORDS), **PLACE},
    {
        **BESIDE,
        "idle_noise": boolean,
        "options": OPTIONS,
        "links": LINKS,
        "tiles": list_of(fields(PLACE, BESIDE)),
    },
)

EVENT = fields(
    {"kind": NAME},
    {"party": WORDS, "qubits": QUBITS, "name": WORDS, "to": WORDS, "owners": list_of(WORDS)},
)
CIRCUIT = fields(
    {"events": list_of(EVENT), "movable": list_of(boolean)},
    {
        "measured": list_of(maybe(integer(0, MAX_QUBITS))),
        "gates": fields({"two_qubit": COUNT, "two_qubit_executed": COUNT}),
    },
)
SETTING = fields(
    {
        "label": WORDS,
        "circuit": COUNT,
        "values": list_of(real(), most=MAX_QUBITS),
        "flips": maybe(list_of(COUNT, most=MAX_QUBITS)),
        "method": WORDS,
        "input": COUNT,
    }
)
TOPOLOGY = fields(
    {
        "name": WORDS,
        "parties": list_of(WORDS, least=1),
        "links": list_of(fields({"from": WORDS, "to": WORDS, "carries": WORDS})),
        "ebits": list_of(tuple_of(WORDS, WORDS)),
        "shared_state": list_of(WORDS),
        "common_randomness": boolean,
    },
    {"relay": WORDS},
)
EXPERIMENT = fields(
    {
        "name": NAME,
        "title": WORDS,
        "copies": integer(1, 10**6),
        "usage": maybe(table(table(real(0)))),
        "topology": maybe(TOPOLOGY),
        "wires": list_of(WORDS, most=MAX_QUBITS),
        "circuits": list_of(CIRCUIT, least=1),
        "settings": list_of(SETTING, least=1),
        "play": table(anything),
    },
    {
        "feed_forward": boolean,
        "weights": list_of(real(0)),
        "sampled": boolean,
        "weighed": boolean,
        "processing": list_of(fields({"flips": list_of(tuple_of(BITS, BITS)), "zero": list_of(BITS)})),
    },
)
PLAN = rows_of(
    {
        "id": COUNT,
        "block": integer(0, MAX_BLOCKS - 1),
        "setting": COUNT,
        "shots": integer(1, MAX_CHUNK),
    },
    {"seed": integer(0, 2**64 - 1), "tile": integer(0, 999), "pattern": integer(0, 255)},
    MAX_PLAN,
)
SOURCE = fields(
    {
        "file": WORDS,
        "sha256": HASH,
        "kept": NAME,
        "format": WORDS,
        "bit_order": maybe(text("first|last", 10)),
        "columns": table(WORDS),
        "backend": maybe(WORDS),
        "rows": integer(1, 10**7),
        "notes": list_of(WORDS),
    }
)
PROVENANCE = fields(
    {
        "packages": table(maybe(WORDS)),
        "python": WORDS,
        "platform": WORDS,
        "commit": maybe(WORDS),
    },
    {
        "rules": COUNT,
        "protocols": COUNT,
        "engine": COUNT,
        "circuits_of": fields({"packages": table(maybe(WORDS))}, {"protocols": COUNT, "engine": COUNT}),
    },
)
INTENT_SHAPE = fields(
    {
        "created": WORDS,
        "spec_id": HASH,
        "files": FILES,
        "spec": fields({"parameters": table(anything), "layout": QUBITS, "family": WORDS}),
        "experiment": EXPERIMENT,
        "target": TARGET,
        "seed": maybe(integer(0, 2**63 - 1)),
        "plan": PLAN,
        "provenance": PROVENANCE,
    },
    {"source": SOURCE},
)

EVENTS = {
    "start": fields({"reason": WORDS}),
    "stop": fields({"reason": WORDS}),
    "intend": fields(
        {
            "jobs": list_of(
                fields(
                    {"tag": WORDS, "chunks": list_of(COUNT), "shots": integer(1, MAX_CHUNK)},
                    {"known_answer": boolean},
                )
            )
        }
    ),
    "sending": fields({"tag": WORDS}),
    "sent": fields({"tag": WORDS, "id": WORDS, "twins": list_of(WORDS), "at": WORDS}),
    "state": fields({"tag": WORDS, "state": NAME, "reason": WORDS}),
    "result": fields({"tag": WORDS, "files": FILES, "usage_seconds": maybe(real(0))}),
}
"""Shape of each kind of event in a journal."""

PROPERTIES_SHAPE = fields(
    {},
    {
        "qubits": list_of(list_of(fields({"name": WORDS, "value": real(), "unit": WORDS}))),
        "last_update_date": anything,
    },
)


def check_intent(intent: dict[str, Any]) -> None:
    """Check an intent or a draft: every field, and that they fit together.

    Raises:
        Misfit: naming the field.
        InputError: when the spec in it is none.
    """
    INTENT_SHAPE(intent, "")
    spec_from_mapping(intent["spec"], "spec")
    _check_known(intent)
    experiment, target, plan = intent["experiment"], intent["target"], intent["plan"]
    circuits, settings, places = experiment["circuits"], experiment["settings"], [target]
    places += target.get("tiles", [])
    asked = {setting["circuit"] for setting in settings}
    require(asked == set(range(len(circuits))), "settings", sorted(asked), "is each circuit, and no other")
    require(
        len({chunk["id"] for chunk in plan}) == len(plan), "plan", len(plan), "are chunks of distinct ids"
    )
    if not intent["spec"].get("random_questions"):  # else each shot is a chunk
        distinct = {(c.get("tile"), c["block"], c["setting"], c.get("pattern")) for c in plan}
        allowed = "are one per setting, block and tile, and pattern of links"
        require(
            len(distinct) == len(plan),
            "plan",
            f"{len(plan)} chunks, {len(distinct)} of them distinct",
            allowed,
        )
    require(len(plan) % len(places) == 0, "plan", len(plan), "are as many chunks for every tile")
    for key, several, words in ("setting", settings, "settings"), ("tile", places, "tiles"):
        column = [chunk.get(key, 0) for chunk in plan]
        if max(column, default=0) >= len(several):
            k = next(k for k, number in enumerate(column) if number >= len(several))
            raise Misfit(f"plan[{k}].{key}", column[k], f"are the {words}")
    for k, circuit in enumerate(circuits):
        _check_events(circuit["events"], len(experiment["wires"]), f"circuits[{k}].events")
    if plan:
        _check_places(circuits, places)
        width = len(circuits[0]["measured"])
        for k, setting in enumerate(settings):
            fits = all(bit < width for bit in setting["flips"] or ())
            require(fits, f"settings[{k}].flips", setting["flips"], f"are bits below {width}")
    family = registry.family_of_kind(experiment["play"].get("kind"))
    family.check(intent, len(circuits[0]["measured"]) if plan else math.inf)


def _check_known(intent: dict[str, Any]) -> None:
    """Check that a run says all that an executed one does, and an imported one nothing that nobody knows."""
    experiment, target = intent["experiment"], intent["target"]
    imported = target["kind"] == IMPORTED
    require(imported == ("source" in intent), "source", intent.get("source"), "is that of imported counts")
    places = [target, *target.get("tiles", ())]
    known: dict[str, Any] = {key: experiment[key] for key in ("usage", "topology")} | {"seed": intent["seed"]}
    known |= {f"layout of tile {t}": place["layout"] for t, place in enumerate(places)}
    known |= {
        f"seed of chunk {k}": chunk.get("seed")
        for k, chunk in enumerate(intent["plan"])
        if ("seed" in chunk) == imported
    }
    for key, value in known.items():
        allowed = "is null: nobody knows it of imported counts" if imported else "is a value"
        require((value is None) == imported, key, value, allowed)
    if imported:
        for key, value in ("snapshot", target["snapshot"]), ("locality", target.get("locality")):
            require(value is None, key, value, "is null: nobody knows it of imported counts")
        require("options" not in target, "options", target.get("options"), "are those of a device")
        require(bool(intent["plan"]), "plan", 0, "is a chunk or more")
        kept = intent["source"]
        sha = intent["files"].get(kept["kept"])
        require(sha == kept["sha256"], "source.sha256", kept["sha256"], "is that of the file that is kept")


def _check_events(events: list[dict[str, Any]], wires: int, where: str) -> None:
    """Check that the steps of a protocol are about the qubits that there are."""
    for k, event in enumerate(events):
        qubits, owners, kind = event.get("qubits", ()), event.get("owners", ()), event["kind"]
        shared, alone = kind == "share", kind in ("bits", "random")
        if qubits and max(qubits) >= wires:
            raise Misfit(f"{where}[{k}]", qubits, f"are qubits below {wires}")
        if len(owners) != (len(qubits) if shared else 0):
            raise Misfit(f"{where}[{k}].owners", owners, "is an owner for each qubit that is shared")
        if not (qubits or alone):
            raise Misfit(f"{where}[{k}].qubits", qubits, "are one or more")


def _check_places(circuits: list[dict[str, Any]], places: list[dict[str, Any]]) -> None:
    """Check what each circuit measured, on every tile."""
    for t, place in enumerate(places):
        measured = place.get("measured", [circuit.get("measured") for circuit in circuits])
        require(
            len(measured) == len(circuits), f"tiles[{t - 1}].measured", len(measured), "is one per circuit"
        )
        known = {q["index"] for q in place["snapshot"]["qubits"]} if place["snapshot"] else None
        for k, qubits in enumerate(measured):
            where = f"circuits[{k}].measured"
            require(
                qubits is not None and len(qubits) == len(measured[0] or []), where, qubits, "is one width"
            )
            fits = known is None or all(q in known for q in qubits)
            require(fits, where, qubits, "are qubits of the calibration")
