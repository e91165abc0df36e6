"""Whether `verify` and `replay` refuse what anybody could forge, and nothing that is honest."""

from __future__ import annotations

import shutil
from importlib.metadata import version

import pytest

from qcoord_hw import api, record
from qcoord_hw.cli import main
from qcoord_hw.errors import RecordError
from qcoord_hw.execution import decided
from qcoord_hw.execution.recorded import AS_TODAY, check_recorded
from qcoord_hw.execution.targets import fake_backends
from tests.execution.forgeries import FORGERIES, date_back, read_intent, sign

RUNS = [
    ("chsh", "aer"),
    ("sum-2-f2", "fake_torino"),
    ("magic-square", "fake_torino"),
    ("broadcast-n1-feed-forward", "aer"),
    ("cascade-ghz2", "aer"),
    ("two-node-n1", "fake_torino"),
    ("broadcast-epr", "fake_torino"),
    ("no-communication-werner", "aer"),
    ("mac-n2", "aer"),
    ("chsh", "whole"),
]
"""One a family and network, simulators and snapshots; last a whole device that somebody else wrote."""

FAST = 1
"""So many of them in the fast suite."""

OF_CALIBRATION = ("readout", "lifetime", "gate errors", "calibration's date", "calibration's device")
"""Forgeries that are accepted where nothing here holds the calibration; then `verify` says so."""

MANY = 50
"""Forgeries of a record, at the least, that have something to change."""


