"""Every way to state a stabilizer state: stim's and sdim's text, alists, matrices, and what is refused."""

from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from qcoord_hw.errors import InputError
from qcoord_hw.theory.linear_computation.clifford_circuits import (
    ALIASES,
    SIZES,
    chp_generators,
    stim_generators,
)
from qcoord_hw.theory.linear_computation.field import field_of
from qcoord_hw.theory.linear_computation.nsum_box import NSumBox
from qcoord_hw.theory.linear_computation.pauli_strings import Generators, read_strings, write_strings
from qcoord_hw.theory.linear_computation.stabilizer_files import (
    FORMS,
    box_from_json,
    is_stabilizer_file,
    read_box,
)
from qcoord_hw.theory.linear_computation.state_circuits import chp_text, state_circuit, stim_text
from tests.hostile import spoil
from tests.theory.linear_computation.pauli_oracle import PAULI, STEANE, dense, random_generators, ring
from tests.theory.linear_computation.test_nsum_box import isotropic

PAGE = Path(__file__).parents[3] / "docs" / "formats" / "stabilizers.md"
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.S)]


def strings(box: NSumBox) -> list[str]:
    x, z = box.generators
    return write_strings(Generators(x, z, box.offset), box.field.order)


def alone(n: int) -> dict[str, list[int]]:
    return {f"S{q}": [q] for q in range(n)}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e["name"])
def test_examples_of_the_page(example, tmp_path):
    (tmp_path / "example.json").write_text(json.dumps(example))
    box = read_box(tmp_path / "example.json")
    assert box.name == example["name"]
    assert dict(zip(box.servers, map(list, box.qudits), strict=True)) == example["servers"]


def test_the_page_shows_every_way_and_what_it_says_holds():
    assert {form for example in EXAMPLES for form in FORMS if form in example} == set(FORMS)
    boxes = {example["name"]: box_from_json(example) for example in EXAMPLES}
    (shown,) = re.findall(r"V_S0 is\n\n<!-- .* -->\n```text\n(.*?)```", PAGE.read_text(), re.S)
    assert boxes["ring-5"].matrices[0].tolist() == [list(map(int, row.split())) for row in shown.splitlines()]
    assert strings(boxes["ring-5"]) == [f"+{g}" for g in ring(5)]
    assert strings(boxes["steane"]) == [f"+{g}" for g in STEANE]
    assert strings(boxes["five-qubit code"]) == ["+XZZX_", "+_XZZX", "+X_XZZ", "+ZX_XZ"]
    assert strings(boxes["a signed pair"]) == ["+XX", "-ZZ"]
    assert strings(boxes["ghz"]) == ["-XXY", "+ZZ_", "+_ZZ"]
    assert boxes["two-sum over F_3"].M.tolist() == [[0, 0, 2, 1], [1, 1, 0, 0]]
    # H: Z -> X^-1; CNOT: X0 -> X0 X1 and Z1 -> Z0^-1 Z1, its inverse the other way; P: X -> X Z
    assert strings(boxes["three qutrits"]) == ["X(2) X(2)*Z(2) X(1)", "Z(2) Z(1) I", "Z(1) I Z(1)"]


def test_every_gate_of_stim():
    stim = pytest.importorskip("stim")
    known = {n: g for n, g in stim.gate_data().items() if g.is_unitary and not g.takes_pauli_targets}
    assert set(SIZES) <= set(known)
    for name, gate in known.items():
        if name not in SIZES:  # a gate of a later stim
            continue
        for alias in gate.aliases:
            circuit = stim.Circuit()
            circuit += stim.Tableau.random(3).to_circuit()
            circuit.append(alias, [2, 0][: SIZES[name]])
            tableau = circuit.to_tableau()
            found = stim_generators(f"{str(circuit)}\nI 0 1 2", "circuit")
            assert write_strings(found, 2) == [str(tableau.z_output(k)) for k in range(3)], alias
    assert {a: ALIASES[a] for a in ALIASES} == {
        a: name for name, gate in known.items() for a in gate.aliases if a in ALIASES
    }


R = np.sqrt(0.5)
ONE = {
    "H": R * np.array([[1, 1], [1, -1]]),
    "S": np.diag([1, 1j]),
    "S_DAG": np.diag([1, -1j]),
    "SQRT_X": np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    "SQRT_Y_DAG": R * np.array([[1, 1], [-1, 1]]),
    "H_YZ": R * np.array([[1, -1j], [1j, -1]]),
    "C_XYZ": np.array([[1 - 1j, -1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    **{name: PAULI[name] for name in "XYZ"},
}
TWO = {
    "CX": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]),
    "CY": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, -1j], [0, 0, 1j, 0]]),
    "CZ": np.diag([1, 1, 1, -1]),
    "SWAP": np.eye(4)[[0, 2, 1, 3]],
    "ISWAP": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    "SQRT_XX": (np.eye(4) * (1 + 1j) + np.kron(PAULI["X"], PAULI["X"]) * (1 - 1j)) / 2,
}


