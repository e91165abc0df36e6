"""Every item of docs/errata.md on Nator and Pereg, computed."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw import api
from qcoord_hw.api.theory import check_answer
from qcoord_hw.families.coordination.classical_links.solve_mixture import solve_target
from qcoord_hw.theory.finite_blocklength import covering
from qcoord_hw.theory.finite_blocklength.codebooks import codebook_distance, decomposition
from qcoord_hw.theory.games.catalogue import hardy
from qcoord_hw.theory.information import binary_entropy, trace_norm, von_neumann_entropy
from qcoord_hw.theory.named_states import named_state
from qcoord_hw.theory.regions import coordination_region
from qcoord_hw.theory.states import state_from_json

pytestmark = pytest.mark.usefixtures("work_clock")

LOG3 = math.log2(3)
PHI = np.array([1, 0, 0, 1]) / math.sqrt(2)


def as_json(matrix):
    return [[[float(z.real), float(z.imag)] for z in row] for row in np.asarray(matrix, dtype=complex)]


def questions(blocks, systems, p=None):
    """Return the ensemble with the density matrix blocks[x][y]."""
    cells = [(x, y) for x in range(2) for y in range(2) if blocks[x][y] is not None]
    ensemble = [
        {"p": 1 / len(cells), "x": {"X": x, "Y": y}, "density": as_json(blocks[x][y])} for x, y in cells
    ]
    return state_from_json(
        {"systems": {"X": 2, "Y": 2, **systems}, "classical": ["X", "Y"], "ensemble": ensemble}
    )


def projector(ket):
    return np.outer(ket, np.conj(ket)) / np.vdot(ket, ket).real


def right_sides(region):
    return {tuple(name for name, _ in c.rates): c.bound for c in region.constraints}


def test_item_1_theorem_6_asks_too_much_of_mixed_targets():
    mixed = state_from_json({"systems": {"A": 2, "B": 2, "C": 2}, "density": as_json(np.eye(8) / 8)})
    answer = coordination_region(mixed, "cascade")
    formula = right_sides(answer.criteria["redistribution"])
    assert [formula[k] for k in (("Q1",), ("Q1", "E1"), ("Q2",), ("Q2", "E2"))] == pytest.approx([2, 2, 1, 1])
    assert (2, 0, 1, 0) in [pytest.approx(corner) for corner in answer.criteria["redistribution"].corners]
    assert answer.criteria["generation_inner"].corners == ((0, 0, 0, 0),)
    # Example 1 at n = 1: Alice draws a and sends it, Bob draws the order of the other two and sends c.
    made = np.zeros((27, 27))
    for a in range(3):
        for b, c in itertools.permutations(set(range(3)) - {a}):
            made[9 * a + 3 * b + c, 9 * a + 3 * b + c] += 1 / 3 * 1 / 2
    example = named_state("example-1")
    assert trace_norm(made - example.density()) == pytest.approx(0, abs=1e-15)
    found = coordination_region(example, "cascade")
    assert found.criteria["generation_inner"].contains((LOG3, 0, LOG3, 0), 1e-9)
    assert found.criteria["redistribution"].margin((LOG3, 0, LOG3, 0)) < -0.9


def signalling():
    return questions([[np.diag(np.eye(2)[y]) for y in range(2)] for _ in range(2)], {"B": 2})


def product_of_questions():
    return questions([[np.diag(np.eye(2)[x * y]) for y in range(2)] for x in range(2)], {"C": 2})


def one_pair_to_either():
    pair_ab = projector(np.kron(PHI, [1, 0]))
    pair_ac = projector(np.kron(PHI, [1, 0]).reshape(2, 2, 2).transpose(0, 2, 1).ravel())
    return questions([[pair_ab, None], [None, pair_ac]], {"A": 2, "B": 2, "C": 2})


def test_item_2_theorem_8_lacks_conditions():
    for state in (signalling(), product_of_questions(), named_state("phase-pr"), one_pair_to_either()):
        a_of = state.reduced(("X", "Y", "A"))
        assert a_of.mutual_information(("X", "Y"), "A") == pytest.approx(0, abs=1e-12)  # (56) holds
        assert coordination_region(state, "quantum-broadcast").status == "infeasible"
    rates = product_of_questions()
    assert rates.entropy("CY") - rates.entropy("Y") == pytest.approx(0.5)
    # (I x Z^xy) Phi+ with nothing to stop it: b = c for a question asked in the X basis, except at x = y = 1.
    plus = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
    wins = 0.0
    for x, y in itertools.product(range(2), repeat=2):
        ket = np.kron(plus, plus) @ (np.kron(np.eye(2), np.diag([1, (-1) ** (x * y)])) @ PHI)
        wins += (
            sum(abs(ket[2 * b + c]) ** 2 for b, c in itertools.product(range(2), repeat=2) if b ^ c == x & y)
            / 4
        )
    assert wins == pytest.approx(1)


def test_item_3_the_map_measures_and_prepares():
    pair = state_from_json({"systems": {"A": 2, "B": 2}, "ket": {"00": 1, "11": 1}})
    answer = coordination_region(pair, "quantum-broadcast")
    chsh = answer.details["literal_map"]["chsh"]["AB"]
    assert chsh["target"] == pytest.approx(math.cos(math.pi / 8) ** 2)
    assert chsh["output"] == pytest.approx(0.75)
    # Measured in the eigenbasis and prepared again: dephased, whose fidelity with the pair is 1/2.
    dephased = np.diag([0.5, 0, 0, 0.5])
    assert PHI @ dephased @ PHI == pytest.approx(0.5)
    assert answer.details["literal_map"]["trace_norm"] == pytest.approx(trace_norm(projector(PHI) - dephased))
    win = math.cos(math.pi / 8) ** 2
    blocks = [
        [
            np.diag([(win if b ^ c == x & y else 1 - win) / 2 for b in range(2) for c in range(2)])
            for y in range(2)
        ]
        for x in range(2)
    ]
    correlation = coordination_region(questions(blocks, {"B": 2, "C": 2}), "quantum-broadcast")
    assert correlation.status == "not_covered"
    game = correlation.details["literal_map"]["game"]
    assert game["target"] == pytest.approx(win)
    assert game["output"] == pytest.approx(0.5884, abs=5e-5)
    # (172)-(173) see two of three: GHZ and its dephased form agree on AB and on AC.
    ghz, mixture = named_state("ghz"), named_state("ghz-mixture")
    for part in ("AB", "AC"):
        assert trace_norm(ghz.density(part) - mixture.density(part)) == pytest.approx(0, abs=1e-12)
    assert trace_norm(ghz.density() - mixture.density()) == pytest.approx(1)


def test_item_4_section_v_takes_classical_answers():
    coins = questions([[np.eye(4) / 4] * 2] * 2, {"B": 2, "C": 2})
    assert coins.entropy("BX") - coins.entropy("X") == pytest.approx(
        1
    )  # the formula; a local coin costs nothing
    assert coordination_region(coins, "quantum-broadcast").status == "not_covered"
    box = [
        [np.diag([float(b ^ c == x & y) / 2 for b in range(2) for c in range(2)]) for y in range(2)]
        for x in range(2)
    ]
    assert coordination_region(questions(box, {"B": 2, "C": 2}), "quantum-broadcast").status == "infeasible"


def test_item_4_a_weaker_pair_needs_less_than_the_formula():
    win = 0.5 + math.sqrt(1.5) / 4
    assert win == pytest.approx(0.8062, abs=5e-5)
    needs = binary_entropy(math.sin(math.pi / 8) ** 2)
    assert needs == pytest.approx(0.601, abs=5e-4)
    rate = qc.theory_game("chsh", win=win)["frontier"]["formula_rate"]["bob"]
    assert rate["lower"] >= 0.716
    assert rate["lower"] > needs
    # whatever the game, the formula is bounded by the answers: T plays no part in it
    assert max(np.log2(game.answers[0]) for game in (hardy(n) for n in (1, 2, 4))) == 4


def test_item_15_a_rounded_digit():
    assert f"{math.cos(math.pi / 8) ** 2:.4f}" == "0.8536"


def test_item_16_at_the_mutual_information_the_distance_stays():
    information = 1 - binary_entropy(0.1)
    distances = [2 * covering.binary_symmetric(n, information, 0.1, 1e-3).value for n in (300, 3000)]
    assert min(distances) > 0.9  # the whole norm, which would have to vanish
    above = 2 * covering.binary_symmetric(3000, information + 0.1, 0.1, 1e-3).value
    assert above < 0.01


def test_item_17_without_the_time_sharing_variable():
    """n = 2 letters, M = X_1: I(X_I; M I) = 1/2 = R1, and I(X_I; M) is h(1/2) - h(3/4)."""
    with_i = 0.5 * 1 + 0.5 * 0
    without = 1 - binary_entropy(0.75)
    assert without == pytest.approx(0.1887, abs=5e-5)
    assert without < with_i == 0.5


def test_item_18_the_ebits_of_the_other_link():
    used, n = api.build("cascade-ghz2").experiment.usage, 2
    q2, e1, e2 = (
        used["Bob->Charlie"]["qubits"] / n,
        used["Alice-Bob"]["ebits"] / n,
        used["Bob-Charlie"]["ebits"] / n,
    )
    assert (q2, e1, e2) == (0.5, 1, 0.5)
    assert q2 + e2 != q2 + e1  # what (158) equates


def test_item_19_one_set_of_mixtures():
    """A mixture of (28), with both receivers' states in a product, has the rates that (30) ranges over."""
    state = named_state("mirror-broadcast")
    mixture, _ = solve_target(state, ("Bob", "Charlie"), True, beta=1, time_limit=20, seed=0)
    found = coordination_region(state, "classical-broadcast").quantities["C0"]
    assert mixture.decomposition.rate_xb == pytest.approx(found["upper"], abs=1e-6)


