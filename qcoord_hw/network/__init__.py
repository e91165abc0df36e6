"""Who holds what, over which links: topologies and the circuits that respect them."""

from qcoord_hw.network.circuit import SOURCE, Event, NetworkCircuit, is_relayed
from qcoord_hw.network.topology import (
    CASCADE,
    CLASSICAL_BROADCAST,
    MANY_TO_ONE,
    MULTIPLE_ACCESS,
    NO_COMMUNICATION,
    ONE_TO_MANY,
    QUANTUM_BROADCAST,
    TWO_NODE,
    TWO_NODE_QUBITS,
    Link,
    Topology,
    many_to_one,
    one_to_many,
)

__all__ = [
    "CASCADE",
    "CLASSICAL_BROADCAST",
    "MANY_TO_ONE",
    "MULTIPLE_ACCESS",
    "NO_COMMUNICATION",
    "ONE_TO_MANY",
    "QUANTUM_BROADCAST",
    "SOURCE",
    "TWO_NODE",
    "TWO_NODE_QUBITS",
    "Event",
    "Link",
    "NetworkCircuit",
    "Topology",
    "is_relayed",
    "many_to_one",
    "one_to_many",
]
