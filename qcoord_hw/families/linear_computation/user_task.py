"""The task of a linear computation in the parameters of a spec."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.families.linear_computation.parameters import BOX, PARAMETERS, TASK
from qcoord_hw.schema import read
from qcoord_hw.spec import ExperimentSpec, Plain, short_repr, to_lists, to_tuples
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json

FAMILY = "linear-computation"


def task_of(spec: ExperimentSpec) -> LinearTask:
    """Return the task of a spec of the family.

    Raises:
        InputError: naming the parameter that is missing, unknown or wrong.
    """
    return read_spec_task(spec)[0]


def read_spec_task(spec: ExperimentSpec) -> tuple[LinearTask, dict[str, Any]]:
    """Return the task of a spec of the family, and the values of all its parameters.

    Raises:
        InputError: naming the parameter that is missing, unknown or wrong.
    """
    values = read(PARAMETERS, spec.options, "for a linear computation")
    data = {key: to_lists(values[key]) for key in TASK if values[key] is not None}
    names = [name for name, _ in data["servers"]]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"parameters.servers: {short_repr(twice[0])} stands there twice; allowed is once")
    return task_from_json(data | {"servers": dict(data["servers"])}, spec.name), values


def spec_of(task: LinearTask, parameters: dict[str, Plain] | None = None) -> ExperimentSpec:
    """Return the spec of a task, with further parameters of the family."""
    data: dict[str, Plain] = {
        "field": task.field.order,
        "servers": tuple(
            (s, to_tuples(v.tolist())) for s, v in zip(task.servers, task.matrices, strict=True)
        ),
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
