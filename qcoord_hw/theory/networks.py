"""The networks of coordination in one table: what theory, commands and figures know of each by its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A network, as far as names go.

    Attributes:
        region: the function that returns its region, `module.function` in `qcoord_hw.theory.regions`. It is
            given the state; with links of bits also `frontier`, `at`, `seed` and `deadline`; where it is
            searched for, `seed` and `deadline`.
        rates: the names of its rates, in the order of that region.
        bits: whether its links carry bits, or there is none, so that the region is an optimisation.
        searched: whether its bounds are searched for although its links carry qubits.
        theorem: its number in [NatorPereg], that of the region.
        panels: the pairs (vertical, horizontal) of rates that a figure of the region shows.
    """

    region: str
    rates: tuple[str, ...]
    bits: bool = False
    panels: tuple[tuple[str, str], ...] = ()
    searched: bool = False
    theorem: int = 0


NETWORKS = {
    "two-node": Network("two_node.two_node", ("R0", "R1"), True, (("R1", "R0"),), theorem=1),
    "no-communication": Network("no_communication.no_communication", ("R0",), True, theorem=4),
    "classical-broadcast": Network(
        "classical_broadcast.classical_broadcast", ("R0", "R1"), True, (("R1", "R0"),), theorem=5
    ),
    "cascade": Network(
        "cascade.cascade",
        ("Q1", "E1", "Q2", "E2"),
        panels=(("Q1", "E1"), ("Q2", "E2")),
        searched=True,
        theorem=6,
    ),
    "quantum-broadcast": Network(
        "quantum_broadcast.quantum_broadcast", ("Q1", "Q2"), panels=(("Q1", "Q2"),), theorem=8
    ),
    "multiple-access": Network(
        "multiple_access.multiple_access", ("Q1", "Q2"), panels=(("Q1", "Q2"),), theorem=9
    ),
}
"""The six networks of [NatorPereg], by their names on the command line."""
