"""Folders of sweeps of strangers."""

from __future__ import annotations

import os
import random

import pytest

from qcoord_hw.record import files
from qcoord_hw.sweeps import points, store
from tests.hostile import ends_well, spoil

COMMAND = ("sweep", "chsh", "--shots", "2", "--seeds", "1", "--workers", "1")


@pytest.fixture
def folder(runs_dir):
    """The folder of a sweep that was written down and not begun."""
    grid = points.Grid.of(["chsh"], ["aer"], [], [1], [2], {})
    return store.open_sweep(runs_dir, grid.definition(), lambda: grid.points(1))[0]


def test_a_signed_but_wrong_sweep_is_refused(folder, monkeypatch):
    monkeypatch.setattr("qcoord_hw.sweeps.local.compute_here", lambda *arguments: pytest.skip("it is right"))
    right = files.read_signed(folder, "sweep.json")
    refused = 0
    for seed in range(20):
        content = files.read_signed(folder, "sweep.json")
        spoil(content, random.Random(seed))
        (folder / "sweep.json").write_bytes(files.signed(content))
        try:
            refused += ends_well(*COMMAND)[0] == 2
        except pytest.skip.Exception:
            pass
        (folder / "sweep.json").write_bytes(files.signed(right))
    assert refused > 8


def test_a_sweep_runs_nowhere_but_where_it_was_asked_to(folder):
    content = files.read_signed(folder, "sweep.json")
    content["points"][0]["target"] = "ibm_torino"
    (folder / "sweep.json").write_bytes(files.signed(content))
    status, _, said = ends_well(*COMMAND)
    assert status == 2
    assert "points.target: 'ibm_torino'; allowed are aer" in said


def test_a_link_is_no_sweep(folder, tmp_path):
    victim = tmp_path / "victim"
    os.replace(folder / "sweep.json", victim)
    before = victim.read_bytes()
    (folder / "sweep.json").symlink_to(victim)
    assert ends_well(*COMMAND)[0] == 2
    assert victim.read_bytes() == before
