"""One noisy simulation for all Pauli inputs against a simulation of each."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from qiskit_aer import AerSimulator

from qcoord_hw import api, registry
from qcoord_hw.execution.forecast import Forecast
from qcoord_hw.execution.methods import SPOT_CHECKS, framed
from qcoord_hw.execution.noise import noise_model
from qcoord_hw.execution.parts import split
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.run import execute
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import NoiseTarget, Prepared, Request, by_engine, fake_backends
from qcoord_hw.families.experiment import DIRECT, FRAME, TWIRLED_FRAME, Experiment
from qcoord_hw.families.linear_computation.circuits import task_experiment
from qcoord_hw.families.linear_computation.user_task import spec_of
from qcoord_hw.provenance import ENGINE
from qcoord_hw.theory.linear_computation.task import LinearTask, task_from_json


def columns(order: int, rows: list[list[int]]) -> LinearTask:
    servers = {"ABCDEF"[s]: [[row[s]] for row in rows] for s in range(len(rows[0]))}
    return task_from_json({"field": order, "servers": servers})


TASKS = {
    "example 2, F_2": columns(2, [[1, 0, 1, 0], [0, 1, 0, 1]]),
    "example 1, F_2": columns(2, [[1, 0, 1, 1], [0, 1, 1, 1]]),
    "sum of 2, F_4": columns(4, [[1, 1]]),
    "sum of 3, F_4": columns(4, [[1, 2, 3]]),
}
INPUTS = 24


@pytest.fixture(scope="module")
def torino() -> NoiseTarget:
    return NoiseTarget(fake_backends()["fake_torino"]())


@pytest.fixture(scope="module")
def prepared(torino: NoiseTarget) -> dict[str, tuple[Experiment, Prepared]]:
    found = {}
    for name, task in TASKS.items():
        experiment = task_experiment(task, name="t", title="t", inputs=INPUTS, inputs_seed=3)
        found[name] = experiment, torino.prepare(program_of(experiment), ())
    return found


def joint(prepared: Prepared, simulator: Simulator, setting: int) -> np.ndarray:
    """The package's distribution of all classical bits, bit 0 the first axis, from those of its parts."""
    tensor, order = np.ones(()), []
    for k, part in enumerate(split(prepared.circuits[0])):
        weights = simulator.probabilities(setting, k).reshape((2,) * len(part.clbits))
        tensor = np.multiply.outer(tensor, weights)
        order += part.clbits
    return tensor.transpose(np.argsort(order))


def confused(prepared: Prepared, tensor: np.ndarray) -> np.ndarray:
    """Readout errors as the device states them, for each classical bit that of the qubit it reads."""
    circuit = prepared.circuits[0]
    for i in circuit.data:
        if i.operation.name == "measure":
            bit, qubit = circuit.find_bit(i.clbits[0]).index, circuit.find_bit(i.qubits[0]).index
            stated = prepared.snapshot.qubits[qubit]
            matrix = np.array([[1 - stated.p10, stated.p01], [stated.p10, 1 - stated.p01]])
            tensor = np.moveaxis(np.tensordot(matrix, tensor, axes=(1, bit)), 0, bit)
    return tensor


def noisy(prepared: Prepared, values: tuple[float, ...]) -> np.ndarray:
    """One density matrix of the whole circuit at these values, by Aer, before readout errors."""
    circuit = prepared.circuits[0].assign_parameters(list(values))
    wire = {
        circuit.find_bit(i.clbits[0]).index: circuit.find_bit(i.qubits[0]).index
        for i in circuit.data
        if i.operation.name == "measure"
    }
    bare = circuit.remove_final_measurements(inplace=False)
    bare.save_probabilities([bare.qubits[wire[c]] for c in sorted(wire)])
    model = noise_model(prepared.snapshot, readout=False)
    result = AerSimulator(method="density_matrix", noise_model=model).run(bare, shots=1).result()
    assert result.success
    return np.asarray(result.data(0)["probabilities"]).reshape((2,) * len(wire)).transpose()


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).sum() / 2)


