"""Linear computations end to end: y = V w with certainty, by local operations, at the cost of theory."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import galois
import numpy as np
import pytest
from qiskit.circuit import Barrier, QuantumCircuit
from qiskit_aer import AerSimulator

from qcoord_hw.errors import InputError, LocalityError, TooLargeError
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.targets import Request, resolve_target
from qcoord_hw.families.experiment import Experiment, build_experiment
from qcoord_hw.families.linear_computation.circuits import input_symbols, task_experiment
from qcoord_hw.families.linear_computation.scoring import LinearScoring
from qcoord_hw.families.linear_computation.user_task import spec_of
from qcoord_hw.network import NetworkCircuit, many_to_one
from qcoord_hw.spec import ExperimentSpec
from qcoord_hw.theory.linear_computation.rates import region
from qcoord_hw.theory.linear_computation.task import LinearTask, reduce_task, task_from_json

pytestmark = pytest.mark.usefixtures("work_clock")

# Tasks


def columns(rows: list[list[int]]) -> dict[str, list[list[int]]]:
    return {"ABCDEF"[s]: [[row[s]] for row in rows] for s in range(len(rows[0]))}


def example_3(servers: int) -> dict[str, list[list[int]]]:
    unit = np.eye(servers, dtype=int)
    return {"A": unit.tolist()} | {"BCDEF"[s]: unit[:, :1].tolist() for s in range(servers - 1)}


EXAMPLE_1 = columns([[1, 0, 1, 1], [0, 1, 1, 1]])
EXAMPLE_2 = columns([[1, 0, 1, 0], [0, 1, 0, 1]])

# name: (field, polynomial, servers, batch)
CASES: dict[str, tuple[int, tuple[int, ...] | None, dict[str, list[list[int]]], int]] = {
    **{f"example 1 F_{d}": (d, None, EXAMPLE_1, 1) for d in (2, 3, 4, 5)},
    **{f"example 2 F_{d}": (d, None, EXAMPLE_2, 1) for d in (2, 3, 4, 5)},
    **{f"example 3 F_{d}": (d, None, example_3(3), 1) for d in (2, 3, 4)},
    "example 3, two servers, F_5": (5, None, example_3(2), 1),
    **{f"sum of {s} F_{d}": (d, None, columns([[1] * s]), 1) for s in (2, 3, 4) for d in (2, 3, 4, 5)},
    "example 1 batched": (2, None, EXAMPLE_1, 2),
    "sum of 3 batched into F_8": (2, None, columns([[1, 1, 1]]), 3),
    "sum of 2 batched into F_9": (3, None, columns([[1, 2]]), 2),
    "redundant F_2": (
        2,
        None,
        {"A": [[1, 1], [0, 1], [1, 0]], "B": [[1, 1], [1, 1], [0, 0]], "C": [[1], [0], [1]]},
        1,
    ),
    "redundant F_3": (3, None, {"A": [[1, 2], [2, 1]], "B": [[1], [2]]}, 1),
    "redundant F_4": (4, None, {"A": [[1, 2, 3], [2, 3, 1]], "B": [[1, 0], [2, 1]], "C": [[0], [1]]}, 1),
    "mixed F_2": (
        2,
        None,
        {"A": [[1, 0], [0, 1], [1, 1]], "B": [[0], [1], [1]], "C": [[1, 1], [0, 1], [0, 0]]},
        1,
    ),
    "mixed F_3": (3, None, {"A": [[1, 0], [2, 1]], "B": [[1], [2]], "C": [[0], [1]]}, 1),
    "mixed F_4": (4, None, {"A": [[1, 0], [2, 3]], "B": [[3], [1]], "C": [[2], [2]]}, 1),
    "mixed F_5": (5, None, {"A": [[4], [3]], "B": [[1, 0], [2, 1]]}, 1),
    "F_8, another polynomial": (8, (1, 1, 0, 1), {"A": [[3]], "B": [[7]], "C": [[5]]}, 1),
    "F_9": (9, None, {"A": [[4]], "B": [[7]], "C": [[1]]}, 1),
    "F_9, another polynomial": (9, (1, 0, 1), {"A": [[4]], "B": [[7]]}, 1),
    "F_16": (16, None, {"A": [[11]], "B": [[6]], "C": [[1]]}, 1),
    "F_25": (25, None, {"A": [[13]], "B": [[7]]}, 1),
    "F_27": (27, None, {"A": [[13]], "B": [[22]]}, 1),
}
SMALL = [name for name in CASES if "F_2" in name or name in ("sum of 2 F_3", "sum of 2 F_4", "example 2 F_4")]


LONG = (
    *("example 1 F_4", "example 1 F_5", "example 3 F_3", "example 3 F_4", "example 1 batched"),
    *("sum of 3 batched into F_8", "F_8, another polynomial", "F_25"),
)
"""Seconds of synthesis each."""


def cases(names):
    """Return names of cases as parameters; those that take long are slow."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in names]


