"""Errors of links as Pauli patterns: which of I, X, Y and Z each crossing gets, and how likely.

A Pauli channel is a mixture of four gates. A target that can be given no channel executes each pattern of
them as circuits of its own, with shots in proportion to its probability: what is counted of all together is
then what is counted over the channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from qcoord_hw.errors import InputError
from qcoord_hw.network.links import Crossing, LinkCost, Route
from qcoord_hw.spec import one_line

LETTERS = "IXYZ"

MAX_CROSSINGS = 4
"""With errors in one circuit, at which there are up to 256 patterns."""

PAULI = "depolarising, dephasing, fidelity, memory_t2_ms and losses that are heralded"


def erring(route: Route) -> tuple[Crossing, ...]:
    """Return the crossings at which anything is done to the qubit, in order."""
    return tuple(one for one in route.crossings if not one.channel.is_identity)


def patterns_of(route: Route) -> dict[int, float]:
    """Return pattern -> probability of all that occur.

    A pattern is a number in base 4, a digit for each of `erring`, the first the most significant: 0 to 3 are
    I, X, Y, Z.
    """
    choices = [one.channel.paulis for one in erring(route)]
    weights = (math.prod(p) for p in product(*choices))
    return {code: weight for code, weight in enumerate(weights) if weight > 0}


def letters_of(pattern: int, crossings: int) -> str:
    """Return a pattern in letters, such as `IX`."""
    return "".join(LETTERS[pattern >> 2 * k & 3] for k in reversed(range(crossings)))


def check_patterns(
    costs: Mapping[str, LinkCost], routes: Sequence[Route], target: str, *, every_edge: bool
) -> None:
    """Refuse links whose errors no patterns make, on a target that can be given no channels.

    Args:
        costs: of each link by its key.
        routes: what the links do to each circuit.
        target: its name.
        every_edge: whether every coupling is to be run, each batch of them as circuits of its own.

    Raises:
        InputError: naming the field, or how many crossings are allowed.
    """
    if costs and every_edge:
        raise InputError(
            f"links: stated for every edge of target {one_line(target)}; allowed is that on fake_NAME and "
            "properties:FILE, whose simulators are given channels"
        )
    for key, cost in costs.items():
        lossy = cost.transmission(pair=False) < 1
        stated = {
            "damping": (cost.damping, bool(cost.damping)),
            "memory_t1_ms": (cost.memory_t1_ms, cost.memory_t1_ms is not None),
            "heralded": ("false", lossy and not cost.heralded),
        }
        if wrong := [(name, value) for name, (value, is_wrong) in stated.items() if is_wrong]:
            name, value = wrong[0]
            raise InputError(
                f"links.{one_line(key)}.{name}: {value}; target {one_line(target)} is given errors of links "
                f"as Pauli gates, allowed are {PAULI}"
            )
    most = max((len(erring(route)) for route in routes), default=0)
    if most > MAX_CROSSINGS:
        raise InputError(
            f"links: {most} crossings with errors in a circuit; allowed on target {one_line(target)} are at "
            f"most {MAX_CROSSINGS} (4^{MAX_CROSSINGS} circuits for each setting), on simulators any number"
        )


def patterns_told(
    executed: Iterable[tuple[int, int, int]], routes: Sequence[Route], circuits: Sequence[int]
) -> dict[str, Any]:
    """Return which patterns are executed how often, for a plan or the summary of a run.

    Args:
        executed: (setting, pattern, shots) of each chunk.
        routes: what links do to each circuit.
        circuits: that of each setting.

    Returns:
        `crossings` with errors, the most of a circuit; `circuits`: how many are executed, one for each
        setting and pattern; `patterns`: of each its letters and the shots of all settings together, the most
        first.
    """
    crossings = [len(erring(route)) for route in routes]
    shots: dict[str, int] = {}
    made = set()
    for setting, pattern, times in executed:
        word = letters_of(pattern, crossings[circuits[setting]])
        shots[word] = shots.get(word, 0) + times
        made.add((setting, pattern))
    ranked = sorted(shots.items(), key=lambda row: (-row[1], row[0]))
    rows = [{"pattern": word, "shots": times} for word, times in ranked]
    return {"crossings": max(crossings, default=0), "circuits": len(made), "patterns": rows}