def test_item_20_two_encoders():
    region = coordination_region(named_state("example-1"), "cascade").criteria
    assert region["generation_inner"].contains((LOG3, 0, LOG3, 0), 1e-9)
    assert not region["redistribution"].contains((LOG3, 0, LOG3, 0), 1e-9)


def test_item_21_how_many_letters_are_enough():
    for name in ("dsbs", "mirror-qubits", "erasure"):
        state = named_state(name)
        mixture, _ = solve_target(state, ("Bob",), True, beta=1, time_limit=20, seed=0)
        letters, d = state.dimension("X"), state.dimension("B")
        assert len(mixture.p_u) <= letters * d**2 + 1 < letters**2 * d**2 + 1


def test_item_22_a_qubit_and_an_ebit_are_not_enough_for_one_copy():
    found = qc.theory_second_link("example-2", 2, 2)
    assert check_answer(json.loads(json.dumps(found.to_json()))).holds
    assert 0.8958 <= found.best_at_n.lower < found.best_at_n.upper < 0.9898
    region = coordination_region(named_state("example-2"), "cascade").criteria["redistribution"]
    assert region.contains((LOG3, 0, 1, 1), 1e-9)
    needed = {tuple(dict(one.rates)): one.lower for one in region.constraints}
    assert needed["Q2",] == pytest.approx(0.7925, abs=5e-5)
    assert needed["Q2", "E2"] == pytest.approx(1.5850, abs=5e-5)


