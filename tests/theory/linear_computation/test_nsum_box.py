"""V_s of stabilizer files against stim, dense vectors and letters; the linear algebra of M."""

from __future__ import annotations

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.qudits.graph import computed, stabilizer_digit_code
from qcoord_hw.qudits.synthesis import synthesise
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.nsum_box import (
    NSumBox,
    box_scheme,
    complete_rows,
    conflict,
    independent_rows,
)
from qcoord_hw.theory.linear_computation.stabilizer_files import box_from_json
from tests.theory.linear_computation.pauli_oracle import (
    FIVE_QUBIT,
    LETTERS,
    STEANE,
    anticommute,
    dense,
    letters,
    outcome,
    random_generators,
    ring,
    split,
    state_of,
)

INPUTS = 200


def boxes(rng: np.random.Generator) -> list[tuple[list[str], dict[str, list[int]]]]:
    """Rings, the five-qubit code, Steane's, a signed pair, and random states and codes; random holders."""
    known = [*map(ring, range(3, 9)), FIVE_QUBIT, STEANE, ["-XX", "+ZZ"], ["-YY"]]
    for n in (1, 2, 3, 4, 5, 6, 7, 9):
        known += [random_generators(n, rows, rng) for rows in {n, max(1, n - 1), (n + 1) // 2}]
    sizes = [len(generators[0].lstrip("+-")) for generators in known]
    return [
        (generators, split(n, int(rng.integers(1, n + 1)), rng))
        for generators, n in zip(known, sizes, strict=True)
    ]


def given(box: NSumBox, rng: np.random.Generator) -> tuple[str, np.ndarray]:
    """Random exponents at every server: the Pauli string on all qubits, and y = V w + e."""
    x, z = [0] * box.size, [0] * box.size
    y = box.offset.copy()
    for own, v in zip(box.qudits, box.matrices, strict=True):
        w = rng.integers(0, 2, 2 * len(own))
        for k, q in enumerate(own):
            x[q], z[q] = int(w[k]), int(w[len(own) + k])
        y = (y + v @ w) % 2
    return letters(x, z), y


def read(generators: list[str], servers: dict[str, list[int]]) -> NSumBox:
    return box_from_json({"servers": servers, "stabilizers": generators})


def test_outcomes_against_letters(rng):
    for generators, servers in boxes(rng):
        box = read(generators, servers)
        for _ in range(INPUTS):
            string, y = given(box, rng)
            assert y.tolist() == [outcome(g, string) for g in generators]


def test_outcomes_against_stim(rng):
    stim = pytest.importorskip("stim")
    for generators, servers in boxes(rng):
        box = read(generators, servers)
        whole = [stim.PauliString(g) for g in generators]
        tableau = stim.Tableau.from_stabilizers(whole, allow_underconstrained=True)
        plain = [stim.PauliString(g.lstrip("+-")) for g in generators]
        for _ in range(INPUTS):
            string, y = given(box, rng)
            simulator = stim.TableauSimulator()
            simulator.do_tableau(tableau, list(range(box.size)))
            simulator.do_pauli_string(stim.PauliString(string))
            assert y.tolist() == [simulator.measure_observable(g) for g in plain]


def test_outcomes_against_dense_vectors(rng):
    for generators, servers in boxes(rng):
        box = read(generators, servers)
        if box.size > 5:
            continue
        state = state_of(generators)
        for _ in range(20):
            string, y = given(box, rng)
            after = dense(string) @ state
            seen = [np.vdot(after, dense(g.lstrip("+-")) @ after).real for g in generators]
            np.testing.assert_allclose(seen, 1 - 2 * y, atol=1e-9)


def test_the_first_pair_that_does_not_commute_is_named(rng):
    refused = 0
    for _ in range(150):
        n = int(rng.integers(2, 8))
        generators = [list(g) for g in random_generators(n, n, rng)]
        for _ in range(int(rng.integers(1, 3))):
            generators[int(rng.integers(n))][1 + int(rng.integers(n))] = str(rng.choice(list(LETTERS)))
        strings = ["".join(g) for g in generators]
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if anticommute(strings[i], strings[j])]
        if any(set(s[1:]) == {"_"} for s in strings) or not pairs:
            continue
        i, j = pairs[0]
        with pytest.raises(InputError) as caught:
            read(strings, {"A": list(range(n))})
        assert str(caught.value).startswith(f"stabilizers[{i}] and stabilizers[{j}]: do not commute")
        refused += 1
    assert refused > 50


def test_signs_that_contradict_each_other_are_refused(rng):
    refused = 0
    for _ in range(60):
        n = int(rng.integers(2, 6))
        strings = random_generators(n, n, rng)
        i, j = sorted(rng.choice(n, 2, replace=False).tolist())
        product = dense(strings[i]) @ dense(strings[j])
        word = "".join(
            LETTERS[LETTERS.index(a) ^ LETTERS.index(b)]
            for a, b in zip(strings[i][1:], strings[j][1:], strict=True)
        )
        right = "+" if np.allclose(product, dense(word)) else "-"
        np.testing.assert_allclose(product, dense(right + word), atol=1e-12)
        box = read([*strings, right + word], {"A": list(range(n))})
        assert box.complete
        assert box.computation()[0].rows == n + 1
        wrong = "-" if right == "+" else "+"
        with pytest.raises(InputError, match=rf"stabilizers\[{i}\], stabilizers\[{j}\], stabilizers\[{n}\]"):
            read([*strings, wrong + word], {"A": list(range(n))})
        refused += 1
    assert refused == 60


def isotropic(order: int, n: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Random rows that commute, each drawn among all that commute with those before."""
    gf = field_of(order)
    m = np.zeros((0, 2 * n), dtype=np.int64)
    while len(m) < rows:
        swapped = np.hstack([gf.neg[m[:, n:]], m[:, :n]])
        free = gf.null_space(swapped) if len(m) else np.eye(2 * n, dtype=np.int64)
        row = gf.matmul(rng.integers(0, order, (1, len(free))), free)
        if row.any():
            m = np.vstack([m, row])
    return m


@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, 8, 9, 16, 256])
def test_self_orthogonality_and_completion(rng, order):
    gf = field_of(order)
    for _ in range(8):
        n = int(rng.integers(1, 6))
        m = isotropic(order, n, int(rng.integers(1, n + 1)), rng)
        assert conflict(gf, m) is None
        whole = complete_rows(gf, m)
        assert conflict(gf, whole) is None
        assert gf.rank(whole) == n
        np.testing.assert_array_equal(whole[: len(m)], m)
        assert len(whole) - len(m) == n - gf.rank(m)
        spoilt = m.copy()
        spoilt[rng.integers(len(m)), rng.integers(2 * n)] = rng.integers(order)
        x, z = spoilt[:, :n], spoilt[:, n:]
        product = [
            [
                gf.add[gf.total(list(gf.mul[x[i], z[j]])), gf.neg[gf.total(list(gf.mul[z[i], x[j]]))]]
                for j in range(len(m))
            ]
            for i in range(len(m))
        ]
        pairs = [(i, j) for i in range(len(m)) for j in range(i + 1, len(m)) if product[i][j]]
        assert conflict(gf, spoilt) == (pairs[0] if pairs else None)


@pytest.mark.parametrize("order", [2, 3, 4, 5, 9])
def test_the_given_generators_are_what_a_circuit_reads(rng, order):
    """Over digits: the outcomes of the graph state are V w for all data, by linearity; M is the file's."""
    for _ in range(4):
        n = int(rng.integers(1, 5))
        m = isotropic(order, n, int(rng.integers(1, n + 1)), rng)
        parts = int(rng.integers(1, n + 1))
        servers = split(n, parts, rng)
        box = box_from_json({"field": order, "M": m.tolist(), "servers": servers})
        np.testing.assert_array_equal(box.M, m)
        task, exponents = box.computation()
        scheme = box_scheme(task, exponents)
        held = [q for own in box.qudits for q in own if q not in box.idle]
        _, rows = field_of(order).rref(m.T)
        np.testing.assert_array_equal(scheme.M, m[list(rows)][:, [*held, *(n + q for q in held)]])
        code, _ = synthesise([stabilizer_digit_code(independent_rows(task), scheme)])
        p = field_of(order).characteristic
        np.testing.assert_array_equal(code.decoder @ code.transfer % p, computed(task, 1) % p)


def test_qudits_that_nothing_acts_on_are_left_out():
    box = read(["XX__", "ZZ__"], {"A": [0, 2], "B": [1], "C": [3]})
    task, exponents = box.computation()
    assert box.idle == (2, 3)
    assert task.servers == ("A", "B")
    assert exponents == (("A", ("x0", "z0")), ("B", ("x0", "z0")))
    assert sum(box_scheme(task, exponents).qudits) == 2
