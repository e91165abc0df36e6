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

UNLIKE = {
    ("cx", "magic-square"): 1,
}
"""Nothing."""

MANY = 20
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


@pytest.mark.parametrize(("name", "target"), RUNS)
def test_every_forgery_is_refused(made, tmp_path, rng, name, target):
    path, tried = made(name, target), 0
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
