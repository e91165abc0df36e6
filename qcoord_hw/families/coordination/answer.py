"""What `qcoord theory region` and `qcoord theory schumacher` say, as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

QUANTITIES = {
    "C0": "C0, no common randomness: min I(all;U)",
    "R_inf": "R_inf, unlimited common randomness: min I(X;U)",
    "R0_for_R_inf": "common randomness that then suffices: I(U;B|X)",
    "C": "C, common randomness: min I(all;U)",
}


def region_text(answer: Mapping[str, Any]) -> str:
    """Return the object that `qcoord theory region --json` prints for a terminal."""
    lines = [f"{answer['state']} in the {answer['network']} network: {answer['status'].replace('_', ' ')}"]
    if answer["why"]:
        lines.append(f"  {answer['why']}")
    lines += [f"  {system}: {words}" for system, words in answer["holders"].items()]
    lines += [f"  note: {note}" for note in answer["notes"]]
    for name, found in answer.get("quantities", {}).items():
        lines.append(f"  {QUANTITIES[name]:<50}{_bracket(found)}")
    for name, criterion in answer["criteria"].items():
        lines.append(f"criterion {name.replace('_', ' ')}")
        for constraint in criterion["constraints"]:
            rates = " + ".join(
                rate if factor == 1 else f"{factor:.6g} {rate}"
                for rate, factor in constraint["rates"].items()
            )
            lines.append(f"  {rates + ' >= ' + _bracket(constraint):<40}{constraint['source']}")
        for corner in criterion["corners"]:
            lines.append("  corner " + ", ".join(f"{rate} = {value:.6f}" for rate, value in corner.items()))
    for point in answer.get("frontier", ()):
        lines.append(f"  at R0 = {point['R0']:.6f} bits: R1 = {_bracket(point)}")
    for name, found in answer.get("membership", {}).items():
        words = f"{found['where']}, margin {_number(found['margin'])}"
        lines.append(f"rates asked for, criterion {name.replace('_', ' ')}: {words}")
    return "\n".join([*lines, f"{answer['seconds']:.3g} s"])


def _bracket(found: Mapping[str, Any]) -> str:
    """Return the value where the bounds agree to six digits, else both."""
    lower, upper = found.get("lower"), found.get("upper")
    if lower is None:
        return f"at most {_number(upper)}"
    if isinstance(lower, str) or isinstance(upper, str):
        return _number(lower) if lower == upper else f"from {_number(lower)} to {_number(upper)}"
    if upper - lower < 5e-7:
        return f"{upper:.6f}"
    return f"from {lower:.6f} to {upper:.6f}"


def _number(value: Any) -> str:
    return "infinity" if value == "inf" else f"{value:.6f}"


def schumacher_text(answer: Mapping[str, Any]) -> str:
    """Return the object that `qcoord theory schumacher --json` prints for a terminal."""
    return "\n".join(
        (
            f"n = {answer['n']} copies at {answer['rate']:g} qubits a copy (entropy {answer['entropy']:.6f})",
            f"  retained probability P      {answer['P']:.9f}  (second order: {answer['second_order']:.9f})",
            f"  entanglement fidelity       {answer['entanglement_fidelity']:.9f}",
            f"  trace distance              {answer['trace_distance']:.9f}",
            f"  trace distance, two senders {answer['two_sender_trace_distance']:.9f}",
        )
    )
