"""Digits of three qubits on lines of three: what their holders do is routed inside each one's own hands.

A circuit on three qubits may join all pairs of them, as no three qubits of most devices are coupled. A CZ
and a swap after it are a block that costs one gate more than the CZ; so of all ways to move three qubits on a
line between the gates, and back to where they began, the cheapest is found exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from qiskit.circuit import QuantumCircuit

SWAP = 3
"""Two-qubit gates of a swap alone."""

AFTER = 1
"""How many more a gate costs with a swap of the same two qubits behind it."""

Order = tuple[int, ...]
"""Which qubit stands where on the line."""


@dataclass(frozen=True)
class _Way:
    """How qubits move: the cost so far, and (before which gate, place of the left one) of every swap."""

    cost: int
    swaps: tuple[tuple[int, int], ...] = ()


def orders(size: int, *, mirrored: bool = False) -> list[Order]:
    """Return the orders of some qubits on a line, without their mirror images unless these are wanted.

    >>> orders(3)
    [(0, 1, 2), (0, 2, 1), (1, 0, 2)]
    """
    return [one for one in itertools.permutations(range(size)) if mirrored or one <= one[::-1]]


def pairs_of(circuit: QuantumCircuit) -> list[tuple[int, int]]:
    """Return the qubits of a circuit's two-qubit gates, in order."""
    found = ([circuit.find_bit(q).index for q in i.qubits] for i in circuit.data if len(i.qubits) == 2)
    return [(a, b) for a, b in found]


def cheapest(pairs: Sequence[tuple[int, int]], order: Order, *, back: bool = True) -> _Way:
    """Return the cheapest way to bring pairs of qubits together, one after the other.

    Args:
        pairs: of qubits that gates join, in order.
        order: where the qubits stand at first.
        back: whether they are to stand there at the end as well.
    """
    reached: dict[Order, _Way] = {order: _Way(0)}
    last: tuple[int, int] | None = None
    for k, pair in enumerate(pairs):
        places = {here: {here.index(q) for q in pair} for here in orders(len(order), mirrored=True)}
        reached = {
            here: way
            for here, way in _moved(reached, k, last).items()
            if max(places[here]) - min(places[here]) == 1
        }
        last = pair
    if back:
        return _moved(reached, len(pairs), last)[order]
    return min(reached.values(), key=lambda way: way.cost)


def _moved(reached: dict[Order, _Way], gate: int, last: tuple[int, int] | None) -> dict[Order, _Way]:
    """Return the cheapest way to every order before a gate, `last` being the pair joined before it."""
    found, queue = dict(reached), [(here, way, True) for here, way in reached.items()]
    while queue:
        here, way, first = queue.pop(0)
        for left in range(len(here) - 1):
            both = set(here[left : left + 2])
            cost = AFTER if first and last is not None and both == set(last) else SWAP
            after = (*here[:left], here[left + 1], here[left], *here[left + 2 :])
            new = _Way(way.cost + cost, (*way.swaps, (gate, left)))
            if after not in found or new.cost < found[after].cost:
                found[after] = new
                queue.append((after, new, False))
    return found


def on_line(circuit: QuantumCircuit, order: Order, *, back: bool = True) -> QuantumCircuit:
    """Return a circuit whose qubit k is place k of a line, and that does what another one does.

    Args:
        circuit: of gates on one or two qubits, and measurements.
        order: which of its qubits stands where at the beginning.
        back: whether they stand there at the end as well.
    """
    way = cheapest(pairs_of(circuit), order, back=back)
    swaps, here, gate = list(way.swaps), list(order), 0
    made = circuit.copy_empty_like()

    def swap_before(number: int, joined: set[int]) -> None:
        while swaps and swaps[0][0] == number:
            left = swaps.pop(0)[1]
            both = {left, left + 1}
            if joined == both:  # a CZ and a swap are an iSWAP, of two gates
                made.data.pop()
                made.sdg([left, left + 1])
                made.iswap(left, left + 1)
            else:
                made.swap(left, left + 1)
            here[left], here[left + 1] = here[left + 1], here[left]
            joined = set()

    swap_before(0, set())
    for i in circuit.data:
        places = [here.index(circuit.find_bit(q).index) for q in i.qubits]
        made.append(i.operation, places, i.clbits)
        if len(places) == 2:
            gate += 1
            swap_before(gate, set(places) if i.operation.name == "cz" else set())
    return made
