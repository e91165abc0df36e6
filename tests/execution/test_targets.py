"""Targets: names, backends and samplers, one layout for all circuits, no gate across owners."""

from __future__ import annotations

import math

import pytest
from qiskit.circuit import Barrier
from qiskit.circuit.library import CXGate, HGate, RYGate, SwapGate, XGate, ZGate
from qiskit.primitives import BackendSamplerV2, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

import qcoord_hw as qc
from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError, TargetError, TooLargeError
from qcoord_hw.execution.layout import interactions
from qcoord_hw.execution.program import Program
from qcoord_hw.execution.targets import Request, fake_backends, resolve_target
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.network import QUANTUM_BROADCAST

COS2 = 0.8535533905932737


def experiment(name: str):
    return build_experiment(load_spec(name))


@pytest.mark.parametrize("name", ["nowhere", "fake_nowhere", "ibm_torino", "", 7, None])
def test_unknown_targets_are_refused(name):
    with pytest.raises(InputError, match=r"^target: "):
        resolve_target(name)


@pytest.mark.slow
def test_every_snapshot_with_two_qubits_runs_chsh():
    circuits = [net.circuit for net in experiment("chsh").circuits]
    names = list(fake_backends())
    assert len(names) >= 60
    for name in names:
        target = resolve_target(name)
        if name == "fake_armonk":
            with pytest.raises(TooLargeError, match="has 1 qubits; this experiment needs 2"):
                target.prepare(Program.of(circuits), ())
            continue
        prepared = target.prepare(Program.of(circuits), ())
        counts = next(iter(target.executor(prepared).execute([Request(0, 0, 100, 1)])))
        assert sum(counts.values()) == 100, name


@pytest.fixture
def there(target):
    """A snapshot that the client has; an older one than we are locked to lacks the newest."""
    if target not in fake_backends():
        pytest.skip(f"this client has no {target} yet")


@pytest.mark.few(6)
@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("target", ["fake_torino", "fake_brisbane", "fake_nighthawk", "fake_manila"])
@pytest.mark.parametrize("name", ["chsh", "magic-square", "ghz-5"])
def test_compiled_circuits_keep_one_layout_and_locality(target, name):
    """After the last barrier, no compiled two-qubit gate spans two owners, and no qubit has moved."""
    built = experiment(name)
    circuits = [net.circuit for net in built.circuits]
    prepared = resolve_target(target).prepare(Program.of(circuits), ())
    assert len(set(prepared.layout)) == circuits[0].num_qubits
    for net, logical, compiled in zip(built.circuits, circuits, prepared.circuits, strict=True):
        owner = [net.owner(q) for q in logical.qubits]
        barriers = [k for k, i in enumerate(compiled.data) if isinstance(i.operation, Barrier)]
        assert len(barriers) == sum(isinstance(i.operation, Barrier) for i in logical.data)
        for i in compiled.data[barriers[-1] :]:
            wires = {compiled.find_bit(q).index for q in i.qubits}
            if not isinstance(i.operation, Barrier):
                assert len({owner[w] for w in wires}) == 1, i
        for before, after in zip(_measurements(logical), _measurements(compiled), strict=True):
            assert before == after


def _measurements(circuit):
    pairs = [
        (circuit.find_bit(i.clbits[0]).index, circuit.find_bit(i.qubits[0]).index)
        for i in circuit.data
        if i.operation.name == "measure"
    ]
    return sorted(pairs)


def test_aer_refuses_a_layout():
    circuits = [net.circuit for net in experiment("chsh").circuits]
    with pytest.raises(InputError, match="no physical qubits"):
        resolve_target("aer").prepare(Program.of(circuits), (0, 1))


@pytest.mark.filterwarnings("ignore:.*has no QubitProperties:UserWarning")
@pytest.mark.parametrize(
    "target",
    [
        GenericBackendV2(6, seed=3, noise_info=False),
        AerSimulator(),
        StatevectorSampler(seed=5),
        BackendSamplerV2(
            backend=GenericBackendV2(6, seed=3, noise_info=False), options={"seed_simulator": 7}
        ),
    ],
    ids=lambda t: type(t).__name__,
)
@pytest.mark.parametrize("name", ["chsh", pytest.param("magic-square", marks=pytest.mark.slow)])
def test_any_backend_or_sampler_is_a_target(target, name):
    result = qc.run(name, target=target, shots=400, seed=2, confidence=0.9999)
    win = result["win_probability"]
    assert win.low <= (COS2 if name == "chsh" else 1.0) <= win.high
    assert result.record.sealed
    with pytest.raises(InputError, match="cannot be rebuilt"):
        qc.replay(result.path)
    again = qc.replay(result.path, target=target)
    assert again.record.intent["seed"] == 2
    if not isinstance(target, BackendSamplerV2):
        assert again.record.counts == result.record.counts  # what simulates gets the seed


def test_a_fake_backend_object_is_its_name():
    by_name = qc.run("chsh", target="fake_manila", shots=500, seed=4)
    by_object = qc.run("chsh", target=fake_backends()["fake_manila"](), shots=500, seed=4)
    assert by_name.record.counts == by_object.record.counts
    assert by_object.summary["target"] == "fake_manila"


class Failing(AerSimulator):
    """A backend that fails on its third job."""

    jobs = 0

    def run(self, *args, **kwargs):
        self.jobs += 1
        if self.jobs == 3:
            raise RuntimeError("queue\nclosed")
        return super().run(*args, **kwargs)


