"""The multiple-access network: circuits against matrices, rates, owners, users' states, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
import rustworkx as rx
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.builders import build
from qcoord_hw.families.coordination.multiple_access.protocols import build_multiple_access
from qcoord_hw.spec import read_spec
from qcoord_hw.theory.finite_blocklength import compress
from qcoord_hw.theory.information import trace_norm

CATALOGUE = Path(__file__).parents[3] / "circuits" / "coordination"
HEAVY_HEX = rx.PyGraph(multigraph=False)
HEAVY_HEX.extend_from_edge_list(list(CouplingMap.from_heavy_hex(7).graph.to_undirected().edge_list()))


def made(plan, case):
    """The density matrix of a case's outputs, by the statevector of the circuit."""
    (preparation,) = plan.preparations
    circuit = preparation.net.circuit
    n = circuit.num_qubits
    vector = Statevector(circuit).data.reshape((2,) * n).transpose(range(n)[::-1])
    keep = [circuit.find_bit(preparation.outputs[k]).index for k in case.outputs]
    rest = [q for q in range(n) if q not in keep]
    matrix = vector.transpose(keep + rest).reshape(2 ** len(keep), -1)
    return matrix @ matrix.conj().T


def figures(plan):
    """Fidelity and trace norm of each case."""
    found = []
    for case in plan.cases:
        rho = made(plan, case)
        difference = rho - np.outer(case.target, case.target.conj())
        found.append(((case.target.conj() @ rho @ case.target).real, trace_norm(difference)))
    return found


def isometry(rows, columns, rng):
    return np.linalg.qr(rng.normal(size=(rows, columns)) + 1j * rng.normal(size=(rows, columns)))[0]


def two_pairs(p, q, charlie, rng, dimensions=(2, 2)):
    """A target: pairs in random bases, and Charlie's isometry, shape (d_C, ranks multiplied)."""
    ranks = [1 + (r < 1) for r in (p, q)]
    phi = isometry(dimensions[0], ranks[0], rng) * np.sqrt([p, 1 - p][: ranks[0]])
    chi = isometry(dimensions[1], ranks[1], rng) * np.sqrt([q, 1 - q][: ranks[1]])
    return np.einsum("ai,bj,cij->abc", phi, chi, charlie.reshape(-1, *ranks))


def as_option(ket):
    density = np.outer(ket.ravel(), ket.ravel().conj())
    return json.dumps(
        {
            "systems": dict(zip("ABC", ket.shape, strict=True)),
            "density": [[[z.real, z.imag] for z in row] for row in density],
        }
    )


def check_target(plan, ket):
    """The targets are parts of the copies of the state, in the order A, B, C."""
    qubits = [(d - 1).bit_length() for d in ket.shape]
    wide = np.zeros([2**k for k in qubits], dtype=complex)
    wide[tuple(map(slice, ket.shape))] = ket
    whole = np.ones(1)
    for _ in range(plan.copies):
        whole = np.kron(whole, wide.ravel())
    size = sum(qubits) * plan.copies
    for case in plan.cases:
        rest = [k for k in range(size) if k not in case.outputs]
        matrix = whole.reshape((2,) * size).transpose([*case.outputs, *rest]).reshape(len(case.target), -1)
        assert case.target.conj() @ matrix @ matrix.conj().T @ case.target == pytest.approx(1, abs=1e-9)


def fits_heavy_hex(circuit):
    """Whether the two-qubit gates fall on coupled qubits of such devices, part by part."""
    graph = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(circuit.num_qubits))
    for i in circuit.data:
        if len(i.qubits) == 2 and i.operation.name != "barrier":
            graph.add_edge(*(circuit.find_bit(q).index for q in i.qubits), None)
    parts = (graph.subgraph(list(part)) for part in rx.connected_components(graph))
    return all(rx.is_subgraph_isomorphic(HEAVY_HEX, part, induced=False, id_order=False) for part in parts)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (3, 2), (4, 3)])
