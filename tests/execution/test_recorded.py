"""Whether `verify` and `replay` refuse what anybody could forge, and nothing that is honest."""

from __future__ import annotations

import shutil

import pytest

from qcoord_hw import api, record
from qcoord_hw.cli import main
from qcoord_hw.errors import RecordError
from qcoord_hw.execution import recorded
from qcoord_hw.execution.recorded import AS_TODAY, check_recorded
from qcoord_hw.execution.targets import fake_backends
from tests.execution.forgeries import FORGERIES, read_intent, sign

RUNS = [
    ("chsh", "aer"),
    ("magic-square", "fake_torino"),
    ("sum-2-f2", "fake_torino"),
    ("broadcast-n1-feed-forward", "aer"),
    ("cascade-ghz2", "aer"),
    ("two-node-n1", "fake_torino"),
    ("broadcast-epr", "fake_torino"),
    ("no-communication-werner", "aer"),
    ("mac-n2", "aer"),
    ("chsh", "whole"),
]
"""One a family and network, simulators and snapshots; last a whole device that somebody else wrote."""

FAST = 3
"""So many of them in the fast suite, and the whole device."""

MANY = 19
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


@pytest.mark.parametrize(("name", "target"), [*RUNS[:FAST], RUNS[-1]])
def test_every_forgery_is_refused(made, tmp_path, rng, name, target):
    refuse_all(made(name, target), tmp_path, rng)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target"), RUNS[FAST:-1])
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
            check_recorded(record.read(copied))
        except RecordError:
            continue
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
    intent["experiment"]["copies"] = 2
    sign(copied, intent)
    with pytest.raises(RecordError, match="copies: another than its spec's"):
        check_recorded(record.read(copied))
    monkeypatch.setattr(recorded, "PROTOCOLS", recorded.PROTOCOLS + 1)
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
    from qcoord_hw.families.builders import build_experiment

    path = api.run(build_experiment(load_spec("chsh")), shots=20, seed=1).path
    assert api.verify(path)["protocol"]["checked"] == "consistent"


def test_a_stage_too_large_is_counted(made, monkeypatch):
    from qcoord_hw.execution import equivalence

    monkeypatch.setattr(equivalence, "MAX_QUBITS", 1)
    found = check_recorded(record.read(made("magic-square", "fake_torino")))
    assert found.too_large > 0
