"""Paths of 0.1.0 still import, with a warning; what they hold is the very same objects."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import pytest

import qcoord_hw
from qcoord_hw import moved

HOUSE = Path(qcoord_hw.__file__).parent


@pytest.fixture(autouse=True)
def _forget():
    yield
    for old in moved.table():
        sys.modules.pop(old, None)
        parent, _, name = old.rpartition(".")
        vars(sys.modules.get(parent, qcoord_hw)).pop(name, None)


@pytest.mark.parametrize("old", moved.table())
def test_an_old_path_warns_and_holds_what_the_new_ones_hold(old):
    assert not (HOUSE.parent / old.replace(".", "/")).with_suffix(".py").exists(), "it did not move"
    with warnings.catch_warnings(record=True) as said:  # of the packages above it as well
        warnings.simplefilter("always")
        module = import_module(old)
    assert said[-1].category is DeprecationWarning
    assert str(said[-1].message).startswith(f"{old} is now qcoord_hw.")
    assert str(said[-1].message).endswith(f"goes in {moved.GOES}")
    homes = [import_module(home) for home in moved.table()[old]]
    for name in {name for home in homes for name in vars(home) if not name.startswith("__")}:
        assert getattr(module, name) is next(getattr(one, name) for one in homes if hasattr(one, name))
    assert not hasattr(module, "nothing_of_the_kind")


def test_the_statement_works_and_the_warning_names_its_line():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        from qcoord_hw.protocols.nonlocal_game import game_experiment
    assert {one.filename for one in said} == {__file__}
    assert "families.games.circuits" in str(said[-1].message)
    assert game_experiment is qcoord_hw.game_experiment


def test_what_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match="qcoord_hw.nothing"):
        import_module("qcoord_hw.nothing")


def test_they_go_in_time():
    now = tuple(map(int, qcoord_hw.__version__.split(".")[:2]))
    assert now < tuple(map(int, moved.GOES.split(".")[:2])), "remove moved.py, moved.txt and what calls it"


def test_nothing_of_it_is_loaded_before_it_is_needed():
    code = "import sys, qcoord_hw.cli; sys.exit('qcoord_hw.moved' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