def test_item_1_example_1_is_closed():
    outer = coordination_region(named_state("example-1"), "cascade").criteria["generation_outer"]
    needed = {("Q1", "E1"): LOG3, ("Q2",): 0.292481, ("Q2", "E2"): LOG3}
    for rates, value in needed.items():
        ends = next(c for c in outer.constraints if tuple(dict(c.rates)) == rates)
        assert ends.lower == pytest.approx(value, abs=1e-6)
        assert ends.upper == pytest.approx(value, abs=1e-6)


def test_item_5_two_nodes_with_a_qubit_link():
    pure = coordination_region(named_state("epr"), "two-node")
    assert right_sides(pure.criteria["no_entanglement"])[("Q",)] == pytest.approx(1)
    cascade = coordination_region(named_state("epr"), "cascade")  # Alice makes A herself: free ebits suffice
    assert cascade.criteria["generation_inner"].contains((0, 1, 0, 0), 1e-9)
    bits = state_from_json({"systems": {"A": 2, "B": 2}, "density": as_json(np.diag([0.5, 0, 0, 0.5]))})
    free = coordination_region(bits, "cascade").criteria["generation_inner"]
    assert free.contains((0, 1, 0, 0), 1e-9)  # both measure a pair, although I(A;B)/2 = 1/2
    assert bits.mutual_information("A", "B") / 2 == pytest.approx(0.5)
    local = state_from_json({"systems": {"A": 2, "B": 2}, "density": as_json(np.eye(4) / 4)})
    least = coordination_region(local, "two-node").criteria["no_entanglement"].constraints[0]
    assert local.entropy("B") == pytest.approx(1)  # what the introduction asks for
    assert least.upper == pytest.approx(0, abs=1e-9)


