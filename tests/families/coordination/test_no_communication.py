"""States made without communication: circuits against mixtures written out, known figures, users' states."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from qiskit.quantum_info import Statevector

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.classical_links.codebook import (
    best_rounding,
    largest_remainders,
    rounded_norms,
)
from qcoord_hw.families.coordination.classical_links.known_mixtures import known_mixture
from qcoord_hw.families.coordination.classical_links.mixture import read_mixture
from qcoord_hw.families.coordination.classical_links.no_communication import (
    build_no_communication,
    prepare_options,
)
from qcoord_hw.spec import read_spec, to_tuples
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.states import make_state

pytestmark = pytest.mark.usefixtures("work_clock")

CATALOGUE = Path(__file__).parents[3] / "circuits" / "coordination"
PAULIS = [np.array(p) for p in ([[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])]
NOISY = "noisy-ghz:visibility=1/5"


def made(plan):
    """The state that the circuits make: the mixture of their outputs."""
    (case,) = plan.cases
    rho = 0
    for k, weight in case.mixture:
        circuit, outputs = plan.preparations[k].net.circuit, plan.preparations[k].outputs
        n = circuit.num_qubits
        assert len(outputs) == n
        ket = Statevector(circuit).data.reshape((2,) * n).transpose(range(n)[::-1])
        ket = ket.transpose([circuit.find_bit(q).index for q in outputs]).ravel()
        rho = rho + weight * np.outer(ket, ket.conj())
    assert math.fsum(w for _, w in case.mixture) == pytest.approx(1)
    return rho


def check(plan, target, values):
    """Circuits, prediction and target agree, and only common randomness is used."""
    (case,) = plan.cases
    np.testing.assert_allclose(case.target, target, atol=1e-8)
    norm = np.abs(np.linalg.eigvalsh(made(plan) - case.target)).sum()
    assert plan.exact["trace_norm"] == pytest.approx(norm, abs=1e-10)
    assert (plan.network, plan.copies, plan.sampled) == ("no-communication", 1, True)
    for preparation in plan.preparations:
        assert preparation.net.usage == {"common": {"random_bits": pytest.approx(math.log2(values))}}
        assert preparation.net.wires == plan.preparations[0].net.wires
        assert preparation.net.circuit.num_nonlocal_gates() == 0
        assert not [e for e in preparation.net.events if e.kind in ("send", "bits", "share")]
    return norm


@pytest.mark.parametrize(
    ("options", "values", "products", "norm"),
    [
        ({}, 2, 2, 0),
        ({"state": "ghz-mixture:parties=2"}, 2, 2, 0),
        ({"state": "werner:visibility=1/3"}, 4, 4, 0),
        ({"state": NOISY}, 90, 11, 0),
        ({"state": NOISY, "phases": 8}, 10, 10, 0),
        ({"state": NOISY, "M": 8}, 8, 8, 0.452),
        ({"state": NOISY, "M": 16}, 16, 11, 0.242),
        ({"state": NOISY, "M": 32}, 32, 11, 0.064),
        ({"state": NOISY, "M": 8, "rounding": "best"}, 8, 8, 0.4),
        ({"state": NOISY, "M": 16, "rounding": "best"}, 16, 11, 0.2375),
        ({"state": NOISY, "M": 32, "rounding": "best"}, 32, 11, 0.064),
    ],
)
def test_known_figures(options, values, products, norm):
    plan = build_no_communication(options | {"network": "no-communication", "protocol": "products"})
    target = named_state(options.get("state", "ghz-mixture")).density()
    assert check(plan, target, values) == pytest.approx(norm, abs=5e-4 if norm else 1e-12)
    assert len(plan.preparations) == products
    parties = ["Alice", "Bob", "Charlie"][: round(math.log2(len(target)))]
    assert [plan.preparations[0].net.owner(q) for q in plan.preparations[0].outputs] == parties


def test_rates_of_the_known_mixtures():
    """I(U;AB) of pure products is the entropy of the target."""
    for state, entropy in (("ghz-mixture", 1), ("werner", 1.7925), (NOISY, 2.846)):
        plan = build_no_communication({"state": state})
        assert plan.rates["R0 asymptotic"]["value"] == pytest.approx(entropy, abs=5e-4)
        assert plan.rates["R0 of any mixture"]["lower"] <= plan.rates["R0 asymptotic"]["value"] + 1e-12


@pytest.mark.parametrize(
    "state", ["werner:visibility=0", "werner:visibility=0.2", "noisy-ghz:visibility=0.1"]
)
def test_less_visibility(state):
    plan = build_no_communication({"state": state})
    check(plan, named_state(state).density(), 4 if state.startswith("w") else 64)
    assert plan.exact["trace_norm"] < 0.05


def test_no_rounding_to_8_values_is_better():
    """All ways to give 8 values to the 11 products."""
    options = known_mixture(NOISY)
    target = read_mixture(options, ("Alice", "Bob", "Charlie"), sender=False).decomposition
    bars = np.array(list(itertools.combinations(range(18), 10)))
    counts = np.diff(np.column_stack([np.full(len(bars), -1), bars, np.full(len(bars), 18)]), axis=1) - 1
    assert (counts.sum(axis=1) == 8).all()
    norms = np.concatenate([rounded_norms(target, part) for part in np.array_split(counts, 20)])
    assert norms.min() == pytest.approx(0.4)
    assert rounded_norms(target, best_rounding(target, 8))[0] == pytest.approx(0.4)
    assert rounded_norms(target, largest_remainders(target.p_u, 8))[0] == pytest.approx(0.4518, abs=5e-5)


@pytest.mark.few(4)
@pytest.mark.parametrize(
    "path", sorted(CATALOGUE.glob("no-communication-*.toml")), ids=lambda path: path.stem
)
def test_catalogue(path):
    options = read_spec(path).options
    plan = build_no_communication(options)
    check(plan, named_state(str(options["state"])).density(), plan_values(plan))


def plan_values(plan):
    return round(2 ** plan.preparations[0].net.usage["common"]["random_bits"])


def random_products(rng, parties, letters, pure):
    """Options of a random mixture, and the target by hand."""
    p_u = rng.dirichlet(np.ones(letters))
    vectors = rng.normal(size=(parties, letters, 3))
    vectors *= ((1 if pure else rng.uniform(0, 1, (parties, letters))) / np.linalg.norm(vectors, axis=2))[
        ..., None
    ]
    whole = 0
    for u, p in enumerate(p_u):
        product = np.eye(1)
        for party in range(parties):
            state = (np.eye(2) + sum(r * s for r, s in zip(vectors[party, u], PAULIS, strict=True))) / 2
            product = np.kron(product, state)
        whole = whole + p * product
    options = {"p_u": p_u.tolist()}
    options |= {f"theta_{s}": v.tolist() for s, v in zip("ABC", vectors, strict=False)}
    return to_tuples(json.loads(json.dumps(options))), whole


@pytest.mark.parametrize("pure", [True, False])
@pytest.mark.parametrize("parties", [1, 2, 3])
def test_a_mixture_that_is_given(parties, pure):
    options, target = random_products(np.random.default_rng([parties, pure]), parties, 4, pure)
    plan = build_no_communication(options | {"M": 20})
    norm = check(plan, target, 20)
    assert 0 < norm < 0.2
    finer = build_no_communication(options | {"M": 1000})
    assert check(finer, target, 1000) < norm


@pytest.mark.few(0)
@pytest.mark.parametrize(("parties", "letters"), [(2, 2), (2, 3), (2, 8), (3, 2)])
def test_users_states(parties, letters):
    """Random separable states, whose mixture the solver must find."""
    _, density = random_products(np.random.default_rng([7, parties, letters]), parties, letters, False)
    state = make_state("mine", dict.fromkeys("ABC"[:parties], 2), [(1, (), density)])
    prepared = prepare_options(state, {"network": "no-communication", "time_limit": 30})
    again = to_tuples(json.loads(json.dumps(prepared)))
    plan = build_no_communication(again)
    assert check(plan, density, sum(again["counts"])) <= 0.05
    for one, other in zip(plan.preparations, build_no_communication(again).preparations, strict=True):
        assert one.net.circuit == other.net.circuit


@pytest.mark.parametrize(
    ("state", "parties"),
    [
        ("dsbs", 2),
        pytest.param("isotropic:fidelity=0.4", 2, marks=pytest.mark.slow),
        ("mirror-broadcast", 3),
        ("werner", 2),
    ],
)
def test_named_states(state, parties):
    plan = build_no_communication(prepare_options(state, {"time_limit": 30}))
    check(plan, named_state(state).density(), plan_values(plan))
    assert plan.exact["trace_norm"] <= 0.05
    assert plan.preparations[0].net.circuit.num_qubits == parties


def test_other_names_of_systems():
    state = make_state("mine", {"L": 2, "R": 2}, [(1, (), np.diag([0.5, 0, 0, 0.5]))])
    plan = build_no_communication(prepare_options(state, {"M": 2}))
    owners = [plan.preparations[0].net.owner(q) for q in plan.preparations[0].outputs]
    assert (owners, plan.exact["trace_norm"]) == (["Alice", "Bob"], pytest.approx(0, abs=1e-9))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"n": 2}, "n: "),
        ({"M": 0}, "M: "),
        ({"M": 1.5}, "M: "),
        ({"M": 10**6}, "M: "),
        ({"rounding": "up"}, "rounding: "),
        ({"state": "epr"}, "state: "),
        ({"state": 3}, "state: "),
        ({"state": "werner:visibility=0.5"}, "state: "),
        ({"state": "noisy-ghz:visibility=0.3"}, "state: "),
        ({"state": NOISY, "phases": 7}, "phases: "),
        ({"p_u": (1,), "theta_A": ((0, 0, 1),), "phases": 8}, "phases: "),
        ({"p_u": (1,), "theta_A": ((0, 0, 1),), "seed": -1}, "seed: "),
        ({"p_u": (1,)}, "p_u: no states"),
        ({"theta_A": ((0, 0, 1),)}, "theta_A: "),
        ({"counts": (1,)}, "counts: "),
        ({"counts": (1, -1)}, "counts: "),
        ({"counts": 2}, "counts: "),
        ({"counts": (1, 1), "M": 2}, "M: "),
        ({"p_u": (1,), "theta_A": ((0, 0, 1),), "p_x_given_u": ((1,),)}, "p_x_given_u: "),
        ({"p_u": (1,), "theta_A": ((0, 0, 1), (0, 0, 1))}, "theta_A: "),
        ({"p_u": (1,), "theta_A": ((0, 0, 1),), "state": "werner"}, "systems: "),
        ({"p_u": (1,), "theta_A": (((1, 0), (0,)),)}, "theta_A: "),
        ({"p_u": (1,), "theta_A": (((1, (0, 0, 0)), (0, 0)),)}, "theta_A: "),
        ({"p_u": (1,), "theta_A": (((1, 0.5), (0, 0)),)}, "theta_A: "),
    ],
)
def test_refused(options, word):
    with pytest.raises(InputError, match=rf"^(parameters\.)?{word}") as caught:
        build_no_communication(options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("epr", "state: A, B of 'epr' are entangled"),
        ("werner:visibility=0.5", "state: A, B"),
        ("noisy-ghz:visibility=0.3", "state: A, B, C"),
        ("ghz:parties=4", "systems: 4"),
    ],
)
def test_states_that_cannot_be_made(state, word):
    with pytest.raises(InputError, match=rf"^(parameters\.)?{word}"):
        prepare_options(state, {})
