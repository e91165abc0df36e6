"""Rows of a linear computation that somebody else made: what was given, and what came out.

`w1`, `w2`, .. are the symbols of each instance, servers in order, and `y` the outputs of all of them, or
`leak`. Outputs are kept digit by digit in a coding of our own, since nothing is known of the circuits; bit
strings are read as the experiment's circuits write them, in the order of its inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from qcoord_hw.errors import InputError
from qcoord_hw.families.counted import DIRECT, Counted, check_wins, circuit_settings, setting
from qcoord_hw.families.experiment import Experiment
from qcoord_hw.families.linear_computation.circuits import build, scoring_of
from qcoord_hw.families.linear_computation.scoring import Chosen, LinearScoring
from qcoord_hw.families.linear_computation.user_task import task_of
from qcoord_hw.imports.table import LEAK, CountTable, whole_list
from qcoord_hw.record.bits import symbols
from qcoord_hw.spec import ExperimentSpec, Plain, short_repr
from qcoord_hw.theory.linear_computation.field import Field

Words = tuple[tuple[int, ...], ...]
"""The symbols of an input, instance by instance."""


def counted(spec: ExperimentSpec, table: CountTable) -> Counted:
    """Return what a table of counts says of a linear computation: see `Family.counted`."""
    if "w1" not in table:
        return _by_bits(spec, table)
    field = task_of(spec).field
    given = _given(table, field.order)
    chosen = _chosen(table)
    where, inputs, methods = _settings(table, given)
    first = [w for w, method in zip(inputs, methods, strict=True) if method is None]
    play, labels = scoring_of(_with_inputs(spec, first))
    if chosen == "all" and len(set(first)) != play.all_inputs:
        raise InputError(
            f"chosen: all, but {len(set(first))} inputs; allowed are {play.all_inputs} of them, or given"
        )
    play = _coded(replace(play, chosen=chosen))
    own = [k if m is None else first.index(w) for k, (w, m) in enumerate(zip(inputs, methods, strict=True))]
    rows, width = _encoded(play, table, where, own)
    settings = tuple(setting(labels[of], of) | {"circuit": 0} for of in own)
    kept = _with_inputs(spec, first) if chosen == "given" else _without_inputs(spec)
    return Counted(kept, play.to_json(), settings, width, rows, copies=play.instances)


def _chosen(table: CountTable) -> Chosen:
    """Return how the inputs were chosen: somebody gave them where the table does not say."""
    stated = table.single("chosen") or "given"
    known: tuple[Chosen, ...] = get_args(Chosen)
    for chosen in known:
        if chosen == stated:
            return chosen
    raise InputError(f"chosen: {short_repr(stated)}; allowed are {', '.join(known)}")


def _given(table: CountTable, order: int) -> list[Words]:
    """Return the input of each row."""
    instances = table.numbered("w")
    allowed = f"are symbols from 0 to {order - 1} with spaces between"
    columns = [
        table.read(f"w{i + 1}", lambda cell: whole_list(cell, order - 1), allowed) for i in range(instances)
    ]
    return list(zip(*columns, strict=True))


def _settings(table: CountTable, given: Sequence[Words]) -> tuple[list[int], list[Words], list[str | None]]:
    """Return the setting of each row; of each setting its input, and how it was executed if it only checks.

    Raises:
        InputError: when rows of one setting have other inputs, or a check is of an input that was not run.
    """
    checks = table.integers("check", 1) if "check" in table else [0] * len(table)
    stated: Sequence[Any] = table.integers("setting", 10**6) if "setting" in table else given
    seen: dict[Any, tuple[Words, int]] = {}
    for row, key in enumerate(zip(checks, stated, strict=True)):
        words, check = seen.setdefault(key, (given[row], checks[row]))
        if words != given[row]:
            raise table.refusal(row, "w1, ..", given[row], f"is the input of its setting, {words}")
    keys = sorted(seen) if "setting" in table else sorted(seen, key=lambda key: key[0])
    number = {key: k for k, key in enumerate(keys)}
    inputs = [seen[key][0] for key in keys]
    methods = [DIRECT if seen[key][1] else None for key in keys]
    run = {w for w, method in zip(inputs, methods, strict=True) if method is None}
    if not run or not set(inputs) <= run:
        raise InputError("check: 1 for an input without counts of its own; allowed are inputs that have some")
    return [number[key] for key in zip(checks, stated, strict=True)], inputs, methods


def _with_inputs(spec: ExperimentSpec, inputs: Sequence[Words]) -> ExperimentSpec:
    listed: Plain = tuple(tuple(tuple(w) for w in one) for one in inputs)
    return _without_inputs(spec).stating({"inputs": listed})


def _without_inputs(spec: ExperimentSpec) -> ExperimentSpec:
    return spec.with_parameters({k: v for k, v in spec.options.items() if k not in ("inputs", "inputs_seed")})


def _coded(play: LinearScoring) -> LinearScoring:
    """Return the scoring with the outputs' own digits as bits, least significant first."""
    field = play.task.field
    digits = play.instances * play.task.rows * field.degree
    size = (field.characteristic - 1).bit_length()
    bits = tuple(tuple(range(k * size, (k + 1) * size)) for k in range(digits))
    return replace(play, bits=bits, decoder=np.eye(digits, dtype=np.int64))


