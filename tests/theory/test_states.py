"""State files: what is read, repaired and refused; reductions and entropies against plain numpy."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.information import binary_entropy, entropy, partial_trace, trace_norm
from qcoord_hw.theory.named_states import FAMILIES, named_state
from qcoord_hw.theory.states import read_state, state_from_json

HALF = [[0.5, 0], [0, 0.5]]


def random_density(rng, d, rank=None):
    matrix = rng.normal(size=(d, rank or d)) + 1j * rng.normal(size=(d, rank or d))
    matrix = matrix @ matrix.conj().T
    return matrix / np.trace(matrix).real


def as_json(matrix):
    return [[[float(z.real), float(z.imag)] for z in row] for row in matrix]


def slow_entropy(matrix):
    values = np.linalg.eigvalsh(matrix)
    return -sum(v * math.log2(v) for v in values if v > 1e-15)


def slow_trace(matrix, sizes, keep):
    """Sum over every basis vector of the systems that go."""
    gone = [i for i in range(len(sizes)) if i not in keep]
    total = 0
    for digits in itertools.product(*(range(sizes[i]) for i in gone)):
        factors = [np.eye(d) for d in sizes]
        for i, digit in zip(gone, digits, strict=True):
            factors[i] = np.eye(sizes[i])[[digit]]
        bra = factors[0]
        for factor in factors[1:]:
            bra = np.kron(bra, factor)
        total = total + bra @ matrix @ bra.T
    return total


def random_cq(rng, sizes=(3, 2, 2), zero=()):
    """Return a state file of X, Y classical and B quantum, and its density matrix as a sum."""
    p = rng.dirichlet(np.ones(sizes[0] * sizes[1])).reshape(sizes[:2])
    for letter in zero:
        p[letter] = 0
    p /= p.sum()
    ensemble, density = [], 0
    for x, y in np.ndindex(sizes[:2]):
        block = random_density(rng, sizes[2])
        ensemble.append({"p": float(p[x, y]), "x": {"X": x, "Y": y}, "density": as_json(block)})
        letters = np.kron(np.diag(np.eye(sizes[0])[x]), np.diag(np.eye(sizes[1])[y]))
        density = density + p[x, y] * np.kron(letters, block)
    systems = dict(zip("XYB", sizes, strict=True))
    return {"systems": systems, "classical": ["X", "Y"], "ensemble": ensemble}, density


@pytest.mark.parametrize("seed", range(5))
def test_every_reduction_and_entropy_of_a_random_state_agrees_with_sums_over_basis_vectors(seed):
    rng = np.random.default_rng(seed)
    data, density = random_cq(rng, zero=[(0, 1)])
    state = state_from_json(data)
    np.testing.assert_allclose(state.density(), density, atol=1e-14)
    assert len(state.letters) == 5
    for count in range(1, 4):
        for keep in itertools.combinations(range(3), count):
            names = "".join("XYB"[i] for i in keep)
            expected = slow_trace(density, (3, 2, 2), keep)
            np.testing.assert_allclose(state.density(names), expected, atol=1e-14)
            assert state.entropy(names) == pytest.approx(slow_entropy(expected), abs=1e-12)
    swapped = state.density(["B", "X"]).reshape(2, 3, 2, 3).transpose(1, 0, 3, 2).reshape(6, 6)
    np.testing.assert_allclose(swapped, state.density(["X", "B"]), atol=1e-15)


def test_a_written_state_is_read_back_and_a_density_with_classical_systems_is_the_same_as_its_ensemble(rng):
    data, density = random_cq(rng)
    state = state_from_json(data)
    again = state_from_json(json.loads(json.dumps(state.to_json())))
    np.testing.assert_allclose(again.density(), density, atol=1e-14)
    whole = state_from_json({**{k: data[k] for k in ("systems", "classical")}, "density": as_json(density)})
    np.testing.assert_allclose(whole.blocks, state.blocks, atol=1e-12)
    np.testing.assert_array_equal(whole.letters, state.letters)


def test_systems_may_stand_in_any_order(rng):
    blocks = [random_density(rng, 4) for _ in range(2)]
    data = {
        "systems": {"A": 2, "X": 2, "B": 2},
        "classical": ["X"],
        "ensemble": [{"p": 0.5, "x": {"X": x}, "density": as_json(b)} for x, b in enumerate(blocks)],
    }
    state = state_from_json(data)
    assert state.quantum == ("A", "B")
    expected = sum(np.kron(b, np.diag(np.eye(2)[x])) / 2 for x, b in enumerate(blocks))
    np.testing.assert_allclose(state.density(["A", "B", "X"]), expected, atol=1e-15)
    turned = state_from_json({"systems": data["systems"], "density": as_json(state.density())})
    assert turned.entropy("AB") == pytest.approx(state.entropy("AB"), abs=1e-12)


def test_kets_are_normalised_and_letters_given_twice_are_mixed():
    ket = state_from_json({"systems": {"A": 3, "B": 2}, "ket": {"01": 3, "20": [0, 4]}})
    assert ket.pure
    np.testing.assert_allclose(np.abs(ket.kets()[0]) ** 2, [0, 0.36, 0, 0, 0.64, 0], atol=1e-15)
    mixed = state_from_json(
        {
            "systems": {"X": 2, "B": 2},
            "classical": ["X"],
            "ensemble": [
                {"p": "1/4", "x": {"X": 1}, "ket": {"0": 1}},
                {"p": "3/4", "x": {"X": 1}, "ket": {"1": 1}},
            ],
        }
    )
    np.testing.assert_allclose(mixed.density("B"), np.diag([0.25, 0.75]))
    assert mixed.letters.tolist() == [[1]]


def test_dimension_one_and_systems_that_a_state_lacks():
    state = state_from_json({"systems": {"A": 1, "B": 2}, "ket": {"00": 1, "01": 1}})
    assert state.dimension("A") == state.dimension("C") == 1
    assert state.entropy("AC") == 0
    letters = state_from_json(
        {"systems": {"X": 2}, "classical": ["X"], "ensemble": [{"p": 1, "x": {"X": 0}}]}
    )
    assert letters.entropy("X") == 0


def test_near_misses_are_repaired():
    sevenths = [round(1 / 7, 10)] * 7
    state = state_from_json(
        {
            "systems": {"X": 7},
            "classical": ["X"],
            "ensemble": [{"p": p, "x": {"X": x}} for x, p in enumerate(sevenths)],
        }
    )
    assert state.entropy("X") == pytest.approx(math.log2(7), abs=1e-9)
    tilted = state_from_json({"systems": {"A": 2}, "density": [[1 + 5e-10, 4e-10], [0, -5e-10]]})
    assert tilted.pure
    assert tilted.entropy("A") == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"systems": {}}, "systems: {}"),
        ({"systems": {"A": 11}}, "systems.A: 11; allowed are dimensions from 1 to 10"),
        ({"systems": {"A": True}}, "systems.A: True"),
        ({"systems": {"A": 2.0}}, "systems.A: 2.0"),
        ({"density": [[1, 0], [0, 0.1]]}, "density: trace 1.1; allowed is 1 within 1e-09"),
        ({"density": [[1.1, 0], [0, -0.1]]}, "density: eigenvalue -0.1"),
        ({"density": [[0.5, 0.1], [0.2, 0.5]]}, "density: not Hermitian, off by 0.1"),
        ({"density": [[0.5, [0, 0.1]], [[0, 0.1], 0.5]]}, "density: not Hermitian, off by 0.2"),
        ({"density": [[1]]}, "allowed is a 2 x 2 matrix"),
        ({"density": [[1, 0], [0, "x"]]}, "density: 'x'"),
        ({"density": [[1, 0], [0, math.nan]]}, "density: nan"),
        ({"density": [[1, 0], [0, None]]}, "density: None"),
        ({"density": [[1, 0], [0, [1, 2, 3]]]}, "allowed are numbers or [re, im]"),
        ({"ket": {"0": 1}}, "ket and density given"),
        ({"colour": 1}, "'colour': unknown"),
        ({"classical": ["B"]}, "classical: 'B'; allowed are A"),
        ({"classical": ["A", "A"]}, "allowed is each system once"),
        ({"classical": ["A"], "density": [[0.5, 0.5], [0.5, 0.5]]}, "not diagonal in A, off by 0.5"),
        ({"name": ""}, "name: ''"),
        ({"systems": {"A": 10, "B": 10, "C": 10}}, "multiply to 1000; allowed are at most 256"),
    ],
)
def test_refusals_name_the_field_and_the_figure(change, words):
    with pytest.raises(InputError) as caught:
        state_from_json({"systems": {"A": 2}, "density": HALF} | change)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"p": 0.5, "x": {"X": 0}, "ket": {"0": 1}}, "ensemble: probabilities sum to 0.5"),
        ({"p": 1, "x": {"X": 2}, "ket": {"0": 1}}, "ensemble[0].x.X: 2; allowed are letters from 0 to 1"),
        ({"p": 1, "ket": {"0": 1}}, "ensemble[0].x: {}"),
        ({"p": 1, "x": {"X": 0}}, "ensemble[0]: 0 of ket and density"),
        ({"p": 1, "x": {"X": 0}, "ket": {"0": 1}, "density": HALF}, "ensemble[0]: 2 of ket and density"),
        ({"p": 1, "x": {"X": 0}, "ket": {"2": 1}}, "ensemble[0].ket: key '2'"),
        ({"p": 1, "x": {"X": 0}, "ket": {"00": 1}}, "ensemble[0].ket: key '00'"),
        ({"p": 1, "x": {"X": 0}, "ket": {"0": 0}}, "every amplitude is 0"),
        ({"p": -0.5, "x": {"X": 0}, "ket": {"0": 1}}, "ensemble[0].p: -0.5"),
        ({"p": "1/0", "x": {"X": 0}, "ket": {"0": 1}}, "ensemble[0].p: '1/0'"),
        ({"x": {"X": 0}, "ket": {"0": 1}}, "ensemble[0].p: missing"),
        (7, "ensemble[0]: 7"),
    ],
)
def test_refusals_of_an_ensemble(entry, words):
    data = {"systems": {"X": 2, "B": 2}, "classical": ["X"], "ensemble": [entry]}
    with pytest.raises(InputError) as caught:
        state_from_json(data)
    assert words in str(caught.value)


def test_a_file_is_named_in_its_error(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"systems": {"A": 2, "A": 3}, "ket": {"0": 1}}')
    with pytest.raises(InputError, match=r"^mine.json: 'A' stands there twice"):
        read_state(path)
    path.write_text('{"systems": {"A": 2}, "ket": {"0": "1/2", "1": "-1/2"}}')
    assert read_state(path).name == "mine"


def test_named_states_are_states_and_their_parameters_are_checked():
    for name in FAMILIES:
        state = named_state(name)
        again = state_from_json(state.to_json())
        np.testing.assert_allclose(again.tensor(), state.tensor(), atol=1e-12)
    assert named_state("isotropic:fidelity=1/3").density()[0, 3] == pytest.approx((4 / 3 - 1) / 6)
    assert named_state("dsbs:crossover=0.25").entropy("XB") == pytest.approx(1 + binary_entropy(0.25))
    for text, words in (
        ("nobody", "unknown 'nobody'"),
        ("ghz:parties=7", "parties 7; allowed are integers from 2 to 6"),
        ("werner:noise=1", "no parameter 'noise'; allowed are visibility"),
        ("werner:visibility=high", "visibility: 'high'"),
        ("mirror-qubits:x=.9,z=.9", "Bloch vectors of length at most 1"),
    ):
        with pytest.raises(InputError) as caught:
            named_state(text)
        assert words in str(caught.value)


def test_information_functions(rng):
    assert entropy([0.5, 0.5, 0]) == 1
    density = random_density(rng, 12)
    np.testing.assert_allclose(
        partial_trace(density, (2, 3, 2), (0, 2)), slow_trace(density, (2, 3, 2), (0, 2)), atol=1e-14
    )
    assert trace_norm(np.diag([1.0, -1.0])) == 2
