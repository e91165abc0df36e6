"""The cascade network's circuits against targets written out by hand, and what they count."""

from __future__ import annotations

import itertools
import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
import rustworkx as rx
from qiskit.quantum_info import Statevector

from qcoord_hw.errors import InputError
from qcoord_hw.families.coordination.cascade.protocols import PROTOCOLS, build_cascade

LOG3 = math.log2(3)
CATALOGUE = Path(__file__).parents[3] / "circuits" / "coordination"


def outputs(coordination):
    """The outputs' state as columns of shape (2^k, e), by Qiskit."""
    (preparation,) = coordination.preparations
    circuit = preparation.net.circuit
    n = circuit.num_qubits
    tensor = Statevector(circuit).data.reshape((2,) * n).transpose(range(n - 1, -1, -1))
    kept = [circuit.find_bit(q).index for q in preparation.outputs]
    rest = [q for q in range(n) if q not in kept]
    return tensor.transpose(kept + rest).reshape(2 ** len(kept), -1)


def fidelity(coordination, vector):
    return float(np.linalg.norm(vector.conj() @ outputs(coordination)) ** 2)


def pairs(coordination):
    circuit = coordination.preparations[0].net.circuit
    return [
        tuple(sorted(circuit.find_bit(q).index for q in i.qubits))
        for i in circuit.data
        if len(i.qubits) == 2 and i.operation.name in ("cx", "cz")
    ]


def check(coordination, *, line=True):
    """What must hold of every coordination: one- and two-qubit gates, a row or a tree, outputs' owners."""
    (preparation,) = coordination.preparations
    net = preparation.net
    names = {i.operation.name for i in net.circuit.data}
    assert names <= {"cx", "cz", "rz", "ry", "h", "x", "barrier"}
    graph = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(net.circuit.num_qubits))
    graph.add_edges_from_no_data(list(set(pairs(coordination))))
    degrees = [graph.degree(node) for node in graph.node_indices()]
    assert graph.num_edges() == graph.num_nodes() - rx.number_connected_components(graph)  # no cycle
    if line:
        assert max(degrees) <= 2
    else:  # one branching, as at a node of a heavy hexagon
        assert sorted(degrees)[-2:] == [2, 3]
    case = coordination.cases[0]
    columns = outputs(coordination)
    target = case.target if case.target.ndim == 2 else np.outer(case.target, case.target.conj())
    difference = np.abs(np.linalg.eigvalsh(columns @ columns.conj().T - target)).sum()
    assert difference == pytest.approx(coordination.exact["trace_norm"], abs=1e-9)
    if case.target.ndim == 1:
        assert fidelity(coordination, case.target) == pytest.approx(coordination.exact["fidelity"], abs=1e-9)


def owners(coordination):
    (preparation,) = coordination.preparations
    return [preparation.net.owner(q) for q in preparation.outputs]


def ket(size, *strings):
    vector = np.zeros(2**size)
    for string in strings:
        vector[int(string, 2)] = 1
    return vector / np.linalg.norm(vector)


def state_text(vector, sizes):
    """The JSON text of a pure state's file."""
    amplitudes = {
        "".join(map(str, index)): [float(z.real), float(z.imag)]
        for index, z in np.ndenumerate(np.asarray(vector, dtype=complex).reshape(sizes))
    }
    return json.dumps({"systems": dict(zip("ABCDEFG", sizes, strict=False)), "ket": amplitudes})


def test_two_ghz_states_on_the_corner():
    made = build_cascade({"network": "cascade", "protocol": "ghz2-corner", "n": 2, "state": "ghz"})
    check(made, line=False)
    ghz = ket(3, "000", "111")
    assert fidelity(made, np.kron(ghz, ghz)) == pytest.approx(1)
    assert made.preparations[0].net.usage == {
        "Alice-Bob": {"ebits": 2},
        "Bob-Charlie": {"ebits": 1},
        "Bob->Charlie": {"qubits": 1, "log2_dim": 1.0, "bits": 0},
    }
    assert made.copies == 2
    assert len(pairs(made)) == 6
    assert owners(made) == ["Alice", "Bob", "Charlie"] * 2
    gaps = [entry["value"] for name, entry in made.rates.items() if name.endswith("gap")]
    assert gaps == pytest.approx([0] * 4)


