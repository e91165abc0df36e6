"""`qcoord list`, `runs`, `targets` and `states`: what there is, at any width, and in JSON."""

from __future__ import annotations

import json
import re

import pytest

import qcoord_hw as qc
from qcoord_hw.catalogue import catalogue_names, catalogue_needs, load_spec
from qcoord_hw.cli import main
from qcoord_hw.execution.devices.ibm.snapshots import summaries
from qcoord_hw.registry import every
from qcoord_hw.report import listing
from qcoord_hw.report.listing import STATES, experiments, runs, states, targets
from qcoord_hw.theory.named_states import FAMILIES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a sealed, an unfinished and a damaged run, in this order."""
    place = tmp_path_factory.mktemp("runs")
    paths = [qc.run(name, shots=20, seed=1, runs=place).path for name in ("chsh", "ghz-3", "sum-2-f2")]
    (paths[1] / "seal.json").unlink()
    text = (paths[2] / "intent.json").read_text()
    (paths[2] / "intent.json").write_text(text.replace('"seed": 1', '"seed": 2'))
    return place


def said(capsys, *arguments):
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def values(capsys, *arguments):
    found = json.loads(said(capsys, *arguments, "--json"))
    assert found.pop("ok") is True
    return next(iter(found.values()))


@pytest.mark.few(3)
@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("command", ["list", "targets", "states", "runs"])
def test_a_list_keeps_to_the_columns(capsys, monkeypatch, folder, command, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("QCOORD_RUNS", str(folder))
    text = said(capsys, command)
    assert max(map(len, text.splitlines())) <= columns
    for entry in values(capsys, command):
        for key in ("name", "experiment", "target", "qubits", "shots", "state"):
            assert str(entry.get(key) or "") in text
        assert command == "runs" or set(entry.get("title", "").split()) <= set(text.split())


def test_the_list_names_everything_under_its_family(capsys):
    text = said(capsys, "list")
    names = [
        line.split()[0] for line in text.splitlines() if line[:1].isalpha() and line.split()[0] != "name"
    ]
    families = [name.removesuffix(":") for name in names if name.endswith(":")]
    named = [one.name for family in every() for one in family.named()]
    assert named
    found = [name for name in names if not name.endswith((":", ",")) and name != "two-qubit"]
    assert found == [*catalogue_names(), *named]
    assert families == list(dict.fromkeys(load_spec(name).family for name in catalogue_names()))


def test_filters_of_the_list(capsys, monkeypatch):
    games = values(capsys, "list", "--family", "nonlocal-game")
    assert games
    assert {entry["family"] for entry in games} == {"nonlocal-game"}
    needs = dict(catalogue_needs())
    needs["g14"] = needs["g14"] | {"fits": needs["g14"]["fits"] | {"fake_torino": "too large"}}
    monkeypatch.setattr(listing, "catalogue_needs", lambda: needs)
    fitting = {entry["name"] for entry in values(capsys, "list", "--fits", "fake_torino")}
    assert fitting == {name for name in needs if needs[name]["fits"]["fake_torino"] is None}
    assert fitting < set(needs)


def test_what_fits_a_device_that_no_table_has_is_found(capsys, monkeypatch):
    names = ("chsh", "ghz-5", "sum-2-f2", "cascade-ghz2")
    needs = {name: dict(catalogue_needs()[name]) for name in names}
    monkeypatch.setattr(listing, "catalogue_needs", lambda: needs)
    known = values(capsys, "list", "--fits", "fake_torino")
    for needed in needs.values():
        needed["fits"] = {}
    assert values(capsys, "list", "--fits", "fake_torino") == [
        one | {"needs": needs[one["name"]]} for one in known
    ]
    small = {entry["name"] for entry in values(capsys, "list", "--fits", "fake_manila")}
    assert small == {name for name in names if needs[name]["qubits"] <= 5}


def test_runs_latest_first_with_their_states(capsys, folder):
    found = values(capsys, "runs", "--runs", str(folder))
    assert {(entry["experiment"], entry["state"]) for entry in found} == {
        ("chsh", "sealed"),
        ("ghz-3", "unfinished"),
        (None, "damaged"),
    }
    names = [entry["run"] for entry in found]
    assert [name[-40:-20] for name in names] == sorted((name[-40:-20] for name in names), reverse=True)
    damaged = next(entry for entry in found if entry["state"] == "damaged")
    assert "intent.json" in damaged["error"]
    for state in STATES:
        assert [e["state"] for e in values(capsys, "runs", "--runs", str(folder), "--state", state)] == [
            state
        ]
    assert values(capsys, "runs", "--runs", str(folder), "--last", "2") == found[:2]
    assert [e["shots"] for e in values(capsys, "runs", "--runs", str(folder), "--experiment", "chsh")] == [80]
    assert values(capsys, "runs", "--runs", str(folder), "--target", "fake_torino") == []
    assert "no run" in said(capsys, "runs", "--runs", str(folder), "--target", "fake_torino")


def test_a_short_name_means_its_run(capsys, folder):
    for line in said(capsys, "runs", "--runs", str(folder), "--state", "sealed").splitlines():
        if re.match(r"\d{8}T", line):
            assert main(["verify", line.split()[0], "--runs", str(folder)]) == 0


def test_targets_are_those_that_run_takes(capsys):
    found = {entry["name"]: entry for entry in values(capsys, "targets")}
    assert found["aer"]["kind"] == "ideal"
    assert found["ibm_NAME"]["kind"] == "device"
    torino = found["fake_torino"]
    assert torino["kind"] == "noise-model"
    assert torino["qubits"] == 133
    assert torino["calibrated"].startswith("2025-02-26")
    assert 0.001 < torino["two_qubit_error"] < 0.01
    assert {e["name"] for e in values(capsys, "targets", "--qubits", "150")} < set(found)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Properties of .* are not intended:UserWarning")
def test_every_snapshot_is_listed_as_it_is_simulated():
    from statistics import median

    from qcoord_hw.execution.snapshot import Snapshot
    from qcoord_hw.execution.targets import fake_backends

    found = summaries()
    assert set(found) == set(fake_backends())
    for name, backend in fake_backends().items():
        snapshot, stated = Snapshot.of(backend()), found[name]
        assert snapshot.num_qubits == stated.qubits
        assert snapshot.calibrated == stated.calibrated
        lifetimes = [q.t1 * 1e6 for q in snapshot.qubits if q.t1 is not None]
        assert stated.t1_us == pytest.approx(median(lifetimes), rel=1e-6)
        errors = {}
        for gate in snapshot.gates:
            if len(gate.qubits) == 2 and gate.error is not None:
                place = tuple(sorted(gate.qubits))
                errors[place] = min(errors.get(place, 1), gate.error)
        if errors:
            assert stated.two_qubit_error == pytest.approx(median(errors.values()), rel=1e-6)


def test_states_are_those_that_theory_takes(capsys):
    found = values(capsys, "states")
    assert [entry["name"] for entry in found] == list(FAMILIES)
    isotropic = next(entry for entry in found if entry["name"] == "isotropic")
    assert isotropic["systems"] == {"A": 2, "B": 2}
    assert [p["name"] for p in isotropic["parameters"]] == ["fidelity", "dimension"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "--family", "games"), "family: 'games'"),
        (("list", "--fits", "fake_torin"), "did you mean fake_torino?"),
        (("runs", "--state", "seald"), "did you mean sealed?"),
        (("runs", "--last", "0"), "last: 0"),
        (("targets", "--qubits", "-1"), "qubits: -1"),
        (("show", "chhs"), "did you mean chsh?"),
        (("theory", "region", "gzh", "--network", "cascade"), "did you mean ghz?"),
    ],
)
def test_what_is_not_there_is_named_in_one_line(capsys, arguments, words):
    assert main([*arguments]) == 2
    out, error = capsys.readouterr()
    assert not out
    assert words in error
    assert error.count("\n") == 1
    assert len(error) < 400


def test_the_program_alone_shows_its_help(capsys):
    assert said(capsys).startswith("usage: qcoord")


def test_from_python():
    assert qc.targets().table() == targets().table()
    assert len(experiments().to_json()["experiments"]) == len(catalogue_names())
    assert len(states().rows()) == len(FAMILIES)
    assert runs.__doc__