def applied(gate: np.ndarray, state: np.ndarray, at: list[int], d: int = 2) -> np.ndarray:
    """A state of shape (d,) * n after a gate."""
    k = len(at)
    axes = (list(range(k, 2 * k)), at)
    moved = np.tensordot(gate.reshape((d,) * 2 * k), state, axes)
    return np.moveaxis(moved, list(range(k)), at)


def test_circuits_of_qubits_against_dense_vectors(rng):
    n = 3
    for _ in range(60):
        state, lines = np.zeros((2,) * n, dtype=complex), [f"I {n - 1}"]
        state[(0,) * n] = 1
        for _ in range(12):
            name = str(rng.choice([*ONE, *TWO]))
            at = rng.permutation(n)[: 1 + (name in TWO)].tolist()
            state = applied((ONE | TWO)[name], state, at)
            lines.append(f"{name} {' '.join(map(str, at))}")
        vector = state.ravel()
        for generator in write_strings(stim_generators("\n".join(lines), "c"), 2):
            np.testing.assert_allclose(dense(generator) @ vector, vector, atol=1e-9)


def test_circuits_of_qutrits_against_dense_vectors(rng):
    """sdim's conventions: H: X -> Z -> X^-1, P: X -> X Z, CNOT |a, b> = |a, a + b>."""
    d, n = 3, 2
    w = np.exp(2j * np.pi / d)
    k = np.arange(d)
    x, z = np.roll(np.eye(d), 1, axis=0), np.diag(w**k)
    h, p = w ** np.outer(k, k) / np.sqrt(d), np.diag(w ** (k * (k - 1) // 2))
    np.testing.assert_allclose(h @ x, z @ h, atol=1e-12)
    np.testing.assert_allclose(p @ x, x @ z @ p, atol=1e-12)
    add = np.zeros((d * d, d * d))
    for a in range(d):
        for b in range(d):
            add[d * a + (a + b) % d, d * a + b] = 1
    cz = np.diag([w ** (a * b) for a in range(d) for b in range(d)])
    swap = np.eye(d * d).reshape(d, d, d, d).swapaxes(0, 1).reshape(d * d, d * d)
    gates = {"H": h, "P": p, "CNOT": add, "CZ": cz}
    gates |= {f"{name}_INV": gate.conj().T for name, gate in gates.items()} | {"SWAP": swap, "X": x, "Z": z}
    for _ in range(60):
        state, lines = np.zeros((d, d), dtype=complex), ["#", f"d {d} qudits={n}"]
        state[0, 0] = 1
        for _ in range(10):
            name = str(rng.choice(list(gates)))
            at = rng.permutation(n)[: 1 if gates[name].shape == (d, d) else 2].tolist()
            state = applied(gates[name], state, at, d)
            lines.append(f"{name} {' '.join(map(str, at))}")
        found, _ = chp_generators("\n".join(lines), "chp")
        vector = state.ravel()
        for a, b in zip(found.x, found.z, strict=True):
            each = [np.linalg.matrix_power(x, a[q]) @ np.linalg.matrix_power(z, b[q]) for q in range(n)]
            assert abs(np.vdot(vector, np.kron(*each) @ vector)) == pytest.approx(1)


def test_random_circuits_and_tableaus_of_stim(rng):
    stim = pytest.importorskip("stim")
    for n in (1, 2, 3, 5, 8):
        for method in ("elimination", "graph_state"):
            tableau = stim.Tableau.random(n)
            want = [str(tableau.z_output(k)) for k in range(n)]
            if method == "elimination":
                circuit = str(tableau.to_circuit(method))
                assert strings(box_from_json({"circuit": circuit, "servers": alone(n)})) == want
            lines = [str(tableau), str(tableau).splitlines(), repr(tableau)]
            lines.append(
                {
                    key: [str(f(k)) for k in range(n)]
                    for key, f in (("xs", tableau.x_output), ("zs", tableau.z_output))
                }
            )
            for given in lines:
                assert strings(box_from_json({"tableau": given, "servers": alone(n)})) == want


def test_repeat_tags_comments_and_coordinates():
    text = """
    QUBIT_COORDS(0, 1) 0   # where it stands
    H[first] 0
    TICK
    REPEAT 3 {
        S 0
        REPEAT 2 {
            CX 0 1
            CX 1 2 2 1
        }
    }
    """
    flat = "H 0\n" + 3 * ("S 0\n" + 2 * "CNOT 0 1\nZCX 1 2\nCX 2 1\n")
    assert write_strings(stim_generators(text, "c"), 2) == write_strings(stim_generators(flat, "c"), 2)


def test_circuits_that_we_write_make_the_state(rng):
    """Read by our own reader, and by stim where it is there: every generator has its sign."""
    for n in (1, 2, 3, 4, 6, 8):
        for rows in {n, (n + 1) // 2}:
            given = random_generators(n, rows, rng)
            box = box_from_json({"stabilizers": given, "servers": alone(n)})
            text = stim_text(state_circuit(field_of(2), box.M, box.offset), ["S0 holds 0"])
            made = stim_generators(text, "circuit")
            both = box_from_json({"stabilizers": write_strings(made, 2) + given, "servers": alone(n)})
            assert field_of(2).rank(both.M) == n  # they commute, their signs fit, and nothing is added
            try:
                import stim
            except ImportError:
                continue
            simulator = stim.TableauSimulator()
            simulator.do_circuit(stim.Circuit(text))
            assert all(simulator.peek_observable_expectation(stim.PauliString(g)) == 1 for g in given)


@pytest.mark.parametrize("p", [2, 3, 5, 7])
def test_circuits_of_qudits_make_the_group(rng, p):
    gf = field_of(p)
    for _ in range(6):
        n = int(rng.integers(1, 5))
        m = isotropic(p, n, int(rng.integers(1, n + 1)), rng)
        text = chp_text(state_circuit(gf, m, np.zeros(len(m), dtype=np.int64)), ["a comment"], p, n)
        made, order = chp_generators(text, "chp")
        assert order == p
        group = np.hstack([made.z, -made.x % p])
        assert gf.rank(group) == n == gf.rank(np.vstack([group, m]))


def test_strings_of_qudits_are_read_as_written(rng):
    for order in (2, 3, 4, 9, 256):
        gf = field_of(order)
        x, z = rng.integers(0, order, (2, 5, 4))
        signs = rng.integers(0, 2, 5) if order == 2 else np.zeros(5, dtype=np.int64)
        back = read_strings("s", write_strings(Generators(x, z, signs), order), gf)
        for a, b in ((back.x, x), (back.z, z), (back.signs, signs)):
            np.testing.assert_array_equal(a, b)
    same = [
        read_strings("s", [text], field_of(5)) for text in ("Y(2) X I", "X(2)*Z(2) X(1) I", "Z(2)*X(2) X I")
    ]
    assert all((g.x == [[2, 1, 0]]).all() and (g.z == [[2, 0, 0]]).all() for g in same)


def test_files_of_others_make_every_qudit_a_server(tmp_path):
    (tmp_path / "pair.stim").write_text("H 0\nCX 0 1\n")
    (tmp_path / "pair.chp").write_text("two qutrits\n#\nd 3 qudits=2\nH 0\nSUM 0 1\n")
    (tmp_path / "pair.alist").write_text("4 2\n1 2\n1 1 1 1\n2 2\n1\n1\n2\n2\n1 2\n3 4\n")
    found = {kind: read_box(tmp_path / f"pair.{kind}") for kind in ("stim", "chp", "alist")}
    assert all(box.servers == ("S0", "S1") for box in found.values())
    assert strings(found["stim"]) == strings(found["alist"]) == ["+XX", "+ZZ"]
    assert strings(found["chp"]) == ["X(2) X(2)", "Z(2) Z(1)"]
    (tmp_path / "box.json").write_text(
        json.dumps({"circuit": {"file": "pair.stim"}, "servers": {"A": [1, 0]}})
    )
    assert read_box(tmp_path / "box.json").matrices[0].tolist() == [[0, 0, 1, 1], [1, 1, 0, 0]]


def test_a_circuit_without_end_is_refused():
    for text, line in (
        ("REPEAT 999999999 {\n H 0\n}", "line 3: 999999999 gates"),
        ("REPEAT 2 {\nH 0", "REPEAT without end"),
        (1000 * "REPEAT 2 {\n" + "H 0\n" + 1000 * "}\n", "gates"),
        ("H 0\nMR 0", r"line 2: 'MR' is no unitary gate"),
    ):
        with pytest.raises(InputError, match=line):
            stim_generators(text, "circuit")


@pytest.mark.few(4)
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e["name"])
def test_spoilt_examples_are_read_or_refused(example, tmp_path):
    """Whatever stands in place of a value, no other error comes up."""
    draw = random.Random(example["name"])
    for _ in range(120):
        data = json.loads(json.dumps(example))
        how = spoil(data, draw)
        path = tmp_path / "spoilt.json"
        path.write_text(json.dumps(data))
        with suppress(InputError):
            assert is_stabilizer_file(path) in (True, False), how
            read_box(path).computation()