def task_of(name: str) -> LinearTask:
    d, poly, servers, _ = CASES[name]
    data = {"field": d, "servers": servers} | ({"irreducible_poly": list(poly)} if poly else {})
    return task_from_json(data)


@lru_cache
def built(name: str, inputs: int | str = 9) -> Experiment:
    return task_experiment(task_of(name), name="t", title="t", batched=CASES[name][3], inputs=inputs)


def answers(name: str, symbols: np.ndarray) -> np.ndarray:
    """V w for every w of the last axis, by galois and from the numbers above alone."""
    d, poly, servers, _ = CASES[name]
    if poly is None:
        ref = galois.GF(d, compile="python-calculate")
    else:
        p = next(q for q in (2, 3, 5) if d % q == 0)
        modulus = galois.Poly(poly, field=galois.GF(p))
        ref = galois.GF(d, irreducible_poly=modulus, compile="python-calculate")
    return np.asarray(ref(symbols) @ ref(np.hstack(list(servers.values()))).T).astype(int)


def decoded(play: LinearScoring, outcome: str) -> np.ndarray:
    """Read an outcome (classical bit 0 first) by the play's plain description, without its methods."""
    p, r = play.task.field.characteristic, play.task.field.degree
    digits = np.array([sum(int(outcome[b]) << k for k, b in enumerate(bits)) for bits in play.bits])
    assert (digits < p).all(), "leaked"
    values = play.decoder @ digits % p
    symbols = values.reshape(-1, r) @ p ** np.arange(r)
    return symbols.reshape(play.inputs.shape[1], -1)


# Certainty


def matrix_of(name: str, params: list[float]) -> np.ndarray:
    """The first qubit is the more significant index."""
    if name in ("rz", "p", "u1"):
        return np.diag([1, np.exp(1j * params[0])])
    half = params[0] / 2 if params else 0
    cos, sin = math.cos(half), math.sin(half)
    if name == "rx":
        return np.array([[cos, -1j * sin], [-1j * sin, cos]])
    if name == "ry":
        return np.array([[cos, -sin], [sin, cos]])
    if name in ("u", "u3"):
        _, phi, lam = params
        return np.array(
            [[cos, -np.exp(1j * lam) * sin], [np.exp(1j * phi) * sin, np.exp(1j * (phi + lam)) * cos]]
        )
    fixed = {
        "h": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
        "x": np.array([[0, 1], [1, 0]]),
        "cx": np.eye(4)[[0, 1, 3, 2]],
        "cz": np.diag([1, 1, 1, -1]),
        "swap": np.eye(4)[[0, 2, 1, 3]],
    }
    return fixed[name]


