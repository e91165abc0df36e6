"""Long lines of relays, simulated exactly: against Aer's density matrix, and Werner states by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit

from qcoord_hw import api, registry
from qcoord_hw.execution import active
from qcoord_hw.execution.forecast import Device, Forecast
from qcoord_hw.execution.layout import choose_layout, expected_errors
from qcoord_hw.execution.methods import ACTIVE
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.snapshot import GateCalibration, QubitCalibration, Snapshot
from qcoord_hw.execution.targets import IdealTarget, NoiseTarget, resolve_target
from qcoord_hw.families.experiment import Setting
from qcoord_hw.network.circuit import RELAYED
from qcoord_hw.statistics.estimate import headline_of

ROOT2 = math.sqrt(2)
LENGTH = 16


def line(error: float, readout: float) -> Snapshot:
    """A line of qubits whose CZ gates depolarise and whose readout flips, and nothing else goes wrong."""
    gates = [GateCalibration(name, (q,), 3e-8, 0.0) for q in range(LENGTH) for name in ("rz", "sx", "x")]
    gates += [
        GateCalibration("cz", pair, 1e-7, error)
        for q in range(LENGTH - 1)
        for pair in ((q, q + 1), (q + 1, q))
    ]
    qubits = tuple(QubitCalibration(q, None, None, readout, readout) for q in range(LENGTH))
    return Snapshot("line", "1", "", LENGTH, qubits, tuple(gates))


def win(distance: int, transport: str, chip: Snapshot | None, name: str = "chsh", **links) -> float:
    """The exact main figure of an experiment at a distance."""
    parameters = {"distance": distance, "transport": transport}
    built = api.build(name, parameters=parameters, target="fake", seed=1, links=links or None)
    program, spec = program_of(built.experiment, built.spec.links), built.spec
    target = IdealTarget() if chip is None else NoiseTarget(chip)
    prepared = target.prepare(program, ())
    forecast = Forecast(describe(built.experiment), program, spec, Device("line"), prepared)
    record = forecast.expect(prepared, figures=True).record(10**9)
    family = registry.family_of_kind(forecast.description["play"]["kind"])
    return headline_of(family.analyse(record, 0.95).estimates).best


@pytest.mark.parametrize(
    ("distance", "transport"), [(1, "swap"), (3, "swapping"), (6, "swap"), (9, "swapping")]
)
def test_depolarising_gates_leave_a_werner_pair(distance, transport):
    """CZ of error e depolarises two qubits by 4e/3, and with it, each of 1 + 3d or 1 + d times, the pair."""
    error = 0.01
    number = 1 + distance * (3 if transport == "swap" else 1)
    visibility = (1 - 4 * error / 3) ** number
    assert win(distance, transport, line(error, 0.0)) == pytest.approx(
        0.5 + visibility / (2 * ROOT2), abs=1e-6
    )


@pytest.mark.parametrize("distance", [1, 4, 5])
def test_wrong_readout_of_relays_flips_what_is_fed_forward(distance):
    """Each bit that is read wrongly undoes Z or X correlations; S = sqrt2 (ZZ + XX) through both ends."""
    keeps = 0.94  # 1 - 2 * 0.03
    left, right = distance // 2, (distance + 1) // 2
    x_like = sum(-(-n // 2) for n in (left, right))  # those that leave an X where an even number of H follows
    z_like = distance - x_like
    seen = keeps**2 * (keeps**x_like + keeps**z_like) / 2
    found = win(distance, "swapping", line(0.0, 0.03))
    assert found == pytest.approx(0.5 + seen / (2 * ROOT2), abs=1e-6)
    assert win(distance, "swap", line(0.0, 0.03)) == pytest.approx(0.5 + keeps**2 / (2 * ROOT2), abs=1e-6)


@pytest.mark.parametrize("transport", ["swap", "swapping"])
def test_links_that_cost_stand_where_the_link_delivers(transport):
    cost = {"depolarising": 0.1}
    found = win(2, transport, None, **{"Alice->Bob": cost, "Alice->Charlie": cost})
    assert found == pytest.approx(0.5 + 0.81 / (2 * ROOT2), abs=1e-6)


def compiled(distance: int, transport: str):
    built = api.build("chsh", parameters={"distance": distance, "transport": transport}, target="fake")
    return resolve_target("fake_torino").prepare(program_of(built.experiment), ())


def test_a_device_s_noise_is_that_of_aer():
    """Decay, depolarising and asymmetric readout: the same circuits by the density matrix of all qubits."""
    prepared = compiled(2, "swap")
    ours = Simulator(prepared.circuits, prepared.settings, prepared.snapshot)
    assert ours.methods == [ACTIVE]
    plain = [circuit.copy() for circuit in prepared.circuits]
    for circuit in plain:
        circuit.metadata = {}
    theirs = Simulator(plain, prepared.settings, prepared.snapshot)
    assert theirs.methods == ["exact:density_matrix"]
    for setting in range(4):
        np.testing.assert_allclose(
            ours.probabilities(setting, 0), theirs.probabilities(setting, 0), atol=1e-8
        )


@pytest.mark.slow
def test_outcomes_on_the_way_are_those_that_aer_samples():
    prepared = compiled(2, "swapping")
    ours = Simulator(prepared.circuits, prepared.settings, prepared.snapshot)
    plain = [circuit.copy() for circuit in prepared.circuits]
    for circuit in plain:
        circuit.metadata = {}
    shots = 20_000
    counted = Simulator(plain, prepared.settings, prepared.snapshot).counts(1, shots, seed=3)
    expected = ours.probabilities(1, 0)
    seen = np.array([counted.get(format(k, "04b"), 0) for k in range(16)])
    assert ((seen - shots * expected) ** 2 / (shots * expected)).sum() < 45  # chi squared of 15, p = 8e-5


def test_a_bit_that_is_fed_forward_is_read_once():
    """What a gate hangs on is what was read, with its error; the record holds the same bit."""
    circuit = QuantumCircuit(2, 2, metadata={RELAYED: True})
    circuit.x(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    simulator = Simulator([circuit], [Setting("one")], line(0.0, 0.03).restrict([0, 1]))
    assert simulator.methods == [ACTIVE]
    right, wrong = 0.97, 0.03
    expected = [wrong * right, wrong * wrong, right * wrong, right * right]
    np.testing.assert_allclose(simulator.probabilities(0, 0), expected, atol=1e-12)


def test_what_does_not_fit_is_left_to_others():
    again = QuantumCircuit(2, 2)
    again.measure(0, 0)
    again.cx(0, 1)
    assert not active.fits(again)  # a measured qubit is used
    two = QuantumCircuit(2, 2)
    two.measure(0, 0)
    with two.if_test((two.clbits[0], 0)):
        two.x(1)
    assert not active.fits(two)  # on a 0
    wide = QuantumCircuit(14, 1)
    for q in range(13):
        wide.cz(q, q + 1)
    for q in range(13):
        wide.cz(q, 13 - q) if q != 13 - q else None
    for q in range(14):
        wide.cz(q, (q + 5) % 14)
    wide.measure(0, 0)
    assert not active.fits(wide)


def test_the_best_path_is_the_best_of_all_paths():
    """A grid of nine: every simple path by brute force; readout counts at the ends of a SWAP line alone."""
    rng = np.random.default_rng(4)
    places = [(r, c) for r in range(3) for c in range(3)]
    pairs = [
        (a, b)
        for a in range(9)
        for b in range(9)
        if abs(places[a][0] - places[b][0]) + abs(places[a][1] - places[b][1]) == 1
    ]
    errors = {frozenset(pair): float(rng.uniform(0.001, 0.03)) for pair in pairs}
    readout = rng.uniform(0.001, 0.1, 9)
    gates = [GateCalibration(name, (q,), 3e-8, 0.001) for q in range(9) for name in ("rz", "sx", "x")]
    gates += [GateCalibration("cz", pair, 1e-7, errors[frozenset(pair)]) for pair in pairs]
    chip = Snapshot(
        "grid",
        "1",
        "",
        9,
        tuple(QubitCalibration(q, None, None, float(p), float(p)) for q, p in enumerate(readout)),
        tuple(gates),
    )

    def paths(path):
        if len(path) == 5:
            yield path
            return
        for a, b in pairs:
            if a == path[-1] and b not in path:
                yield from paths([*path, b])

    every = [path for q in range(9) for path in paths([q])]
    for transport, gates_between, ends in (("swap", (3, 1, 3, 3), (0, 4)), ("swapping", (1,) * 4, range(5))):
        experiment = api.build("chsh", parameters={"distance": 3, "transport": transport}).experiment
        circuits = [net.circuit for net in experiment.circuits]
        layout = choose_layout(circuits, chip)
        least = min(
            sum(
                -n * math.log1p(-errors[frozenset(two)])
                for n, two in zip(gates_between, zip(path, path[1:], strict=False), strict=True)
            )
            + sum(-math.log1p(-readout[path[k]]) for k in ends)
            for path in every
        )
        assert expected_errors(layout, circuits, chip) == pytest.approx(least, abs=1e-9)
