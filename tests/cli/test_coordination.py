"""Coordination protocols through the command line: catalogue entries, a user's states, records."""

from __future__ import annotations

import json
import math

import pytest

from qcoord_hw import cli
from tests.calls import refused

LOG3 = math.log2(3)


@pytest.fixture(autouse=True)
def _own_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("QCOORD_RUNS", str(tmp_path / "runs"))


def run(capsys, *arguments, shots="300"):
    options = ("--seed", "5", "--shots", shots, "--confidence", "0.9999", "--json")
    assert cli.main(["run", *arguments, *options]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return json.loads(printed.out)


def estimates(summary):
    return {e["name"]: e for e in summary["estimates"]}


def used(summary, resource):
    """Return what is used of a resource a copy."""
    counted = summary["usage"].get(resource, {})
    return {key: value / summary["copies"] for key, value in counted.items() if value}


def holds_exact(summary):
    """Check that every interval from counts holds what theory says of ideal circuits."""
    found = estimates(summary)
    for name in ("fidelity_dfe", "fidelity_bound", "trace_norm_witness"):
        if name in found:
            e = found[name]
            assert e["low"] - 1e-9 <= e["theory"]["value"] <= e["high"] + 1e-9, name


def test_the_ghz_corner_is_reached_exactly(capsys):
    summary = run(capsys, "cascade-ghz2")
    assert used(summary, "Alice->Bob") == {}
    assert used(summary, "Alice-Bob") == {"ebits": 1}
    assert used(summary, "Bob->Charlie")["qubits"] == 1 / 2
    assert used(summary, "Bob-Charlie") == {"ebits": 1 / 2}
    found = estimates(summary)
    assert found["fidelity_exact"]["best"] == pytest.approx(1)
    assert found["trace_norm_exact"]["best"] == pytest.approx(0, abs=1e-7)
    holds_exact(summary)
    assert summary["locality"]["between_parties"] == 0


def test_noise_is_seen_by_the_exact_figure_and_by_the_counts(capsys):
    summary = run(capsys, "cascade-ghz2", "--target", "fake_torino")
    found = estimates(summary)
    exact = found["fidelity_exact"]["best"]
    assert 0.95 < exact < 0.98
    mitigated = found["fidelity_dfe_mitigated"]
    assert mitigated["low"] <= exact <= mitigated["high"]
    assert summary["locality"] == {"two_qubit_gates": 6, "between_parties": 0}


@pytest.mark.parametrize(
    ("name", "distance"),
    [
        ("two-node-n1", 0),
        ("two-node-n2", 0.245),
        pytest.param("broadcast-n2", 0.334951, marks=pytest.mark.slow),
        pytest.param("no-communication-noisy-ghz-m16", 0.24230, marks=pytest.mark.slow),
        ("no-communication-werner", 0),
    ],
)
def test_classical_links_come_as_close_as_theory_says(name, distance, capsys):
    summary = run(capsys, name)
    found = estimates(summary)
    assert found["trace_norm_exact"]["best"] == pytest.approx(distance, abs=1e-5)
    holds_exact(summary)
    assert "trace_norm_tomography" not in found


@pytest.mark.few(1)
@pytest.mark.parametrize(("name", "fidelity", "sent"), [("mac-n2", 0.9, 1), ("mac-n3", 0.972, 2)])
def test_schumacher_compression_on_the_multiple_access_network(name, fidelity, sent, capsys):
    summary = run(capsys, name)
    for link in ("Alice->Charlie", "Bob->Charlie"):
        assert summary["usage"][link]["qubits"] == sent
    assert estimates(summary)["fidelity_exact"]["best"] == pytest.approx(fidelity, abs=5e-5)
    holds_exact(summary)


def test_qudits_on_qubits_are_counted_both_ways(capsys):
    summary = run(capsys, "cascade-example-2")
    for link in ("Alice->Bob", "Bob->Charlie"):
        assert summary["usage"][link]["qubits"] == 2
        assert summary["usage"][link]["log2_dim"] == pytest.approx(LOG3)
    assert estimates(summary)["fidelity_exact"]["best"] == pytest.approx(1)


def state_file(tmp_path, data):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(data))
    return str(path)


def test_a_users_state_runs_or_is_refused_with_the_reason(tmp_path, capsys):
    ket = {"000": 0.6, "011": [0, 0.5], "101": -0.4, "110": 0.3}
    path = state_file(tmp_path, {"systems": {"A": 2, "B": 2, "C": 2}, "ket": ket})
    summary = run(capsys, path, "--network", "cascade")
    assert estimates(summary)["fidelity_exact"]["best"] == pytest.approx(1)
    assert set(summary["usage"]) <= {"Alice->Bob", "Bob->Charlie", "Alice-Bob", "Bob-Charlie"}
    assert "omega_AB" in refused(capsys, "run", path, "--network", "multiple-access")
    assert "entangled" in refused(capsys, "run", path, "--network", "no-communication")
    assert "network: missing" in refused(capsys, "run", path)
    assert "network: 'star'" in refused(capsys, "run", path, "--network", "star")


def test_a_users_mixture_on_classical_links(tmp_path, capsys):
    data = {
        "systems": {"X": 2, "B": 2},
        "classical": ["X"],
        "ensemble": [
            {"p": 0.4, "x": {"X": 0}, "ket": {"0": 1}},
            {"p": 0.6, "x": {"X": 1}, "density": [[0.5, [0, 0.2]], [[0, -0.2], 0.5]]},
        ],
    }
    summary = run(capsys, state_file(tmp_path, data), "--network", "two-node")
    assert estimates(summary)["trace_norm_exact"]["best"] == pytest.approx(0, abs=1e-7)
    assert summary["usage"]["Alice->Bob"]["qubits"] == 0
    assert summary["usage"]["Alice->Bob"]["bits"] >= 1


@pytest.mark.slow
def test_a_record_is_verified_replayed_compared_and_shown(capsys):
    first = run(capsys, "two-node-n2", shots="100")
    assert cli.main(["verify", first["run"], "--execute", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differs"] == []
    assert cli.main(["replay", first["run"], "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert [e["best"] for e in again["estimates"]] == [e["best"] for e in first["estimates"]]
    other = run(capsys, "two-node-n2", "--target", "fake_fez", shots="100")
    for command in (
        ["compare", first["run"], other["run"]],
        ["report", other["run"]],
        ["show", "cascade-ghz2"],
        ["run", "two-node-n1", "cascade-ghz2", "chsh", "--shots", "50", "--seed", "1"],
    ):
        assert cli.main(command) == 0
        assert len(capsys.readouterr().out) > 200
    assert "is of kind coordination" in refused(capsys, "play", "two-node-n1")