def certain_outcome(circuit: QuantumCircuit, values: tuple[float, ...]) -> str:
    """Run a circuit whose measurements are final on plain numpy arrays; its outcome must be certain."""
    circuit = circuit.assign_parameters(list(values))
    size = circuit.num_qubits
    state = np.zeros((2,) * size, dtype=complex)
    state[(0,) * size] = 1
    read: dict[int, int] = {}
    for i in circuit.data:
        where = [circuit.find_bit(q).index for q in i.qubits]
        if i.operation.name == "measure":
            read[circuit.find_bit(i.clbits[0]).index] = where[0]
        elif i.operation.name != "barrier":
            assert not set(where) & set(read.values())
            gate = matrix_of(i.operation.name, [float(x) for x in i.operation.params]).reshape(
                (2, 2) * len(where)
            )
            state = np.tensordot(gate, state, axes=(range(len(where), 2 * len(where)), where))
            state = np.moveaxis(state, range(len(where)), where)
    weights = np.abs(state) ** 2
    assert sorted(read) == list(range(circuit.num_clbits))
    best = np.unravel_index(weights.argmax(), weights.shape)
    assert weights[best] == pytest.approx(1, abs=1e-6)
    return "".join(str(best[read[c]]) for c in sorted(read))


@pytest.mark.few(4)
@pytest.mark.parametrize("name", cases(SMALL))
def test_every_answer_is_certain_in_plain_numpy(name):
    experiment = built(name)
    play = experiment.play
    expected = answers(name, play.inputs)
    for setting in experiment.settings[:6]:
        outcome = certain_outcome(experiment.circuits[0].circuit, setting.values)
        np.testing.assert_array_equal(decoded(play, outcome), expected[setting.input])


@pytest.mark.few(4)
@pytest.mark.parametrize("name", cases(name for name in CASES if name not in SMALL))
def test_every_answer_is_certain_on_aer(name):
    experiment = built(name)
    assert experiment.circuits[0].circuit.num_qubits <= 16
    play = experiment.play
    expected = answers(name, play.inputs)
    aer = AerSimulator(method="statevector")
    settings = experiment.settings[:3]
    circuits = [experiment.circuits[0].circuit.assign_parameters(list(s.values)) for s in settings]
    result = aer.run(circuits, shots=50, seed_simulator=1).result()
    assert result.success
    for k, setting in enumerate(settings):
        for outcome in result.get_counts(k):
            np.testing.assert_array_equal(
                decoded(play, outcome.replace(" ", "")[::-1]), expected[setting.input]
            )


@pytest.mark.parametrize(
    "name",
    cases(
        [
            "example 1 F_2",
            "example 1 F_4",
            "sum of 2 F_3",
            "sum of 2 F_5",
            "redundant F_2",
            "example 1 batched",
        ]
    ),
)
def test_every_answer_is_certain_on_the_target_aer(name):
    """All inputs where they are few, else 200, through the package's own simulator."""
    d, _, servers, copies = CASES[name]
    width = sum(len(v[0]) for v in servers.values())
    everything = d ** (2 * copies * width)
    experiment = built(name, None if everything > 6561 or everything < 700 else 150)
    play = experiment.play
    if everything < 700:
        assert len(experiment.settings) == everything
        assert len({tuple(x) for x in play.inputs.reshape(everything, -1).tolist()}) == everything
    elif everything > 6561:
        assert len(experiment.settings) == 200
    prepared = resolve_target("aer").prepare(program_of(experiment), ())
    executor = resolve_target("aer").executor(prepared)
    expected = answers(name, play.inputs)
    np.testing.assert_array_equal(play.expected, expected)
    requests = [Request(0, k, 40, k) for k in range(len(experiment.settings))]
    for setting, counts in zip(experiment.settings, executor.execute(requests), strict=True):
        assert sum(counts.values()) == 40
        for outcome in counts:
            np.testing.assert_array_equal(decoded(play, outcome), expected[setting.input])


