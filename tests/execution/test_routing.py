"""Swaps where one hand holds all qubits: coupled pairs alone, the same outcomes, the middle untouched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qiskit.circuit import Barrier, Parameter, QuantumCircuit
from qiskit.quantum_info import Statevector

from qcoord_hw.errors import TooLargeError
from qcoord_hw.execution import routing
from qcoord_hw.execution.frames import frame_circuit, is_clifford, outcomes
from qcoord_hw.execution.layout import choose_layout
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.routing import routed_circuits
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.snapshot import Snapshot
from qcoord_hw.execution.targets import NoiseTarget, fake_backends, place_circuits
from qcoord_hw.families.experiment import Experiment, Setting
from qcoord_hw.families.linear_computation.circuits import task_experiment
from qcoord_hw.network import NetworkCircuit, many_to_one
from qcoord_hw.theory.linear_computation.task import task_from_json


@pytest.fixture(scope="module")
def torino() -> NoiseTarget:
    return NoiseTarget(fake_backends()["fake_torino"]())


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return Snapshot.of(fake_backends()["fake_torino"]())


def computation(order: int, servers: int, inputs: int = 4) -> Experiment:
    names = {"ABCD"[s]: [[1]] for s in range(servers)}
    task = task_from_json({"field": order, "servers": names})
    return task_experiment(task, name="t", title="t", inputs=inputs)


def joining(snapshot: Snapshot) -> list:
    return [gate for gate in snapshot.gates if len(gate.qubits) == 2]


def two_pairs() -> Experiment:
    servers = {"A": [[1], [0]], "B": [[0], [1]], "C": [[1], [0]], "D": [[0], [1]]}
    return task_experiment(task_from_json({"field": 3, "servers": servers}), name="t", title="t", inputs=4)


def listed(circuit: QuantumCircuit) -> list[tuple]:
    return [
        (
            i.operation.name,
            tuple(map(str, i.operation.params)),
            tuple(circuit.find_bit(q).index for q in i.qubits),
            tuple(circuit.find_bit(c).index for c in i.clbits),
        )
        for i in circuit.data
    ]


def cut(circuit: QuantumCircuit) -> list[list[tuple]]:
    """The instructions between barriers over all qubits."""
    parts: list[list[tuple]] = [[]]
    for i, plain in zip(circuit.data, listed(circuit), strict=True):
        if isinstance(i.operation, Barrier) and len(i.qubits) == circuit.num_qubits:
            parts.append([])
        else:
            parts[-1].append(plain)
    return parts


def wires(parts: list[list[tuple]]) -> list[list[list[tuple]]]:
    """What happens to each qubit in each part; gates on different qubits have no order among them."""
    return [[[i for i in part if q in i[2]] for q in range(64)] for part in parts]


def distribution(circuit: QuantumCircuit, values: tuple[float, ...]) -> np.ndarray:
    """Outcome probabilities, classical bit 0 the most significant."""
    wire = {}
    for i in circuit.data:
        if i.operation.name == "measure":
            wire[circuit.find_bit(i.clbits[0]).index] = circuit.find_bit(i.qubits[0]).index
    bare = QuantumCircuit(circuit.num_qubits)
    bound = circuit.assign_parameters(list(values)) if values else circuit
    for i in bound.data:
        if i.operation.name not in ("measure", "barrier"):
            bare.append(i.operation, [bound.find_bit(q).index for q in i.qubits])
    state = np.abs(Statevector(bare).data.reshape((2,) * circuit.num_qubits)) ** 2
    size = circuit.num_qubits  # axis k of the array is qubit size - 1 - k
    order = [size - 1 - wire[c] for c in range(circuit.num_clbits)]
    rest = tuple(k for k in range(size) if k not in order)
    kept = sorted(order)
    return state.sum(axis=rest).transpose([kept.index(k) for k in order]).reshape(-1)


CASES = {
    "sum of 2, F_3": lambda: computation(3, 2),
    "sum of 3, F_3": lambda: computation(3, 3),
    "two pairs, F_3": two_pairs,
    "sum of 4, F_3": lambda: computation(3, 4),
}


@pytest.mark.few(1)
@pytest.mark.parametrize("name", CASES)
def test_a_routed_circuit_does_the_same_on_coupled_pairs(name, snapshot):
    experiment = CASES[name]()
    program = program_of(experiment)
    (before,) = program.circuits
    with pytest.raises(TooLargeError):
        choose_layout(program.circuits, snapshot)
    found = routed_circuits(program, snapshot)
    assert found is not None
    (after,) = found
    assert after.num_qubits == before.num_qubits
    assert after.num_clbits == before.num_clbits
    assert [p.name for p in after.parameters] == [p.name for p in before.parameters]
    # Only coupled pairs.
    layout = choose_layout(found, snapshot)
    assert len(set(layout)) == after.num_qubits
    coupled = {frozenset(g.qubits) for g in snapshot.gates if len(g.qubits) == 2}
    for operation, _, qubits, _ in listed(after):
        if operation != "barrier" and len(qubits) > 1:
            assert frozenset(layout[q] for q in qubits) in coupled
    # The parties' stages are as they were.
    assert len(cut(after)) == len(cut(before))
    assert wires(cut(after)[1:-1]) == wires(cut(before)[1:-1])
    # Outcomes mean the same.
    for setting in program.settings:
        np.testing.assert_allclose(
            distribution(after, setting.values), distribution(before, setting.values), atol=1e-7
        )


def test_parts_are_routed_apart(snapshot):
    """Two pairs that no gate joins stay two pairs."""
    experiment = two_pairs()
    program = program_of(experiment)

    def joined(circuit: QuantumCircuit) -> list[set[int]]:
        groups = [{q} for q in range(circuit.num_qubits)]
        for name, _, qubits, _ in listed(circuit):
            if name != "barrier":
                merged = set().union(*(g for g in groups if g & set(qubits)))
                groups = [g for g in groups if not g & set(qubits)] + [merged]
        return sorted(groups, key=min)

    found = routed_circuits(program, snapshot)
    assert found is not None
    assert joined(found[0]) == joined(program.circuits[0])
    assert len(joined(found[0])) == 2


def line_and_star(star: int) -> tuple[QuantumCircuit, tuple[bool, ...]]:
    """A star of `star` qubits, which fits no heavy hexagon, beside a pair, which does; data in between."""
    net = NetworkCircuit(many_to_one("A", "B"))
    prepare = QuantumCircuit(star + 2)
    prepare.h(0)
    for q in range(1, star):
        prepare.cx(0, q)
    prepare.h(star)
    prepare.cz(star, star + 1)
    shares = net.share_state(prepare, {"A": star, "B": 2})
    for party in "AB":
        gate = QuantumCircuit(1)
        gate.rx(net.data(party, f"{party}_x", 1)[0], 0)
        net.local(party, gate, shares[party][:1])
    for party in "AB":
        net.send(party, "User", shares[party])
    everything = shares["A"] + shares["B"]
    net.local("User", prepare.inverse(), everything)
    net.measure("User", everything[::-1])
    return net.circuit, net.movable


@pytest.mark.parametrize("star", [5, 6])
def test_what_fits_stays_as_it_is(rng, star, snapshot):
    circuit, movable = line_and_star(star)
    values = [tuple(rng.uniform(0, 3, 2)) for _ in range(3)]
    settings = tuple(Setting(str(k), 0, v, input=k) for k, v in enumerate(values))
    found = routed_circuits(Program((circuit,), settings, (movable,)), snapshot)
    assert found is not None
    pair = {star, star + 1}

    def apart(circuit: QuantumCircuit) -> list[list[list[tuple]]]:
        return wires([[i for i in part if set(i[2]) <= pair] for part in cut(circuit)])

    assert apart(found[0]) == apart(circuit)
    choose_layout(found, snapshot)
    for v in values:
        np.testing.assert_allclose(distribution(found[0], v), distribution(circuit, v), atol=1e-7)


def test_nothing_moves_where_parties_hold_the_qubits(snapshot):
    circuit, movable = line_and_star(5)
    setting = (Setting("s", 0, (0.1, 0.2)),)
    for other in [
        (False, *movable[1:]),
        (*movable[:-1], False),
        (),
        (True,),
        (*movable, True),
    ]:
        assert routed_circuits(Program((circuit,), setting, (other,)), snapshot) is None
    twice = (Setting("s", 0, (0.1, 0.2)), Setting("t", 1, (0.1, 0.2)))
    assert routed_circuits(Program((circuit, circuit), twice, (movable, movable)), snapshot) is None


@pytest.mark.parametrize("couplings", [[], [(0, 1), (2, 3)]])
def test_a_chip_in_pieces_is_refused_in_words(couplings, snapshot):
    circuit, movable = line_and_star(5)
    program = Program((circuit,), (Setting("s", 0, (0.1, 0.2)),), (movable,))
    alone = [gate for gate in snapshot.gates if len(gate.qubits) == 1]
    pairs = [replace(gate, qubits=pair) for gate in joining(snapshot)[:1] for pair in couplings]
    pieces = replace(snapshot, gates=(*alone, *pairs))
    assert routed_circuits(program, pieces) is None
    with pytest.raises(TooLargeError, match="no free qubits coupled"):
        place_circuits(program, (), pieces)


def test_gates_of_the_middle_are_not_routed(snapshot):
    """A server's own gates that fit nowhere are refused: its qubits cannot pass through others."""
    net = NetworkCircuit(many_to_one("A", "B"))
    prepare = QuantumCircuit(6)
    prepare.h(0)
    shares = net.share_state(prepare, {"A": 5, "B": 1})
    star = QuantumCircuit(5)
    for q in range(1, 5):
        star.cx(0, q)
    net.local("A", star, shares["A"])
    for party in "AB":
        net.send(party, "User", shares[party])
    net.measure("User", shares["A"] + shares["B"])
    program = Program((net.circuit,), (Setting("s"),), (net.movable,))
    assert net.movable == (True, False, True)
    assert routed_circuits(program, snapshot) is None