@pytest.mark.parametrize("sender", ["Alice", "Bob"])
def test_circuits_reach_the_finite_block_length_figures(n, m, sender):
    plan = build_multiple_access({"state": "two-pairs:p=0.9,q=0.8", "n": n, "m": m, "senders": sender})
    largest = {"Alice": 0.9, "Bob": 0.8}[sender]
    theory = compress([largest, 1 - largest], n, m / n)
    ((fidelity, norm),) = figures(plan)
    assert fidelity == pytest.approx(theory.entanglement_fidelity, abs=1e-12)
    assert norm == pytest.approx(2 * theory.trace_distance, abs=1e-12)
    assert plan.exact == pytest.approx({"fidelity": fidelity, "trace_norm": norm}, abs=1e-12)


def test_three_copies_of_both_senders():
    plan = build_multiple_access({})
    assert [case.label for case in plan.cases] == ["Alice", "Bob"]
    assert plan.exact["fidelity"] == pytest.approx(0.944784)
    assert plan.exact["trace_norm"] == pytest.approx(0.359131, abs=1e-6)
    (preparation,) = plan.preparations
    net = preparation.net
    assert {link: used["qubits"] for link, used in net.usage.items()} == {
        "Alice->Charlie": 2,
        "Bob->Charlie": 2,
    }
    owners = [net.owner(q) for q in preparation.outputs]
    assert owners == ["Alice", "Bob", "Charlie", "Charlie"] * 3
    # What is discarded stays with its sender: not sent, not reset, not an output.
    left = [q for q in net.circuit.qubits if q not in preparation.outputs]
    assert sorted(net.owner(q) for q in left) == ["Alice", "Bob"]
    assert set(net.circuit.count_ops()) == {"cx", "ry", "x", "barrier"}
    assert net.circuit.num_nonlocal_gates() == 32
    for fidelity, norm in figures(plan):
        assert (fidelity, norm) == pytest.approx((0.944784, 0.359131), abs=1e-6)


def test_the_gates_of_one_sender_are_sixteen_on_a_tree_of_heavy_hexagonal_devices():
    circuit = build_multiple_access({"senders": "Alice"}).preparations[0].net.circuit
    assert circuit.num_nonlocal_gates() == 16
    assert fits_heavy_hex(circuit)


def test_sending_without_coding_at_the_same_rate():
    plan = build_multiple_access({"protocol": "naive", "n": 3, "m": 2})
    for fidelity, norm in figures(plan):
        assert fidelity == pytest.approx(0.81)
        assert norm == pytest.approx(plan.exact["trace_norm"])
    assert plan.preparations[0].net.usage == build_multiple_access({}).preparations[0].net.usage


@pytest.mark.parametrize(("n", "m", "gates"), [(1, 1, 1), (2, 1, 1), (3, 2, 13), (4, 2, 13), (4, 3, 14)])
def test_what_a_sender_prepares_is_the_kept_part_and_nothing_is_discarded(n, m, gates):
    options = {"state": "two-pairs:p=0.8,q=0.9", "protocol": "prepared", "n": n, "m": m, "senders": "Alice"}
    plan = build_multiple_access(options)
    ((fidelity, norm),) = figures(plan)
    assert fidelity == pytest.approx(compress([0.8, 0.2], n, m / n).P, abs=1e-12)
    assert plan.exact == pytest.approx({"fidelity": fidelity, "trace_norm": norm}, abs=1e-7)
    (preparation,) = plan.preparations
    circuit = preparation.net.circuit
    assert set(circuit.qubits) == set(preparation.outputs)
    assert circuit.num_nonlocal_gates() == gates
    assert fits_heavy_hex(circuit)
    projected = build_multiple_access(options | {"protocol": "schumacher"}).preparations[0].net
    assert preparation.net.usage == projected.usage
    assert gates <= projected.circuit.num_nonlocal_gates()


def test_what_senders_prepare_where_their_halves_are_joined():
    rng = np.random.default_rng(5)
    ket = two_pairs(0.9, 0.7, isometry(4, 4, rng), rng)
    plan = build_multiple_access({"state": as_option(ket), "protocol": "prepared", "n": 2, "m": 1})
    check_target(plan, ket)
    ((fidelity, _),) = figures(plan)
    assert fidelity == pytest.approx(0.9 * 0.7, abs=1e-9)
    assert plan.exact["fidelity"] == pytest.approx(fidelity, abs=1e-9)