@pytest.mark.few(1)
@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, pytest.param(8, marks=pytest.mark.slow), 9])
def test_tasks_never_seen(rng, order):
    """Random matrices, dependent ones among them; every outcome of every input that is tried is right."""
    p = next(q for q in (2, 3, 5, 7) if order % q == 0)
    width = (p - 1).bit_length() * (1 if order == p else {4: 2, 8: 3, 9: 2}[order])
    ref = galois.GF(order, compile="python-calculate")
    aer = AerSimulator(method="statevector")
    done = 0
    while done < 2:
        rows, sizes = int(rng.integers(1, 4)), rng.integers(1, 4, int(rng.integers(2, 5))).tolist()
        v = [rng.integers(0, order, (rows, m)) for m in sizes]
        for block in v:
            block[0, (block == 0).all(axis=0)] = 1
        ranks = [int(np.linalg.matrix_rank(ref(block))) for block in v]
        if (sum(ranks) + np.linalg.matrix_rank(ref(np.hstack(v)))) * width > 18:
            continue  # surely, or probably, more than 16 qubits
        task = task_from_json({"field": order, "servers": {"ABCD"[s]: x.tolist() for s, x in enumerate(v)}})
        experiment = task_experiment(task, name="t", title="t", inputs=3)
        circuit = experiment.circuits[0].circuit
        if circuit.num_qubits > 16:
            continue
        done += 1
        runs = [circuit.assign_parameters(list(s.values)) for s in experiment.settings]
        result = aer.run(runs, shots=20, seed_simulator=1).result()
        expected = np.asarray(ref(experiment.play.inputs) @ ref(np.hstack(v)).T)
        for k in range(len(runs)):
            for outcome in result.get_counts(k):
                read = decoded(experiment.play, outcome.replace(" ", "")[::-1])
                np.testing.assert_array_equal(read, expected[k])


@pytest.mark.parametrize(
    "name", cases(["example 1 F_3", "example 1 F_4", "example 1 batched", "redundant F_3"])
)
def test_outputs_are_read_from_digits(rng, name):
    play = built(name).play
    p = play.task.field.characteristic
    digits = rng.integers(0, p, (5, len(play.bits)))
    for row, symbols in zip(digits, play.outputs(digits), strict=True):
        outcome = ["?"] * sum(map(len, play.bits))
        for digit, bits in zip(row.tolist(), play.bits, strict=True):
            for k, b in enumerate(bits):
                outcome[b] = str(digit >> k & 1)
        np.testing.assert_array_equal(symbols, decoded(play, "".join(outcome)))
    again = LinearScoring.from_json(play.to_json())
    assert again.to_json() == play.to_json()
    np.testing.assert_array_equal(again.expected, play.expected)


@pytest.mark.few(4)
@pytest.mark.parametrize(
    "name", cases([n for n, c in CASES.items() if c[0] in (2, 4, 8, 16) and len(c[2]) < 5][:12])
)
def test_flips_are_what_inputs_do(name):
    """Where digits are bits, outcomes at the values differ from those at zero in exactly the flips."""
    experiment = built(name)
    (net,) = experiment.circuits
    circuit = net.circuit
    aer = AerSimulator(method="statevector")
    zero = (0.0,) * circuit.num_parameters
    settings = experiment.settings[:4]
    runs = [circuit.assign_parameters(list(v)) for v in (zero, *(s.values for s in settings))]
    result = aer.run(runs, shots=5, seed_simulator=1).result()
    outcomes = []
    for k in range(len(runs)):
        (outcome,) = result.get_counts(k)
        outcomes.append(outcome.replace(" ", "")[::-1])
    for setting, outcome in zip(settings, outcomes[1:], strict=True):
        differing = {c for c, (a, b) in enumerate(zip(outcomes[0], outcome, strict=True)) if a != b}
        assert setting.flips is not None
        assert set(setting.flips) == differing
        assert len(set(setting.flips)) == len(setting.flips)
        assert all(value in (0, 1) for value in setting.values)


