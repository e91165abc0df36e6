"""Errors of links as Pauli gates: the same distributions as over the channels, on every kind of target."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import CXGate, XGate
from qiskit.primitives import StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2

import qcoord_hw as qc
from qcoord_hw import record
from qcoord_hw.api.building import build
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.cli import main
from qcoord_hw.errors import InputError, RecordError, TargetError
from qcoord_hw.execution.formats import from_qpy
from qcoord_hw.execution.link_patterns import Paulis, over_links
from qcoord_hw.execution.links import with_channels
from qcoord_hw.execution.parts import is_final, split, unroll
from qcoord_hw.execution.program import Program, bind
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.execution.schedule import make_plan, over_patterns, random_plan
from qcoord_hw.execution.simulate import Simulator
from qcoord_hw.execution.targets import BACKEND, Prepared, compile_whole
from qcoord_hw.families.experiment import one_setting_each
from qcoord_hw.network.link_patterns import MAX_CROSSINGS, erring, letters_of, patterns_of
from qcoord_hw.network.links import Channel, LinkCost
from tests.execution.forgeries import read_intent, sign, to_qpy

AB, AC = "Alice->Bob", "Alice->Charlie"
PLAYERS = tuple(f"Alice->{player}" for player in ("Bob", "Charlie", "Dave", "Erin", "Frank"))
CHSH = {AB: {"depolarising": 0.1}, AC: {"fidelity": 0.9, "memory_t2_ms": 1.0, "length_km": 20.0}}


def of_links(name: str, first: int) -> tuple[Program, Any]:
    """Return an experiment whose links err each in another of the ways of `ERRORS`, from the first given."""
    usage = build(name, seed=1).experiment.usage
    moved = [
        key for key, used in usage.items() if any(used.get(unit) for unit in ("qubits", "ebits", "qudits"))
    ]
    links = {key: ERRORS[(first + k) % len(ERRORS)] for k, key in enumerate(moved)}
    built = build(name, seed=1, links=links)
    return program_of(built.experiment, built.spec.links), built.spec


def joint(circuit: QuantumCircuit) -> np.ndarray:
    """Return the probabilities of all outcomes, an axis for each classical bit that is measured, in order."""
    simulator = Simulator([circuit], one_setting_each(["it"]), None)
    found, bits = np.ones(()), list[int]()
    for number, part in enumerate(split(circuit)):
        own = simulator.probabilities(0, number).reshape((2,) * len(part.clbits))
        found, bits = np.multiply.outer(found, own), [*bits, *part.clbits]
    return np.transpose(found, np.argsort(bits))


def mixture(paulis: Paulis, circuit: QuantumCircuit, route: Any) -> np.ndarray:
    return sum(w * joint(paulis.put_in(circuit, route, p)) for p, w in patterns_of(route).items())


def as_built(program: Program, spec: Any) -> Prepared:
    """Return circuits for a target without physical qubits, with the gates of their links."""

    def prepare(one: Program, layout: Any) -> Prepared:
        return Prepared("it", BACKEND, tuple(map(unroll, one.circuits)), settings=one.settings)

    return over_links(prepare(program, ()), program, spec, prepare)


ERRORS: tuple[dict[str, float], ...] = (
    {"depolarising": 0.13},
    {"dephasing": 0.2},
    {"fidelity": 0.8, "memory_t2_ms": 0.4, "length_km": 30.0},
)


def differences(name: str, first: int, circuits: int) -> list[float]:
    program, spec = of_links(name, first)
    crossings = [len(erring(route)) for route in program.routes]
    if not crossings or not 0 < max(crossings) <= MAX_CROSSINGS:
        return []
    made = as_built(program, spec)
    found = []
    for setting in program.settings[:: max(1, len(program.settings) // circuits)][:circuits]:
        circuit, route = made.circuits[setting.circuit], program.routes[setting.circuit]
        if circuit.num_qubits > 8 or not is_final(circuit):
            continue
        circuit = bind(circuit, setting.values)
        assert made.paulis is not None
        over = joint(with_channels(circuit, route))
        found.append(float(np.abs(mixture(made.paulis, circuit, route) - over).max()))
    return found


@pytest.mark.parametrize("name", ["chsh", "sum-2-f2"])
def test_patterns_together_are_the_channels(name):
    """Bit by bit of the outcomes, so that every figure is the same."""
    (found,) = differences(name, 1, 1)
    assert found < 1e-12


@pytest.mark.slow
def test_patterns_together_are_the_channels_for_the_whole_catalogue():
    compared = 0
    for name in catalogue_names():
        found = differences(name, compared, 1)
        compared += bool(found)
        assert max(found, default=0.0) < 1e-9, name
    assert compared >= 20


def test_compiled_circuits_get_gates_on_one_qubit_and_nothing_else():
    """At a layout of a device, all tiles in one circuit, with its own gates."""
    program, spec = of_links("chsh", 0)
    backend = GenericBackendV2(6, coupling_map=[(k, k + 1) for k in range(5)], seed=1)

    def prepare(one: Program, layout: Any, tiles: int = 1) -> Prepared:
        return compile_whole("it", BACKEND, backend, one, layout, tiles)

    made = over_links(prepare(program, (), 2), program, spec, prepare)
    assert made.paulis is not None
    assert len(made.paulis.layouts) == 2
    first = replace(made.paulis, layouts=made.paulis.layouts[:1])
    for k, circuit in enumerate(made.circuits):
        own = mixture(first, circuit, program.routes[k])
        assert own == pytest.approx(
            joint(with_channels(unroll(program.circuits[k]), program.routes[k])), abs=1e-12
        )
        turned = first.put_in(circuit, program.routes[k], 0b0111)  # X, Z
        added = list(turned.data)
        for instruction in circuit.data:
            added.remove(instruction)
        assert {len(i.qubits) for i in added} == {1}
        assert {turned.find_bit(i.qubits[0]).index for i in added} == set(made.paulis.layouts[0])
        assert {i.operation.name for i in added} <= set(backend.operation_names)


def test_a_gate_that_was_compiled_to_another_and_a_barrier_that_is_gone_are_refused():
    program, spec = of_links("chsh", 0)

    def prepare(one: Program, layout: Any) -> Prepared:
        wrong = tuple(c if c.name != "links-y" else QuantumCircuit(*c.qregs) for c in one.circuits)
        return Prepared("it", BACKEND, wrong, settings=one.settings)

    with pytest.raises(TargetError, match="y on qubit 0 was compiled to another gate"):
        over_links(prepare(program, ()), program, spec, prepare)
    bare = tuple(c.copy_empty_like() for c in program.circuits)
    with pytest.raises(TargetError, match="barrier at which Alice->Bob is crossed is gone"):
        over_links(Prepared("it", BACKEND, bare, settings=program.settings), program, spec, prepare)
    joined = QuantumCircuit(2)
    joined.append(CXGate(), [0, 1])
    with pytest.raises(TargetError, match="x was compiled to cx on 2 qubits"):
        Paulis((joined,) * 3, ((),)).check()


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("z", [0.0, 0.2, 1.0])
def test_a_pauli_channel_is_its_probabilities(p, z):
    both = Channel(depolarising=p, dephasing=z).paulis
    assert sum(both) == pytest.approx(1, abs=1e-15)
    assert min(both) >= 0
    keeps = [1 - 2 * (both[a] + both[b]) for a, b in ((2, 3), (1, 3), (1, 2))]  # of X, Y and Z
    assert keeps == pytest.approx([(1 - p) * (1 - 2 * z), (1 - p) * (1 - 2 * z), 1 - p], abs=1e-12)


def test_shots_are_in_proportion():
    weights = {0: 0.855625, 1: 0.023125, 5: 0.12, 7: 0.00125}
    totals = []
    for seed in range(200):
        plan = make_plan(2, 1001, 8, seed, "it")
        split_up = over_patterns(plan, [weights, {0: 1.0}], seed, "it")
        assert [chunk.id for chunk in split_up] == list(range(len(split_up)))
        assert len({chunk.seed for chunk in split_up}) == len(split_up)
        for chunk in plan:  # nothing of a chunk is lost
            mine = [c for c in split_up if (c.block, c.setting) == (chunk.block, chunk.setting)]
            assert sum(c.shots for c in mine) == chunk.shots
        shots = [sum(c.shots for c in split_up if (c.setting, c.pattern) == (0, p)) for p in weights]
        assert np.abs(np.array(shots) - 1001 * np.array(list(weights.values()))).max() < 1
        totals.append(shots)
    assert np.mean(totals, axis=0) == pytest.approx(1001 * np.array(list(weights.values())), abs=0.12)
    assert len({tuple(one) for one in totals}) > 1
    whole = over_patterns(make_plan(1, 80, 8, 3, "it"), [{0: 0.75, 2: 0.25}], 3, "it")
    assert sum(c.shots for c in whole if c.pattern) == 20
    single = over_patterns(random_plan([0.5, 0.5], 300, 1, "it"), [{0: 0.9, 3: 0.1}] * 2, 1, "it")
    assert [c.shots for c in single] == [1] * 300
    assert 28 <= sum(c.pattern == 3 for c in single) <= 32


def test_letters_are_those_of_the_crossings():
    assert [letters_of(n, 2) for n in (0, 1, 4, 11, 15)] == ["II", "IX", "XI", "YZ", "ZZ"]


@pytest.mark.parametrize(
    ("name", "links", "words"),
    [
        ("chsh", {AB: {"damping": 0.1}}, r"^links\.Alice->Bob\.damping: 0\.1; "),
        ("chsh", {AC: {"memory_t1_ms": 1, "length_km": 5}}, r"^links\.Alice->Charlie\.memory_t1_ms: 1"),
        ("chsh", {AC: {"efficiency": 0.5, "heralded": False}}, r"^links\.Alice->Charlie\.heralded: false"),
        ("ghz-5", dict.fromkeys(PLAYERS, {"dephasing": 0.1}), "5 crossings .* at most 4"),
    ],
)
@pytest.mark.parametrize("target", [StatevectorSampler(), "ibm_torino"], ids=["sampler", "device"])
def test_what_no_patterns_make_is_refused_in_one_line(name, links, words, target, qcoord_runs):
    with pytest.raises(InputError, match=words) as refused:
        qc.run(name, target=target, links=links, shots=10)
    assert "allowed" in str(refused.value)
    assert not list(qcoord_runs.glob("*"))


def test_losses_that_are_heralded_cost_rates_alone():
    found = qc.run("chsh", target=StatevectorSampler(), links={AB: {"efficiency": 0.25}}, shots=50, seed=1)
    told = found.summary["links"]
    assert (told["success_probability"], "patterns" in told) == (0.25, False)
    assert told["expected"] == pytest.approx(0.853553, abs=1e-6)
    assert all(
        set(chunk) == {"id", "block", "setting", "shots", "seed"} for chunk in found.record.intent["plan"]
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return qc.run("chsh", target=StatevectorSampler(), links=CHSH, shots=2500, seed=7, runs=folder)


def test_a_run_on_a_sampler_counts_over_the_links(finished):
    exact = qc.plan("chsh", links=CHSH)["links"]["expected"]
    figure = finished["win_probability"]
    assert figure.low < exact < figure.high
    assert figure.high - figure.low < 0.02
    assert finished.summary["links"]["expected"] == pytest.approx(exact, abs=1e-9)
    assert finished.summary["links"]["critical_visibility"] == pytest.approx(2**-0.25, abs=1e-4)
    told = finished.summary["links"]["patterns"]
    assert told["crossings"] == 2
    assert told["circuits"] == len({(c.setting, c.pattern) for c in finished.record.plan})
    assert sum(one["shots"] for one in told["patterns"]) == 10_000
    assert told["patterns"][0]["pattern"] == "II"
    assert finished.record.intent["target"]["locality"]["between_parties"] == 0
    assert qc.verify(finished).ok


def test_a_run_is_repeated_over_the_channels(finished, tmp_path):
    again = qc.replay(finished, target="aer", runs=tmp_path)
    assert again.summary["links"]["expected"] is not None
    assert {chunk.pattern for chunk in again.record.plan} == {0}


def forged(finished: Any, folder: Any, change: Any) -> Any:
    path = folder / "run"
    shutil.copytree(finished.record.path, path)
    intent = read_intent(path)
    change(path, intent)
    sign(path, intent)
    return path


def other_gates(path, intent):
    layers = [layer.copy() for layer in from_qpy((path / record.PAULIS).read_bytes())]
    layers[2].append(XGate(), [0])
    (path / record.PAULIS).write_bytes(to_qpy(layers))


def no_gates(path, intent):
    (path / record.PAULIS).unlink()
    del intent["files"][record.PAULIS]
    seal = json.loads((path / record.SEAL).read_text())
    del seal["files"][record.PAULIS]
    (path / record.SEAL).write_text(json.dumps(seal))


def other_patterns(path, intent):
    for chunk in intent["plan"]:
        if chunk.get("pattern"):
            chunk["pattern"] = 3
            return


def other_rates(path, intent):
    intent["target"]["links"]["success_probability"] = 0.5


@pytest.mark.parametrize("change", [other_gates, no_gates, other_patterns, other_rates])
def test_what_a_record_says_of_its_patterns_is_held_against_the_rest(finished, tmp_path, change):
    with pytest.raises(RecordError):
        qc.verify(forged(finished, tmp_path, change))


def test_every_field_of_links_is_one_that_patterns_make_or_refuse():
    """A new field has to be thought of here."""
    rates = {"length_km", "loss_db_per_km", "attempts_per_s", "efficiency"}
    made = {"depolarising", "dephasing", "fidelity", "memory_t2_ms"}
    refused = {"damping", "memory_t1_ms", "heralded"}
    assert set(LinkCost.__dataclass_fields__) == rates | made | refused


def test_a_plan_says_how_many_circuits(tmp_path, capsys):
    (tmp_path / "links.toml").write_text('["Alice->Bob"]\ndephasing = 0.1\n')
    command = ["plan", "chsh", "--target", "qiskit_aer:AerSimulator", "--shots", "200"]
    command += ["--links", str(tmp_path / "links.toml"), "--json"]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)["links"]
    assert told["patterns"] == {
        "crossings": 1,
        "circuits": 8,
        "patterns": [{"pattern": "I", "shots": 720}, {"pattern": "Z", "shots": 80}],
    }