TRITS = ["".join(order) for order in itertools.permutations(("01", "10", "11"))]


@pytest.mark.parametrize("link", ["qubits", "ebits"])
def test_example_2(link):
    made = build_cascade({"protocol": "example-2", "link1": link})
    check(made, line=False)
    assert fidelity(made, ket(6, *TRITS)) == pytest.approx(1)
    sent = {"qubits": 2, "log2_dim": LOG3, "bits": 0, "qudits": 1}
    first = {"Alice->Bob": sent} if link == "qubits" else {"Alice-Bob": {"ebits": LOG3}}
    assert made.preparations[0].net.usage == first | {"Bob->Charlie": sent}
    assert len(pairs(made)) == 11
    assert owners(made) == ["Alice"] * 2 + ["Bob"] * 2 + ["Charlie"] * 2
    assert made.rates["Q1 + E1, gap"]["value"] == pytest.approx(0)
    assert made.rates["Q2, asymptotic"]["value"] == pytest.approx(LOG3 / 2)


def test_example_1_without_its_reference():
    made = build_cascade({"protocol": "example-1"})
    check(made, line=False)
    columns = outputs(made)
    expected = np.zeros(64)
    expected[[int(t, 2) for t in TRITS]] = 1 / 6
    np.testing.assert_allclose(columns @ columns.conj().T, np.diag(expected), atol=1e-12)
    sent = {"qubits": 2, "log2_dim": LOG3, "bits": 0, "qudits": 1}
    assert made.preparations[0].net.usage == {"Alice->Bob": sent, "Bob->Charlie": sent}
    assert made.rates["Q1 + E1, asymptotic"]["value"] == pytest.approx(LOG3)
    assert made.rates["Q1 + E1, gap"]["value"] == pytest.approx(0)


def test_example_1_with_its_reference():
    made = build_cascade({"protocol": "example-1-reference"})
    check(made, line=False)
    columns = outputs(made)
    assert columns.shape == (512, 1)  # nothing is left over: the reference purifies
    parts = columns.reshape(64, 8)
    expected = np.zeros(64)
    expected[[int(t, 2) for t in TRITS]] = 1 / 6
    np.testing.assert_allclose(parts @ parts.conj().T, np.diag(expected), atol=1e-12)
    assert made.preparations[0].net.usage["Alice->Bob"]["log2_dim"] == pytest.approx(math.log2(6))
    assert owners(made) == ["Alice"] * 2 + ["Bob"] * 2 + ["Charlie"] * 2 + ["Alice"] * 3
    assert made.rates["Q1, asymptotic"]["value"] == pytest.approx(1.792481250)
    assert made.rates["Q1 + E1, gap"]["value"] == pytest.approx(0)


@pytest.mark.slow
def test_two_copies_of_example_1_at_link_1s_corner():
    made = build_cascade({"protocol": "example-1-n2"})
    columns = outputs(made)
    assert columns.shape == (2**18, 1)
    case = made.cases[0]
    assert abs(np.vdot(case.target, columns[:, 0])) == pytest.approx(1)
    one = build_cascade({"protocol": "example-1-reference"}).cases[0].target
    np.testing.assert_allclose(case.target, np.kron(one, one))
    assert made.exact["trace_norm"] == pytest.approx(0, abs=1e-12)
    usage = made.preparations[0].net.usage
    assert usage["Alice->Bob"]["log2_dim"] == pytest.approx(2 + LOG3)
    assert usage["Alice-Bob"]["ebits"] == pytest.approx(LOG3)
    for name in ("Q1, gap", "Q1 + E1, gap"):
        assert made.rates[name]["value"] == pytest.approx(0, abs=1e-9)
    assert owners(made) == 2 * (["Alice"] * 2 + ["Bob"] * 2 + ["Charlie"] * 2 + ["Alice"] * 3)