def test_item_6_theorem_9_takes_pure_states():
    assert coordination_region(named_state("ghz-mixture"), "multiple-access").status == "not_covered"


def test_item_7_each_block_must_be_separable():
    bell = named_state("bell-labels")
    np.testing.assert_allclose(bell.density("BC"), np.eye(4) / 4, atol=1e-15)
    assert coordination_region(bell, "classical-broadcast").status == "infeasible"


def test_item_8_a_factor_of_the_purification():
    words = list(itertools.permutations(range(3)))
    ket = np.zeros((27, 6))
    for r, (a, b, c) in enumerate(words):
        ket[9 * a + 3 * b + c, r] = 1
    printed, right = ket / 6, ket / math.sqrt(6)
    assert np.linalg.norm(printed) ** 2 == pytest.approx(1 / 6)
    np.testing.assert_allclose(right @ right.T, named_state("example-1").density(), atol=1e-12)


def test_item_13_the_state_of_example_2_is_symmetric():
    ket = named_state("example-2").kets()[0]
    assert np.abs(ket[np.abs(ket) > 1e-9]) == pytest.approx(1 / math.sqrt(6))
    exchanged = ket.reshape(3, 3, 3).transpose(1, 0, 2).ravel()
    assert exchanged == pytest.approx(ket)


def test_item_9_a_pair_of_trits_is_not_two_pairs_of_qubits():
    # The best overlap under local unitaries: the Schmidt coefficients in order, multiplied and summed.
    trits, pairs = [1 / math.sqrt(3)] * 3 + [0], [1 / 2] * 4
    assert np.dot(trits, pairs) ** 2 == pytest.approx(0.75)


def test_item_10_capacities_are_infima():
    """Rates have no supremum, all above a bound are achieved; and common randomness R0 lowers that bound."""

    def inside(r0, r1):
        found = coordination_region(named_state("dsbs"), "two-node", at={"R0": r0, "R1": r1}, time_limit=10)
        return found.to_json()["membership"]["theorem"]["inside"]

    assert [inside(0, r1) for r1 in (0.8, 0.9, 50)] == [False, True, True]
    assert [inside(r0, 0.6) for r0 in (0, 5)] == [False, True]


def test_item_14_a_convention_for_the_encoder():
    """Where no codeword fits x, (76) divides zero by zero; with m1 uniform the distance is that of a code."""
    target = decomposition([0.5, 0.5], [[1, 0], [0, 1]], [np.diag([1.0, 0]), np.diag([0, 1.0])])
    found = codebook_distance(np.zeros((1, 2, 1), dtype=int), target)  # u = 0 alone: x = 1 never fits
    assert found.trace_norm == pytest.approx(1)  # x = 1 gets |0>: 1/2 of norm 2


def test_item_11_holevo_is_only_a_lower_bound():
    state = named_state("mirror-qubits:x=0.6,z=0.5")
    holevo = state.mutual_information("X", "B")
    found = coordination_region(state, "two-node").quantities["R_inf"]

    def bloch(r):
        return binary_entropy((1 + r) / 2)

    steps = np.linspace(0.5 / math.sqrt(1 - 0.36), 1, 100001)
    truth = min(1 - bloch(t) for t in (steps[0],))
    assert found["lower"] - 1e-9 <= truth <= found["upper"] + 1e-9
    assert found["upper"] == pytest.approx(truth, abs=1e-5)
    assert truth > holevo + 0.05


def test_item_12_when_alice_sends_less():
    region = coordination_region(named_state("example-2"), "cascade").criteria["redistribution"]
    sides = right_sides(region)
    border = sides[("Q1", "E1")] - sides[("Q2",)]
    assert border == pytest.approx(LOG3 / 2)
    for ebits, less in ((border - 0.1, False), (border + 0.1, True)):
        alice = max(0.0, sides[("Q1", "E1")] - ebits)
        bob = max(sides[("Q2",)], sides[("Q2", "E2")] - ebits)
        assert (alice < bob - 1e-9) is less
    assert von_neumann_entropy(named_state("example-2").density("C")) == pytest.approx(LOG3)
