"""Schumacher compression of qubits as circuits: the likeliest strings on fewer qubits, the rest discarded.

A copy of the source is |0> with the larger eigenvalue. A compressor maps the 2^m likeliest strings of n
qubits (all of small weight first: type classes) to strings that end in n - m zeros; these n - m qubits are
discarded, and the receiver puts fresh |0> in their place. Whatever permutation and phases the compressor has
on the kept strings, the expander undoes them; on the other strings they do not matter to the fidelity, F =
P^2 with P the kept probability. So relative-phase gates serve throughout.

One circuit does the work: three qubits to two, keeping 000, 001, 010 and 100. For n to 4 with every m, and
for n = 6 with m = 4, likeliest sets are products of such triples, of qubits that are sent as they are, and of
qubits that are dropped (kept where 0); `blocks` finds them. The triple's circuits need qubits in a row only:

    compress: CX near -> control; swap near and far where control = 0      far is 1 for the strings that fail
    expand:   swap near and fresh where control = 0; CX near -> control    fresh is a neighbour of near

with six CX each. Five would do with the discarded (fresh) qubit between the other two, but the two cannot
both be there; a numerical search found no circuits of five with that qubit at the end of the row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from qiskit.circuit import QuantumCircuit

from qcoord_hw.errors import InputError

Block = tuple[int, int]
"""Copies, and the qubits that they are compressed to: (3, 2), (1, 1) or (1, 0)."""

GOOD = 0.9
"""Fidelity of one sender for which the default m is the smallest."""

ROUNDING = 1e-12
"""Of an eigenvalue."""

TRIPLE, SENT, DROPPED = (3, 2), (1, 1), (1, 0)


def blocks(n: int, m: int) -> tuple[Block, ...]:
    """Return blocks that together keep 2^m likeliest strings of n qubits, of two eigenvalues a copy.

    The copies are divided among the blocks in order.

    >>> blocks(4, 3), blocks(6, 4)
    (((3, 2), (1, 1)), ((3, 2), (3, 2)))

    Args:
        n: copies.
        m: qubits.

    Raises:
        InputError: when no such blocks exist.
    """
    if (found := _split(n, m)) is not None:
        return found
    allowed = [k for k in range(n + 1) if _split(n, k) is not None]
    raise InputError(f"m: {m}; allowed with n = {n} are {', '.join(map(str, allowed))}")


def best_blocks(n: int, largest: float, power: int = 2) -> tuple[Block, ...]:
    """Return blocks of the smallest m with a fidelity of `GOOD` or more.

    Args:
        n: copies.
        largest: the larger eigenvalue of a copy.
        power: the fidelity is P to this power: 2 where what fails is discarded, 1 where the kept part is
            prepared.
    """
    found = (_split(n, m) for m in range(n + 1))
    enough = GOOD - ROUNDING
    return next(parts for parts in found if parts is not None and retained(parts, largest) ** power >= enough)


def naive_blocks(n: int, m: int) -> tuple[Block, ...]:
    """Return m copies sent as they are and the others dropped: the same rate without coding."""
    return (SENT,) * m + (DROPPED,) * (n - m)


def retained(parts: Sequence[Block], largest: float) -> float:
    """Return the probability P of the kept strings, from the larger eigenvalue of a copy.

    >>> round(retained(blocks(3, 2), .9) ** 2, 4)
    0.9448
    """
    kept = {TRIPLE: largest**3 + 3 * largest**2 * (1 - largest), SENT: 1.0, DROPPED: largest}
    return math.prod(kept[part] for part in parts)


def exchange(circuit: QuantumCircuit, control: int, near: int, far: int) -> None:
    """Append a swap of two qubits where the control is 0, with five CX of control-near and near-far.

    One input gets the phase -1: near = far = 1 with control 0, where there is nothing to swap.
    """
    circuit.cx(near, far)  # far says whether they differ
    circuit.x(control)
    toffoli(circuit, control, far, near)
    circuit.x(control)
    circuit.cx(near, far)


def toffoli(circuit: QuantumCircuit, first: int, second: int, target: int) -> None:
    """Append a Toffoli gate up to the phase -1 of one input (first 0, second and target 1): three CX."""
    for angle, control in ((1, second), (1, first), (-1, second)):
        circuit.ry(angle * math.pi / 4, target)
        circuit.cx(control, target)
    circuit.ry(-math.pi / 4, target)


def compressor() -> QuantumCircuit:
    """Return the compressor of three qubits: control, near, far; far is discarded.

    The code of the kept strings is: none 1 -> 00, the first 1 -> 10, the second -> 11, the third -> 01.
    """
    circuit = QuantumCircuit(3, name="compress")
    circuit.cx(1, 0)
    exchange(circuit, 0, 1, 2)
    return circuit


def expander() -> QuantumCircuit:
    """Return a circuit on control, near and a fresh qubit: codes of two bits become strings of weight 0, 1.

    00 -> none is 1; 10 -> the first; 11 -> the second; 01 -> the third. It undoes `compressor`. With control
    and near exchanged, so that the fresh qubit is next to the compressor's control, it does so up to the
    order of the outputs (`CROSSED`).
    """
    circuit = QuantumCircuit(3, name="expand")
    exchange(circuit, 0, 1, 2)
    circuit.cx(1, 0)
    return circuit


CROSSED = (2, 0, 1)
"""Copy -> place among the compressor's control and near and the fresh qubit, if these are given to `expander`
as its near, control and fresh one."""


def compressed_triple(angle: float) -> QuantumCircuit:
    """Return three entangled pairs cos(angle/2)|00> + sin(angle/2)|11>, their halves compressed, with ten CX.

    Qubits: three references; then the halves' control, near and far. The CX pairs are 0-1, 1-3, 3-4, 4-5,
    2-5, so a fresh qubit next to 3 or 4 gives a tree that heavy-hexagonal devices hold. The first CX of the
    compressor is part of the preparation: the row of two pairs would need swaps without it.
    """
    circuit = QuantumCircuit(6, name="compressed pairs")
    for source in (1, 4, 5):
        circuit.ry(angle, source)
    circuit.cx(5, 2)
    circuit.cx(4, 3)
    circuit.cx(1, 3)  # the sum of the first two letters: what the compressor begins with
    circuit.cx(1, 0)
    circuit.cx(3, 1)
    exchange(circuit, 3, 4, 5)
    return circuit


def pair(angle: float) -> QuantumCircuit:
    """Return one entangled pair cos(angle/2)|00> + sin(angle/2)|11>, with one CX."""
    circuit = QuantumCircuit(2, name="pair")
    circuit.ry(angle, 0)
    circuit.cx(0, 1)
    return circuit


def angle_of(largest: float) -> float:
    """Return the angle of a pair whose larger eigenvalue is given."""
    return 2 * math.acos(math.sqrt(min(1.0, largest)))


def _split(n: int, m: int) -> tuple[Block, ...] | None:
    for triples in range(n // 3 + 1):
        sent = m - 2 * triples
        dropped = n - 3 * triples - sent
        if min(sent, dropped) >= 0 and _weights(triples, sent, dropped) == _likeliest(n, m):
            return (TRIPLE,) * triples + (SENT,) * sent + (DROPPED,) * dropped
    return None


def _likeliest(n: int, m: int) -> list[int]:
    """Return how many of the 2^m likeliest strings have each weight."""
    left, counts = 2**m, []
    for weight in range(n + 1):
        counts.append(min(left, math.comb(n, weight)))
        left -= counts[-1]
    return counts


def _weights(triples: int, sent: int, dropped: int) -> list[int]:
    """Return how many of the strings that blocks keep have each weight: (1 + 3x)^triples (1 + x)^sent."""
    counts = [1] + [0] * (3 * triples + sent + dropped)
    for times in [3] * triples + [1] * sent:
        counts = [c + times * before for c, before in zip(counts, [0, *counts[:-1]], strict=True)]
    return counts
