"""What `qcoord theory linear` says of a stabilizer file, beside what it says of the task that it computes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from qcoord_hw.theory.linear_computation.field import Array
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
from qcoord_hw.theory.linear_computation.pauli_strings import Generators, write_strings

GIVEN = "the stabilizers as given"


def box_part(box: NSumBox, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of the box itself, beside the answer for the task that it computes."""
    _, exponents = box.computation()
    names, x_z = box.servers, box.generators
    sent = box.size - len(box.idle)
    return {
        "self_orthogonal": True,
        "strongly_self_orthogonal": box.complete,
        "generators": write_strings(Generators(*x_z, box.offset), box.field.order),
        "servers": dict(zip(names, map(list, box.qudits), strict=True)),
        "server_order": list(names),
        "exponents": {server: list(own) for server, own in exponents},
        "V": {server: v.tolist() for server, v in zip(names, box.matrices, strict=True)},
        "M": box.M.tolist(),
        "offset": box.offset.tolist(),
        "completion": box.completion().tolist(),
        "idle": list(box.idle),
        "qudits": sent,
        "rate": str(Fraction(answer["K"], sent)),
        "least": _least(answer, sent),
    }


def _least(answer: Mapping[str, Any], sent: int) -> dict[str, str]:
    """Return the least cost known of a scheme for the same task, and a bound on every scheme."""
    known = {"Hu2025, Theorem 1": Fraction(answer["region"]["cost"]), GIVEN: Fraction(sent)}
    if answer["beyond"]:
        known[answer["beyond"]["label"]] = Fraction(answer["beyond"]["cost"])
    source = min(known, key=lambda name: (known[name], name != GIVEN))
    lower = answer["K"] / Fraction(answer["baselines"]["converse"])
    return {"cost": str(known[source]), "source": source, "lower": str(lower)}


def box_theory_text(box: Mapping[str, Any]) -> str:
    """Return the part `stabilizers` of an answer for a terminal."""
    rows, signed = len(box["M"]), any(box["offset"])
    strongly = (
        "strongly: as many independent generators as qudits"
        if box["strongly_self_orthogonal"]
        else f"not strongly: {len(box['completion'])} more would complete the state"
    )
    qudits = ", ".join(f"{s}: {_row(box['servers'][s])}" for s in box["server_order"])
    lines = [
        "the N-sum box as given:",
        f"self-orthogonal     all {rows} generators commute; {strongly}",
        *(f"{'' if k else 'generators':<20}{text}" for k, text in enumerate(box["generators"])),
        f"holders             {qudits}",
        *([f"without effect      qudit {_row(box['idle'])}: not sent"] if box["idle"] else []),
        "computes            y = V w" + (" + e" if signed else ""),
        *(f"V_{s:<18}" + "; ".join(_row(row) for row in box["V"][s]) for s in box["server_order"]),
        *([f"e                   {_row(box['offset'])}, which the user subtracts"] if signed else []),
        "symbols             "
        + ", ".join(f"{s}: {' '.join(own)}" for s, own in box["exponents"].items())
        + "  (x, z: exponents on its qudits)",
        f"cost                {box['qudits']} qudits an instance, {box['rate']} computations a qudit",
        f"least cost          {_cost(box)}",
    ]
    return "\n".join(lines)


def _cost(box: Mapping[str, Any]) -> str:
    least = box["least"]
    if Fraction(least["cost"]) == Fraction(least["lower"]):
        words = f"{least['cost']}, proved" if Fraction(least["cost"]) < box["qudits"] else "this one, proved"
    else:
        words = f"{least['cost']} is the least known, {least['lower']} a bound on every scheme"
    return words + (f" [{least['source']}]" if least["source"] != GIVEN else "")


def _row(row: list[int] | Array) -> str:
    return " ".join(map(str, np.asarray(row).tolist()))