@pytest.mark.few(2)
@pytest.mark.parametrize("name", TASKS)
def test_derived_distributions_are_those_of_direct_simulation(name, prepared):
    experiment, ready = prepared[name]
    assert len(ready.settings) == INPUTS + SPOT_CHECKS
    simulator = Simulator(ready.circuits, ready.settings, ready.snapshot)
    zero = noisy(ready, (0.0,) * ready.circuits[0].num_parameters)
    read_first = confused(ready, zero)
    worst_frame = worst_late = 0.0
    for k in range(0, INPUTS, 4):
        asked = ready.settings[k]
        assert asked.method == TWIRLED_FRAME
        direct = confused(ready, noisy(ready, asked.values))
        assert direct.sum() == pytest.approx(1)
        found = joint(ready, simulator, k)
        assert found.sum() == pytest.approx(1)
        worst_frame = max(worst_frame, distance(found, direct))
        late = np.flip(read_first, axis=asked.flips) if asked.flips else read_first
        worst_late = max(worst_late, distance(late, direct))
    assert worst_frame < 0.005
    assert worst_late > 0.005, "the readout error does not commute with the shift"
    assert worst_late > 3 * worst_frame


@pytest.mark.parametrize("name", ["example 2, F_2", "sum of 3, F_4"])
def test_spot_checks_are_simulated_directly(name, prepared):
    experiment, ready = prepared[name]
    simulator = Simulator(ready.circuits, ready.settings, ready.snapshot)
    assert TWIRLED_FRAME in simulator.methods
    checks = [(k, s) for k, s in enumerate(ready.settings) if s.method == DIRECT]
    assert len(checks) == SPOT_CHECKS
    assert len({s.input for _, s in checks}) == SPOT_CHECKS
    for k, asked in checks:
        derived = ready.settings[asked.input]
        assert derived.method == TWIRLED_FRAME
        assert derived.input == asked.input
        assert derived.values == asked.values == experiment.settings[asked.input].values
        assert asked.label != derived.label
        direct = confused(ready, noisy(ready, asked.values))
        np.testing.assert_allclose(joint(ready, simulator, k), direct, atol=1e-9)
        assert distance(joint(ready, simulator, asked.input), direct) < 0.005


def test_inputs_come_first_and_in_order(prepared):
    for experiment, ready in prepared.values():
        assert [s.input for s in ready.settings[:INPUTS]] == list(range(INPUTS))
        for asked, built in zip(ready.settings, experiment.settings, strict=False):
            assert (asked.values, asked.flips, asked.label) == (built.values, built.flips, built.label)


def test_few_inputs_are_all_simulated(torino):
    experiment = task_experiment(TASKS["sum of 2, F_4"], name="t", title="t", inputs=SPOT_CHECKS)
    ready = torino.prepare(program_of(experiment), ())
    assert {s.method for s in ready.settings} == {DIRECT}
    assert len(ready.settings) == SPOT_CHECKS


def test_odd_characteristic_is_simulated_input_by_input(torino):
    task = columns(3, [[1, 1]])
    experiment = task_experiment(task, name="t", title="t", inputs=6)
    ready = torino.prepare(program_of(experiment), ())
    assert {s.method for s in ready.settings} == {DIRECT}
    assert len(ready.settings) == 6
    simulator = Simulator(ready.circuits, ready.settings, ready.snapshot)
    assert TWIRLED_FRAME not in simulator.methods
    direct = confused(ready, noisy(ready, ready.settings[4].values))
    np.testing.assert_allclose(joint(ready, simulator, 4), direct, atol=1e-9)


def test_the_same_seed_gives_the_same_counts(prepared, torino):
    _, ready = prepared["sum of 3, F_4"]
    requests = [Request(0, k, 500, 100 + k) for k in (0, 5, 17, INPUTS, 5)]
    one, same = (list(torino.executor(ready).execute(requests)) for _ in range(2))
    assert one == same
    # Neither the order of the requests nor what else is asked matters.
    (alone,) = torino.executor(ready).execute([requests[2]])
    assert alone == one[2]
    assert next(iter(torino.executor(ready).execute([Request(0, 17, 500, 4)]))) != one[2]
    assert all(sum(counts.values()) == 500 for counts in one)


def test_draws_follow_the_distribution(prepared, torino):
    _, ready = prepared["example 2, F_2"]
    simulator = Simulator(ready.circuits, ready.settings, ready.snapshot)
    shots = 200_000
    for k in (1, 9):
        expected = joint(ready, simulator, k).reshape(-1) * shots
        (counts,) = torino.executor(ready).execute([Request(0, k, shots, 5 + k)])
        observed = np.zeros(len(expected))
        for outcome, number in counts.items():
            observed[int(outcome, 2)] = number
        assert ((observed - expected) ** 2 / expected).sum() < 50  # 15 degrees of freedom


