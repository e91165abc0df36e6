"""The broadcast network with qubit links: what can be made at all, and what the paper's own map makes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.cells import Cells
from qcoord_hw.theory.regions.literal_map import chsh_win, literal_map
from qcoord_hw.theory.regions.quantum_broadcast import quantum_broadcast
from qcoord_hw.theory.states import make_state, state_from_json

BITS = {"X": 2, "Y": 2}
ALL = list(itertools.product((0, 1), repeat=2))
PHI = np.eye(2).ravel() / math.sqrt(2)
TSIRELSON = math.cos(math.pi / 8) ** 2


def unit(i, d):
    return np.eye(d)[i]


def random_unitary(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]


def random_ket(rng, *sizes):
    ket = rng.normal(size=sizes) + 1j * rng.normal(size=sizes)
    return ket / np.linalg.norm(ket)


def ensemble(cells, systems, p=None):
    """A state with kets by cell (x, y); uniform unless p is given."""
    letters = {"X": 1 + max(x for x, _ in cells), "Y": 1 + max(y for _, y in cells)}
    weights = p or dict.fromkeys(cells, 1 / len(cells))
    blocks = [(weights[cell], cell, np.asarray(ket).ravel()) for cell, ket in cells.items()]
    return make_state("test", letters | systems, blocks, ("X", "Y"))


def orbit(rng, base, support):
    """(V_x (x) W_y) |base> with a random phase on each cell of a support matrix."""
    support = np.asarray(support)
    v = [random_unitary(rng, base.shape[1]) for _ in range(support.shape[0])]
    w = [random_unitary(rng, base.shape[2]) for _ in range(support.shape[1])]
    cells = {
        (x, y): np.einsum("jb,kc,abc->ajk", v[x], w[y], base) * np.exp(7j * rng.random())
        for x, y in np.argwhere(support).tolist()
    }
    weights = {cell: float(support[cell]) / float(support.sum()) for cell in cells}
    return ensemble(cells, dict(zip("ABC", base.shape, strict=True)), weights)


def box(win):
    """Classical answers: uniform, with b + c = xy mod 2 with this probability."""
    blocks = [
        (0.125 * (win if b ^ c == x & y else 1 - win), (x, y, b, c), np.ones(1))
        for x, y, b, c in itertools.product((0, 1), repeat=4)
    ]
    return make_state("box", BITS | {"B": 2, "C": 2}, blocks, ("X", "Y", "B", "C"))


@pytest.mark.parametrize(
    "support",
    [
        np.ones((3, 2)),
        [[3, 1], [0, 1], [2, 0]],  # connected, with holes
        [[1, 0], [1, 1], [0, 1]],
        [[1, 0], [0, 2]],  # two parts
    ],
)
@pytest.mark.parametrize("sizes", [(2, 3, 3), (1, 3, 2), (2, 4, 1)])
def test_an_orbit_is_feasible_at_the_theorems_rates(support, sizes, rng):
    base = random_ket(rng, *sizes)
    answer = quantum_broadcast(orbit(rng, base, support))
    assert answer.status == "feasible"
    region = answer.criteria["theorem"]
    spectra = [
        np.linalg.svd(np.moveaxis(base, axis, 0).reshape(sizes[axis], -1), compute_uv=False) ** 2
        for axis in (1, 2)
    ]
    rates = [float(-(s * np.log2(s)).sum()) for s in spectra]
    assert region.corners == pytest.approx(np.array([rates]), abs=1e-8)


def test_the_unitaries_make_every_cell(rng):
    state = orbit(rng, random_ket(rng, 2, 3, 2), np.ones((2, 3)))
    found = quantum_broadcast(state).details["local_unitaries"]
    kets = Cells.of(state).kets()
    base = kets[found["reference"]]
    for (x, y), ket in kets.items():
        made = np.einsum("jb,kc,abc->ajk", found["V"][x], found["W"][y], base)
        assert abs(np.vdot(made, ket)) == pytest.approx(1, abs=1e-12)
    for u in (*found["V"].values(), *found["W"].values()):
        assert np.abs(u.conj().T @ u - np.eye(len(u))).max() < 1e-12


def test_a_rank_below_the_dimension_and_a_flat_spectrum(rng):
    base = np.zeros((2, 3, 4), dtype=complex)
    base[0, 0, 1] = base[1, 1, 1] = math.sqrt(0.5)
    answer = quantum_broadcast(orbit(rng, base, np.ones((2, 2))))
    assert answer.status == "feasible"
    assert answer.criteria["theorem"].corners == pytest.approx(np.array([(1, 0)]), abs=1e-8)


def test_letters_of_probability_0_do_not_matter(rng):
    cells = {(x, y): PHI for x, y in ALL}
    cells[2, 1] = unit(0, 4)
    weights = dict.fromkeys(ALL, 0.25) | {(2, 1): 0.0}
    assert quantum_broadcast(ensemble(cells, {"B": 2, "C": 2}, weights)).status == "feasible"


def test_one_label_or_none(rng):
    pair = make_state("pair", {"A": 2, "B": 2}, [(1.0, (), PHI)])
    assert quantum_broadcast(pair).criteria["theorem"].corners == pytest.approx(np.array([(1, 0)]), abs=1e-8)
    kets = [random_unitary(rng, 2) @ PHI.reshape(2, 2) for _ in range(3)]  # on B
    state = make_state(
        "x only", {"X": 3, "B": 2, "C": 2}, [(1 / 3, (x,), k.ravel()) for x, k in enumerate(kets)], ("X",)
    )
    assert quantum_broadcast(state).status == "feasible"
    kets = [np.kron(np.eye(2), random_unitary(rng, 2)) @ PHI for _ in range(2)]
    state = make_state(
        "y only", {"Y": 2, "A": 2, "C": 2}, [(0.5, (y,), k) for y, k in enumerate(kets)], ("Y",)
    )
    assert quantum_broadcast(state).criteria["theorem"].corners == pytest.approx(np.array([(0, 1)]), abs=1e-8)


IMPOSSIBLE = {
    "B = y": (ensemble({c: unit(c[1], 2) for c in ALL}, {"B": 2}), "AB depends on y"),
    "C = xy": (ensemble({c: unit(c[0] * c[1], 2) for c in ALL}, {"C": 2}), "AC depends on x"),
    "A = x": (ensemble({c: unit(c[0], 2) for c in ALL}, {"A": 2}), "eq. (56) fails"),
    "phase": (
        ensemble({c: np.array([1, 0, 0, (-1) ** (c[0] * c[1])]) for c in ALL}, {"B": 2, "C": 2}),
        "no local unitaries",
    ),
    "cloning": (
        ensemble(
            {
                (0, 0): np.einsum("ab,c->abc", np.eye(2), unit(0, 2)),
                (1, 1): np.einsum("ac,b->abc", np.eye(2), unit(0, 2)),
            },
            {"A": 2, "B": 2, "C": 2},
        ),
        "no-cloning",
    ),
    "PR box": (box(1.0), "not a quantum correlation"),
    "above Tsirelson": (box(TSIRELSON + 1e-4), "not a quantum correlation"),
    "classical, signalling": (
        make_state("s", {"Y": 2, "B": 2}, [(0.5, (y, y), np.ones(1)) for y in (0, 1)], ("Y", "B")),
        "AB depends on y",
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_made_says_why(name):
    state, reason = IMPOSSIBLE[name]
    answer = quantum_broadcast(state)
    assert answer.status == "infeasible"
    assert reason in answer.why
    assert answer.criteria == {}


def test_a_pr_box_is_seen_in_any_labelling():
    """Answers of four letters of which two stand for each bit, questions exchanged, signs turned."""
    blocks = []
    for x, y, b, c in itertools.product(range(2), range(2), range(4), range(3)):
        p = float((b // 2) ^ (c > 0) == ((1 - x) & y)) / 4 / (1 if c == 0 else 2)
        blocks.append((p / 4, (x, y, b, c), np.ones(1)))
    state = make_state("pr", BITS | {"B": 4, "C": 3}, blocks, ("X", "Y", "B", "C"))
    assert "not a quantum correlation" in quantum_broadcast(state).why


def test_a_pr_box_when_alice_keeps_a_bit():
    """Conditioned on Alice's bit a PR box; without her bit the correlators vanish."""
    blocks = [
        (1 / 16, (x, y, a, b, c), np.ones(1))
        for x, y, a, b, c in itertools.product((0, 1), repeat=5)
        if b ^ c == (x & y) ^ a
    ]
    state = make_state("pr", BITS | {"A": 2, "B": 2, "C": 2}, blocks, ("X", "Y", "A", "B", "C"))
    assert "not a quantum correlation" in quantum_broadcast(state).why


