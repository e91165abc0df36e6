"""The qubits and couplings of a device with their errors, and which of them a run or a plan chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qcoord_hw.diagrams import Chip, Coupling
from qcoord_hw.report.chip_map import positions


def device_map(
    calibration: Mapping[str, Any], chosen: Sequence[int], *, whole: bool, title: str = ""
) -> Chip | None:
    """Return the map of a calibration; None where no two of its qubits are coupled.

    A coupling has the smallest error of its gates, in whichever direction; an error of 1 is a faulty gate.

    Args:
        calibration: qubits and gates as a record keeps them.
        chosen: the physical qubits that are used.
        whole: whether the calibration is of the whole device.
        title: of the map; the device's name if omitted.
    """
    errors: dict[tuple[int, int], float | None] = {}
    for gate in calibration["gates"]:
        if len(gate["qubits"]) != 2:
            continue
        a, b = sorted(gate["qubits"])
        known = [e for e in (errors.get((a, b)), gate["error"]) if e is not None]
        errors[a, b] = min(known) if known else None
    if not errors:
        return None
    places = positions(list(errors))
    readout = {q["index"]: (q["p10"] + q["p01"]) / 2 for q in calibration["qubits"]}
    below = max(y for _, y in places.values()) + 1.5
    alone = [q for q in readout if q not in places]
    places |= {q: (float(k), below) for k, q in enumerate(alone)}
    device = calibration["device"]
    words = f"{device}: qubits that were used" if not whole else f"{device}: chosen qubits"
    return Chip(
        title or words,
        {q: readout.get(q) for q in places},
        tuple(Coupling(a, b, error) for (a, b), error in sorted(errors.items())),
        tuple(q for q in chosen if q in places),
        whole,
        places,
    )
