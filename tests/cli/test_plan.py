"""`qcoord plan`: the contract, the figures against runs, and what it says where something has no meaning."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from qcoord_hw import api
from qcoord_hw.execution.devices.ibm.client import IBMDevice
from qcoord_hw.execution.targets import fake_backends
from tests.calls import call, call_json

KEYS = (
    *("ok", "experiment", "target", "shots", "circuits", "known_answer", "executions"),
    *("two_qubit_gates", "depth", "duration_us"),
    *(
        "qpu_seconds",
        "overhead_seconds",
        "overhead",
        "jobs",
        "account",
        "layout",
        "ranked",
        "tiles",
        "tiling",
    ),
    *(
        "shots_for_verdict",
        "seconds_for_verdict",
        "expected",
        "expected.kind",
        "figure",
        "figures",
        "titles",
        "theory",
        "bound",
        "holders",
        "notes",
        "idle_noise",
    ),
)


def test_chsh_prints_the_contract(capsys):
    found = call_json(capsys, "plan", "chsh", "--target", "fake_torino", "--shots", 4096)
    assert tuple(found) == KEYS
    assert found["ok"] is True
    assert (found["experiment"], found["target"], found["shots"]) == ("chsh", "fake_torino", 4096)
    assert (found["circuits"], found["two_qubit_gates"], found["jobs"]) == (4, 1, 1)
    assert 4.1 <= found["qpu_seconds"] <= 4.4
    assert found["qpu_seconds"] == pytest.approx(16384 * (250e-6 + found["duration_us"] / 1e6))
    assert found["overhead_seconds"] == 2
    assert "IBM" in found["overhead"]
    assert found["account"] is None
    expected = [row["expected"] for row in found["ranked"]]
    assert expected == sorted(expected, reverse=True)
    assert len({frozenset(row["layout"]) for row in found["ranked"]}) == len(expected) == 10
    assert {row["method"] for row in found["ranked"]} == {"simulated"}
    assert (found["layout"], found["expected"]) in [(r["layout"], r["expected"]) for r in found["ranked"]]
    tiling = found["tiling"]
    qubits = [q for layout in tiling["layouts"] for q in layout]
    assert len(set(qubits)) == len(qubits) == 2 * found["tiles"] == 100
    assert tiling["worst"]["layout"] in tiling["layouts"]
    assert tiling["worst"]["expected"] < found["expected"]
    assert tiling["executions"] == 4 * 82
    assert tiling["qpu_seconds"] < found["qpu_seconds"] / 49
    assert found["figure"] == "win_probability"
    assert found["figures"]["win_probability"] == found["expected"]
    assert found["bound"] == 0.75 < found["expected"] < found["theory"]
    assert found["seconds_for_verdict"] / found["qpu_seconds"] == pytest.approx(
        found["shots_for_verdict"] / 16384
    )


@pytest.mark.few(("magic-square-fake_manila",))
@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("chsh", "fake_torino"),
        ("chsh", "fake_fez"),
        ("chsh", "fake_marrakesh"),
        ("magic-square", "fake_manila"),
        ("ghz-3", "fake_manila"),
    ],
)
def test_games_turn_out_as_expected(name, target):
    plan = api.plan(name, target=target)
    run = api.run(name, target=target, shots=20_000, seed=5)
    assert plan["layout"] == run.summary["layout"]
    own = run["win_probability"]
    assert own.low - 0.001 < plan["expected"] < own.high + 0.001
    assert set(plan["figures"]) == {estimate.name for estimate in run.estimates}
    if plan["shots_for_verdict"] is None:
        assert plan["expected"] <= plan["bound"]
    else:
        shots = 2 * -(-plan["shots_for_verdict"] // plan["circuits"])
        assert api.run(name, target=target, shots=shots, seed=5)["win_probability"].verdict == "above"


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("name", "figure"), [("sum-2-f2", "surviving_rate"), ("broadcast-epr", "fidelity_dfe")]
)
def test_other_families_turn_out_as_expected(name, figure):
    plan = api.plan(name, target="fake_manila", seed=5)
    run = api.run(name, target="fake_manila", shots=4000, seed=5)
    assert plan["figure"] == figure
    wrong = [e.name for e in run.estimates if not e.low - 0.01 <= plan["figures"][e.name] <= e.high + 0.01]
    assert wrong == []
    assert plan["figures"][figure] == plan["expected"]
    exact = {e.name: e.best for e in run.estimates if e.name.endswith("_exact")}
    assert {k: plan["figures"][k] for k in exact} == pytest.approx(exact)


def test_without_a_device_there_is_no_cost(capsys):
    found = call_json(capsys, "plan", "chsh", "--target", "aer")
    empty = {key for key, value in found.items() if value is None}
    assert empty == {
        *("duration_us", "qpu_seconds", "overhead_seconds", "overhead", "account", "layout"),
        *("ranked", "tiles", "tiling", "seconds_for_verdict", "known_answer"),
    }
    assert found["expected"] == pytest.approx(found["theory"])
    assert (found["circuits"], found["two_qubit_gates"]) == (4, 1)
    assert found["shots_for_verdict"] < 500
    text = call(capsys, "plan", "chsh")[1]
    assert "aer is no device" in text
    assert "QPU time" not in text


def test_text_says_the_same_in_100_columns(capsys):
    plan = ("plan", "ghz-3", "--target", "fake_manila", "--seed", 1)
    found = call_json(capsys, *plan)
    status, text, err = call(capsys, *plan)
    assert (status, err) == (0, "")
    assert max(map(len, text.splitlines())) <= 100
    assert f"{found['qpu_seconds']:.2f} s, and 2 s overhead for 1 job" in text
    assert f"{found['shots_for_verdict']} shots of all circuits together" in text
    assert "[IBMUsage]" in text
    for row in found["ranked"]:
        assert " ".join(map(str, row["layout"])) in text


def test_more_jobs_cost_more_overhead(capsys):
    found = call_json(capsys, "plan", "chsh", "--target", "fake_manila", "--jobs", 3)
    assert (found["jobs"], found["overhead_seconds"]) == (3, 6)
    again = call_json(capsys, "plan", "chsh", "--target", "fake_manila", "--jobs", 3)
    assert again == found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ghz-6", "--target", "fake_manila"), "fake_manila has 5 qubits; this experiment needs 6"),
        (("chsh", "--target", "fake_nowhere"), "target: unknown 'fake_nowhere'"),
        (("chsh", "--target", "fake_manila", "--jobs", 0), "jobs: 0"),
        (("nowhere",), "nowhere"),
    ],
)
def test_errors_are_those_of_a_run(capsys, arguments, words):
    status, out, err = call(capsys, "plan", *arguments, "--json")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
    if "--jobs" not in arguments:
        assert call(capsys, "run", *arguments)[2] == err


def test_a_layout_can_be_asked_about():
    best = api.plan("chsh", target="fake_manila")
    other = api.plan("chsh", target="fake_manila", layout=best["ranked"][3]["layout"])
    assert other["layout"] == best["ranked"][3]["layout"]
    assert other["expected"] == pytest.approx(best["ranked"][3]["expected"])
    assert other["tiling"]["layouts"][0] == other["layout"]


@pytest.mark.few(1)
@pytest.mark.parametrize(("remaining", "enough"), [(6.0, False), (6.5, True), (None, None)])
def test_the_account_is_asked_what_is_left(monkeypatch, capsys, remaining, enough):
    backend = fake_backends()["fake_manila"]()
    device = IBMDevice(backend, SimpleNamespace(scrub=str))
    monkeypatch.setattr(device, "remaining_seconds", lambda: remaining)
    monkeypatch.setattr("qcoord_hw.execution.devices.ibm.client.connect", lambda name: device)
    found = call_json(capsys, "plan", "chsh", "--target", "ibm_manila")
    assert found["target"] == "ibm_manila"
    account = None if remaining is None else {"remaining_seconds": remaining, "enough": enough}
    assert found["account"] == account
    text = call(capsys, "plan", "chsh", "--target", "ibm_manila")[1]
    assert ("NOT ENOUGH" in text) == (enough is False)


@pytest.mark.few(0)
@pytest.mark.parametrize("flags", [("--candidate", "beyond"), ("--choose",)], ids=" ".join)
def test_another_way_is_planned_where_it_is_asked_for(capsys, flags):
    status, out, _ = call(capsys, "plan", "example-1-f2", "--target", "fake_manila", *flags, "--json")
    assert (status, json.loads(out)["experiment"] != "example-1-f2") == (0, True)
