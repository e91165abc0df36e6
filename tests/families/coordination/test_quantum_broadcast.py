"""The quantum broadcast network: circuits against vectors, compressed pairs, the literal map, refusals."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import rustworkx as rx
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.builders import build
from qcoord_hw.families.coordination.local_circuits.schumacher import angle_of, blocks
from qcoord_hw.families.coordination.quantum_broadcast.compressed import compressed_twins, twin_branches
from qcoord_hw.families.coordination.quantum_broadcast.protocols import build_quantum_broadcast
from qcoord_hw.spec import read_spec
from qcoord_hw.theory.finite_blocklength import compress
from qcoord_hw.theory.information import trace_norm
from qcoord_hw.theory.regions.literal_map import chsh_win
from qcoord_hw.theory.regions.quantum_broadcast import quantum_broadcast
from qcoord_hw.theory.states import state_from_json

CATALOGUE = Path(__file__).parents[3] / "circuits" / "coordination"
HEAVY_HEX = rx.PyGraph(multigraph=False)
HEAVY_HEX.extend_from_edge_list(list(CouplingMap.from_heavy_hex(7).graph.to_undirected().edge_list()))
TURNS = np.pi * np.array([0, 1 / 4])


def state_of(preparation):
    circuit = preparation.net.circuit
    n = circuit.num_qubits
    vector = Statevector(circuit).data.reshape((2,) * n).transpose(range(n)[::-1])
    keep = [circuit.find_bit(q).index for q in preparation.outputs]
    rest = [q for q in range(n) if q not in keep]
    matrix = vector.transpose(keep + rest).reshape(2 ** len(keep), -1)
    return matrix @ matrix.conj().T


def made(plan, case):
    return sum(weight * state_of(plan.preparations[k]) for k, weight in case.mixture)


def figures(plan):
    fidelity = norm = 0
    for case in plan.cases:
        rho = made(plan, case)
        fidelity += case.probability * (case.target.conj() @ rho @ case.target).real
        norm += case.probability * trace_norm(rho - np.outer(case.target, case.target.conj()))
    return fidelity, norm


def used(plan):
    usages = [p.net.usage for p in plan.preparations]
    assert all(usage == usages[0] for usage in usages)
    return {link: (u["qubits"], u["log2_dim"]) for link, u in usages[0].items()}


def fits_heavy_hex(circuit):
    graph = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(circuit.num_qubits))
    for i in circuit.data:
        if len(i.qubits) == 2 and i.operation.name != "barrier":
            graph.add_edge(*(circuit.find_bit(q).index for q in i.qubits), None)
    parts = (graph.subgraph(list(part)) for part in rx.connected_components(graph))
    return all(rx.is_subgraph_isomorphic(HEAVY_HEX, part, induced=False, id_order=False) for part in parts)


def unitary(d, rng):
    return np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]


def ensemble(sigma, bob, charlie):
    """A feasible ensemble as an option, and its vectors."""
    kets = {
        (x, y): np.einsum("jb,kc,abc->ajk", v, w, sigma)
        for (x, v), (y, w) in itertools.product(enumerate(bob), enumerate(charlie))
    }
    entries = [
        {
            "p": 1 / len(kets),
            "x": {"X": x, "Y": y},
            "density": [[[z.real, z.imag] for z in row] for row in np.outer(k.ravel(), k.ravel().conj())],
        }
        for (x, y), k in kets.items()
    ]
    systems = {"X": len(bob), "Y": len(charlie), **dict(zip("ABC", sigma.shape, strict=True))}
    return json.dumps({"systems": systems, "classical": ["X", "Y"], "ensemble": entries}), kets


def test_an_epr_pair_turned_to_the_chsh_bases():
    plan = build_quantum_broadcast({})
    assert used(plan) == {"Alice->Bob": (1, 1), "Alice->Charlie": (1, 1)}
    assert [case.label for case in plan.cases] == ["x=0 y=0", "x=0 y=1", "x=1 y=0", "x=1 y=1"]
    assert figures(plan) == pytest.approx((1, 0), abs=1e-9)
    won = 0
    for case, (x, y) in zip(plan.cases, np.ndindex(2, 2), strict=True):
        answers = made(plan, case).diagonal().real.reshape(2, 2)
        won += case.probability * sum(answers[b, b ^ (x & y)] for b in (0, 1))
    assert won == pytest.approx(np.cos(np.pi / 8) ** 2)
    circuits = [p.net.circuit for p in plan.preparations]
    assert {c.num_nonlocal_gates() for c in circuits} == {1}
    for preparation in plan.preparations:
        assert [preparation.net.owner(q) for q in preparation.outputs] == ["Bob", "Charlie"]
    acts = [[p.net.acts(party) for p in plan.preparations] for party in ("Alice", "Bob", "Charlie")]
    assert all(one == acts[0][0] for one in acts[0])  # Alice does not know the questions
    assert acts[1][0] == acts[1][1]  # Bob does not know y
    assert acts[2][0] == acts[2][2]  # Charlie does not know x


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("shape", "letters", "n", "sent"),
    [
        ((1, 2, 2), (2, 2), 1, {"Alice->Bob": (1, 1), "Alice->Charlie": (1, 1)}),
        ((1, 2, 2), (3, 2), 3, {"Alice->Bob": (3, 3), "Alice->Charlie": (3, 3)}),
        ((2, 2, 2), (2, 2), 1, {"Alice->Bob": (1, 1), "Alice->Charlie": (1, 1)}),
        ((2, 2, 1), (2, 1), 2, {"Alice->Bob": (2, 2)}),
        ((1, 4, 2), (2, 2), 1, {"Alice->Bob": (1, 1), "Alice->Charlie": (1, 1)}),
        ((1, 4, 4), (2, 1), 1, {"Alice->Bob": (2, 2), "Alice->Charlie": (2, 2)}),
        ((1, 3, 3), (1, 2), 1, {"Alice->Bob": (2, np.log2(3)), "Alice->Charlie": (2, np.log2(3))}),
        ((1, 2, 1), (2, 1), 1, {}),
    ],
)
def test_random_feasible_ensembles_are_made_exactly(shape, letters, n, sent):
    rng = np.random.default_rng(sum(shape) + n)
    sigma = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    sigma /= np.linalg.norm(sigma)
    bob, charlie = ([unitary(d, rng) for _ in range(k)] for d, k in zip(shape[1:], letters, strict=True))
    text, kets = ensemble(sigma, bob, charlie)
    plan = build_quantum_broadcast({"state": text, "n": n})
    assert used(plan).keys() == sent.keys()
    assert all(used(plan)[link] == pytest.approx(both) for link, both in sent.items())
    assert figures(plan) == pytest.approx((1, 0), abs=1e-5)
    for case, ket in zip(plan.cases, kets.values(), strict=True):
        wide = np.zeros([1 << (d - 1).bit_length() for d in shape], dtype=complex)
        wide[tuple(map(slice, shape))] = ket
        whole = np.ones(1)
        for _ in range(n):
            whole = np.kron(whole, wide.ravel())
        assert abs(np.vdot(whole, case.target)) == pytest.approx(1, abs=1e-9)
    assert all(fits_heavy_hex(p.net.circuit) for p in plan.preparations)


def test_what_only_alice_keeps_needs_no_link():
    text, _ = ensemble(np.ones((2, 1, 1)) / np.sqrt(2), [np.eye(1)], [np.eye(1)])
    plan = build_quantum_broadcast({"state": text})
    assert used(plan) == {}
    assert figures(plan) == pytest.approx((1, 0), abs=1e-9)


def test_a_ghz_state_is_fine():
    plan = build_quantum_broadcast({"state": "ghz", "n": 2})
    assert figures(plan) == pytest.approx((1, 0), abs=1e-9)
    preparation = plan.preparations[0]
    owners = [preparation.net.owner(q) for q in preparation.outputs]
    assert owners == ["Alice", "Bob", "Charlie"] * 2


def test_the_magic_square_takes_two_qubits_each_and_is_won():
    plan = build_quantum_broadcast(read_spec(CATALOGUE / "broadcast-magic-square.toml").options)
    assert used(plan) == {"Alice->Bob": (2, 2), "Alice->Charlie": (2, 2)}
    for case, (x, y) in zip(plan.cases, np.ndindex(3, 3), strict=True):
        answers = made(plan, case).diagonal().real.reshape(2, 2, 2, 2)
        won = 0
        for b0, b1, c0, c1 in np.ndindex(2, 2, 2, 2):
            row, column = (b0, b1, b0 ^ b1), (c0, c1, c0 ^ c1 ^ (y == 2))
            won += answers[b0, b1, c0, c1] * (row[y] == column[x])
        assert won == pytest.approx(1, abs=1e-9)
    assert all(fits_heavy_hex(p.net.circuit) for p in plan.preparations)


def majority_of_both(largest):
    """Three pairs, both halves compressed, written out string by string: rho in the order B1 C1 B2 C2 .."""
    kept, failed = np.zeros((8, 8)), np.zeros((8, 8))
    decoded = {(0, 0): (0, 0, 0), (1, 0): (1, 0, 0), (1, 1): (0, 1, 0), (0, 1): (0, 0, 1)}
    for s in np.ndindex(2, 2, 2):
        amplitude = np.sqrt(np.prod([1 - largest if bit else largest for bit in s]))
        control = s[0] ^ s[1]
        near = s[1] if control else s[2]
        at = int("".join(map(str, decoded[control, near])), 2)
        if sum(s) < 2:
            kept[at, at] += amplitude
        else:
            failed[at, at] += -amplitude if s == (1, 1, 1) else amplitude
    order = (0, 3, 1, 4, 2, 5)
    vectors = [m.reshape((2,) * 6).transpose(order).ravel() for m in (kept, failed)]
    return sum(np.outer(v, v) for v in vectors)


@pytest.mark.parametrize("largest", [0.9, 0.8, 0.6])
def test_both_halves_compressed_from_three_to_two(largest):
    plan = build_quantum_broadcast(
        {"state": f"broadcast-compressed:p={largest}", "protocol": "compressed", "n": 3, "m": 2}
    )
    assert used(plan) == {"Alice->Bob": (2, 2), "Alice->Charlie": (2, 2)}
    rho = majority_of_both(largest)
    for case, (x, y) in zip(plan.cases, np.ndindex(2, 2), strict=True):
        turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in TURNS]
        pair = np.kron(turns[x], turns[y])
        turned = np.kron(np.kron(pair, pair), pair)
        assert trace_norm(made(plan, case) - turned @ rho @ turned.T) == pytest.approx(0, abs=1e-6)
    fidelity, norm = figures(plan)
    assert plan.exact == pytest.approx({"fidelity": fidelity, "trace_norm": norm}, abs=1e-6)
    retained = largest**3 + 3 * largest**2 * (1 - largest)
    assert fidelity >= retained**2
    assert all(fits_heavy_hex(p.net.circuit) for p in plan.preparations)


def test_the_fidelity_of_the_catalogue_state():
    spec = read_spec(CATALOGUE / "broadcast-compressed-projection.toml")
    plan = build_quantum_broadcast(spec.options)
    assert plan.exact["fidelity"] == pytest.approx(0.96066, abs=1e-6)
    assert plan.exact["fidelity"] > 0.9448
    circuit = plan.preparations[0].net.circuit
    assert circuit.num_nonlocal_gates() == 22
    # Three qubits of Alice less than two halves of three: the failed code is kept once, by her.
    left = [q for q in circuit.qubits if q not in plan.preparations[0].outputs]
    assert [plan.preparations[0].net.owner(q) for q in left] == ["Alice"]
    assert compressed_twins(angle_of(0.9)).num_nonlocal_gates() == 10


@pytest.mark.parametrize(("n", "m", "gates"), [(1, 1, 1), (2, 1, 1), (3, 2, 17), (4, 3, 18)])
def test_what_alice_prepares_is_the_kept_part_and_nothing_is_discarded(n, m, gates):
    options = {"state": "broadcast-compressed:p=0.8", "n": n, "m": m}
    plan = build_quantum_broadcast(options | {"protocol": "prepared"})
    fidelity, norm = figures(plan)
    assert fidelity == pytest.approx(compress([0.8, 0.2], n, m / n).P, abs=1e-9)
    assert plan.exact == pytest.approx({"fidelity": fidelity, "trace_norm": norm}, abs=1e-6)
    projected = build_quantum_broadcast(options | {"protocol": "compressed"})
    for preparation in plan.preparations:
        circuit = preparation.net.circuit
        assert set(circuit.qubits) == set(preparation.outputs)
        assert circuit.num_nonlocal_gates() == gates
        assert fits_heavy_hex(circuit)
        assert preparation.net.usage == projected.preparations[0].net.usage


@pytest.mark.parametrize(("n", "m"), [(2, 1), (4, 2), (4, 3)])
def test_other_block_lengths(n, m):
    plan = build_quantum_broadcast(
        {"state": "broadcast-compressed:p=0.9", "protocol": "compressed", "n": n, "m": m}
    )
    assert used(plan) == {"Alice->Bob": (m, m), "Alice->Charlie": (m, m)}
    case = plan.cases[1]
    rho = made(plan, case)
    fidelity = (case.target.conj() @ rho @ case.target).real
    assert fidelity == pytest.approx(plan.exact["fidelity"], abs=1e-9)
    branches, _ = twin_branches(blocks(n, m), 0.9)
    assert np.sort(np.linalg.eigvalsh(rho))[-2:] == pytest.approx(
        np.sort(np.linalg.eigvalsh(branches @ branches.T))[-2:], abs=1e-9
    )


@pytest.mark.parametrize("state", ["broadcast-epr", "broadcast-compressed:p=0.8", "phase-pr"])
def test_the_literal_map_breaks_entanglement(state):
    plan = build_quantum_broadcast({"state": state, "protocol": "literal"})
    fidelity, norm = figures(plan)
    assert {key: plan.exact[key] for key in ("fidelity", "trace_norm")} == pytest.approx(
        {"fidelity": fidelity, "trace_norm": norm}, abs=1e-9
    )
    wins = [chsh_win(made(plan, case)) for case in plan.cases]
    assert plan.exact["chsh"] == pytest.approx(np.mean(wins), abs=1e-9)
    assert max(wins) <= 0.75 + 1e-9
    assert {p.net.circuit.num_nonlocal_gates() for p in plan.preparations} == {0}


def test_the_literal_map_agrees_with_theory_on_random_ensembles():
    rng = np.random.default_rng(7)
    for _ in range(3):
        sigma = rng.normal(size=(1, 2, 2)) + 1j * rng.normal(size=(1, 2, 2))
        sigma /= np.linalg.norm(sigma)
        bob, charlie = ([unitary(2, rng) for _ in range(2)] for _ in range(2))
        text, _ = ensemble(sigma, bob, charlie)
        plan = build_quantum_broadcast({"state": text, "protocol": "literal"})
        theory = quantum_broadcast(state_from_json(json.loads(text))).details["literal_map"]
        _, norm = figures(plan)
        assert norm == pytest.approx(theory["trace_norm"], abs=1e-9)
        assert plan.exact["trace_norm"] == pytest.approx(norm, abs=1e-9)
        assert plan.exact["chsh"] <= 0.75 + 1e-9


def test_rates():
    rates = build_quantum_broadcast({"state": "broadcast-compressed:p=0.9", "protocol": "compressed"}).rates
    assert rates["Q1 asymptotic"]["value"] == pytest.approx(0.468996, abs=1e-6)
    assert rates["Q2 at this n"]["value"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "phase-pr"}, "infeasible"),
        ({"state": "werner"}, "not_covered"),
        ({"state": "mirror-qubits"}, "not_covered"),
        ({"state": "ghz", "n": 5}, "15 output qubits"),
        ({"protocol": "binning"}, "protocol: "),
        ({"state": "ghz", "protocol": "compressed"}, "protocol: compressed, with dimensions"),
        ({"state": "ghz", "protocol": "literal"}, "protocol: literal, with dimensions"),
        ({"protocol": "literal", "n": 2}, "n: 2"),
        ({"m": 1}, "m: 1"),
        ({"protocol": "compressed", "state": "broadcast-compressed", "n": 6, "m": 3}, "m: 3"),
        ({"M": 1}, "M: "),
    ],
)
def test_refusals_are_one_line(options, message):
    with pytest.raises(InputError, match=message) as error:
        build_quantum_broadcast(options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "fidelity"),
    [
        ("broadcast-epr", 1),
        ("broadcast-epr-literal", 0.28125),
        ("broadcast-ghz", 1),
        ("broadcast-compressed", 0.972),
        ("broadcast-compressed-projection", 0.96066),
    ],
)
def test_the_catalogue(name, fidelity):
    experiment = build(read_spec(CATALOGUE / f"{name}.toml"))
    assert experiment.play.exact["fidelity_exact"] == pytest.approx(fidelity, abs=1e-6)