def test_the_default_length_of_a_code_is_the_least_that_is_good():
    for protocol, least in (("schumacher", 2), ("prepared", 1)):
        plan = build_multiple_access({"protocol": protocol, "n": 2, "state": "two-pairs:p=0.9,q=0.9"})
        assert plan.preparations[0].net.usage["Alice->Charlie"]["qubits"] == least


@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("n", [1, 3])
def test_random_bases_and_local_isometries(n, crossed):
    rng = np.random.default_rng(2 * n + crossed)
    charlie = np.kron(isometry(2, 2, rng), isometry(2, 2, rng)).reshape(2, 2, 4)
    if crossed:  # C's first qubit is from Bob
        charlie = charlie.transpose(1, 0, 2)
    ket = two_pairs(0.85, 0.95, charlie.reshape(4, 4), rng)
    plan = build_multiple_access({"state": as_option(ket), "n": n, "m": min(n, 2)})
    assert [case.label for case in plan.cases] == ["Alice", "Bob"]
    check_target(plan, ket)
    for (fidelity, norm), largest in zip(figures(plan), (0.85, 0.95), strict=True):
        theory = compress([largest, 1 - largest], n, min(n, 2) / n)
        assert fidelity == pytest.approx(theory.entanglement_fidelity, abs=1e-9)
        assert norm == pytest.approx(2 * theory.trace_distance, abs=1e-6)
    assert fits_heavy_hex(plan.preparations[0].net.circuit)


@pytest.mark.few(1)
@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1)])
@pytest.mark.parametrize("seed", [1, 2])
def test_random_isometries_that_join_the_halves(n, m, seed):
    rng = np.random.default_rng(seed)
    ket = two_pairs(0.9, 0.7, isometry(4, 4, rng), rng)
    plan = build_multiple_access({"state": as_option(ket), "n": n, "m": m})
    check_target(plan, ket)
    ((fidelity, norm),) = figures(plan)
    theory = compress([0.9, 0.1], n, m / n, [0.7, 0.3], m / n)
    assert fidelity == pytest.approx(theory.two_sender_entanglement_fidelity, abs=1e-9)
    assert norm == pytest.approx(2 * theory.two_sender_trace_distance, abs=1e-6)
    assert plan.exact == pytest.approx({"fidelity": fidelity, "trace_norm": norm}, abs=1e-6)
    assert fits_heavy_hex(plan.preparations[0].net.circuit)


def test_three_copies_whose_halves_are_joined():
    rng = np.random.default_rng(3)
    ket = two_pairs(0.9, 0.95, isometry(4, 4, rng), rng)
    plan = build_multiple_access({"state": as_option(ket), "n": 3, "m": 2})
    (preparation,), (case,) = plan.preparations, plan.cases
    circuit, n = preparation.net.circuit, preparation.net.circuit.num_qubits
    check_target(plan, ket)
    vector = Statevector(circuit).data.reshape((2,) * n).transpose(range(n)[::-1])
    keep = [circuit.find_bit(q).index for q in preparation.outputs]
    rest = [q for q in range(n) if q not in keep]
    branches = vector.transpose(keep + rest).reshape(len(case.target), -1)
    theory = compress([0.9, 0.1], 3, 2 / 3, [0.95, 0.05], 2 / 3)
    fidelity = (np.abs(case.target.conj() @ branches) ** 2).sum()
    assert fidelity == pytest.approx(theory.two_sender_entanglement_fidelity, abs=1e-9)
    assert fits_heavy_hex(circuit)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("p", "q", "dimensions", "sent"),
    [
        (0.7, 1, (2, 2, 4), {"Alice->Charlie": 2}),
        (0.7, 1, (2, 1, 3), {"Alice->Charlie": 2}),
        (1, 0.6, (1, 2, 2), {"Bob->Charlie": 2}),
        (1, 0.6, (2, 2, 3), {"Bob->Charlie": 2}),
        (1, 1, (2, 2, 4), {}),
        (1, 1, (2, 1, 3), {}),
        (1, 1, (2, 2, 1), {}),
    ],
)
def test_a_sender_without_a_share_sends_nothing(p, q, dimensions, sent):
    rng = np.random.default_rng(5)
    ranks = (1 + (p < 1)) * (1 + (q < 1))
    ket = two_pairs(p, q, isometry(dimensions[2], ranks, rng), rng, dimensions[:2])
    plan = build_multiple_access({"state": as_option(ket), "n": 2})
    usage = plan.preparations[0].net.usage
    assert {link: used["qubits"] for link, used in usage.items()} == sent
    check_target(plan, ket)
    for fidelity, norm in figures(plan):
        assert fidelity == pytest.approx(1, abs=1e-9)
        assert norm == pytest.approx(0, abs=1e-5)


