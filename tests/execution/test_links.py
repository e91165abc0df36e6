"""Links that cost: closed forms, thresholds, what a record keeps, what is refused."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import DensityMatrix

import qcoord_hw as qc
from qcoord_hw import registry
from qcoord_hw.api.building import build
from qcoord_hw.catalogue import catalogue_names
from qcoord_hw.cli import main
from qcoord_hw.errors import InputError, RecordError
from qcoord_hw.execution.channels import CHANNEL
from qcoord_hw.execution.forecast import Device, Forecast
from qcoord_hw.execution.link_figures import link_figures
from qcoord_hw.execution.links import with_channels
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.execution.targets import resolve_target
from qcoord_hw.network import Link, NetworkCircuit, Topology
from qcoord_hw.network.links import LinkCost, read_links, route
from qcoord_hw.spec import links_from_mapping, spec_from_mapping
from qcoord_hw.statistics.estimate import headline_of
from tests.execution.forgeries import read_intent, sign

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "links.md").read_text()
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.S))
AB, AC = "Alice->Bob", "Alice->Charlie"
V = 0.93


def figures(name: str, links: dict, target: str = "aer") -> dict:
    built = build(name, links=links, target=target, seed=1)
    program = program_of(built.experiment, built.spec.links)
    prepared = resolve_target(target).prepare(program, ())
    return link_figures(describe(built.experiment), program, built.spec, prepared)


def every(*keys: str, **cost: float | bool) -> dict:
    return {key: cost for key in keys}


def werner_rate(v: float) -> float:
    weights = np.array([(1 + 3 * v) / 4, *[(1 - v) / 4] * 3])
    return float(2 + weights @ np.log2(weights)) / 2


GHZ = tuple(f"Alice->{player}" for player in ("Bob", "Charlie", "Dave", "Erin", "Frank"))
ROOT2 = math.sqrt(2)
LOSSY = {"length_km": 2.0, "loss_db_per_km": 0.2, "heralded": False}
ETA = 10**-0.04
FORMS = [
    ("chsh", every(AB, AC, depolarising=1 - V), 0.5 + V**2 / (2 * ROOT2), 2**-0.25),
    ("chsh", every(AB, AC, dephasing=0.07), 0.5 + ROOT2 / 8 * (1 + 0.86**2), 2**-0.25),
    ("chsh", every(AB, AC, damping=0.13), 0.5 + ROOT2 / 8 * (2 - 3 * 0.13 + 2 * 0.13**2), 2**-0.25),
    ("chsh", every(AB, fidelity=0.9), 0.5 + 13 / 15 / (2 * ROOT2), 2**-0.5),
    ("chsh", every(AB, AC, **LOSSY), 0.5 + (2 * ROOT2 * ETA**2 + 2 * (1 - ETA) ** 2) / 8, 2**-0.25),
    ("ghz-3", every(*GHZ[:3], depolarising=1 - V), 0.5 + V**3 / 2, 0.7937),
    ("magic-square", every(AB, AC, depolarising=1 - V), 0.5 + (2 * V**2 + 4 * V**3 + 3 * V**4) / 18, 0.9219),
    ("sum-2-f2", every("A->User", "B->User", depolarising=1 - V), werner_rate(V**2), 0.8646),
    ("sum-2-f2", every("shared", fidelity=0.9), werner_rate(13 / 15), 0.8646),
    ("cascade-ghz2", every("Bob->Charlie", depolarising=1 - V), (1 + 3 * V) / 4, None),
]
LONGER = [
    ("ghz-5", every(*GHZ, depolarising=1 - V), 0.5 + V**5 / 2, 0.7579),
    ("example-2-f2", every(*(f"{s}->User" for s in "ABCD"), depolarising=1 - V), werner_rate(V**2), 0.8646),
    (
        "cascade-ghz2",
        every("Alice-Bob", "Bob-Charlie", depolarising=1 - V),
        ((1 + 3 * V**2) / 4) ** 3,
        0.7118,
    ),
    ("cascade-ghz2", every("Alice-Bob", "Bob-Charlie", fidelity=0.9), 0.9**3, 0.7118),
]
LONGEST = ("example-1-f4", every("shared", depolarising=1 - V), None, 0.9323)


@pytest.mark.parametrize(
    ("name", "links", "value", "critical"),
    [
        *FORMS,
        *(pytest.param(*one, marks=pytest.mark.slow) for one in LONGER),
        pytest.param(*LONGEST, marks=pytest.mark.exhaustive),
    ],
)
def test_figures_are_those_of_closed_forms(name, links, value, critical):
    found = figures(name, links)
    if value is not None:
        assert found["expected"] == pytest.approx(value, abs=1e-6)
    assert found["critical_visibility"] == (critical and pytest.approx(critical, abs=1e-4))


@pytest.mark.parametrize(
    ("fidelity", "t2", "km"), [(0.97, 1, 75), (0.97, 10, 748), (0.9, 1, 46), (0.9, 10, 459)]
)
def test_distance_at_which_memories_lose_the_verdict(fidelity, t2, km):
    waits = {"memory_t2_ms": t2, "length_km": 3}
    found = figures("chsh", {AB: waits | {"fidelity": fidelity}, AC: waits})
    assert found["critical_km"] == pytest.approx(km, rel=0.02)


def test_distance_at_which_loss_that_nobody_notices_loses_the_verdict():
    lossy = {key: value for key, value in LOSSY.items() if key != "length_km"}
    assert figures("chsh", every(AB, AC, **lossy))["critical_km"] == pytest.approx(4.087, rel=1e-3)


def test_heralded_loss_costs_rounds_and_no_figure():
    cost = {"length_km": 10, "loss_db_per_km": 0.2, "efficiency": 0.5, "attempts_per_s": 1000}
    found = figures("chsh", every(AB, AC, **cost))
    eta = 0.5 * 10**-0.2
    assert found["expected"] == pytest.approx(0.5 + ROOT2 / 4, abs=1e-6)
    assert found["success_probability"] == pytest.approx(eta**2)
    assert found["rounds_per_s"] == pytest.approx(1000 * eta**2)
    assert found["qubits_per_s"] == pytest.approx(2000 * eta**2)
    assert found["critical_km"] is None
    unstated = figures("chsh", every(AB, length_km=10))
    assert unstated["rounds_per_s"] == pytest.approx(1 / (10 / 2e5 + 1e-6))


def test_noise_of_a_device_stands_beside_that_of_links():
    found = figures("chsh", every(AB, AC, depolarising=0.01), "fake_torino")
    assert found["critical_visibility"] == pytest.approx(0.8596, abs=2e-4)
    assert found["expected"] < 0.5 + 0.99**2 / (2 * ROOT2) - 0.01


def test_memories_decay_as_t1_and_t2_say():
    cost = LinkCost.of("Alice->Bob", [("length_km", 200.0), ("memory_t1_ms", 4.0), ("memory_t2_ms", 5.0)])
    circuit = QuantumCircuit(1)
    circuit.ry(1.1, 0)
    before = DensityMatrix(circuit).data
    events = [
        {"kind": "allocate", "qubits": [0]},
        {"kind": "send", "party": "Alice", "to": "Bob", "qubits": [0]},
    ]
    noisy = with_channels(QuantumCircuit(1), route(events, {"Alice->Bob": cost}))
    after = DensityMatrix(before).evolve(noisy).data
    assert after[1, 1] == pytest.approx(before[1, 1] * math.exp(-1 / 4))
    assert after[0, 1] == pytest.approx(before[0, 1] * math.exp(-1 / 5))


@pytest.mark.parametrize(
    "chosen",
    [
        "chsh cascade-ghz2 sequential-chsh mac-n2 sum-2-f3",
        pytest.param(" ".join(catalogue_names()), marks=pytest.mark.slow),
    ],
)
def test_every_qubit_that_usage_counts_crosses_once(chosen):
    for name in chosen.split():
        experiment = build(name, seed=1).experiment
        moved = {
            k: u for k, u in experiment.usage.items() if any(u.get(n) for n in ("qubits", "ebits", "qudits"))
        }
        if not moved:
            continue
        links = links_from_mapping({key: {"depolarising": 0.5} for key in moved})
        for net, one in zip(experiment.circuits, program_of(experiment, links).routes, strict=True):
            crossed = [crossing.link for crossing in one.crossings]
            assert set(crossed) <= set(moved)
            for key, used in net.usage.items():
                if "->" in key and used["qubits"]:
                    assert crossed.count(key) == used["qubits"], (name, key)
                elif key in moved:
                    assert crossed.count(key) >= 2 * used.get("ebits", 1), (name, key)
            noisy = with_channels(net.circuit, one)
            assert sum(i.operation.name == CHANNEL for i in noisy.data) == len(crossed)


def test_a_share_crosses_before_anybody_acts_with_or_without_the_barriers_that_routing_drops():
    topology = Topology(
        "pairs", ("A", "B", "U"), (Link("A", "U", qubits=True),), ebits=(("A", "B"),), shared_state=("A", "B")
    )
    net = NetworkCircuit(topology)
    (a,), _ = net.share_ebits("A", "B", 1)
    pair = QuantumCircuit(2)
    pair.h(0)
    pair.cx(0, 1)
    net.share_state(pair, {"A": 1, "B": 1})
    flip = QuantumCircuit(1)
    flip.sx(0)
    net.local("A", flip, [a])
    net.send("A", "U", [a])
    net.measure("U", [a])
    costs = read_links(links_from_mapping({"A-B": {"damping": 0.3}, "shared": {"dephasing": 0.2}}))
    one = route([event.to_json() for event in net.events], costs)
    assert [(c.link, c.qubit) for c in one.crossings] == [
        ("A-B", 0),
        ("A-B", 1),
        ("shared", 2),
        ("shared", 3),
    ]
    whole = net.circuit
    dropped = whole.copy_empty_like()
    for i in whole.data:
        if i.operation.name != "barrier" or len(i.qubits) == 4:
            dropped.append(i)
    assert len(dropped) == len(whole) - 1
    for circuit in (whole, dropped):
        order = [i.operation.name for i in with_channels(circuit, one).data if whole.qubits[0] in i.qubits]
        kept = [name for name in order if name != "barrier"]
        assert kept == ["h", "cx", CHANNEL, "sx", "measure"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    links = every(AB, AC, depolarising=0.05, length_km=1, loss_db_per_km=0.2)
    return qc.run("chsh", links=links, shots=400, seed=7, runs=tmp_path_factory.mktemp("runs"))


def test_a_run_keeps_its_links_and_repeats(finished, tmp_path):
    plain = build("chsh", 400).spec
    assert "links" not in plain.to_json()
    assert finished.record.intent["spec_id"] not in (plain.spec_id, None)
    told = finished.summary["links"]
    assert told["costs"][AB] == {"depolarising": 0.05, "length_km": 1.0, "loss_db_per_km": 0.2}
    assert told["expected"] == pytest.approx(0.5 + 0.95**2 / (2 * ROOT2), abs=1e-6)
    assert finished.record.intent["target"]["locality"]["between_parties"] == 0
    assert qc.verify(finished, execute=True).ok
    again = qc.replay(finished, runs=tmp_path)
    assert again.record.counts == finished.record.counts
    assert again.summary["links"] == told


def test_counts_are_drawn_over_the_links(finished):
    lost = qc.run("chsh", links=every(AB, depolarising=1), shots=2000, seed=7)
    assert lost["win_probability"].low < 0.5 < lost["win_probability"].high


@pytest.mark.parametrize(
    "name", ["expected", "success_probability", "rounds_per_s", "qubits_per_s", "critical_visibility"]
)
def test_what_a_record_says_of_links_is_held_against_its_circuits(finished, tmp_path, name):
    folder = tmp_path / "run"
    for file in finished.record.path.rglob("*"):
        if file.is_file():
            target = folder / file.relative_to(finished.record.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    intent = read_intent(folder)
    intent["target"]["links"][name] *= 0.9
    sign(folder, intent)
    with pytest.raises(RecordError, match=rf"links: {name}"):
        qc.verify(folder)


def test_links_of_a_spec_and_numbers_in_other_words_are_the_same():
    fields = {"name": "a", "title": "a", "family": "nonlocal-game"}
    made = [spec_from_mapping(fields | {"links": {AB: {"length_km": km}}}) for km in (1, 1.0)]
    assert made[0].spec_id == made[1].spec_id
    assert spec_from_mapping(made[0].to_json()) == made[0]
    assert replace(made[0], links=()).spec_id == spec_from_mapping(fields | {"links": {}}).spec_id


WRONG = [
    '["Alice->Bob"]\nlength_km = nan',
    '["Alice->Bob"]\nlength_km = inf',
    '["Alice->Bob"]\nlength_km = "far"',
    '["Alice->Bob"]\nlength_km = true',
    '["Alice->Bob"]\nwidth_km = 1',
    '["Alice->Bob"]\ndephasing = 0.1\ndamping = 0.1',
    '["Alice->Bob"]\nfidelity = 0.2',
    '["Alice->Bob"]\nfidelity = 1.01',
    '["Alice->Bob"]\nheralded = 1',
    '["Alice->Bob"]\nefficiency = 0',
    '["Alice->Bob"]\nattempts_per_s = 0',
    '["Alice->Bob"]\nmemory_t1_ms = 1\nmemory_t2_ms = 3',
    '["Alice-Bob"]\nlength_km = 1',
    '["Alice->Dave"]\nlength_km = 1',
    "shared = 3",
    "[[shared]]\nlength_km = 1",
    '["Alice->Bob"',
    *(f'["Alice->Bob"]\n{name} = -0.1' for name in LinkCost.__dataclass_fields__ if name != "heralded"),
]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_files_are_refused_in_one_line(tmp_path, capsys, text):
    (tmp_path / "links.toml").write_text(text)
    assert main(["plan", "chsh", "--links", str(tmp_path / "links.toml")]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert "allowed" in err or "TOML" in err


def test_the_page_says_what_the_program_does(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    blocks = re.findall(r"```console\n\$ qcoord (.*?)\n(.*?)```", PAGE, re.S)
    assert len(blocks) == len(FILES) == 4
    for command, printed in blocks:
        status = main(shlex.split(command))
        out, err = capsys.readouterr()
        assert (status, out or err) == (2 if "error" in printed else 0, printed)
    keys = set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)?", PAGE, re.M))
    assert {key for pair in keys for key in pair if key} >= set(LinkCost.__dataclass_fields__)


@pytest.mark.slow
def test_a_threshold_of_a_device_stands_beside_links():
    """At the factor that is found the device, with the links as they are, is at the bound."""
    links = every(AB, AC, depolarising=0.05)
    found = qc.threshold("chsh", target="fake_torino", links=links)
    assert found.ideal == pytest.approx(0.5 + 0.95**2 / (2 * ROOT2), abs=1e-6)
    at = figures("chsh", links, f"fake_torino_x{found.factor.value:.6f}")
    assert at["expected"] == pytest.approx(0.75, abs=1e-4)
    with pytest.raises(InputError, match=r"links\.Bob->Alice: no such link here"):
        qc.threshold("chsh", target="fake_torino", links=every("Bob->Alice", depolarising=0.1))


def test_few_inputs_tell_a_threshold_as_all_do():
    """Inputs of a linear computation are frames of one run: one of them gives the figure of all."""
    links = every("shared", depolarising=0.1)
    built = build("sum-2-f2", links=links, target="aer", seed=1)
    program = program_of(built.experiment, built.spec.links)
    prepared = resolve_target("aer").prepare(program, ())
    description = describe(built.experiment)
    whole = Forecast(description, program, built.spec, Device("aer"), prepared)
    record = whole.expect(prepared, figures=True).record(10**9)
    family = registry.family_of_kind(description["play"]["kind"])
    of_all = headline_of(family.analyse(record, 0.95).estimates).best
    found = link_figures(description, program, built.spec, prepared)
    assert found["expected"] == pytest.approx(of_all, abs=1e-7)
    assert found["expected"] == pytest.approx(werner_rate(0.9**2), abs=1e-7)
