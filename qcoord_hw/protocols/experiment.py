"""What a protocol family returns: circuits on a network, and how their counts are scored."""

from __future__ import annotations

from dataclasses import dataclass

from qcoord_hw.errors import InputError
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.theory.games import GamePlay


@dataclass(frozen=True, eq=False)
class Experiment:
    """The circuits of one experiment.

    Attributes:
        name: what it is called in results; letters, digits and dashes.
        title: one line for people.
        circuits: one protocol for each question; all have the same qubits and the same usage.
        labels: what each circuit asks, such as `x=0,y=1`.
        play: how counts are scored.
        copies: the block length n: how many copies of the task one circuit makes.
    """

    name: str
    title: str
    circuits: tuple[NetworkCircuit, ...]
    labels: tuple[str, ...]
    play: GamePlay
    copies: int = 1

    def __post_init__(self) -> None:
        """Check that the circuits belong together.

        Raises:
            InputError: when there is none, or they differ in qubits, classical registers or usage.
        """
        if not self.circuits or len(self.circuits) != len(self.labels):
            raise InputError("circuits: allowed is at least one circuit, with one label each")
        first = self.circuits[0]
        for label, net in zip(self.labels, self.circuits, strict=True):
            if net.wires != first.wires or net.topology != first.topology:
                raise InputError(f"circuit {label}: other qubits or network than circuit {self.labels[0]}")
            if net.usage != first.usage:
                raise InputError(f"circuit {label}: usage {net.usage} differs from {first.usage}")
            registers = [(register.name, register.size) for register in net.circuit.cregs]
            if registers != [(register.name, register.size) for register in first.circuit.cregs]:
                raise InputError(f"circuit {label}: other classical registers than circuit {self.labels[0]}")

    @property
    def usage(self) -> dict[str, dict[str, float]]:
        """What one circuit uses of each link and resource."""
        return self.circuits[0].usage