@pytest.mark.few(1)
@pytest.mark.parametrize("link", ["qubits", "ebits"])
def test_any_pure_state_of_three_qubits(rng, link):
    for _ in range(4):
        vector = rng.normal(size=8) + 1j * rng.normal(size=8)
        vector /= np.linalg.norm(vector)
        made = build_cascade({"state": state_text(vector, (2, 2, 2)), "link1": link})
        check(made)
        assert fidelity(made, vector) == pytest.approx(1)
        assert len(pairs(made)) <= 3
        usage = made.preparations[0].net.usage
        assert usage["Bob->Charlie"]["qubits"] == 1
        assert ("Alice->Bob" in usage) == (link == "qubits")
        assert all(e["value"] > -1e-9 for name, e in made.rates.items() if name.endswith("gap"))


@pytest.mark.parametrize(
    ("name", "gates", "sent"),
    [("ghz", 2, 2), ("w", 3, 2), ("epr", 1, 1), ("ghz-mixture", 3, 2), ("two-pairs", 5, 3)],
)
def test_named_states(name, gates, sent):
    made = build_cascade({"state": name})
    check(made)
    assert len(pairs(made)) == gates
    usage = made.preparations[0].net.usage
    assert sum(entry.get("qubits", 0) for entry in usage.values()) == sent


@pytest.mark.slow
def test_a_mixed_state_with_and_without_its_reference(rng):
    columns = rng.normal(size=(8, 2)) + 1j * rng.normal(size=(8, 2))
    columns /= np.linalg.norm(columns)
    rho = columns @ columns.conj().T
    density = [[[float(z.real), float(z.imag)] for z in row] for row in rho]
    text = json.dumps({"systems": {"A": 2, "B": 2, "C": 2}, "density": density})
    made = build_cascade({"state": text})
    check(made)
    found = outputs(made)
    np.testing.assert_allclose(found @ found.conj().T, rho, atol=1e-9)
    kept = build_cascade({"state": text, "reference": True})
    check(kept)
    assert owners(kept) == ["Alice", "Bob", "Charlie", "Alice"]
    found = outputs(kept).reshape(8, -1)
    np.testing.assert_allclose(found @ found.conj().T, rho, atol=1e-9)
    assert "Q1, asymptotic" in kept.rates


def test_systems_that_are_no_qubits_and_both_links_shared():
    pair = np.diag(np.sqrt([0.7, 0.3])), np.eye(2) / math.sqrt(2)
    vector = np.einsum("ab,cd->abcd", *pair).reshape(2, 4, 2)
    made = build_cascade({"state": state_text(vector, (2, 4, 2)), "link1": "ebits", "link2": "ebits"})
    check(made)
    assert made.preparations[0].net.usage == {"Alice-Bob": {"ebits": 1}, "Bob-Charlie": {"ebits": 1}}
    vector = np.zeros((2, 3, 2))
    vector[0, 0, 0] = vector[1, 2, 1] = vector[0, 1, 1] = 1
    made = build_cascade({"state": state_text(vector, (2, 3, 2))})
    check(made)
    assert fidelity(made, ket(4, "0000", "1101", "0011")) == pytest.approx(1)


@pytest.mark.parametrize(("name", "size"), [("ghz:parties=4", 4), ("w:parties=5", 5)])
def test_chains(name, size):
    made = build_cascade({"protocol": "chain", "state": name})
    check(made)
    ones = ["0" * i + "1" + "0" * (size - i - 1) for i in range(size)]
    expected = ket(size, *ones) if name[0] == "w" else ket(size, "0" * size, "1" * size)
    assert fidelity(made, expected) == pytest.approx(1)
    parties = ["Alice", "Bob", "Charlie", "Dave", "Erin"][:size]
    assert owners(made) == parties
    assert set(made.preparations[0].net.usage) == {f"{a}->{b}" for a, b in itertools.pairwise(parties)}
    assert len(pairs(made)) == (size - 1 if name[0] == "g" else 2 * size - 3)