@pytest.mark.parametrize("win", [TSIRELSON, 0.75, 0.5])
def test_classical_answers_that_are_quantum_are_not_covered(win):
    answer = quantum_broadcast(box(win))
    assert answer.status == "not_covered"
    assert answer.criteria == {}


def test_mixed_states_are_not_covered(rng):
    mixed = make_state("mixed", {"B": 2, "C": 2}, [(1.0, (), np.eye(4) / 4)])
    assert quantum_broadcast(mixed).status == "not_covered"


def test_a_near_miss_is_judged_by_the_vector(rng):
    for size, status in ((1e-8, "feasible"), (1e-5, "infeasible")):
        cells = {c: PHI + size * (c == (1, 1)) * np.array([1, 0, 0, -1]) for c in ALL}
        assert quantum_broadcast(ensemble(cells, {"B": 2, "C": 2})).status == status


def test_parts_that_do_not_match_are_undetermined():
    state = ensemble({(0, 0): PHI, (1, 1): unit(0, 4)}, {"B": 2, "C": 2})
    answer = quantum_broadcast(state)
    assert answer.status == "undetermined"
    assert "2 parts" in answer.why
    assert answer.details["formula"] == pytest.approx({"H(B|X)": 0.5, "H(C|Y)": 0.5})


def test_other_systems_and_quantum_labels_are_refused():
    with pytest.raises(InputError, match="D; allowed"):
        quantum_broadcast(state_from_json({"systems": {"D": 2}, "ket": {"0": 1}}))
    with pytest.raises(InputError, match="classical: X is missing"):
        quantum_broadcast(state_from_json({"systems": {"X": 2, "B": 2}, "ket": {"00": 1}}))


