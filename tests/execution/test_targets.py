"""Targets: names, backends and samplers, one layout for all circuits, no gate across owners."""

from __future__ import annotations

import pytest
from qiskit.circuit import Barrier
from qiskit.primitives import BackendSamplerV2, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

import qcoord_hw as qc
from qcoord_hw.catalogue import load_spec
from qcoord_hw.errors import InputError, TargetError, TooLargeError
from qcoord_hw.execution.targets import Request, fake_backends, resolve_target
from qcoord_hw.protocols import build_experiment

COS2 = 0.8535533905932737


def experiment(name: str):
    return build_experiment(load_spec(name))


@pytest.mark.parametrize("name", ["nowhere", "fake_nowhere", "ibm_torino", "", 7, None])
def test_unknown_targets_are_refused(name):
    with pytest.raises(InputError, match=r"^target: "):
        resolve_target(name)


def test_every_snapshot_with_two_qubits_runs_chsh():
    circuits = [net.circuit for net in experiment("chsh").circuits]
    names = list(fake_backends())
    assert len(names) >= 60
    for name in names:
        target = resolve_target(name)
        if name == "fake_armonk":
            with pytest.raises(TooLargeError, match="has 1 qubits; this experiment needs 2"):
                target.prepare(circuits, ())
            continue
        prepared = target.prepare(circuits, ())
        counts = next(iter(target.executor(prepared).execute([Request(0, 0, 100, 1)])))
        assert sum(counts.values()) == 100, name


@pytest.mark.parametrize("target", ["fake_torino", "fake_brisbane", "fake_nighthawk", "fake_manila"])
@pytest.mark.parametrize("name", ["chsh", "magic-square", "ghz-5"])
def test_compiled_circuits_keep_one_layout_and_locality(target, name):
    """After the last barrier, no compiled two-qubit gate spans two owners, and no qubit has moved."""
    built = experiment(name)
    circuits = [net.circuit for net in built.circuits]
    prepared = resolve_target(target).prepare(circuits, ())
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
        resolve_target("aer").prepare(circuits, (0, 1))


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
@pytest.mark.parametrize("name", ["chsh", "magic-square"])
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
    assert qc.run("chsh", target="fake_torino", shots=5, seed=1).summary["cautions"] == []