@pytest.mark.parametrize("name", ["example 1 F_3", "sum of 2 F_5", "F_9", "redundant F_3"])
def test_odd_characteristic_has_no_pauli_frame(name):
    experiment = built(name)
    p = experiment.play.task.field.characteristic
    assert {s.flips for s in experiment.settings} == {None}
    assert {v for s in experiment.settings for v in s.values} <= set(range(p))
    assert [s.input for s in experiment.settings] == list(range(len(experiment.settings)))


# Locality


@pytest.mark.few(10)
@pytest.mark.parametrize("name", cases(CASES))
def test_servers_act_locally_and_the_counted_cost_is_that_of_theory(name):
    d, _, servers, batched = CASES[name]
    experiment = built(name)
    (net,) = experiment.circuits
    play, circuit = experiment.play, net.circuit
    p = play.task.field.characteristic
    size = (p - 1).bit_length()
    degree = batched * play.task.field.degree
    # Stages: the source without data, the servers, the user without data.
    parts: list[list] = [[]]
    for i in circuit.data:
        if isinstance(i.operation, Barrier) and len(i.qubits) == circuit.num_qubits:
            parts.append([])
        else:
            parts[-1].append(i)
    holder = [wire.split("_share")[0] for wire in net.wires]
    digit = {
        circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
        for i in parts[-1]
        if i.clbits
    }
    digit_of = {digit[b]: k for k, bits in enumerate(play.bits) for b in bits}
    assert sorted(digit_of) == list(range(circuit.num_qubits))
    assert len(parts) >= 3
    for stage in (parts[0], parts[-1]):
        assert not any(getattr(x, "parameters", ()) for i in stage for x in i.operation.params)
    seen = set()
    for i in (i for stage in parts[1:-1] for i in stage):
        qubits = [circuit.find_bit(q).index for q in i.qubits]
        assert len({digit_of[q] for q in qubits}) == 1, "a gate across digits"
        assert p > 2 or len(qubits) == 1
        (owner,) = {holder[q] for q in qubits}
        for parameter in (x for angle in i.operation.params for x in getattr(angle, "parameters", ())):
            assert parameter.name.split("_")[0].lower() == owner
            seen.add(parameter)
    assert seen == set(circuit.parameters)
    # Cost.
    reduced = reduce_task(play.task).task
    d_wide = d**batched
    usage = experiment.usage
    links = {s: usage[f"{s}->User"] for s in servers}
    sent = {s: links[s]["qudits"] for s in servers}
    total = sum(sent.values())
    assert usage["shared"]["qudits"] == total
    assert set(usage) == {"shared", *(f"{s}->User" for s in servers)}
    assert total * batched == play.qudits
    for s in servers:
        assert links[s]["qubits"] == size * degree * sent[s] == sum(h == s.lower() for h in holder)
        assert links[s]["log2_dim"] == pytest.approx(sent[s] * math.log2(d_wide))
        assert links[s]["bits"] == 0
    c = total - sum(reduced.sizes)
    assert c >= 0
    assert total >= 2 * reduced.rows
    assert experiment.copies == 2 * batched == play.inputs.shape[1]
    d_lc = region(reduced, c)
    margin, _ = d_lc.margin({s: sent[s] / 2 for s in servers})
    assert margin == 0
    assert play.baselines["quantum"][0] == pytest.approx(2 * reduced.rows / total)
    assert play.baselines["classical"][0] == pytest.approx(reduced.rows / sum(reduced.sizes))


def test_a_server_cannot_use_another_s_data():
    net = NetworkCircuit(many_to_one("A", "B"))
    shares = net.share_state(QuantumCircuit(2), {"A": 1, "B": 1})
    (mine,) = net.data("A", "A_x", 1)
    gate = QuantumCircuit(1)
    gate.rx(math.pi * mine, 0)
    with pytest.raises(LocalityError, match=r"B cannot apply rx: A_x\[0\] is data of A"):
        net.local("B", gate, shares["B"])
    net.local("A", gate, shares["A"])
    net.send("A", "User", shares["A"])
    with pytest.raises(LocalityError, match="data of A"):
        net.local("User", gate, shares["A"])


