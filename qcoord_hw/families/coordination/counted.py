"""Rows of a coordination protocol that somebody else ran: which case, which bases, which outcomes.

`basis` has a letter for each output and `outcome` a bit, in the same order. They are kept as they are, since
nothing is known of the circuits; bit strings (`bits`) are read as the experiment's circuits write them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.builders import build
from qcoord_hw.families.coordination.scoring import COUNTED_HERE, CoordinationScoring
from qcoord_hw.families.counted import Counted, circuit_settings, setting, stated_settings
from qcoord_hw.imports.table import CountTable, whole_list
from qcoord_hw.spec import ExperimentSpec


def counted(spec: ExperimentSpec, table: CountTable) -> Counted:
    """Return what a table of counts says of a coordination protocol: see `Family.counted`."""
    if "win" in table:
        raise InputError("win: nothing is won here; allowed is a table without it")
    table.need_either("basis", "bits")
    experiment = build(spec)
    play, labels = experiment.play, [s.label for s in experiment.settings]
    assert isinstance(play, CoordinationScoring)
    names = [net.circuit.name for net in experiment.circuits]
    rates = {name: rate for name, rate in play.rates.items() if rate["source"] != COUNTED_HERE}
    play = replace(play, rates=rates)  # nobody knows what these circuits used
    where = _settings(play, table) if "basis" in table else circuit_settings(table, labels, names)
    if "outcome" in table:
        count = len(play.outputs)
        outcomes = table.read("outcome", lambda cell: _bits(cell, count), f"are {count} characters 0 and 1")
        play, width = replace(play, bits=tuple(range(count))), count
    else:
        table.need_either("outcome", "bits")
        width = experiment.circuits[0].circuit.num_clbits
        outcomes = table.bits(width)
    settings = tuple(setting(label, k) for k, label in enumerate(labels))
    rows = list(zip(range(len(table)), where, outcomes, strict=True))
    return Counted(spec, play.to_json(), settings, width, rows, copies=experiment.copies)


def _bits(cell: Any, count: int) -> str:
    text = (
        cell.strip()
        if isinstance(cell, str)
        else "".join(map(str, cell if isinstance(cell, list) else [cell]))
    )
    if len(text) != count or not set(text) <= set("01"):
        raise ValueError
    return text


def _settings(play: CoordinationScoring, table: CountTable) -> list[int]:
    """Return the setting of each row.

    Raises:
        InputError: when nothing is measured so, or it does not say which of several settings it is.
    """
    outputs, cases = len(play.outputs), len(play.cases)
    bases = table.read(
        "basis", lambda cell: _letters(cell, outputs), f"is a letter X, Y or Z for each of {outputs} outputs"
    )
    high = max(s.preparation for s in play.settings)
    nothing = [None] * len(table)
    prepared = table.integers("preparation", high) if "preparation" in table else nothing
    given = _cases(play, table) if "case" in table or cases > 1 else nothing
    stated = stated_settings(table, len(play.settings))
    asked = list(zip(stated or nothing, given, prepared, bases, strict=True))
    found = {key: _matching(play, *key) for key in set(asked)}
    for row, key in enumerate(asked):
        if len(found[key]) != 1:
            one = f"setting {key[0]}" if key[0] is not None else f"basis {key[3]}, case {key[1]}"
            allowed = "are bases and cases that are measured"
            if found[key]:
                allowed = "is what tells the settings apart: a column preparation or setting, as in an export"
            raise table.refusal(row, "basis", one, allowed)
    return [found[key][0] for key in asked]


def _matching(
    play: CoordinationScoring,
    stated: int | None,
    given: tuple[int, ...] | None,
    prepared: int | None,
    basis: str,
) -> list[int]:
    """Return the settings that a row may be of."""
    return [
        k
        for k, one in enumerate(play.settings)
        if one.basis == basis
        and stated in (None, k)
        and prepared in (None, one.preparation)
        and (given is None or set(given) <= set(play.cases_of(k)))
    ]


def _cases(play: CoordinationScoring, table: CountTable) -> Sequence[tuple[int, ...]]:
    """Return the cases of each row: their numbers, or the label of one."""
    labels = {case.label: (k,) for k, case in enumerate(play.cases)}

    def read(cell: Any) -> tuple[int, ...]:
        if isinstance(cell, str) and cell.strip() in labels:
            return labels[cell.strip()]
        return whole_list(cell, len(play.cases) - 1)

    return table.read("case", read, f"are labels of cases, and numbers from 0 to {len(play.cases) - 1}")


def _letters(cell: Any, count: int) -> str:
    text = str(cell).strip().upper()
    if len(text) != count or not set(text) <= set("XYZ"):
        raise ValueError
    return text