@pytest.mark.few(1)
@pytest.mark.parametrize("link", ["qubits", "ebits"])
def test_a_chain_with_any_pure_state(rng, link):
    vector = rng.normal(size=12) + 1j * rng.normal(size=12)
    vector /= np.linalg.norm(vector)
    made = build_cascade({"protocol": "chain", "state": state_text(vector, (3, 2, 2)), "link1": link})
    check(made)
    wide = np.zeros((4, 4), dtype=complex)
    wide[:3] = vector.reshape(3, 4)
    assert fidelity(made, wide.ravel()) == pytest.approx(1)
    usage = made.preparations[0].net.usage
    spent = usage["Alice->Bob"]["log2_dim"] if link == "qubits" else usage["Alice-Bob"]["ebits"]
    assert spent == pytest.approx(LOG3)


def test_compressed_links_keep_the_likeliest_strings():
    amplitudes = {"000": math.sqrt(0.9), "111": math.sqrt(0.1)}
    text = json.dumps({"systems": {"A": 2, "B": 2, "C": 2}, "ket": amplitudes})
    made = build_cascade({"protocol": "compressed", "state": text, "n": 2, "m1": 1, "m2": 1})
    check(made)
    assert made.exact["fidelity"] == pytest.approx(0.81 + 0.09)
    usage = made.preparations[0].net.usage
    assert usage["Alice->Bob"]["qubits"] == usage["Bob->Charlie"]["qubits"] == 1
    assert made.copies == 2
    assert owners(made) == ["Alice", "Bob", "Charlie"] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "none"}, "protocol: 'none'; allowed are exact, "),
        ({"state": 3}, "state: 3; allowed is a name"),
        ({"state": "{]"}, "state: '{]'; allowed is the JSON text of a state file"),
        ({"state": "ghz", "link3": "qubits"}, "link3: unknown for the protocol exact"),
        ({"state": "ghz", "link1": "bits"}, "link1: 'bits' (did you mean ebits?); allowed are qubits, ebits"),
        ({"state": "ghz", "link2": "ebits"}, "allowed for this state is link2 = qubits"),
        ({"state": "ghz", "n": 2}, "n: 2; allowed is 1"),
        ({"state": "ghz", "reference": 1}, "reference: 1; allowed are true and false"),
        ({"state": "ghz:parties=4"}, "systems: D; allowed in this network are A, B, C"),
        (
            {"protocol": "ghz2-corner", "state": "w"},
            "state: 'w'; allowed is ghz",
        ),
        ({"protocol": "chain", "state": "epr"}, "state: 2 systems; allowed for a chain are 3 to 10"),
        ({"protocol": "chain", "state": "ghz-mixture"}, "is mixed"),
        ({"protocol": "chain", "state": "mirror-broadcast"}, "classical: X"),
        ({"protocol": "compressed", "state": "example-2"}, "allowed for compressed links"),
    ],
)
def test_refusals_are_one_line(options, message):
    with pytest.raises(InputError, match=".*") as caught:
        build_cascade(options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_catalogue_names_protocols_with_their_options():
    files = sorted(CATALOGUE.glob("cascade-*.toml"))
    assert {"cascade-ghz2", "cascade-example-1", "cascade-example-2"} <= {f.stem for f in files}
    for file in files:
        spec = tomllib.loads(file.read_text())
        assert spec["name"] == file.stem
        assert spec["parameters"]["protocol"] in PROTOCOLS
        assert build_cascade(spec["parameters"]).copies == spec["parameters"]["n"]