def test_auxiliary_servers_are_honoured():
    task = task_of("example 3 F_2")
    reduced = {s: len(v[0]) for s, v in CASES["example 3 F_2"][2].items()}
    for places in (("B", "B", "B"), ("A", "C", "C")):
        usage = task_experiment(task, name="t", title="t", auxiliary=places, inputs=1).usage
        for s, m in reduced.items():
            assert usage[f"{s}->User"]["qudits"] == m + places.count(s)


# Inputs


def test_all_inputs_are_counted_through():
    task = task_of("redundant F_3")
    given = input_symbols(task_of("sum of 2 F_3"), "all", 0)
    assert given.shape == (81, 2, 2)
    assert len({tuple(x) for x in given.reshape(81, -1).tolist()}) == 81
    np.testing.assert_array_equal(input_symbols(task_of("sum of 2 F_3"), None, 0), given)
    assert input_symbols(task, None, 0).shape == (729, 2, 3)
    assert input_symbols(task_of("example 1 F_3"), None, 0).shape == (6561, 2, 4)
    assert input_symbols(task_of("example 1 F_4"), None, 0).shape == (200, 2, 4)


def test_random_inputs_follow_the_seed():
    task = task_of("example 1 F_5")
    one, same, other = (input_symbols(task, 300, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert one.shape == (300, 2, 4)
    assert set(np.unique(one)) == set(range(5))


def test_given_inputs_are_taken_as_they_are():
    task = task_of("sum of 2 F_4")
    given = [[[1, 3], [0, 2]], [[2, 2], [3, 0]], [[1, 3], [0, 2]]]
    np.testing.assert_array_equal(input_symbols(task, given, 0), given)
    experiment = task_experiment(task, name="t", title="t", inputs=given)
    np.testing.assert_array_equal(experiment.play.inputs, given)
    np.testing.assert_array_equal(experiment.play.expected, [[[2], [2]], [[0], [3]], [[2], [2]]])
    as_spec = spec_of(task, {"inputs": tuple(tuple(tuple(w) for w in pair) for pair in given)})
    np.testing.assert_array_equal(build_experiment(as_spec).play.inputs, given)


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        (0, "inputs"),
        (-1, "inputs"),
        (65_537, "inputs"),
        (10**3000, "inputs"),
        (True, "inputs"),
        (2.0, "inputs"),
        ("some", "inputs"),
        ("", "inputs"),
        ({}, "inputs"),
        ([], "inputs"),
        ((), "inputs"),
        ([1], r"inputs\[0\]"),
        ([[[1, 0]]], r"inputs\[0\]"),
        ([[[1, 0], [1, 0], [1, 0]]], r"inputs\[0\]"),
        ([[[1, 0], [1, 0]], [[1, 0], [1]]], r"inputs\[1\]\.w2"),
        ([[[1, 0, 0], [1, 0]]], r"inputs\[0\]\.w1"),
        ([[1, 0]], r"inputs\[0\]\.w1"),
        ([["10", [1, 0]]], r"inputs\[0\]\.w1"),
        ([[[1, 3], [1, 0]]], r"inputs\[0\]\.w1\[1\]"),
        ([[[1, 0], [-1, 0]]], r"inputs\[0\]\.w2\[0\]"),
        ([[[1, 0], [1.0, 0]]], r"inputs\[0\]\.w2\[0\]"),
        ([[[1, 0], [True, 0]]], r"inputs\[0\]\.w2\[0\]"),
        ([[[1, 0], [None, 0]]], r"inputs\[0\]\.w2\[0\]"),
        ([[[1, 0], [[1], 0]]], r"inputs\[0\]\.w2\[0\]"),
    ],
    ids=lambda x: str(x)[:40],
)
def test_other_inputs_are_refused_by_name(inputs, named):
    with pytest.raises(InputError, match=rf"^{named}: .*allowed") as caught:
        input_symbols(task_of("sum of 2 F_3"), inputs, 0)
    assert "\n" not in str(caught.value)