def test_a_pair_with_nobody_else_is_compressed():
    ket = np.diag(np.sqrt([0.9, 0.1])).reshape(2, 1, 2)
    plan = build_multiple_access({"state": as_option(ket), "n": 3, "m": 2})
    ((fidelity, _),) = figures(plan)
    assert fidelity == pytest.approx(0.944784)
    assert plan.preparations[0].net.circuit.num_nonlocal_gates() == 16


def test_rates_are_those_of_theorem_9_and_of_the_circuit():
    rates = build_multiple_access({"state": "two-pairs:p=0.9,q=0.8", "n": 3, "m": 2}).rates
    assert rates["Q1 asymptotic"]["value"] == pytest.approx(0.468996, abs=1e-6)
    assert rates["Q2 asymptotic"]["value"] == pytest.approx(0.721928, abs=1e-6)
    assert rates["Q1 at this n"]["value"] == rates["Q2 at this n"]["value"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "ghz"}, "omega_AB is not omega_A"),
        ({"state": "werner"}, "mixed"),
        ({"state": "example-2"}, "omega_AB"),
        ({"n": 7}, "n: 7"),
        ({"n": 6, "m": 3}, "m: 3; allowed with n = 6"),
        ({"n": 3, "m": 4}, "m: 4"),
        ({"protocol": "teleport"}, "protocol: "),
        ({"senders": "Charlie"}, "senders: "),
        ({"colour": 1}, "colour: "),
    ],
)
def test_refusals_are_one_line(options, message):
    with pytest.raises(InputError, match=message) as error:
        build_multiple_access(options)
    assert "\n" not in str(error.value)


def test_too_large_systems_and_cases_are_refused():
    rng = np.random.default_rng(6)
    ket = isometry(3, 3, rng)[:, None] / np.sqrt(3)
    with pytest.raises(InputError, match="dimensions"):
        build_multiple_access({"state": as_option(ket)})
    joined = as_option(two_pairs(0.9, 0.9, isometry(4, 4, rng), rng))
    with pytest.raises(InputError, match="output qubits"):
        build_multiple_access({"state": joined, "n": 4, "m": 3})
    with pytest.raises(InputError, match="senders"):
        build_multiple_access({"state": joined, "senders": "Alice"})


@pytest.mark.parametrize(
    ("name", "fidelity"),
    [
        ("mac-n2", 0.9),
        ("mac-n2-projection", 0.81),
        ("mac-n3", 0.972),
        ("mac-n3-projection", 0.944784),
        ("mac-n3-naive", 0.81),
        ("mac-n6", 0.944784),
    ],
)
def test_the_catalogue(name, fidelity):
    experiment = build(read_spec(CATALOGUE / f"{name}.toml"))
    assert experiment.play.exact["fidelity_exact"] == pytest.approx(fidelity, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "fidelity"),
    [
        ("mac-n4", 0.972),
        ("mac-n4-low", 0.8748),
        ("mac-n4-projection", 0.944784),
        ("mac-n4-low-projection", 0.765275),
        ("mac-n6-projection", 0.892617),
    ],
)
def test_the_larger_ones_of_the_catalogue(name, fidelity):
    spec = read_spec(CATALOGUE / f"{name}.toml")
    plan = build_multiple_access(spec.options)
    assert plan.exact["fidelity"] == pytest.approx(fidelity, abs=1e-6)
    assert fits_heavy_hex(plan.preparations[0].net.circuit)
