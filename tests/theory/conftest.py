"""Spoilt answers: every number of an answer, replaced by whatever else could stand there."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from qcoord_hw.theory.claims import as_fraction, dotted, numbers, same

REMOVED = object()


@pytest.fixture(autouse=True)
def budget_of_work(work_clock: None) -> None:
    """Every search of theory has a budget of work, and no test hangs on how busy the machine is."""


def replacements(value: Any, tiny: float = 1e-9) -> Iterator[Any]:
    """Yield what a number could be replaced by; `tiny` is the least change, in relation to the number."""
    ways: list[Any] = [0, -1, 1, 10**400, -(10**30), float("nan"), float("inf"), -float("inf"), None, True]
    ways += ["", "spoilt", "1/3", "1e999999999", [], [0], {}, {"x": 1}, REMOVED]
    if type(value) is int:
        ways += [value - 1, value + 1, value + 2, -value, 2 * value + 3, [value], str(value)]
    elif type(value) is float:
        step = tiny * max(1.0, abs(value))
        ways += [
            value - step,
            value + step,
            value - 0.1,
            value + 0.1,
            -value,
            1e3 * value + 7,
            1e300,
            [value],
        ]
    elif type(value) is bool:
        ways += [not value, "true"]
    elif (exact := as_fraction(value)) is not None:
        ways += [str(exact + Fraction(step)) for step in ("1/1000000000", "1", "-1", "1/7", "10000000000000")]
        ways += [float(exact) + tiny, "nan", "inf", "1/0", [value]]
    for way in ways:
        if way is REMOVED or not same(way, value):
            yield way


def spoilt(answer: Any, path: tuple[str | int, ...], way: Any) -> Any:
    """Return a copy of an answer in which something else, or nothing, stands at a path."""
    out = inside = copy.copy(answer)
    for key in path[:-1]:  # what is beside the path is shared with the answer
        inside[key] = copy.copy(inside[key])
        inside = inside[key]
    if way is REMOVED:
        del inside[path[-1]]
    else:
        inside[path[-1]] = way
    return out


def every_spoil(
    answer: Any, not_checked: tuple[str, ...], tiny: float = 1e-9
) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, what stands there now, spoilt answer) for all numbers that are not under `not_checked`."""
    for path, value in numbers(answer):
        above = {dotted(path[: k + 1]) for k in range(len(path))}
        if above.isdisjoint(not_checked):
            for way in replacements(value, tiny):
                yield dotted(path), way, spoilt(answer, path, way)


@pytest.fixture(scope="session")
def spoils() -> Callable[..., Iterator[tuple[str, Any, Any]]]:
    """The function `every_spoil`."""
    return every_spoil
