"""What a family makes of a table of counts that somebody else measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.imports.table import CountTable
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.text import short_repr

DIRECT = "direct"


@dataclass(frozen=True, eq=False)
class Counted:
    """A table of counts in the words of a record.

    Attributes:
        spec: of the experiment; what only says how it would be executed may be missing.
        play: how the outcomes are scored, as in a record.
        settings: what was asked, as in a record.
        width: classical bits of an outcome.
        rows: (row of the table, setting, outcome with classical bit 0 first); of rows that are of one
            outcome, such as the rounds of a circuit, only the first.
        copies: the block length n.
    """

    spec: ExperimentSpec
    play: dict[str, Any]
    settings: tuple[dict[str, Any], ...]
    width: int
    rows: Sequence[tuple[int, int, str]]
    copies: int = 1


def setting(label: str, number: int, method: str = DIRECT) -> dict[str, Any]:
    """Return a setting of circuits that nobody here knows, each with one of its own."""
    return {"label": label, "circuit": number, "values": [], "flips": None, "method": method, "input": number}


def stated_settings(table: CountTable, high: int) -> list[int] | None:
    """Return the column `setting`; None where there is none.

    Raises:
        InputError: when a number is not below `high`.
    """
    return table.integers("setting", high - 1) if "setting" in table else None


def circuit_settings(table: CountTable, labels: Sequence[str], names: Sequence[str] = ()) -> list[int]:
    """Return the setting of each row of bit strings: by the circuit's name if all are known, else in order.

    Names are labels, names of circuits, or numbers of settings. In order none may contradict it.

    Args:
        table: the counts.
        labels: of the settings.
        names: of the circuits of the settings, where each has one of its own.

    Raises:
        InputError: when there are other circuits than settings, or a known name stands at another's place.
    """
    if (stated := stated_settings(table, len(labels))) is not None:
        return stated
    called = table.words("name") if "name" in table else []
    for known in (labels, names, range(len(labels))) if called else ():
        place = {str(name): k for k, name in enumerate(known)}
        if len(place) == len(labels) and set(called) <= place.keys():
            return [place[name] for name in called]
    table.need("circuit")
    found = table.integers("circuit", 10**6)
    if (there := 1 + max(found)) != len(labels):
        raise InputError(
            f"circuits: {there} of them; allowed are {len(labels)}, one per setting in its order"
        )
    for name, k in zip(called, found, strict=bool(called)):
        for known in (labels, names):
            if name in known and len(set(known)) == len(labels) and known[k] != name:
                allowed = f"allowed there is {short_repr(known[k])}, or names that mean nothing here"
                raise InputError(f"circuit {k}: name: {short_repr(name)}; {allowed}")
    return found


def check_wins(table: CountTable, worth: Callable[[int], float], words: Callable[[int], str]) -> None:
    """Check the column `win` against the experiment, if there is one.

    Args:
        table: the counts.
        worth: row -> what it is worth here.
        words: row -> what it says, for the error.

    Raises:
        InputError: naming the first row that says otherwise.
    """
    if "win" not in table:
        return
    won = table.read("win", read_win, "are 1 or 0, true or false, or a score")
    for row, stated in enumerate(won):
        if abs(stated - (should := worth(row))) > 1e-9:
            disagree = sum(abs(s - worth(k)) > 1e-9 for k, s in enumerate(won))
            raise InputError(
                f"row {table.number(row)}: win: {stated:g}, but {words(row)} is worth {should:g} in this "
                f"experiment ({disagree} of {len(won)} rows disagree); allowed is a table of this experiment"
            )


def read_win(cell: Any) -> float:
    """Return what a cell of `win` says.

    Raises:
        ValueError: when it is none.
    """
    words: Mapping[str, float] = {"true": 1, "false": 0}
    text = str(cell).strip().lower()
    value = words[text] if text in words else float(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value
