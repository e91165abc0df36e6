"""What no code can beat with the links that a coordination protocol was counted to use.

The task is read off how the protocol is scored (its targets, who holds which output) and its usage, so that
runs of before have it as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qcoord_hw.families.coordination.scoring import CoordinationScoring
from qcoord_hw.theory.finite_blocklength.converses import (
    BestAtN,
    Cut,
    LinkTask,
    Prepared,
    bits_bracket,
    prepared_bracket,
    trivial_bracket,
)
from qcoord_hw.theory.pauli_measurements.figures import branches_of
from qcoord_hw.theory.pauli_measurements.target import Target

MAX_DIMENSION = 256
"""Of what receivers of bits make, at most: above, no bound is looked for."""

MAX_QUBITS = 12
MAX_MIXED = 8
"""Qubits of a target that is prepared, pure or mixed."""

Usage = Mapping[str, Mapping[str, float]]

SIDES: Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "two-node": ((("Alice",), ("Alice->Bob", "Alice-Bob")),),
    "cascade": (
        (("Alice",), ("Alice->Bob", "Alice-Bob")),
        (("Alice", "Bob"), ("Bob->Charlie", "Bob-Charlie")),
    ),
    "quantum-broadcast": ((("Bob",), ("Alice->Bob",)), (("Charlie",), ("Alice->Charlie",))),
    "multiple-access": ((("Alice",), ("Alice->Charlie",)), (("Bob",), ("Bob->Charlie",))),
}
"""Network -> its cuts: who is on one side, and which links and ebits cross it."""

BITS = ("two-node", "classical-broadcast", "no-communication")
"""Networks whose links carry bits, or that have none."""

CELL = re.compile(r"x=(\d+) y=(\d+)")


def best_at_n(play: CoordinationScoring, usage: Usage) -> BestAtN:
    """Return the best possible at the block length of a protocol, by the best converse that is known.

    Args:
        play: how it is scored.
        usage: what one circuit uses of each link and resource.
    """
    own = _own(play)
    found = None
    if all(case.state is not None for case in play.cases):
        carries_qubits = any(used.get("log2_dim") or used.get("ebits") for used in usage.values())
        if play.network in BITS and not carries_qubits and not _keeps(play):
            task = bits_task(play, usage)
            found = None if task is None else bits_bracket(task, own.get("trace_norm", 2.0))
        elif play.network in SIDES:
            found = _by_qubits(play, usage, own)
    return trivial_bracket(own) if found is None else found


def _keeps(play: CoordinationScoring) -> bool:
    """Whether Alice keeps a part of what is made, as over a link of qubits."""
    return play.network == "two-node" and any(output.owner == "Alice" for output in play.outputs)


def _own(play: CoordinationScoring) -> dict[str, float]:
    """Return the figures of the protocol itself, without noise."""
    keys = {"fidelity": "fidelity_exact", "trace_norm": "trace_norm_exact", "all_parts": "fidelity_exact_all"}
    found = {name: play.exact[name] for name in keys if name in play.exact}
    return found | {name: play.exact[key] for name, key in keys.items() if key in play.exact}


def bits_task(play: CoordinationScoring, usage: Usage) -> LinkTask | None:
    """Return the task of a protocol on links of bits, or without communication; None where it is too large.

    Args:
        play: how it is scored.
        usage: what one circuit uses of each link and resource.
    """
    owners = [output.owner for output in play.outputs]
    everyone = tuple(range(len(owners)))
    if 2 ** len(owners) > MAX_DIMENSION or any(case.outputs != everyone for case in play.cases):
        return None
    parties = list(dict.fromkeys(owners))
    order = [q for party in parties for q in everyone if owners[q] == party]
    states = np.array([_by_party(_density(case), order) for case in play.cases])
    return LinkTask(
        probabilities=np.array([case.probability for case in play.cases]),
        states=states,
        sizes=tuple(2 ** owners.count(party) for party in parties),
        common=_size(usage.get("common", {}).get("random_bits", 0.0)),
        messages=_size(max((used.get("bits", 0.0) for used in usage.values()), default=0.0)),
    )


def _density(case: Target) -> Any:
    assert case.state is not None
    return np.outer(case.state, case.state.conj()) if case.pure else case.state


def _by_party(matrix: Any, order: Sequence[int]) -> Any:
    """Return a density matrix of qubits with these in another order."""
    size = len(order)
    tensor = matrix.reshape((2,) * (2 * size)).transpose([*order, *(size + q for q in order)])
    return tensor.reshape(matrix.shape)


def _by_qubits(play: CoordinationScoring, usage: Usage, own: Mapping[str, float]) -> BestAtN | None:
    cases = [_prepared(play, case, usage) for case in play.cases]
    pure = all(case.state.ndim == 1 for case in cases)
    if max(case.qubits for case in cases) > (MAX_QUBITS if pure else MAX_MIXED):
        return None
    if not pure:
        cases = [_mixed(case) for case in cases]
    return prepared_bracket(cases, play.combine == "independent", own)


def _prepared(play: CoordinationScoring, case: Target, usage: Usage) -> Prepared:
    """Return a case with the cuts that leave it on both sides."""
    owners = [play.outputs[q].owner for q in case.outputs]
    cuts = []
    for parties, links in SIDES[play.network]:
        side = tuple(q for q, owner in enumerate(owners) if owner in parties)
        if 0 < len(side) < len(owners):
            others = dict.fromkeys(owner for owner in owners if owner not in parties)
            used = [usage.get(link, {}) for link in links]
            rank = math.prod(_size(u.get("log2_dim", 0.0)) * _size(u.get("ebits", 0.0)) for u in used)
            cuts.append(Cut(f"{', '.join(parties)} | {', '.join(others)}", side, rank, links))
    cell = CELL.fullmatch(case.label)
    return Prepared(
        label=case.label,
        probability=case.probability,
        state=np.asarray(case.state),
        cuts=tuple(cuts),
        together=play.network == "multiple-access" and len(cuts) > 1,
        cell=None if cell is None else (int(cell[1]), int(cell[2])),
    )


def _mixed(case: Prepared) -> Prepared:
    """Return a case of which the trace norm is bounded, as a density matrix."""
    density = case.state
    if density.ndim == 1:
        branches = branches_of(density)
        density = branches @ branches.conj().T
    return Prepared(case.label, case.probability, density, case.cuts)


def _size(bits: float) -> int:
    """Return how many values so many bits have, or the dimension of so many qubits."""
    exact = float(2.0**bits)
    return round(exact) if abs(exact - round(exact)) < 1e-6 * exact else math.floor(exact)