def foreign():
    """Return a backend of one's own: all of a device's qubits, and its noise."""
    from qiskit_aer import AerSimulator

    class Own(AerSimulator):
        pass

    return Own.from_backend(fake_backends()["fake_manila"]())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Runs that are made once; a test forges a copy."""
    folder, paths = tmp_path_factory.mktemp("runs"), {}

    def make(name, target):
        if (name, target) not in paths:
            where = foreign() if target == "whole" else target
            paths[name, target] = api.run(name, target=where, shots=20, seed=1, runs=folder).path
        return paths[name, target]

    return make


@pytest.mark.parametrize(("name", "target"), RUNS[:FAST])
def test_every_forgery_is_refused(made, tmp_path, rng, name, target):
    refuse_all(made(name, target), tmp_path, rng)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target"), RUNS[FAST:])
def test_every_forgery_of_the_other_families_is_refused(made, tmp_path, rng, name, target):
    refuse_all(made(name, target), tmp_path, rng)


def refuse_all(path, tmp_path, rng):
    tried = 0
    assert check_recorded(record.read(path)).protocol == AS_TODAY
    accepted = []
    for kind, forge in FORGERIES.items():
        copied = tmp_path / kind / path.name
        shutil.copytree(path, copied)
        if not forge(copied, rng):
            continue
        tried += 1
        try:
            found = check_recorded(record.read(copied))
        except RecordError:
            continue
        if kind not in OF_CALIBRATION or not any("calibration" in line for line in found.not_compared):
            accepted.append(kind)
    assert accepted == []
    assert tried >= MANY


def test_replay_and_verify_refuse_alike(made, tmp_path, rng, capsys):
    path = made("chsh", "aer")
    for kind in ("cx as built", "sends deleted", "locality changed", "conditioned on another's bit"):
        copied = tmp_path / kind / path.name
        shutil.copytree(path, copied)
        assert FORGERIES[kind](copied, rng)
        lines = set()
        for command in (["verify"], ["verify", "--execute"], ["replay"]):
            assert main([*command, str(copied), "--json"]) == 2
            out, err = capsys.readouterr()
            assert out == ""
            lines.add(err)
        assert len(lines) == 1


def test_what_another_version_built_need_only_fit_itself(made, tmp_path, monkeypatch):
    """A record of an older program is compared with itself alone, and `verify` says so."""
    copied = tmp_path / made("chsh", "aer").name
    shutil.copytree(made("chsh", "aer"), copied)
    intent = read_intent(copied)
    intent["experiment"]["settings"][0]["label"] = "as it was then"
    sign(copied, intent)
    with pytest.raises(RecordError, match="settings: others than its spec's"):
        check_recorded(record.read(copied))
    monkeypatch.setattr(decided, "PROTOCOLS", decided.PROTOCOLS + 1)
    found = api.verify(copied)
    assert found["ok"]
    assert found["protocol"]["checked"] == "consistent"
    assert "another version" in found["protocol"]["why"]
    intent["experiment"]["topology"]["links"] = []
    sign(copied, intent)
    with pytest.raises(RecordError):
        check_recorded(record.read(copied))


def test_what_was_built_in_python_is_compared_with_itself(runs_dir):
    from qcoord_hw.catalogue import load_spec
    from qcoord_hw.families.experiment import build_experiment

    path = api.run(build_experiment(load_spec("chsh")), shots=20, seed=1).path
    assert api.verify(path)["protocol"]["checked"] == "consistent"


def test_a_stage_too_large_is_counted(made, monkeypatch):
    from qcoord_hw.execution import equivalence

    monkeypatch.setattr(equivalence, "MAX_QUBITS", 1)
    found = check_recorded(record.read(made("magic-square", "fake_torino")))
    assert found.too_large > 0


OF_THE_SPEC = {
    "theory": lambda e: e["play"]["theory"].update(value=e["play"]["theory"]["value"] * 0.97),
    "bound": lambda e: e["play"]["bound"].update(value=e["play"]["bound"]["value"] - 0.02),
    "game": lambda e: e["play"]["game"]["prob"].__setitem__(0, ["1/8", "3/8"]),
    "weights": lambda e: e["weights"].__setitem__(0, e["weights"][0] * 0.5),
    "copies": lambda e: e.update(copies=e["copies"] + 3),
    "baselines": lambda e: e["play"]["baselines"]["classical"].__setitem__(0, 0.1),
    "topology": lambda e: e["topology"].update(common_randomness=not e["topology"]["common_randomness"]),
}
"""What follows from a spec whatever circuits are built of it."""


@pytest.mark.few(1)
@pytest.mark.parametrize("older", [None, "2.5.0"], ids=str)
@pytest.mark.parametrize("name", ["chsh", "sum-2-f2"])
def test_an_older_version_does_not_excuse_what_follows_from_the_spec_alone(made, tmp_path, name, older):
    path, tried = made(name, "aer"), 0
    for what, change in OF_THE_SPEC.items():
        for circuits_too in (False, True):
            copied = tmp_path / f"{what} {circuits_too}" / path.name
            shutil.copytree(path, copied)
            intent = read_intent(copied)
            date_back(copied, intent, older)
            if circuits_too:  # another protocol, which a version may have built
                intent["experiment"]["settings"][0]["label"] = "as it was then"
            sign(copied, intent)
            found = check_recorded(record.read(copied))  # alone, that is no fault
            assert ("settings" in found.why) == circuits_too
            try:
                change(intent["experiment"])
            except (KeyError, IndexError, TypeError):
                continue
            tried += 1
            sign(copied, intent)
            with pytest.raises(RecordError, match=f"{what}: "):
                check_recorded(record.read(copied))
    assert tried >= 6


def test_what_another_package_decided_is_named_as_not_compared(made, tmp_path, capsys):
    path = made("magic-square", "fake_torino")
    copied = tmp_path / path.name
    shutil.copytree(path, copied)
    intent = read_intent(copied)
    intent["target"]["snapshot"]["calibrated"] = "2020-01-01T00:00:00+00:00"
    intent["provenance"]["packages"]["qiskit-ibm-runtime"] = "0.1.0"
    sign(copied, intent)
    assert api.verify(copied)["protocol"]["not_compared"] == [
        f"calibration (made with qiskit-ibm-runtime 0.1.0, here {version('qiskit-ibm-runtime')})"
    ]
    assert main(["verify", str(copied)]) == 0
    assert "not compared: calibration" in capsys.readouterr().out
    replayed = api.replay(copied, runs=tmp_path / "again").path  # with what was recorded, and says so
    assert api.verify(replayed)["protocol"]["not_compared"]


def test_collect_executes_nothing_that_is_not_of_its_spec(made, tmp_path):
    """A stranger's unfinished record is held against its spec before anything of it is executed."""
    path = made("chsh", "aer")
    copied = tmp_path / path.name
    shutil.copytree(path, copied)
    intent = read_intent(copied)
    intent["experiment"]["play"]["bound"]["value"] = 1.9
    sign(copied, intent)
    (copied / record.reader.SEAL).unlink()
    lines = (copied / record.COUNTS).read_text().splitlines(keepends=True)
    (copied / record.COUNTS).write_text("".join(lines[:-1]))
    with pytest.raises(RecordError, match="play.bound"):
        api.collect(copied)
    assert (copied / record.COUNTS).read_text() == "".join(lines[:-1])


def test_every_name_by_which_aer_knows_what_to_do_is_reserved():
    from qiskit_aer import AerSimulator

    from qcoord_hw.execution import untrusted

    names = set()
    for method in AerSimulator().available_methods():
        known = AerSimulator(method=method).configuration()
        names |= {*known.basis_gates, *known.custom_instructions}
    assert len(names) > 80
    assert [name for name in names if not untrusted._has_a_meaning(name)] == []
