"""`properties:FILE` and `properties:RUN`: a device's calibration as a target, read from a file or a record.

What is read becomes a `Snapshot`, which is simulated as every other: nothing behind it knows where a chip was
written down. Names alone are dealt with in `qcoord_hw.execution.scale`, without Qiskit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.execution.calibrations.coupling import Coupling, read_coupling
from qcoord_hw.execution.calibrations.of_run import chip_of_run, run_folder_of
from qcoord_hw.execution.calibrations.portal_csv import read_portal_csv
from qcoord_hw.execution.calibrations.properties_json import is_properties, properties_of
from qcoord_hw.execution.calibrations.published import chip_of
from qcoord_hw.execution.scale import PROPERTIES, split_scale
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.inputs import read_json
from qcoord_hw.text import one_line

ALLOWED = "properties of a backend (.json), a table of calibrations (.csv), or the folder of a run"


def read_chip(name: str) -> Snapshot:
    """Return the calibration that a target's name stands for, without a noise scale.

    Args:
        name: `properties:FILE`, with `+COUPLING` behind it where another file states the coupling map, or
            `properties:RUN` with the folder of a run or a file in it.

    Raises:
        InputError: naming the file and the field that is wrong.
        RecordError: when it is a run whose record is damaged.
    """
    given = split_scale(name)[0].removeprefix(PROPERTIES)
    file, coupling = Path(given), None
    if not file.exists() and "+" in given:
        file, coupling = (Path(part) for part in given.rsplit("+", 1))
    try:
        folder = run_folder_of(file)
        if folder is not None:
            if coupling is not None:
                raise InputError(f"{one_line(coupling.name)}: allowed is no coupling map for a run")
            return chip_of_run(folder)
        return _chip_of_file(file, None if coupling is None else read_coupling(coupling))
    except InputError as error:
        raise InputError(f"target: {error}") from None


def _chip_of_file(file: Path, coupling: Coupling | None) -> Snapshot:
    if file.suffix.lower() == ".csv":
        return chip_of(read_portal_csv(file), coupling, one_line(file.name))
    data: Any = read_json(file)
    if not is_properties(data):
        raise InputError(f"{one_line(file.name)}: no object with qubits and gates; allowed are {ALLOWED}")
    try:
        published = properties_of(data)
    except InputError as error:
        raise InputError(f"{one_line(file.name)}: {error}") from None
    return chip_of(published, coupling, one_line(file.name))
