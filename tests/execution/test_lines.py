"""Three qubits on a line: the same operation, gates between neighbours alone, no more of them than needed."""

from __future__ import annotations

import itertools

import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Operator

from qcoord_hw.catalogue import load_spec
from qcoord_hw.execution.equivalence import check_equivalence
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.lines import cheapest, on_line, orders, pairs_of
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.targets import fake_chip, place_circuits
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.qudits.three_qubits import weyl


def random_circuit(rng, gates: int) -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    for _ in range(gates):
        circuit.ry(float(rng.uniform(0, 6)), int(rng.integers(3)))
        a, b = map(int, rng.choice(3, 2, replace=False))
        circuit.cz(a, b) if rng.random() < 0.7 else circuit.cx(a, b)
    return circuit


def standing(circuit: QuantumCircuit, order) -> QuantumCircuit:
    placed = circuit.copy_empty_like()
    placed.compose(circuit, [order.index(q) for q in range(3)], inplace=True)
    return placed


def test_a_circuit_on_a_line_does_the_same_between_neighbours(rng):
    for gates in (1, 2, 5, 9):
        circuit = random_circuit(rng, gates)
        for order in orders(3, mirrored=True):
            moved = on_line(circuit, order)
            assert {frozenset(pair) for pair in interactions(moved)} <= {frozenset((0, 1)), frozenset((1, 2))}
            assert Operator(moved).equiv(Operator(standing(circuit, order)))


def test_measurements_are_of_the_qubits_that_they_are_of():
    circuit = QuantumCircuit(3, 3)
    circuit.x(0)
    circuit.cz(0, 2)
    circuit.cz(0, 1)
    circuit.cz(1, 2)
    circuit.measure(range(3), range(3))
    for order in orders(3, mirrored=True):
        moved, state = on_line(circuit, order, back=False), [0, 0, 0]
        for i in moved.data:
            places = [moved.find_bit(q).index for q in i.qubits]
            if i.operation.name in ("swap", "iswap"):
                state[places[0]], state[places[1]] = state[places[1]], state[places[0]]
            elif i.operation.name == "x":
                state[places[0]] ^= 1
            elif i.operation.name == "measure":
                assert state[places[0]] == (moved.find_bit(i.clbits[0]).index == 0)


@pytest.mark.parametrize(("p", "gates"), [(5, 10), (7, 12)])
def test_no_way_with_fewer_gates_exists(p, gates):
    """Exhaustively: swaps behind each gate, in any order, of any number up to two."""
    circuit, _, _ = weyl(p)
    pairs = pairs_of(circuit)
    moves = [(), (0,), (1,), (0, 1), (1, 0)]
    best = {}
    for order in orders(3):
        reached = {order: 0}
        for pair in [None, *pairs]:
            after: dict = {}
            for here, cost in reached.items():
                if pair is not None and abs(here.index(pair[0]) - here.index(pair[1])) != 1:
                    continue
                for way in moves:
                    now, total = list(here), cost + (pair is not None)
                    for n, left in enumerate(way):
                        behind = pair is not None and n == 0 and set(now[left : left + 2]) == set(pair)
                        total += 1 if behind else 3
                        now[left], now[left + 1] = now[left + 1], now[left]
                    after[tuple(now)] = min(total, after.get(tuple(now), 99))
            reached = after
        best[order] = reached[order]
        assert best[order] == len(pairs) + cheapest(pairs, order).cost
        assert min(reached.values()) == len(pairs) + cheapest(pairs, order, back=False).cost
    assert min(best.values()) == gates


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sum-2-f5", "example-1-f5", "magic-pentagram"])
def test_what_fits_nowhere_is_routed_within_each_ones_hands(name):
    experiment = build_experiment(load_spec(name))
    program, chip = program_of(experiment), fake_chip("fake_torino")
    placed, layout = place_circuits(program, (), chip)
    coupled = {frozenset(g.qubits) for g in chip.gates if len(g.qubits) == 2}
    for built, circuit, told in zip(program.circuits, placed, describe(experiment)["circuits"], strict=True):
        for pair in itertools.chain(interactions(circuit)):
            assert frozenset(layout[q] for q in pair) in coupled
        check_equivalence(told["events"], built, circuit)