def test_measurements_before_the_middle_are_left_alone(snapshot):
    """A first stage that cannot be undone cannot be routed backwards: refused, not crashed."""
    net = NetworkCircuit(many_to_one("A"))
    mine = net.allocate("A", 5)
    star = QuantumCircuit(5)
    for q in range(1, 5):
        star.cx(0, q)
    net.local("A", star, mine)
    net.measure("A", mine[4:])
    net.barrier()
    gate = QuantumCircuit(1)
    gate.x(0)
    net.local("A", gate, mine[:1])
    net.send("A", "User", mine[:4])
    net.measure("User", mine[:4])
    program = Program((net.circuit,), (Setting("s"),), (net.movable,))
    found = routed_circuits(program, snapshot)
    if found is not None:
        np.testing.assert_allclose(distribution(found[0], ()), distribution(net.circuit, ()), atol=1e-7)


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["sum of 2, F_3", "two pairs, F_3"])
def test_compiled_for_the_target(name, torino):
    """What the noise model runs: two-qubit gates of the device alone, and the same ideal outcomes."""
    program = program_of(CASES[name]())
    prepared = torino.prepare(program, ())
    (compiled,) = prepared.circuits
    position = {physical: k for k, physical in enumerate(prepared.layout)}
    coupled = {
        frozenset(position[q] for q in g.qubits) for g in prepared.snapshot.gates if len(g.qubits) == 2
    }
    for operation, _, qubits, _ in listed(compiled):
        if operation != "barrier" and len(qubits) > 1:
            assert operation == "cz"
            assert frozenset(qubits) in coupled
    for setting in program.settings[:3]:
        np.testing.assert_allclose(
            distribution(compiled, setting.values),
            distribution(program.circuits[0], setting.values),
            atol=1e-6,
        )
    middle = [i for part in cut(compiled)[1:-1] for i in part]
    size = 2
    for _, _, qubits, _ in middle:
        assert len({q // size for q in qubits}) == 1, "the parties' gates stay on their digits"


def test_four_qubits_that_one_holder_joins_in_all_pairs_are_refused_in_words(torino):
    """Three would go on a line; four of one hand fit no heavy hexagon, and nothing moves."""
    net = NetworkCircuit(many_to_one("A", "B"), "t")
    share = net.share_state(QuantumCircuit(4), {"A": 3, "B": 1})
    (fourth,) = net.allocate("A", 1, "own")
    net.barrier()
    mine = [*share["A"], fourth]
    every = QuantumCircuit(4)
    for a in range(4):
        for b in range(a):
            every.cz(a, b)
    net.local("A", every, mine)
    net.measure("A", mine, "a")
    program = Program((net.circuit,), (Setting("s"),), (net.movable,))
    with pytest.raises(TooLargeError, match=r"^target: fake_torino: found no free qubits "):
        torino.prepare(program, ())


@pytest.mark.slow
def test_what_no_density_matrix_holds_stays_clifford(torino, snapshot):
    """A star of 13 qubits needs swaps; its circuit is a Clifford one still, with the same outcomes."""
    circuit, movable = line_and_star(13)
    settings = (Setting("s", 0, (0.0, 0.0)), Setting("t", 0, (float(np.pi), 0.0), input=1))
    program = Program((circuit,), settings, (movable,))
    with pytest.raises(TooLargeError):
        choose_layout(program.circuits, snapshot)
    prepared = torino.prepare(program, ())
    assert is_clifford(prepared.circuits[0], [one.values for one in settings])
    whole = [[c] for c in range(circuit.num_clbits)]
    for one in settings:
        ideal, routed = (
            outcomes(frame_circuit(bind(c, one.values), None), whole) for c in (circuit, prepared.circuits[0])
        )
        np.testing.assert_allclose(ideal, routed, atol=1e-12)


def test_circuits_whose_inputs_are_shifted_stay_clifford(snapshot, monkeypatch):
    """Not those of older runs, which are routed as they were, nor others that fit a density matrix."""
    monkeypatch.setattr(routing, "TRIALS", 2)
    circuit, movable = line_and_star(5)
    shifted = Program((circuit,), (Setting("s", 0, (0.0, 0.0), flips=()),), (movable,))
    other = replace(shifted, settings=(Setting("s", 0, (0.0, 0.0)),))
    programs = shifted, other, replace(shifted, engine=2)
    found = [routed_circuits(program, snapshot)[0] for program in programs]
    assert [is_clifford(one) for one in found] == [True, False, False]
    ideal, routed = (
        outcomes(frame_circuit(bind(c, (0.0, 0.0)), None), [[k] for k in range(c.num_clbits)])
        for c in (circuit, found[0])
    )
    np.testing.assert_allclose(ideal, routed, atol=1e-12)


def test_a_parameter_in_the_source_survives(snapshot):
    """Routing keeps parameters wherever they stand."""
    circuit, movable = line_and_star(5)
    t = Parameter("t")
    whole = circuit.copy_empty_like()
    whole.rz(t, 0)
    whole.compose(circuit, inplace=True)
    found = routed_circuits(Program((whole,), (Setting("s", 0, (0.1, 0.2, 0.3)),), (movable,)), snapshot)
    assert found is not None
    np.testing.assert_allclose(
        distribution(found[0], (0.1, 0.2, 0.3)), distribution(whole, (0.1, 0.2, 0.3)), atol=1e-7
    )