def test_too_many_for_all_inputs():
    with pytest.raises(InputError, match=r"^inputs: all 390625 are more than 16384; allowed"):
        input_symbols(task_of("example 1 F_5"), "all", 0)
    with pytest.raises(InputError, match=r"^inputs: all 65536 are more than 16384; allowed"):
        input_symbols(task_of("example 1 F_4"), "all", 0)


def spec(**parameters: object) -> ExperimentSpec:
    return spec_of(task_of("example 1 F_3"), parameters)  # type: ignore[arg-type]


@pytest.mark.few(9)
@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"batch": 0}, "parameters.batch"),
        ({"batch": 7}, "parameters.batch"),
        ({"batch": True}, "parameters.batch"),
        ({"batch": "2"}, "parameters.batch"),
        ({"inputs_seed": -1}, "parameters.inputs_seed"),
        ({"inputs_seed": 1.0}, "parameters.inputs_seed"),
        ({"scheme": "best"}, "parameters.scheme"),
        ({"scheme": 1}, "parameters.scheme"),
        ({"Inputs": 3}, "parameters.Inputs"),
        ({"auxiliary": 3}, "(parameters.)?auxiliary"),
        ({"auxiliary": True}, "(parameters.)?auxiliary"),
        ({"auxiliary": "A"}, "(parameters.)?auxiliary"),
        ({"auxiliary": ()}, "(parameters.)?auxiliary"),
        ({"auxiliary": ("E",)}, "(parameters.)?auxiliary"),
        ({"auxiliary": ("A", "B")}, "(parameters.)?auxiliary"),
        ({"auxiliary": (1,)}, "(parameters.)?auxiliary"),
        ({"auxiliary": (("A",),)}, "(parameters.)?auxiliary"),
        ({"inputs": "some"}, "inputs"),
    ],
    ids=str,
)
def test_other_parameters_are_refused_by_name(parameters, named):
    with pytest.raises(InputError, match=f"^{named}: .*allowed") as caught:
        build_experiment(spec(**parameters))
    assert "\n" not in str(caught.value)


def test_only_prime_fields_are_batched():
    with pytest.raises(InputError, match="prime fields"):
        build_experiment(spec_of(task_of("example 1 F_4"), {"batch": 2}))
    with pytest.raises(InputError, match="allowed for F_3 are 1 to 3"):
        build_experiment(spec(batch=4))


# Sizes


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Turn hours of work into a failure: so many seconds that this process computes."""

    def stop(*_: object) -> None:
        raise AssertionError("still at work")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def test_sevens():
    with at_most(10):
        task = task_from_json({"field": 7, "servers": {"A": [[3]], "B": [[5]]}})
        experiment = task_experiment(task, name="t", title="t", inputs=3)
        play = experiment.play
        for setting in experiment.settings:
            outcome = certain_outcome(experiment.circuits[0].circuit, setting.values)
            expected = play.inputs[setting.input] @ [3, 5] % 7
            np.testing.assert_array_equal(decoded(play, outcome)[:, 0], expected)


@pytest.mark.slow
@pytest.mark.parametrize("width", [31, 32])
def test_up_to_64_qubits(width):
    """Two servers, everything added: 2 m qubits, pairs alone."""
    unit = np.eye(width, dtype=int).tolist()
    task = task_from_json({"field": 2, "servers": {"A": unit, "B": unit}})
    with at_most(20):
        experiment = task_experiment(task, name="t", title="t", inputs=1)
    assert experiment.circuits[0].circuit.num_qubits == 2 * width


def test_more_qubits_are_refused():
    unit = np.eye(12, dtype=int).tolist()
    task = task_from_json({"field": 7, "servers": {"A": unit, "B": unit}})
    with at_most(20), pytest.raises(TooLargeError, match="72 qubits; allowed are at most 64"):
        task_experiment(task, name="t", title="t", inputs=1)