def test_the_literal_map_breaks_entanglement():
    pair = quantum_broadcast(make_state("pair", {"A": 2, "B": 2}, [(1.0, (), PHI)]))
    found = pair.details["literal_map"]
    assert found["trace_norm"] == pytest.approx(1)  # fidelity 1/2 with a dephased pair
    assert found["chsh"]["AB"] == pytest.approx({"target": TSIRELSON, "output": 0.75})


def test_the_literal_map_on_the_chsh_correlation():
    found = quantum_broadcast(box(TSIRELSON)).details["literal_map"]
    assert found["game"] == pytest.approx({"target": TSIRELSON, "output": 0.588388348}, abs=1e-8)


def test_the_literal_map_keeps_what_it_may_measure(rng):
    classical = make_state("c", {"B": 3, "C": 2}, [(1.0, (), np.diag(rng.dirichlet(np.ones(6))))])
    found = literal_map(Cells.of(classical))
    assert found is not None
    assert found["trace_norm"] == pytest.approx(0, abs=1e-12)


def test_no_output_of_the_literal_map_beats_the_classical_value(rng):
    for _ in range(10):
        state = orbit(rng, random_ket(rng, 2, 2, 2), np.ones((2, 2)))
        for pair in literal_map(Cells.of(state))["chsh"].values():
            assert pair["output"] <= 0.75 + 1e-9
            assert pair["target"] <= TSIRELSON + 1e-9


def test_chsh_of_a_pair_by_search(rng):
    """The closed form against the best of many measurements of a partly entangled pair."""
    ket = np.array([math.cos(0.4), 0, 0, math.sin(0.4)])
    win = chsh_win(np.outer(ket, ket).astype(complex))
    assert win == pytest.approx(0.5 + math.sqrt(1 + math.sin(0.8) ** 2) / 4)
    z, x = np.diag([1.0, -1.0]), np.array([[0, 1.0], [1, 0]])
    best = 0.0
    for angle in np.linspace(0, math.pi / 2, 2001):
        c = [math.cos(angle) * z + s * math.sin(angle) * x for s in (1, -1)]
        value = np.kron(z, c[0] + c[1]) + np.kron(x, c[0] - c[1])
        best = max(best, 0.5 + float(ket @ value @ ket) / 8)
    assert best == pytest.approx(win, abs=1e-6)
