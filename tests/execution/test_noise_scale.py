"""Noise models that are scaled: none at 0, the plain one at 1, more above; records hold what was used."""

from __future__ import annotations

import pytest
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

import qcoord_hw as qc
from qcoord_hw.errors import InputError
from qcoord_hw.execution.noise import noise_model
from qcoord_hw.execution.scale import scaled_name, scaled_target, split_scale
from qcoord_hw.execution.snapshot import MAX_SCALED_READOUT, Snapshot
from qcoord_hw.execution.targets import NoiseTarget, resolve_target


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return Snapshot.of(FakeManilaV2())


def test_every_figure_of_the_calibration_is_scaled(snapshot):
    half = snapshot.scaled(0.5)
    for before, after in zip(snapshot.qubits, half.qubits, strict=True):
        assert (after.p10, after.p01) == (before.p10 / 2, before.p01 / 2)
        assert (after.t1, after.t2) == (before.t1 * 2, before.t2 * 2)
    for before, after in zip(snapshot.gates, half.gates, strict=True):
        assert (after.name, after.qubits, after.duration) == (before.name, before.qubits, before.duration)
        assert after.error == (None if before.error is None else before.error / 2)
    assert snapshot.scaled(1) == snapshot
    assert Snapshot.from_json(half.to_json()) == half


def test_without_noise_the_model_does_nothing(snapshot):
    none = snapshot.scaled(0)
    assert noise_model(none, readout=True).is_ideal()
    assert not noise_model(snapshot, readout=True).is_ideal()


def test_errors_end_where_nothing_is_left_and_faulty_gates_stay_faulty(snapshot):
    most = snapshot.scaled(10)
    assert max(max(q.p10, q.p01) for q in most.qubits) == MAX_SCALED_READOUT
    for gate in most.gates:
        assert gate.error is None or gate.error <= 1 - 0.5 ** len(gate.qubits)
    gate = snapshot.gates[0]
    faulty = Snapshot("d", "1", "", 5, snapshot.qubits, (type(gate)(gate.name, gate.qubits, 1e-8, 1.0),))
    assert [faulty.scaled(f).gates[0].error for f in (0.5, 2, 0)] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("scale", [-0.1, 10000.5, 1e-5, float("nan"), float("inf"), True, "2", None])
def test_a_wrong_scale_is_refused_by_name(scale):
    with pytest.raises(
        InputError, match=r"^noise-scale: .*; allowed are 0 and numbers from 0.0001 to 10000$"
    ):
        NoiseTarget(FakeManilaV2(), scale)
    with pytest.raises(InputError, match=r"^noise-scale: "):
        scaled_target("fake_manila", scale)


@pytest.mark.parametrize("scale", [0, 0.0001, 0.1, 1 / 3, 0.5, 1, 2.0, 10, 36.3, 9999.9999, 10000])
def test_a_name_tells_its_scale(scale):
    name = scaled_name("fake_manila", scale)
    assert split_scale(name) == ("fake_manila", scale)
    assert scaled_target("fake_manila", scale) == name
    assert resolve_target(name).name == name


def test_one_scale_has_one_name():
    assert resolve_target("fake_manila_x0.50").name == "fake_manila_x0.5"
    assert resolve_target("fake_manila_x1").name == "fake_manila"
    assert resolve_target("fake_manila_x2.0").name == "fake_manila_x2"


@pytest.mark.parametrize("name", ["aer", "ibm_torino"])
def test_only_noise_models_are_scaled(name):
    with pytest.raises(InputError) as found:
        scaled_target(name, 0.5)
    said = f"noise-scale: 0.5; target {name} has no noise model, allowed on fake_NAME"
    said += " and properties:FILE"
    assert str(found.value) == said


@pytest.mark.parametrize(
    "name", ["fake_manila_x10001", "fake_manila_xy", "fake_manila_x-1", "aer_x0.5", "fake_x1"]
)
def test_other_names_are_no_targets(name):
    with pytest.raises(InputError, match=r"^(target: unknown|noise-scale: 10001)"):
        resolve_target(name)


def test_a_scaled_target_is_not_scaled_again():
    with pytest.raises(InputError, match="noise-scale: 2; target fake_manila_x0.5 states its own"):
        scaled_target("fake_manila_x0.5", 2)


@pytest.mark.slow
def test_more_noise_wins_less():
    won = [
        qc.run("magic-square", target=f"fake_manila_x{scale}", shots=4000, seed=5)["win_probability"]
        for scale in ("0", "0.1", "0.5", "1", "2", "10")
    ]
    assert won[0].best == 1  # as without noise
    for more, less in zip(won, won[1:], strict=False):
        assert less.high < more.low


def test_exact_figures_follow_the_scale():
    """What is computed for a target falls with its noise from what ideal circuits make."""
    runs = [qc.run("broadcast-epr", target=f"fake_manila_x{s}", shots=50, seed=1) for s in ("0", "0.5", "1")]
    fidelity = [run["fidelity_exact"].best for run in runs]
    assert fidelity[0] == pytest.approx(runs[0].summary["ideal"]["fidelity_exact"], abs=1e-9)
    assert fidelity[0] > fidelity[1] > fidelity[2]


def test_scale_1_is_the_plain_target():
    scaled = qc.run("chsh", target="fake_manila_x1", shots=200, seed=3)
    plain = qc.run("chsh", target="fake_manila", shots=200, seed=3)
    assert scaled.summary["target"] == "fake_manila"
    assert scaled.record.counts == plain.record.counts
    assert scaled.record.intent["target"] == plain.record.intent["target"]


def test_the_record_holds_the_scaled_calibration(snapshot):
    target = "fake_manila_x0.5"
    found = qc.run("chsh", target=target, shots=200, seed=3)
    kept = found.record.intent["target"]
    assert kept["name"] == target
    assert kept["noise"].endswith("; all of it times 0.5")
    used = Snapshot.from_json(kept["snapshot"])
    assert used == snapshot.scaled(0.5).restrict(kept["layout"])
    assert found.path.name.endswith(target)


def test_the_layout_is_that_of_the_scaled_calibration():
    """Where there is no noise, all qubits are alike and the first ones are taken."""
    assert qc.run("chsh", target="fake_torino_x0", shots=10, seed=1).summary["layout"] == [0, 1]
    assert qc.run("chsh", target="fake_torino", shots=10, seed=1).summary["layout"] != [0, 1]


def test_replay_collect_verify_and_compare_know_scaled_targets(runs_dir):
    first = qc.run("chsh", target="fake_manila_x0.5", shots=200, seed=3)
    assert qc.replay(first.path).record.counts == first.record.counts
    assert qc.replay(first.path, target="fake_manila_x0.50").record.counts == first.record.counts
    elsewhere = qc.replay(first.path, target="fake_manila_x2")
    assert elsewhere.summary["target"] == "fake_manila_x2"
    assert elsewhere.record.counts != first.record.counts
    assert qc.verify(first.path, execute=True)["ok"]
    compared = qc.compare(first.path, elsewhere.path)
    assert [run["target"] for run in compared["runs"]] == ["fake_manila_x0.5", "fake_manila_x2"]

    (first.path / "seal.json").unlink()
    lines = (first.path / "counts.jsonl").read_text().splitlines(keepends=True)
    (first.path / "counts.jsonl").write_text("".join(lines[:5]) + lines[5][:7])
    assert qc.load_run(first.path).summary["state"] == "unfinished"
    assert qc.collect(first.path).record.counts == first.record.counts
