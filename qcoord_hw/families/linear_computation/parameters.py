"""Tasks in specs: the parameters of the family `linear-computation`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.spec import ExperimentSpec, Plain, check_known, frozen, listed, read_json, shown
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json

FAMILY = "linear-computation"

TASK = ("field", "irreducible_poly", "servers")
OPTIONS = (*TASK, "batch", "scheme", "auxiliary", "exponents", "inputs", "inputs_seed")

BOX = "n-sum-box"
"""The scheme of a stabilizer state that is given: the servers' symbols are the exponents themselves."""


def task_of(spec: ExperimentSpec) -> LinearTask:
    """Return the task of a spec of the family.

    Raises:
        InputError: naming the parameter that is missing, unknown or wrong.
    """
    options: dict[str, Any] = spec.options
    check_known(options, OPTIONS, " for a linear computation", "parameters.")
    data = {key: listed(options[key]) for key in TASK if key in options}
    if "servers" in data:
        pairs = data["servers"]
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
        ):
            raise InputError(f"parameters.servers: {shown(pairs)}; allowed is a list of [name, matrix]")
        names = [name for name, _ in pairs]
        if twice := [name for name in names if names.count(name) > 1]:
            raise InputError(f"parameters.servers: {shown(twice[0])} stands there twice; allowed is once")
        data["servers"] = dict(pairs)
    return task_from_json(data, spec.name)


def spec_of(task: LinearTask, parameters: dict[str, Plain] | None = None) -> ExperimentSpec:
    """Return the spec of a task, with further parameters of the family."""
    data: dict[str, Plain] = {
        "field": task.field.order,
        "servers": tuple((s, frozen(v.tolist())) for s, v in zip(task.servers, task.matrices, strict=True)),
    }
    if task.field.degree > 1:
        data["irreducible_poly"] = task.field.irreducible_poly
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in task.name)
    return ExperimentSpec(
        name=name,
        title=f"{task.rows} linear combinations of what {len(task.servers)} servers hold, over "
        f"F_{task.field.order}",
        family=FAMILY,
        parameters=tuple(sorted((data | (parameters or {})).items())),
    )


def spec_of_box(box: NSumBox) -> ExperimentSpec:
    """Return the spec that executes a stabilizer state as it is given."""
    task, exponents = box.computation()
    k, n = len(box.M), box.size
    return replace(
        spec_of(task, {"scheme": BOX, "exponents": exponents}),
        title=f"{k} stabilizer generators of {n} qudits as given, over F_{box.field.order}",
    )


def read_inputs(path: Path) -> Plain:
    """Return the inputs of a file [{"w1": [..], "w2": [..]}] as the parameter `inputs`: pairs (w1, w2).

    Raises:
        InputError: when it cannot be read, is not JSON, or an entry is not an object with w1 and w2.
    """
    data = read_json(path)
    if not isinstance(data, list) or not data:
        raise InputError(f'{path.name}: {shown(data)}; allowed is a list of {{"w1": [..], "w2": [..]}}')
    for k, entry in enumerate(data):
        names = [f"w{i + 1}" for i in range(len(entry))] if isinstance(entry, dict) else []
        if not names or sorted(entry) != sorted(names):
            raise InputError(f'{path.name}: [{k}]: {shown(entry)}; allowed is {{"w1": [..], "w2": [..]}}')
        for name in names:
            if not isinstance(entry[name], list) or not all(type(w) is int for w in entry[name]):
                raise InputError(
                    f"{path.name}: [{k}].{name}: {shown(entry[name])}; allowed is a list of integers"
                )
    return tuple(tuple(frozen(entry[f"w{i + 1}"]) for i in range(len(entry))) for entry in data)
