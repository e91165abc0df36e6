"""Whether a compiled circuit still keeps to its network: no two-qubit gate joins the hands of two parties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import TargetError
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.program import stages

Pairs = set[frozenset[int]]


def check_ownership(
    described: Sequence[Mapping[str, Any]], executed: Sequence[QuantumCircuit], layout: Sequence[int]
) -> dict[str, int]:
    """Check every two-qubit gate that is executed against who owned its qubits.

    It is checked stage by stage, from one barrier over all qubits to the next: these survive compilation.
    In a stage in which one hand holds every qubit anything may happen.

    Args:
        described: for each circuit its `events` and `movable`, as in a record.
        executed: the circuits as executed.
        layout: physical qubit of each circuit qubit; empty where they are the same.

    Returns:
        `two_qubit_gates` that were checked, of all circuits, and how many of them are `between_parties`: 0.

    Raises:
        TargetError: when a gate joins two parties.
    """
    checked = 0
    for one, circuit in zip(described, executed, strict=True):
        wires = {
            q for event in one["events"] if event["kind"] in ("allocate", "share") for q in event["qubits"]
        }
        name = {q: q for q in wires}
        if layout and circuit.num_qubits > len(wires):
            name = {physical: q for q, physical in enumerate(layout)}
        allowed = _held_together(one["events"], len(wires))
        parts, movable = stages(circuit), one["movable"]
        free = movable if len(movable) == len(parts) == len(allowed) else [False] * len(parts)
        if len(parts) != len(allowed):  # a device's circuit has more qubits than the barriers span
            allowed = [set().union(*allowed)] * len(parts)
        for part, together, anything in zip(parts, allowed, free, strict=True):
            for qubits, times in interactions(part).items():
                checked += times
                own = frozenset(name[q] for q in qubits)
                if not anything and any(frozenset(pair) not in together for pair in combinations(own, 2)):
                    raise TargetError(
                        f"circuit {circuit.name!r}: a compiled gate joins {sorted(own)}, of two parties"
                    )
    return {"two_qubit_gates": checked, "between_parties": 0}


def _held_together(events: Sequence[Mapping[str, Any]], wires: int) -> list[Pairs]:
    """Return for each stage the pairs of qubits that one hand, or the source of a shared state, holds."""
    owner: dict[int, str] = {}
    found: list[Pairs] = [set()]
    for event in events:
        qubits = event.get("qubits", [])
        if event["kind"] == "barrier" and len(qubits) == wires:
            found.append(set())
        elif event["kind"] == "allocate":
            owner |= dict.fromkeys(qubits, event["party"])
        elif event["kind"] == "share":
            owner |= dict(zip(qubits, event["owners"], strict=True))
            found[-1] |= {frozenset(pair) for pair in combinations(qubits, 2)}
        elif event["kind"] == "send":
            owner |= dict.fromkeys(qubits, event["to"])
        if event["kind"] in ("barrier", "allocate", "share", "send"):
            found[-1] |= {frozenset(p) for p in combinations(owner, 2) if owner[p[0]] == owner[p[1]]}
    return found