def _encoded(
    play: LinearScoring, table: CountTable, where: Sequence[int], inputs: Sequence[int]
) -> tuple[list[tuple[int, int, str]], int]:
    """Return the outcome of each row, and how many bits it has.

    Args:
        play: in a coding of our own.
        table: the counts.
        where: the setting of each row.
        inputs: the input of each setting.
    """
    field, size = play.task.field, play.instances * play.task.rows
    prime, width = field.characteristic, len(play.bits[0])
    leaks = prime < 2**width

    def read(cell: Any) -> tuple[int, ...] | None:
        if isinstance(cell, str) and cell.strip().lower() == LEAK and leaks:
            return None
        found = whole_list(cell, field.order - 1)
        if len(found) != size:
            raise ValueError
        return found

    also = f", or {LEAK}" if leaks else ""
    read_y = table.read(
        "y", read, f"are {size} symbols from 0 to {field.order - 1} with spaces between{also}"
    )
    words = {y: _word(field, y, len(play.bits), width) for y in set(read_y)}
    right = [tuple(w) for w in play.expected.reshape(len(play.inputs), -1).tolist()]
    check_wins(
        table,
        lambda row: float(read_y[row] == right[inputs[where[row]]]),
        lambda row: (
            f"y = {symbols(read_y[row] or (LEAK,))} of input {symbols(play.inputs[inputs[where[row]]])}"
        ),
    )
    return [(row, where[row], words[y]) for row, y in enumerate(read_y)], len(play.bits) * width


def _word(field: Field, y: tuple[int, ...] | None, digits: int, width: int) -> str:
    """Return the bits of outputs, least significant first; all ones where something leaked."""
    if y is None:
        return "1" * digits * width
    values = np.asarray(field.digits(np.array(y))).reshape(-1).tolist()
    return "".join(format(v, f"0{width}b")[::-1] for v in values)


def _by_bits(spec: ExperimentSpec, table: CountTable) -> Counted:
    """Return what bit strings say, a circuit for each input of the spec in its order."""
    table.need_either("w1", "bits")
    experiment = build(spec)
    play, labels = _play_of(experiment), [s.label for s in experiment.settings]
    width = experiment.circuits[0].circuit.num_clbits
    where, outcomes = circuit_settings(table, labels), table.bits(width)
    if "win" in table:
        raise InputError("win: of bit strings; allowed is a table without it, or with w1, .. and y")
    settings = tuple(setting(label, k) | {"circuit": 0} for k, label in enumerate(labels))
    rows = list(zip(range(len(table)), where, outcomes, strict=True))
    return Counted(spec, play.to_json(), settings, width, rows, copies=experiment.copies)


def _play_of(experiment: Experiment) -> LinearScoring:
    assert isinstance(experiment.play, LinearScoring)
    return experiment.play
