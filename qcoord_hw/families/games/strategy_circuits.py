"""Explicit quantum strategies: the state Alice prepares, who gets which share, how each player measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qiskit.circuit import QuantumCircuit

from qcoord_hw.theory.value import Value


@dataclass(frozen=True, eq=False)
class Strategy:
    """An explicit quantum strategy for a game.

    Attributes:
        preparation: what Alice applies to |0..0> in her laboratory.
        shares: for each player, which qubits of the preparation it receives.
        basis: `basis(player, question)` is the circuit that a player applies to its register (its share, then
            its fresh qubits) before it measures in the computational basis, and the qubits of the register
            in the order in which the outcomes are read as an answer, most significant bit first.
        value: the win probability (or mean score) that theory gives for this strategy.
        fresh: for each player, how many qubits in |0> of its own it measures besides; none if empty.
        decoded: decoded[player][question][outcome] is the answer that an outcome stands for, -1 where it is
            none (leakage); without it an outcome is the answer.
    """

    preparation: QuantumCircuit
    shares: tuple[tuple[int, ...], ...]
    basis: Callable[[int, int], tuple[QuantumCircuit, Sequence[int]]]
    value: Value
    fresh: tuple[int, ...] = ()
    decoded: tuple[tuple[tuple[int, ...], ...], ...] | None = None

    @property
    def registers(self) -> tuple[int, ...]:
        """How many qubits each player measures."""
        fresh = self.fresh or (0,) * len(self.shares)
        return tuple(len(share) + more for share, more in zip(self.shares, fresh, strict=True))

    def outcome(self, player: int, question: int, answer: int) -> int | None:
        """Return an outcome that stands for an answer; None if there is none."""
        if self.decoded is None:
            return answer
        outcomes = self.decoded[player][question]
        return outcomes.index(answer) if answer in outcomes else None


def chsh_strategy() -> Strategy:
    """Return the optimal CHSH strategy: |Phi+>, Bob measures Z or X, Charlie (Z +- X)/sqrt2."""
    pair = QuantumCircuit(2, name="epr")
    pair.h(0)
    pair.cx(0, 1)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, Sequence[int]]:
        circuit = QuantumCircuit(1)
        if player == 0 and question == 1:
            circuit.h(0)
        elif player == 1:
            circuit.ry(-math.pi / 4 if question == 0 else math.pi / 4, 0)
        return circuit, (0,)

    value = Value(math.cos(math.pi / 8) ** 2, "exact", "[Tsirelson1980], cos^2(pi/8)")
    return Strategy(pair, ((0,), (1,)), basis, value)


def magic_square_strategy() -> Strategy:
    """Return a perfect magic-square strategy that needs only the line b2 - b1 - c1 - c2.

    Bob measures the rows and Charlie the columns of the square of commuting Pauli observables
    [Peres1990]

        XI  IX  XX
        IZ  ZI  ZZ
        XZ  ZX  YY

    on two EPR pairs. The pairs are prepared up to a local basis change: two CZ across the link
    b1 - c1 with one CX on each side between them give the graph state
    sum_bc (-1)^(b.Ac)|b>|c> with A = [[0, 1], [1, 1]], which is two EPR pairs after H on both of
    Charlie's qubits and the relabelling c -> Ac. In this frame Charlie's columns are
    {IZ, XI}, {ZZ, XX} and {ZI, IX}, so each player needs a two-qubit gate for one question only:
    4 to 6 two-qubit gates in all, and none between b2 and c2.
    """
    prepare = QuantumCircuit(4, name="two_pairs")  # b1, b2, c1, c2
    b1, b2, c1, c2 = range(4)
    prepare.h([b1, b2, c1, c2])
    prepare.cz(b1, c1)
    prepare.cx(b2, b1)
    prepare.cx(c2, c1)
    prepare.cz(b1, c1)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, Sequence[int]]:
        circuit = QuantumCircuit(2)
        if player == 0:
            if question == 0:  # XI, IX
                circuit.h([0, 1])
                return circuit, (0, 1)
            if question == 1:  # IZ, ZI
                return circuit, (1, 0)
            circuit.cz(0, 1)  # XZ, ZX
            circuit.h([0, 1])
            return circuit, (0, 1)
        if question == 0:  # IZ, XI
            circuit.h(0)
            return circuit, (1, 0)
        if question == 1:  # ZZ, XX
            circuit.cx(0, 1)
            circuit.h(0)
            return circuit, (1, 0)
        circuit.h(1)  # ZI, IX
        return circuit, (0, 1)

    return Strategy(prepare, ((b1, b2), (c1, c2)), basis, Value(1.0, "exact", "[Peres1990]"))


def ghz_strategy(players: int) -> Strategy:
    """Return the perfect GHZ strategy: (|0..0> + |1..1>)/sqrt2, X for question 0 and Y for question 1.

    The state is grown from the middle of a chain outwards, one CX a neighbour.
    """
    prepare = QuantumCircuit(players, name=f"ghz_{players}")
    middle = players // 2
    prepare.h(middle)
    for step in range(1, middle + 1):
        if middle + step < players:
            prepare.cx(middle + step - 1, middle + step)
        prepare.cx(middle - step + 1, middle - step)

    def basis(player: int, question: int) -> tuple[QuantumCircuit, Sequence[int]]:
        circuit = QuantumCircuit(1)
        if question == 1:
            circuit.sdg(0)
        circuit.h(0)
        return circuit, (0,)

    shares = tuple((i,) for i in range(players))
    return Strategy(prepare, shares, basis, Value(1.0, "exact", "[Mermin1990]"))
