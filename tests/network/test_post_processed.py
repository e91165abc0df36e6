"""A link whose outcomes are not fed forward: corrected afterwards, where that can be, else left out."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Statevector

import qcoord_hw as qc
from qcoord_hw import api
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.execution.run_description import describe
from qcoord_hw.network.relays import Left
from qcoord_hw.network.unfed import processing
from qcoord_hw.record import PROCESSING, corrected, processed


def far(distance: int) -> dict[str, object]:
    return {"distance": distance, "transport": "post-processed"}


CASES = [("chsh", 1), ("chsh", 4), ("ghz-3", 3), ("sum-2-f2", 1)]
MORE = [("magic-square", 2), ("rac-3", 3), ("cascade-ghz2", 1), ("example-2-f2", 1)]


@pytest.mark.parametrize(
    ("name", "distance"), [*CASES, *(pytest.param(*one, marks=pytest.mark.slow) for one in MORE)]
)
def test_figures_are_those_without_a_distance(name, distance):
    there = qc.plan(name, parameters=far(distance), seed=1)
    here = qc.plan(name, seed=1)
    assert there.figure == here.figure
    assert there.expected == pytest.approx(here.expected, abs=2e-6)


@pytest.mark.parametrize("pauli", "XYZ")
@pytest.mark.parametrize("angle", [0.0, np.pi / 4, np.pi / 2, 1.0])
def test_what_is_corrected_is_what_was_measured(pauli, angle):
    """A qubit turned by a Pauli operator, then measured at an angle: as without it, or left out."""
    behind = QuantumCircuit(1, 1)
    behind.ry(angle, 0)
    behind.measure(0, 0)
    rule = processing(behind, [(Left(0, (1,), (2,)), -1)], [0])
    plain = {"flips": rule.flips, "zero": rule.zero}
    bits = {"X": "10", "Z": "01", "Y": "11"}[pauli]
    state = Statevector([0.6, 0.8j * np.exp(0.3j)])
    turn, measured = QuantumCircuit(1), behind.remove_final_measurements(inplace=False)
    getattr(turn, pauli.lower())(0)
    after = state.evolve(turn).evolve(measured).probabilities()
    found = corrected({f"{b}{bits}": float(after[b]) for b in (0, 1)}, plain)
    expected = state.evolve(measured).probabilities()
    undone = {0.0: "XYZ", np.pi / 2: "XYZ"}.get(angle, "Y")
    assert bool(found) == (pauli in undone)
    for word, weight in found.items():
        assert weight == pytest.approx(expected[int(word[0])])


def test_a_target_that_feeds_nothing_forward_has_it_post_processed():
    pairs = [edge for a in range(3) for edge in ([a, a + 1], [a + 1, a])]
    backend = GenericBackendV2(4, coupling_map=pairs, control_flow=False, seed=1)
    asked = {"distance": 2, "transport": "swapping"}
    run = qc.run("chsh", target=backend, parameters=asked, shots=4000, seed=2)
    assert run.summary["parameters"]["transport"] == "post-processed"
    (said,) = [one for one in run.summary["cautions"] if one.startswith("post-processed")]
    assert f"{run['win_probability'].shots} of 16000 shots" in said
    assert 7000 < run["win_probability"].shots < 9000  # half: Charlie's measurements are halfway between
    assert run["win_probability"].verdict == "above"
    assert "mitigated" not in {e.origin for e in run.estimates}
    assert qc.verify(run).ok
    assert run.plot() is not None


@pytest.mark.parametrize("shots", [1, 3, 20])
def test_few_shots_may_leave_nothing_to_be_used(shots):
    """Of a setting, or of all."""
    run = qc.run("chsh", parameters=far(4), shots=shots, seed=1)
    win = run["win_probability"]
    assert (win.low, win.high) == (0, 1) or win.low < win.theory.value < win.high
    assert win.shots == sum(sum(one.values()) for one in processed(run.record).counts.values())


def test_a_record_whose_rules_do_not_fit_is_refused():
    run = qc.run("chsh", parameters=far(1), shots=20, seed=2).record
    experiment = run.intent["experiment"]
    assert processed(run) is not run
    rules = experiment[PROCESSING]
    for wrong in ([], [{"zero": [[99]], "flips": []}] * len(rules), [{"zero": []}] * len(rules), ["no"]):
        forged = replace(run, intent=run.intent | {"experiment": experiment | {PROCESSING: wrong or [{}]}})
        with pytest.raises(RecordError, match="cannot be interpreted"):
            processed(forged)


@pytest.mark.slow
def test_on_a_device_it_costs_as_much_as_feeding_forward():
    """But for the errors of the gates that correct."""
    fed, processed = (
        qc.plan("chsh", target="fake_quebec", parameters={"distance": 2, "transport": how}).expected
        for how in ("swapping", "post-processed")
    )
    assert processed == pytest.approx(fed, abs=1e-3)


def test_the_rule_of_every_setting_is_recorded():
    experiment = api.build("ghz-3", parameters=far(3)).experiment
    rules = describe(experiment)[PROCESSING]
    assert len(rules) == len(experiment.settings)
    size = experiment.circuits[0].circuit.num_clbits
    stated = itertools.chain.from_iterable((*one["zero"], *itertools.chain(*one["flips"])) for one in rules)
    assert {bit for bits in stated for bit in bits} <= set(range(size))
    assert PROCESSING not in describe(api.build("ghz-3").experiment)


def test_what_cannot_be_post_processed_is_one_line():
    wide = QuantumCircuit(11, 1)
    again = QuantumCircuit(1, 1)
    again.measure(0, 0)
    again.x(0)
    for circuit, words in ((wide, "up to 10 qubits"), (again, "gates come first")):
        with pytest.raises(InputError, match=f"^transport: post-processed; allowed .*{words}"):
            processing(circuit, [(Left(0, (1,), ()), -1)], [0])
