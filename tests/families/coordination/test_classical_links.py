"""Codes on classical links: circuits against (76)-(78) written out, known figures, users' states."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from qiskit.circuit import IfElseOp, QuantumCircuit
from qiskit.quantum_info import Statevector

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.classical_links import (
    CONVENTION,
    build_classical_broadcast,
    prepare_options,
)
from qcoord_hw.families.coordination.classical_links.mixture import read_mixture
from qcoord_hw.families.coordination.classical_links.products import OWN_COIN, ket_circuit
from qcoord_hw.families.coordination.two_node import build_two_node
from qcoord_hw.spec import read_spec, to_tuples
from qcoord_hw.theory.finite_blocklength import codebook_distance
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.states import make_state

pytestmark = pytest.mark.usefixtures("work_clock")

BUILD = {"two-node": build_two_node, "classical-broadcast": build_classical_broadcast}
CATALOGUE = Path(__file__).parents[3] / "circuits" / "coordination"
PAULIS = [np.array(p) for p in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])]


# Circuits as states


def output_state(preparation):
    """The density matrix of the outputs, averaged over measurements that gates depend on."""
    circuit = preparation.net.circuit
    n = circuit.num_qubits
    kept = [circuit.find_bit(q).index for q in preparation.outputs]
    rest = [q for q in range(n) if q not in kept]
    measured = {
        circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
        for i in circuit.data
        if i.operation.name == "measure"
    }
    rho = 0
    for value in range(2 ** len(measured)):
        ket = Statevector(branch(circuit, value)).data.reshape((2,) * n).transpose(range(n)[::-1]).copy()
        for bit, qubit in measured.items():
            other = [slice(None)] * n
            other[qubit] = 1 - (value >> bit & 1)
            ket[tuple(other)] = 0
        part = ket.transpose(kept + rest).reshape(2 ** len(kept), -1)
        rho = rho + part @ part.conj().T
    return rho


def branch(circuit, value):
    """The gates for one value of the only register; the measured qubits are not touched again."""
    gates = QuantumCircuit(circuit.num_qubits)
    for i in circuit.data:
        where = [circuit.find_bit(q).index for q in i.qubits]
        if isinstance(i.operation, IfElseOp):
            register, wanted = i.operation.condition
            assert register in circuit.cregs
            if value == wanted:
                block = i.operation.blocks[0]
                for j in block.data:
                    gates.append(j.operation, [where[block.find_bit(q).index] for q in j.qubits])
        elif i.operation.name not in ("measure", "barrier"):
            gates.append(i.operation, where)
    return gates


def circuits_norm(plan):
    """|| rho_hat - omega^{(x) n} ||_1 from the circuits, case by case."""
    states = [output_state(preparation) for preparation in plan.preparations]
    assert math.fsum(case.probability for case in plan.cases) == pytest.approx(1)
    norm = 0
    for case in plan.cases:
        assert math.fsum(w for _, w in case.mixture) == pytest.approx(1)
        assert case.outputs == tuple(range(len(plan.preparations[0].outputs)))
        made = sum(w * states[k] for k, w in case.mixture)
        norm += case.probability * np.abs(np.linalg.eigvalsh(made - case.target)).sum()
    return norm


# The mathematics, apart


def matrices(blochs):
    return [(np.eye(2) + sum(r * p for r, p in zip(v, PAULIS, strict=True))) / 2 for v in blochs]


def kron(factors):
    whole = np.eye(1)
    for factor in factors:
        whole = np.kron(whole, factor)
    return whole


def definition(options, book):
    """The targets p(x^n) omega^{x^n} and what (76)-(78) make of them, x^n by x^n."""
    p_u, channel = np.array(options["p_u"]), np.array(options["p_x_given_u"])
    thetas = [matrices(options[key]) for key in ("theta_B", "theta_C") if key in options]
    products = [kron(parts) for parts in zip(*thetas, strict=True)]
    m0s, m1s, n = np.shape(book)
    result = {}
    for x in itertools.product(range(channel.shape[1]), repeat=n):
        targets = [sum(p_u[u] * channel[u, letter] * products[u] for u in range(len(p_u))) for letter in x]
        p_x = np.prod([np.trace(t).real for t in targets])
        made = 0
        for m0 in range(m0s):
            seen = [math.prod(channel[book[m0][m1][k]][x[k]] for k in range(n)) for m1 in range(m1s)]
            for m1 in range(m1s):
                chance = seen[m1] / sum(seen) if sum(seen) else 1 / m1s
                made = made + chance / m0s * kron([products[u] for u in book[m0][m1]])
        result[x] = p_x, kron(targets) / p_x, made
    return result


def definition_norm(options, book):
    return sum(
        p * np.abs(np.linalg.eigvalsh(made - omega)).sum()
        for p, omega, made in definition(options, book).values()
    )


def random_options(rng, letters_u, letters_x, receivers, pure):
    lengths = np.ones(letters_u) if pure else rng.uniform(0, 1, letters_u)
    given = {
        "p_u": tuple(rng.dirichlet(np.ones(letters_u))),
        "p_x_given_u": tuple(map(tuple, rng.dirichlet(np.ones(letters_x), size=letters_u))),
    }
    for system in "BC"[:receivers]:
        vectors = rng.normal(size=(letters_u, 3))
        vectors *= (lengths / np.linalg.norm(vectors, axis=1))[:, None]
        given[f"theta_{system}"] = tuple(map(tuple, vectors.tolist()))
    return to_tuples(json.loads(json.dumps(given)))


# Known figures


@pytest.mark.parametrize(
    ("network", "n", "norm", "randomness", "bits"),
    [
        ("two-node", 1, 0, 0, 1),
        ("two-node", 2, 0.3055, 1, 1),
        ("two-node", 3, 0.1925, 1, 2),
        ("classical-broadcast", 1, 0, 0, 1),
        ("classical-broadcast", 2, 0.354, 1, 1),
        ("classical-broadcast", 3, 0.2295, 1, 2),
    ],
)
def test_coset_codebooks(network, n, norm, randomness, bits):
    plan = BUILD[network]({"network": network, "protocol": "codebook", "n": n})
    assert plan.exact["trace_norm"] == pytest.approx(norm, abs=6e-5)
    assert circuits_norm(plan) == pytest.approx(plan.exact["trace_norm"], abs=1e-12)
    assert (plan.network, plan.copies, plan.sampled, len(plan.cases)) == (network, n, True, 2**n)
    assert len(plan.preparations) == 2**n
    receivers = ["Bob"] if network == "two-node" else ["Bob", "Charlie"]
    wanted = {f"Alice->{r}": {"qubits": 0, "log2_dim": 0, "bits": bits} for r in receivers}
    wanted |= {"common": {"random_bits": randomness}} if randomness else {}
    for preparation in plan.preparations:
        assert preparation.net.usage == wanted
        assert preparation.net.wires == plan.preparations[0].net.wires
        assert preparation.net.circuit.num_nonlocal_gates() == 0
        owners = [preparation.net.owner(q) for q in preparation.outputs]
        assert owners == receivers * n  # copy by copy
    assert plan.rates["R1 asymptotic"]["value"] == pytest.approx(0.3902, abs=5e-5)
    total = {"two-node": 0.7502, "classical-broadcast": 0.8176}[network]
    assert plan.rates["R0+R1 asymptotic"]["value"] == pytest.approx(total, abs=5e-5)
    assert CONVENTION in plan.notes


@pytest.mark.few(2)
@pytest.mark.parametrize("network", list(BUILD))
@pytest.mark.parametrize(("n", "size"), [(2, (2, 2)), (3, (2, 4))])
def test_random_codebooks_are_above_the_coset_codebook(network, n, size):
    best = BUILD[network]({"n": n}).exact["trace_norm"]
    for seed in range(5):
        options = {"n": n, "codebook": "random", "M0": size[0], "M1": size[1], "seed": seed}
        plan = BUILD[network](options)
        assert plan.exact["trace_norm"] > best + 0.1
        assert plan.exact == BUILD[network](options).exact
        assert plan.preparations[0].net.usage == BUILD[network]({"n": n}).preparations[0].net.usage


def test_no_codebook_of_that_size_is_better_at_n_2():
    """All 256 codebooks of two times two words."""
    options = {
        "p_u": (0.5, 0.5),
        "p_x_given_u": ((0.85, 0.15), (0.15, 0.85)),
        "theta_B": ((0, 0, 1), (1, 0, 0)),
    }
    target = read_mixture(options, ("Bob",), sender=True).decomposition
    words = list(itertools.product((0, 1), repeat=2))
    norms = [
        codebook_distance(np.array(book).reshape(2, 2, 2), target).trace_norm
        for book in itertools.product(words, repeat=4)
    ]
    assert min(norms) == pytest.approx(build_two_node({"n": 2}).exact["trace_norm"], abs=1e-12)


def test_the_search_finds_the_coset_figure():
    plan = build_two_node({"n": 3, "codebook": "search", "M0": 2, "M1": 4})
    assert plan.exact["trace_norm"] == pytest.approx(0.1925, abs=6e-5)


@pytest.mark.parametrize("path", sorted(CATALOGUE.glob("[tb][wr]*-n*.toml")), ids=lambda path: path.stem)
def test_catalogue(path):
    options = read_spec(path).options
    if options["network"] in BUILD:
        plan = BUILD[options["network"]](options)
        assert circuits_norm(plan) == pytest.approx(plan.exact["trace_norm"], abs=1e-12)


# Random sources


@pytest.mark.parametrize(("network", "receivers"), [("two-node", 1), ("classical-broadcast", 2)])
@pytest.mark.parametrize("pure", [True, False])
@pytest.mark.parametrize(("n", "letters_u", "letters_x", "size"), [(1, 3, 2, (2, 3)), (2, 2, 3, (3, 2))])
def test_circuits_are_the_definition(network, receivers, pure, n, letters_u, letters_x, size):
    rng = np.random.default_rng([receivers, pure, n])
    options = random_options(rng, letters_u, letters_x, receivers, pure)
    book = rng.integers(letters_u, size=(*size, n)).tolist()
    plan = BUILD[network](options | {"n": n, "codebook": to_tuples(book)})
    norm = definition_norm(options, book)
    assert plan.exact["trace_norm"] == pytest.approx(norm, abs=1e-12)
    states = [output_state(preparation) for preparation in plan.preparations]
    rows = definition(options, book)
    assert [case.label for case in plan.cases] == ["x=" + "".join(map(str, x)) for x in rows]
    for case, (p_x, omega, made) in zip(plan.cases, rows.values(), strict=True):
        assert case.probability == pytest.approx(p_x)
        np.testing.assert_allclose(case.target, omega, atol=1e-12)
        np.testing.assert_allclose(sum(w * states[k] for k, w in case.mixture), made, atol=1e-12)
    assert (OWN_COIN in plan.notes) is not pure
    usage = plan.preparations[0].net.usage
    assert usage["common"]["random_bits"] == pytest.approx(math.log2(size[0]))
    for receiver in ("Bob", "Charlie")[:receivers]:
        assert usage[f"Alice->{receiver}"]["bits"] == pytest.approx(math.log2(size[1]))


def test_where_the_encoder_is_undefined_the_message_is_uniform():
    """Letter 0 of U never makes x = 1, and m0 = 0 has nothing else."""
    options = {
        "p_u": (0.5, 0.5),
        "p_x_given_u": ((1, 0), ("1/2", "1/2")),
        "theta_B": ((0, 0, 1), (1, 0, 0)),
        "codebook": (((0,), (0,)), ((0,), (1,))),
    }
    plan = build_two_node(options)
    numbers = options | {"p_x_given_u": ((1, 0), (0.5, 0.5))}
    assert plan.exact["trace_norm"] == pytest.approx(definition_norm(numbers, options["codebook"]), abs=1e-12)
    assert circuits_norm(plan) == pytest.approx(plan.exact["trace_norm"], abs=1e-12)
    assert plan.exact["covering"] > 0
    assert dict(plan.cases[1].mixture) == {0: 0.5, 1: 0.5}


def test_the_letter_itself_as_message_is_exact():
    options = random_options(np.random.default_rng(5), 3, 2, 2, pure=True)
    plan = build_classical_broadcast(options)
    assert plan.exact["trace_norm"] == pytest.approx(0, abs=1e-12)
    assert circuits_norm(plan) == pytest.approx(0, abs=1e-12)
    assert plan.preparations[0].net.usage["Alice->Charlie"]["bits"] == pytest.approx(math.log2(3))
    assert "common" not in plan.preparations[0].net.usage


# Feed-forward


@pytest.mark.few(2)
@pytest.mark.parametrize("network", list(BUILD))
@pytest.mark.parametrize("n", [1, 2, 3])
def test_feed_forward_makes_the_same_states(network, n):
    drawn, fed = (BUILD[network]({"n": n, "feed_forward": on}) for on in (False, True))
    m0s = 1 if n == 1 else 2
    assert len(fed.preparations) == 2**n * m0s
    states = [output_state(preparation) for preparation in drawn.preparations]
    for one, other in zip(drawn.cases, fed.cases, strict=True):
        assert (one.label, len(other.mixture)) == (other.label, m0s)
        made = sum(w * output_state(fed.preparations[k]) for k, w in other.mixture)
        np.testing.assert_allclose(made, sum(w * states[k] for k, w in one.mixture), atol=1e-12)
    assert fed.preparations[0].net.usage == drawn.preparations[0].net.usage
    assert fed.exact == drawn.exact
    for preparation in fed.preparations:
        (register,) = preparation.net.circuit.cregs
        assert register.name == "m1"
        pairs = [i.operation.name for i in preparation.net.circuit.data if len(i.qubits) > 1]
        assert set(pairs) <= {"barrier", "cx", "if_else"}
        assert ("cx" in pairs) is (n == 3)  # Alice's two coins are not independent


def test_feed_forward_with_three_messages():
    options = random_options(np.random.default_rng(6), 3, 2, 1, pure=True)
    plan = build_two_node(options | {"feed_forward": True})
    assert circuits_norm(plan) == pytest.approx(0, abs=1e-12)
    assert plan.preparations[0].net.usage["Alice->Bob"]["bits"] == 2


# Users' states


def random_target(rng, letters, d, classical=()):
    """A random state of X and one or two systems, separable for each x."""
    sizes = {"X": letters, **{s: d for s in "BC"[:1]}}
    blocks = []
    for x, p in enumerate(rng.dirichlet(np.ones(letters))):
        root = rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d))
        blocks.append((p, (x,), root @ root.conj().T / np.trace(root @ root.conj().T)))
    return make_state("random", sizes, blocks, ("X", *classical))


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("state", "network", "options"),
    [
        ("mirror-qubits", "two-node", {}),
        ("mirror-qubits:x=0.3,z=0.6", "two-node", {"n": 2}),
        ("mirror-qubits", "two-node", {"M0": 2, "M1": 4}),
        ("mirror-qubits", "two-node", {"beta": 0.5}),
        ("mirror-qubits", "two-node", {"n": 2, "codebook": "random", "M0": 2, "M1": 2, "seed": 4}),
        ("dsbs", "two-node", {}),
        ("dsbs", "classical-broadcast", {"n": 2}),
        ("erasure", "two-node", {"codebook": "letters"}),
        ("mirror-broadcast", "classical-broadcast", {"n": 2, "M0": 1, "M1": 4}),
        (random_target(np.random.default_rng(7), 2, 2), "two-node", {}),
        (random_target(np.random.default_rng(8), 3, 2), "two-node", {"M1": 4}),
        (random_target(np.random.default_rng(9), 2, 3), "two-node", {}),
    ],
)
def test_a_users_state(state, network, options):
    prepared = prepare_options(state, {"network": network, "time_limit": 20, **options})
    again = to_tuples(json.loads(json.dumps(prepared)))
    plan = BUILD[network](again)
    assert circuits_norm(plan) == pytest.approx(plan.exact["trace_norm"], abs=1e-9)
    wanted = named_state(state) if isinstance(state, str) else state
    d = len(plan.cases[0].target)
    if plan.copies == 1:
        for case, block in zip(plan.cases, wanted.blocks, strict=True):
            block = block if len(block) > 1 else np.diag([0.0] * d)
            if wanted.quantum:
                np.testing.assert_allclose(case.target[: len(block), : len(block)], block, atol=1e-7)
    if plan.copies == 1 and not {"M0", "M1"} & set(options):
        assert plan.exact["trace_norm"] < 1e-9
    assert plan.exact["trace_norm"] < 1.2
    for one, other in zip(plan.preparations, BUILD[network](again).preparations, strict=True):
        assert one.net.circuit == other.net.circuit


def test_at_n_1_the_shortest_exact_message():
    """Two letters x and no sizes: Alice tells x itself, whatever the solver finds."""
    plan = build_two_node(prepare_options("mirror-qubits", {"network": "two-node"}))
    assert plan.preparations[0].net.usage == {"Alice->Bob": {"qubits": 0, "log2_dim": 0, "bits": 1}}


@pytest.mark.slow
def test_two_qubits_at_bob(rng):
    """A party with a larger system prepares it as a block of its own, in a row."""
    for size in (1, 2, 3):
        ket = rng.normal(size=2**size) + 1j * rng.normal(size=2**size)
        ket /= np.linalg.norm(ket)
        circuit = ket_circuit(ket)
        made = Statevector(circuit).data.reshape((2,) * size).transpose(range(size)[::-1]).ravel()
        assert abs(np.vdot(made, ket)) == pytest.approx(1)
        pairs = {
            tuple(sorted(circuit.find_bit(q).index for q in i.qubits))
            for i in circuit.data
            if len(i.qubits) > 1
        }
        assert pairs <= {(i, i + 1) for i in range(size - 1)}
    plan = build_two_node(
        prepare_options(random_target(rng, 2, 4), {"network": "two-node", "time_limit": 20})
    )
    assert plan.preparations[0].net.circuit.num_qubits == 2
    assert circuits_norm(plan) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"n": 0}, "n: "),
        ({"n": 4}, "n: "),
        ({"colour": 1}, "colour: "),
        ({"codebook": "best"}, "codebook: "),
        ({"codebook": (((0,), (2,)),)}, "codebook: "),
        ({"codebook": ((0, 1),)}, "codebook: "),
        ({"codebook": (((0,), (1, 0)),)}, "codebook: "),
        ({"M0": 2}, "M0: "),
        ({"codebook": "random", "M0": 0}, "M0: "),
        ({"codebook": "random", "M1": 5000}, "M1: "),
        ({"codebook": "random", "seed": -1}, "seed: "),
        ({"feed_forward": 1}, "feed_forward: "),
        ({"feed_forward": True, "codebook": (((0,),), ((1,),))}, "feed_forward: "),
        ({"state": "mirror-qubits"}, "state: "),
        ({"p_u": (1,)}, "p_u: no states"),
        (
            {"p_u": (0.5, 0.5), "p_x_given_u": ((1,), (0.5, 0.5)), "theta_B": ((0, 0, 1),) * 2},
            "p_x_given_u: ",
        ),
        ({"p_u": (0.5, 0.6), "p_x_given_u": ((1,), (1,)), "theta_B": ((0, 0, 1),) * 2}, "p_u: "),
        ({"p_u": (1,), "p_x_given_u": ((1,),), "theta_B": ((0, 1, 1),)}, "theta_B: "),
        ({"p_u": (1,), "p_x_given_u": ((1,),), "theta_B": ((0, 1),)}, "theta_B: "),
        ({"p_u": (1,), "p_x_given_u": ((1,),), "theta_B": 1}, "theta_B: "),
        ({"p_u": (1,), "p_x_given_u": ((1,),)}, "p_u: no states"),
        (
            {
                "state": "mirror-qubits",
                "p_u": (0.5, 0.5),
                "p_x_given_u": ((1, 0), (0, 1)),
                "theta_B": ((0.5, 0, 0.4), (0.5, 0, -0.4)),
            },
            "p_u: ",
        ),
    ],
)
def test_refused(options, word):
    with pytest.raises(InputError, match=rf"^(parameters\.)?{word}") as caught:
        build_two_node(options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "options", "word"),
    [
        ("bell-labels", {"network": "classical-broadcast"}, "state: B, C .* entangled for X = 0"),
        ("bell-labels", {"network": "two-node"}, "systems: "),
        ("epr", {"network": "two-node"}, "classical: "),
        ("nobody", {"network": "two-node"}, "state: "),
        ("{", {"network": "two-node"}, "state: "),
        ("dsbs", {}, "network: "),
        ("dsbs", {"network": "cascade"}, "network: "),
        ("dsbs", {"network": "two-node", "beta": 2}, "beta: "),
        ("dsbs", {"network": "two-node", "time_limit": 0}, "time_limit: "),
    ],
)
def test_states_that_cannot_be_made(state, options, word):
    with pytest.raises(InputError, match=rf"^(parameters\.)?{word}"):
        prepare_options(state, options)
