"""What the protocols of the cascade network share: systems on qubits, maps of one party, counted rates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qiskit.circuit import Qubit

from qcoord_hw.families.coordination.local_circuits.isometry import synthesise
from qcoord_hw.families.coordination.preparation import ComplexArray
from qcoord_hw.network import NetworkCircuit
from qcoord_hw.theory.regions.cascade import RATES, cascade
from qcoord_hw.theory.regions.constraint import NOT_NEGATIVE, Constraint
from qcoord_hw.theory.states import State

"""How a link may be used."""


def qubits_of(levels: int) -> int:
    """Return how many qubits hold a system: ceil(log2(levels))."""
    return (levels - 1).bit_length()


def embedded(tensor: ComplexArray, axes: Sequence[int] | None = None) -> ComplexArray:
    """Return a tensor whose axes (default all) are widened to the next power of 2; level j is j in binary."""
    chosen = range(tensor.ndim) if axes is None else axes
    shape = [2 ** qubits_of(d) if i in chosen else d for i, d in enumerate(tensor.shape)]
    wide = np.zeros(shape, dtype=complex)
    wide[tuple(slice(d) for d in tensor.shape)] = tensor
    return wide


def embedded_density(density: ComplexArray, sizes: Sequence[int]) -> ComplexArray:
    """Return a density matrix of some systems as one of their qubits."""
    wide = embedded(density.reshape(*sizes, *sizes))
    d = math.prod(wide.shape[: len(sizes)])
    return wide.reshape(d, d)


def apply_map(
    net: NetworkCircuit,
    party: str,
    tensor: ComplexArray,
    outputs: int,
    left: Sequence[Qubit] = (),
    right: Sequence[Qubit] = (),
) -> list[list[Qubit]]:
    """Let a party turn what it holds into other systems by an isometry, on qubits in a row.

    The row is: the qubits of `left`, fresh ones, those of `right`. The outputs take it in their order; qubits
    that none of them needs come first, are left in |0> and belong to nobody's output.

    Args:
        net: the protocol.
        party: who acts.
        tensor: axes are the output systems, then the input systems.
        outputs: how many of the axes are outputs.
        left: the qubits of the first input systems.
        right: those of the last ones.

    Returns:
        The qubits of each output.
    """
    outs, ins = tensor.shape[:outputs], tensor.shape[outputs:]
    widths = [qubits_of(d) for d in outs]
    spare = max(0, len(left) + len(right) - sum(widths))
    fresh = spare + sum(widths) - len(left) - len(right)
    end = embedded(tensor, range(outputs)).reshape(-1, math.prod(ins))
    end = np.vstack([end, np.zeros(((2**spare - 1) * len(end), end.shape[1]))])
    codes = [0]
    for d in ins:
        codes = [code << qubits_of(d) | level for code, level in itertools.product(codes, range(d))]
    row = [*left, *(net.allocate(party, fresh) if fresh else []), *right]
    inputs = [*range(len(left)), *range(len(row) - len(right), len(row))]
    natural = np.zeros_like(end)
    natural[codes, range(len(codes))] = 1
    if len(inputs) < len(row) or np.abs(end - natural).max() > 1e-12:
        net.local(party, synthesise(end, inputs, codes), row)
    taken = iter(row[spare:])
    return [[next(taken) for _ in range(width)] for width in widths]


def share(
    net: NetworkCircuit, first: str, second: str, amplitudes: ComplexArray
) -> tuple[list[Qubit], list[Qubit]]:
    """Share a pair of systems of as many qubits each, with these amplitudes; an ebit if that is what it is.

    It is counted by the smaller of the two dimensions.
    """
    if amplitudes.shape == (2, 2) and np.abs(amplitudes - np.eye(2) / math.sqrt(2)).max() < 1e-12:
        return net.share_ebits(first, second, 1)
    vector = embedded(np.asarray(amplitudes, dtype=complex)).reshape(-1, 1)
    return net.share_pair(first, second, synthesise(vector), min(amplitudes.shape))


def send(net: NetworkCircuit, sender: str, receiver: str, qubits: Sequence[Qubit], levels: int) -> None:
    """Send a system of some levels; where they are not a power of 2 it is counted as a qudit."""
    if qubits:
        net.send(sender, receiver, qubits, None if levels == 2 ** len(qubits) else levels)


def rates_used(usage: Mapping[str, Mapping[str, float]], copies: int) -> dict[str, float]:
    """Return (Q1, E1, Q2, E2) a copy, as counted."""
    counted = (
        usage.get("Alice->Bob", {}).get("log2_dim", 0.0),
        usage.get("Alice-Bob", {}).get("ebits", 0.0),
        usage.get("Bob->Charlie", {}).get("log2_dim", 0.0),
        usage.get("Bob-Charlie", {}).get("ebits", 0.0),
    )
    return dict(zip(RATES, (amount / copies for amount in counted), strict=True))


def cascade_rates(
    state: State, usage: Mapping[str, Mapping[str, float]], copies: int, *, reference: bool
) -> dict[str, dict[str, Any]]:
    """Return each constraint of the criterion, and by how much the counted rates exceed it.

    Args:
        state: one copy of the target.
        usage: of the circuit.
        copies: n.
        reference: whether the purification is scored (`redistribution`); else the necessary constraints of
            `generation_outer` are used, which for a pure state are sufficient too (Corollary 7).
    """
    answer, used = cascade(state), rates_used(usage, copies)
    criterion = "redistribution" if reference or state.pure else "generation_outer"
    found: dict[str, dict[str, Any]] = {}
    for constraint in answer.criteria[criterion].constraints:
        if constraint.source == NOT_NEGATIVE:
            continue
        name = " + ".join(rate for rate, _ in constraint.rates)
        spent = sum(c * used[rate] for rate, c in constraint.rates)
        found[f"{name}, asymptotic"] = _bound(constraint)
        found[f"{name}, gap"] = {
            "value": spent - constraint.lower,
            "source": f"counted, {spent:.4f} a copy, less the asymptotic rate",
        }
    return found


def _bound(constraint: Constraint) -> dict[str, Any]:
    if constraint.upper - constraint.lower < 1e-9:
        return {"value": constraint.lower, "source": constraint.source}
    return {"lower": constraint.lower, "upper": constraint.upper, "source": constraint.source}
