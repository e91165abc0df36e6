"""Relaxation's pull towards |0> in Pauli frames, against density matrices in numpy that know no Qiskit.

What is off is of second order: with a hundredth of the relaxation, a ten-thousandth of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit

import qcoord_hw as qc
from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import RecordError
from qcoord_hw.execution import methods
from qcoord_hw.execution.frames import distribution
from qcoord_hw.execution.methods import Pull
from qcoord_hw.execution.run import execute, moved
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.execution.targets import NoiseTarget, Prepared, by_engine, fake_chip, resolve_target
from qcoord_hw.families.experiment import DIRECT, FRAME, TWIRLED_FRAME, Setting, build_experiment
from qcoord_hw.provenance import provenance
from tests.execution.forgeries import read_intent, sign

ROOT = np.sqrt(0.5)
ONE = {
    "h": np.array([[1, 1], [1, -1]]) * ROOT,
    "s": np.diag([1, 1j]),
    "sx": np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, -1j], [1j, 0]]),
}
TWO = {  # the first qubit's bit is the slow one
    "cx": np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]),
    "cz": np.diag([1, 1, 1, -1]),
    "swap": np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
}
T1 = 1e-4

PULL = "but for its pull towards |0> to first order, "

Moves = list[tuple[str, tuple[int, ...]]]


def random_moves(rng: np.random.Generator, size: int, length: int) -> Moves:
    found: Moves = []
    for _ in range(length):
        names, many = (TWO, 2) if size > 1 and rng.random() < 0.5 else (ONE, 1)
        found.append((str(rng.choice(list(names))), tuple(map(int, rng.permutation(size)[:many]))))
    return found


def a_device(rng: np.random.Generator, size: int, moves: Moves, relaxed: float, error: float) -> Snapshot:
    """One on which the gates of a circuit last up to a share of T1, and none is like another."""
    qubits = tuple(
        QubitCalibration(q, T1, rng.uniform(0.3, 2) * T1, *rng.uniform(0, 0.2, 2)) for q in range(size)
    )
    gates = (
        GateCalibration(name, where, relaxed * rng.uniform(0.2, 1) * T1, error * rng.uniform(0.2, 1))
        for name, where in dict.fromkeys(moves)
    )
    return Snapshot("lab", "", "", size, qubits, tuple(gates))


def kraus(qubit: QubitCalibration, seconds: float) -> list[np.ndarray]:
    """Amplitude damping and what else dephases."""
    along, across = np.exp(-seconds / qubit.t1), np.exp(-seconds / qubit.t2)
    decay = [np.diag([1, np.sqrt(along)]), np.array([[0, np.sqrt(1 - along)], [0, 0]])]
    flip = (1 - across / np.sqrt(along)) / 2
    return [np.sqrt(p) * z @ k for k in decay for p, z in ((1 - flip, np.eye(2)), (flip, np.diag([1, -1])))]


def on(rho: np.ndarray, operator: np.ndarray, where: tuple[int, ...]) -> np.ndarray:
    """K rho K^*, on some qubits of a tensor whose axes are those of kets, then of bras."""
    size, many = rho.ndim // 2, len(where)
    operator = operator.reshape((2,) * (2 * many))
    for axes, factor in ((where, operator), (tuple(size + q for q in where), operator.conj())):
        rho = np.tensordot(factor, rho, axes=(tuple(range(many, 2 * many)), axes))
        rho = np.moveaxis(rho, tuple(range(many)), axes)
    return rho


def lost(rho: np.ndarray, where: tuple[int, ...]) -> np.ndarray:
    """The state in which some qubits are completely mixed."""
    paulis = [np.eye(2), ONE["x"], ONE["y"], np.diag([1, -1])]
    for q in where:
        rho = sum(on(rho, p, (q,)) for p in paulis) / 4
    return rho


def by_numpy(size: int, moves: Moves, snapshot: Snapshot) -> np.ndarray:
    rho = np.zeros((2,) * (2 * size), dtype=complex)
    rho[(0,) * (2 * size)] = 1
    known = {(g.name, g.qubits): g for g in snapshot.gates}
    for name, where in moves:
        rho = on(rho, (ONE | TWO)[name], where)
        if (name, where) not in known:  # nothing goes wrong
            continue
        gate, dimension = known[name, where], 2 ** len(where)
        each = [kraus(snapshot.qubits[q], gate.duration) for q in where]
        overlap = reduce(np.multiply, [sum(abs(np.trace(k)) ** 2 for k in one) for one in each])
        fidelity = (overlap / dimension + 1) / (dimension + 1)
        if gate.error > 1 - fidelity:
            rest = (fidelity - 1 + gate.error) / (fidelity - 1 / dimension)
            rho = (1 - rest) * rho + rest * lost(rho, where)
        for q, one in zip(where, each, strict=True):
            rho = sum(on(rho, k, (q,)) for k in one)
    likely = np.einsum(rho, [*range(size), *range(size)], [*range(size)]).real
    for axis, q in enumerate(snapshot.qubits):
        read = np.array([[1 - q.p10, q.p01], [q.p10, 1 - q.p01]])
        likely = np.moveaxis(np.tensordot(read, likely, axes=(1, axis)), 0, axis)
    return likely.reshape(-1)


def by_qiskit(size: int, moves: Moves) -> QuantumCircuit:
    circuit = QuantumCircuit(size, size)
    for name, where in moves:
        getattr(circuit, name)(*where)
    circuit.measure(range(size), range(size))
    return circuit


@pytest.mark.parametrize("error", [0.0, 0.1])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_the_first_order_of_the_pull_is_exact(size, error):
    rng = np.random.default_rng([size, int(100 * error)])
    gained = 0
    for _ in range(6):
        moves = random_moves(rng, size, 6 * size)
        off, seed = {}, int(rng.integers(2**31))
        for relaxed in (1e-2, 1e-4):
            snapshot = a_device(np.random.default_rng(seed), size, moves, relaxed, error)
            exact, circuit = by_numpy(size, moves, snapshot), by_qiskit(size, moves)
            found, twirled = (distribution(circuit, snapshot, pulled=k) for k in (None, 0))
            assert found.sum() == pytest.approx(1, abs=1e-12)
            off[relaxed] = [abs(one - exact).sum() for one in (found, twirled)]
        assert off[1e-2][0] < 5e-3
        assert off[1e-4][0] < 5e-7 + 1e-12
        gained += off[1e-4][1] > 1e-5
    assert gained >= 3


def test_the_pull_on_one_qubit_that_waits_is_exact():
    """Also where nothing is left but the pull: every order of it stays within what is followed."""
    moves = [("h", (0,)), ("h", (0,)), ("y", (0,)), ("y", (0,)), ("y", (0,))]
    for relaxed in (0.1, 3.0, 50.0):
        snapshot = a_device(np.random.default_rng(1), 1, moves, relaxed, 0.0)
        found = distribution(by_qiskit(1, moves), snapshot)
        np.testing.assert_allclose(found, by_numpy(1, moves, snapshot), atol=1e-12)


def test_an_experiment_has_one_noise_model(monkeypatch):
    """Inputs applied directly have the pull no longer than those that are shifted; by stim none has it."""
    monkeypatch.setattr(methods, "MAX_DENSITY_MATRIX", 0)
    program, target = program_of(build_experiment(load_spec("example-2-f2"))), resolve_target("fake_torino")
    shifted = target.prepare(program, ())
    applied = replace(shifted, settings=tuple(replace(s, method=DIRECT) for s in shifted.settings))
    assert {s.method for s in shifted.settings} == {TWIRLED_FRAME, DIRECT}
    check = next(k for k, s in enumerate(shifted.settings) if s.method == DIRECT)

    def found(prepared: Prepared, k: int = check) -> np.ndarray:
        return prepared.simulator([prepared.settings[k]]).probabilities(0, 0)

    assert shifted.pull is Pull.BEFORE_DATA
    assert shifted.noise.endswith("; relaxation twirled")
    assert applied.pull is Pull.EVERYWHERE
    np.testing.assert_allclose(found(shifted), found(shifted, shifted.settings[check].input), atol=1e-12)
    assert abs(found(applied) - found(shifted)).sum() > 1e-5
    late = replace(shifted, settings=tuple(replace(s, method=FRAME) for s in shifted.settings))
    assert late.pull is Pull.BEFORE_DATA
    assert {replace(one, engine=2).pull for one in (shifted, applied)} == {Pull.NOWHERE}
    monkeypatch.setattr(methods, "MAX_FRAMES", 1)
    assert {replace(one).pull for one in (shifted, applied)} == {Pull.NOWHERE}


def test_what_happens_before_the_data_is_the_same_for_all_inputs():
    """So inputs that are shifted are as exact as those applied, as long as nothing relaxes any more."""
    moves = [("h", (0,)), ("cx", (0, 1)), ("y", (1,)), ("h", (0,)), ("swap", (1, 2)), ("y", (2,))]
    circuit = by_qiskit(3, moves).remove_final_measurements(inplace=False)
    circuit = QuantumCircuit(3, 3).compose(circuit)
    data = [Parameter("a"), Parameter("b")]
    circuit.rx(np.pi * data[0], 2)
    circuit.rx(np.pi * data[1], 0)
    circuit.measure(range(3), range(3))
    snapshot = a_device(np.random.default_rng(3), 3, moves, 0.05, 0.02)
    settings = [
        Setting(str((a, b)), values=(a, b), flips=(2,) * a + (0,) * b, method=TWIRLED_FRAME, input=2 * a + b)
        for a in (0, 1)
        for b in (0, 1)
    ]
    simulator = Simulator([circuit], settings, snapshot)
    before = Simulator([circuit], settings, snapshot, engine=2)
    for k, one in enumerate(settings):
        applied = [("x", (q,)) for q in one.flips]
        exact = by_numpy(3, [*moves, *applied], snapshot)
        off = [abs(each.probabilities(k, 0) - exact).sum() for each in (simulator, before)]
        assert off[0] < 1e-3 < 1e-2 < off[1]


class Before(NoiseTarget):
    """Simulates by the rules of before."""

    def prepare(self, program, layout, tiles=1):
        made = by_engine(super().prepare(program, layout, tiles), program, 2)
        own = {key: value for key, value in provenance().items() if key in ("protocols", "packages")}
        return replace(made, noise=made.noise.replace(PULL, ""), origin=own | {"engine": 2})


def test_a_record_of_older_rules_is_repeated_without_the_pull(runs_dir, monkeypatch):
    monkeypatch.setattr(methods, "MAX_DENSITY_MATRIX", 0)
    spec = replace(load_spec("ghz-3"), shots=20_000)
    experiment = build_experiment(spec)
    program, chip = program_of(experiment), fake_chip("fake_fez")
    made = {
        kind: execute(
            describe(experiment), program, spec, kind(chip, 32.0, "fake_fez", keep=False), 5, runs_dir
        )
        for kind in (Before, NoiseTarget)
    }
    for kind, run in made.items():
        noise = run.intent["target"]["noise"]
        assert noise.endswith("; relaxation twirled") == (kind is Before)
        assert noise.endswith(f"; {PULL}relaxation twirled") == (kind is NoiseTarget)
        qc.verify(run.path)
        assert moved(run, program, resolve_target("fake_fez_x32")) == []
    before, now = (run.counts for run in made.values())
    assert before != now
    forged = run.intent["target"]["noise"].replace(PULL, "")
    intent = read_intent(run.path)
    intent["target"]["noise"] = forged
    sign(run.path, intent)
    with pytest.raises(RecordError, match=r"target\.noise: not that"):
        qc.verify(run.path)