def test_the_record_says_what_was_derived(torino, runs_dir):
    task = TASKS["sum of 2, F_4"]
    experiment = task_experiment(task, name="t", title="t", inputs=8)
    spec = spec_of(task, {"inputs": 8})
    runs = [
        execute(describe(experiment), program_of(experiment), spec, torino, seed, runs_dir / str(k))
        for k, seed in enumerate((7, 7, 8))
    ]
    assert runs[0].counts == runs[1].counts
    assert runs[0].counts != runs[2].counts
    kept = runs[0].intent["experiment"]["settings"]
    assert json.loads(json.dumps(kept)) == kept
    assert [s["method"] for s in kept] == [TWIRLED_FRAME] * 8 + [DIRECT] * SPOT_CHECKS
    assert TWIRLED_FRAME == "twirled:frame"
    for check in kept[8:]:
        derived = kept[check["input"]]
        assert check["values"] == derived["values"]
        assert check["flips"] == derived["flips"]
    target = runs[0].intent["target"]
    assert target["methods"] == ["exact:density_matrix", "exact:pauli-frames", "twirled:frame"]
    assert target["noise"].endswith("; relaxation twirled")
    assert runs[0].intent["provenance"]["engine"] == ENGINE
    assert {c.setting for c in runs[0].plan} == set(range(8 + SPOT_CHECKS))


FIGURES = {"surviving_rate": 3e-4, "success_probability": 5e-4}
"""By how much they may differ."""


def expected_of(name: str, target: str, change) -> dict[str, float]:
    """Figures of 16 inputs, of exact distributions, after a change of what is prepared."""
    built = api.build(name, target=target, parameters={"inputs": 16}, seed=0)
    parts = describe(built.experiment), program_of(built.experiment), built.spec, target
    forecast = Forecast.of(*parts, idle_noise=False)
    changed = change(forecast.prepared, forecast.program)
    forecast = replace(forecast, prepared=changed, chosen=tuple(range(16)))
    record = forecast.expect(changed).record(10**9)
    found = registry.family_of_kind(forecast.description["play"]["kind"]).analyse(record, 0.95)
    return {one.name: one.best for one in found.estimates if one.name in FIGURES}


def as_it_is(prepared: Prepared, program: Program) -> Prepared:
    assert {one.method for one in prepared.settings[:16]} == {TWIRLED_FRAME}
    return prepared


def as_before(prepared: Prepared, program: Program) -> Prepared:
    before = by_engine(prepared, program, 1)
    assert {one.method for one in before.settings[:16]} == {FRAME}
    return before


def each(prepared: Prepared, program: Program) -> Prepared:
    return replace(prepared, settings=tuple(replace(s, method=DIRECT) for s in prepared.settings))


@pytest.mark.parametrize(
    ("name", "target"),
    [("example-2-f2", "fake_torino"), ("example-1-f2", "fake_sherbrooke")]
    + [
        pytest.param(name, target, marks=pytest.mark.slow)
        for name in ("example-1-f4", "example-2-f2", "example-1-f2")
        for target in ("fake_torino", "fake_fez", "fake_sherbrooke")
    ]
    + [pytest.param("six-servers-f4", "fake_fez", marks=pytest.mark.slow)],  # routed, qubits long in |0>
)
def test_twirled_frames_have_no_bias(name, target):
    """Against 16 inputs applied directly, each a density matrix; without twirling figures are too good.

    Where relaxation is strong, single inputs differ by more, either way, and so does a success by 16 of them.
    """
    direct, twirled, derived = (expected_of(name, target, how) for how in (each, as_it_is, as_before))
    for figure, most in FIGURES.items():
        assert abs(twirled[figure] - direct[figure]) < most
        assert derived[figure] - direct[figure] > 3e-4


def test_what_is_no_clifford_circuit_is_derived_without_twirling(prepared):
    _, ready = prepared["sum of 2, F_4"]
    circuit = ready.circuits[0].copy_empty_like()
    circuit.t(0)
    circuit.compose(ready.circuits[0], inplace=True)
    asked = [replace(one, method=DIRECT) for one in ready.settings[:INPUTS]]
    assert {one.method for one in framed([circuit], asked)} == {FRAME, DIRECT}
    assert {one.method for one in framed(ready.circuits, asked)} == {TWIRLED_FRAME, DIRECT}
    assert {one.method for one in framed(ready.circuits, asked, engine=1)} == {FRAME, DIRECT}
