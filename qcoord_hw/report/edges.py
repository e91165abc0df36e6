"""What is said of a run on every coupling of a chip: each pair with intervals that hold together, and a set.

The set needs no correction for having been chosen: all its pairs were rejected by a rule that keeps the
probability of any wrong rejection, so it holds for the largest connected part as for every other.
"""

from __future__ import annotations

from typing import Any

from qcoord_hw.families.base import Family
from qcoord_hw.families.view import Line, Listing, Section
from qcoord_hw.record import RunRecord, processed
from qcoord_hw.report.shapes import EdgesJson, PairJson, RunSummary
from qcoord_hw.statistics.estimate import Estimate, headline_of
from qcoord_hw.statistics.simultaneous import bonferroni, holm, largest_connected
from qcoord_hw.statistics.words import interval, number, p_words

FIGURE = ("name", "title", "low", "best", "high")
"""What is told of a figure of a pair."""

UNTESTED = "no p-value is stated for this figure: no pair is tested"
"""What is said where only intervals can be compared with a bound."""

WORST = 12
"""Pairs that are listed first where there are many."""


def every_edge(record: RunRecord, family: Family, confidence: float) -> EdgesJson:
    """Return the figures of every coupling, and the largest connected set of those above their bound.

    Args:
        record: a sealed run, a tile a coupling.
        family: that analyses it.
        confidence: of all intervals together, and of the set.
    """
    level = bonferroni(confidence, record.tiles)
    found = [_pair(record.tile(k), family, level) for k in range(record.tiles)]
    adjusted = holm([1.0 if pair["p_value"] is None else pair["p_value"] for pair in found])
    for pair, p_value in zip(found, adjusted, strict=True):
        tested = pair["p_value"] is not None
        pair["p_value_holm"] = p_value if tested else None
        pair["violates"] = tested and p_value <= 1 - confidence
    found.sort(key=lambda pair: sorted(pair["qubits"]))
    above = [_sorted(pair) for pair in found if pair["violates"]]
    tests = any(pair["p_value"] is not None for pair in found)
    largest = largest_connected(above)
    signalling = [p for pair in found if (p := pair["no_signalling"]) is not None]
    return {
        "couplings": len(found),
        "batches": len({pair["batch"] for pair in found}),
        "confidence": confidence,
        "intervals": f"simultaneous: Bonferroni over {len(found)} couplings, each at {number(level, 6)}",
        "test": f"one-sided p-values, Holm over {len(found)} couplings" if tests else UNTESTED,
        "pairs": found,
        "violating": len(above),
        "largest": {
            "qubits": sorted({q for pair in largest for q in pair}),
            "pairs": [list(pair) for pair in largest],
            "confidence": confidence,
            "statement": _statement(len(largest), len(found), confidence) if tests else UNTESTED,
        },
        "no_signalling": min(1.0, len(signalling) * min(signalling)) if signalling else None,
    }


def _pair(tile: RunRecord, family: Family, level: float) -> PairJson:
    analysis = family.analyse(processed(tile), level)
    main = headline_of(analysis.estimates)
    check = analysis.checks.get("no_signalling")
    counted = [e for e in analysis.estimates if e.origin == "counted"]
    return {
        "qubits": list(tile.intent["target"]["layout"]),
        "batch": tile.intent["target"]["batch"],
        "shots": 0 if main is None else main.shots,
        "estimates": [{key: getattr(e, key) for key in FIGURE} for e in counted],
        "bound": _bounds(counted),
        "p_value": None if main is None or main.bound is None else main.p_value,
        "p_value_holm": None,
        "violates": False,
        "no_signalling": None if check is None else check["p_value"],
    }


def _bounds(estimates: list[Estimate]) -> dict[str, float]:
    return {e.name: e.bound.value for e in estimates if e.bound is not None}


def _sorted(pair: PairJson) -> tuple[int, int]:
    first, second = sorted(pair["qubits"])
    return first, second


def _statement(pairs: int, couplings: int, confidence: float) -> str:
    """Return what may be said of the set, in one sentence."""
    percent = f"{100 * confidence:g} %"
    if not pairs:
        return f"no pair violates its bound at the family-wise level of {100 * (1 - confidence):.3g} %"
    every = (
        "this pair violates its bound"
        if pairs == 1
        else f"every one of these {pairs} pairs violates its bound"
    )
    return (
        f"with confidence {percent} {every}; the level holds for all {couplings} couplings together, so that "
        "choosing the largest set afterwards costs nothing"
    )


def first_pair_words(summary: RunSummary) -> str:
    """Return of which pair the figures are that stand for the run."""
    qubits = " ".join(map(str, summary["layout"] or ()))
    return (
        f"what is said of one pair is that of qubits {qubits}, the best by "
        "calibration, chosen before any data"
    )


def edges_section(edges: EdgesJson) -> Section:
    """Return the couplings as rows and sentences."""
    largest, names = edges["largest"], edges["pairs"][0]["estimates"]
    shown = names[1] if len(names) > 1 else names[0]  # S or I, where there is one, else the win rate
    order = [shown["name"], *(e["name"] for e in names if e["name"] != shown["name"])][:2]
    titles = {e["name"]: e["title"] for e in names}
    rows = {id(pair): _row(pair, order) for pair in edges["pairs"]}
    least = sorted(edges["pairs"], key=lambda pair: _named(pair, order[0])["best"])[:WORST]
    lines = [
        f"{edges['couplings']} couplings in {edges['batches']} batches that share no qubit"
        + ("" if edges["test"] == UNTESTED else f"; {edges['violating']} violate the bound"),
        f"intervals: {edges['intervals']}; they hold together at {100 * edges['confidence']:g} %",
    ]
    if edges["test"] != UNTESTED:
        lines.append(f"test: {edges['test']}")
    if largest["pairs"]:
        qubits = " ".join(map(str, largest["qubits"]))
        pairs = len(largest["pairs"])
        size = f"{pairs} {'pair' if pairs == 1 else 'pairs'} on {len(largest['qubits'])} qubits"
        lines.append(f"largest connected set: {size} ({qubits})")
    lines.append(largest["statement"])
    if edges["no_signalling"] is not None:
        lines.append(f"no-signalling on all pairs: p {p_words(edges['no_signalling'])} (Bonferroni)")
    listing = Listing(
        ("pair", "batch", *(titles[name] for name in order), "p (Holm)", "violates"),
        tuple(rows.values()),
        tuple(rows[id(pair)] for pair in least) if len(least) < len(rows) else (),
        "with the lowest figure",
        (1, *range(2, 3 + len(order))),
        edges["pairs"][0]["bound"].get(order[0]),
        "couplings",
    )
    return Section("Every coupling", tuple(lines), listing)


def _row(pair: PairJson, order: list[str]) -> Line:
    figures = [_named(pair, name) for name in order]
    tested = "" if pair["p_value_holm"] is None else p_words(pair["p_value_holm"]).removeprefix("= ")
    cells = (
        "-".join(map(str, sorted(pair["qubits"]))),
        str(pair["batch"] + 1),
        *(interval(figure) for figure in figures),
        tested,
        "yes" if pair["violates"] else "no",
    )
    first = figures[0]
    return Line(cells, (first["low"], first["best"], first["high"]))


def _named(pair: PairJson, name: str) -> dict[str, Any]:
    return next(e for e in pair["estimates"] if e["name"] == name)