def test_a_target_that_fails_keeps_what_was_counted(runs_dir):
    whole = qc.run("chsh", target=AerSimulator(), shots=800, seed=1, runs=runs_dir / "whole")
    with pytest.raises(TargetError, match="queue closed"):
        qc.run("chsh", target=Failing(), shots=800, seed=1)
    path = next(p for p in runs_dir.iterdir() if p.name != "whole")
    unfinished = qc.load_run(path)
    assert unfinished.summary["chunks"] == {"planned": 32, "done": 8}
    finished = qc.collect(path, target=AerSimulator())
    assert finished.record.sealed
    assert finished.record.counts == whole.record.counts


def test_a_faulty_coupling_is_a_caution():
    """Every coupling of this snapshot is marked faulty: it runs all the same, and the result says so."""
    result = qc.run("chsh", target="fake_kyoto", shots=50, seed=1)
    assert "faulty" in result.summary["cautions"][0]
    assert "CAUTION: calibration marks ecr on" in result.table()
    assert "CAUTION: calibration marks ecr on" in result.html()
    assert "CAUTION: calibration marks ecr on" in result._repr_html_()
    assert qc.run("chsh", target="fake_torino", shots=5, seed=1).summary["cautions"] == []


def swapping(x: int, y: int) -> qc.NetworkCircuit:
    """Bob swaps his qubits before he uses them: an optimiser would rather move them."""
    net = qc.NetworkCircuit(QUANTUM_BROADCAST)
    b, c = net.allocate("Alice", 3), net.allocate("Alice", 1)
    net.local("Alice", HGate(), b[0])
    net.local("Alice", CXGate(), [b[0], c[0]])
    net.send("Alice", "Bob", b)
    net.send("Alice", "Charlie", c)
    net.local("Bob", SwapGate(), b[:2])
    net.local("Bob", CXGate(), b[1:])
    net.measure("Bob", b[2], "bob")
    net.measure("Charlie", c, "charlie")
    return net


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("target", ["fake_torino", "fake_nighthawk", "fake_brisbane"])
def test_no_qubit_is_moved_even_where_a_swap_could_be_elided(target):
    built = qc.game_experiment(qc.theory.games.chsh(), swapping, name="swap", title="Swap")
    circuits = [net.circuit for net in built.circuits]
    prepared = resolve_target(target).prepare(Program.of(circuits), ())
    allowed = set(interactions(circuits[0]))
    for compiled in prepared.circuits:
        assert set(interactions(compiled)) <= allowed
        assert _measurements(compiled) == _measurements(circuits[0])
        assert compiled.layout.final_index_layout() == list(range(4))


def teleported(x: int, y: int) -> qc.NetworkCircuit:
    """CHSH on a pair of which Bob's half is teleported: ebits, two bits, and feed-forward."""
    net = qc.NetworkCircuit(TELEPORT)
    here, there = net.share_ebits("Alice", "Bob", 1)
    b, c = net.allocate("Alice", 2)
    net.local("Alice", HGate(), b)
    net.local("Alice", CXGate(), [b, c])
    net.send("Alice", "Charlie", c)
    net.local("Alice", CXGate(), [b, here[0]])
    net.local("Alice", HGate(), b)
    bits = [net.measure("Alice", here[0], "flip"), net.measure("Alice", b, "phase")]
    for register, gate in zip(bits, (XGate(), ZGate()), strict=True):
        net.send_bits("Alice", "Bob", register)
        net.local("Bob", gate, there, when=(register, 1))
    net.local("Bob", RYGate(-x * math.pi / 2), there)
    net.local("Charlie", RYGate((2 * y - 1) * math.pi / 4), c)
    net.measure("Bob", there, "bob")
    net.measure("Charlie", c, "charlie")
    return net


TELEPORT = qc.Topology(
    "teleport",
    ("Alice", "Bob", "Charlie"),
    (qc.Link("Alice", "Bob", bits=True), qc.Link("Alice", "Charlie", qubits=True)),
    ebits=(("Alice", "Bob"),),
)


@pytest.mark.few(("aer",))
@pytest.mark.parametrize("target", ["aer", "fake_manila", "fake_torino", "fake_sherbrooke"])
def test_feed_forward_runs_on_every_kind_of_simulator(target):
    theory = qc.Value(COS2, "exact", "teleportation")
    built = qc.game_experiment(
        qc.theory.games.chsh(), teleported, name="teleported", title="Teleported CHSH", theory=theory
    )
    result = qc.run(built, target=target, shots=2000, seed=3, idle_noise=False)
    win = result["win_probability"]
    assert win.verdict == "above"
    assert win.best > 0.84 if target == "aer" else 0.76 < win.best < 0.84
    assert result.usage["Alice->Bob"]["bits"] == 2
    assert [e.name for e in result.estimates] == ["win_probability"]  # nothing mitigated
    assert qc.replay(result.path).record.counts == result.record.counts


def test_a_run_goes_on_only_where_it_was_begun(runs_dir):
    with pytest.raises(TargetError):
        qc.run("chsh", target=Failing(), shots=80, seed=1)
    (path,) = runs_dir.iterdir()
    with pytest.raises(InputError, match="this run was begun on"):
        qc.collect(path, target="fake_manila")


def test_checks_that_tested_nothing_say_so():
    result = qc.run("chsh", target="aer", shots=1, seed=1)
    assert result.checks["drift"] is None
    assert "drift not tested" in result.table()
