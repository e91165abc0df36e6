"""A family is known in its own folder alone, and what a person gives goes one way through the house."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import qcoord_hw
from qcoord_hw.api import running

HOUSE = Path(qcoord_hw.__file__).parent

NAMING = {"qcoord_hw/__init__.py", "qcoord_hw/api/theory.py", "qcoord_hw/cli/theory.py"}
"""Modules that name families: public names, and theory's questions from Python and from the command line."""

WORDS = re.compile(
    r"nonlocal[-_ ]game|linear[-_ ]computation|coordination|GameScoring|LinearScoring|CoordinationScoring"
    r"|families\.(games|linear_computation|coordination)|(?-i:[\"'](game|linear)[\"':]|\b(GAME|LINEAR)\b)",
    re.IGNORECASE,
)


def naming_lines(path):
    """Return the lines in which a family's name, kind or constant stands; imports of theory do not count."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if WORDS.search(re.sub(r"(qcoord_hw\.)?theory\.[\w.]+", "", line))]


def test_modules_that_name_a_family():
    rooms = ("families", "theory", "papers")  # the papers are about these families
    paths = [*HOUSE.rglob("*.py"), *HOUSE.rglob("*.j2")]
    modules = [path for path in paths if path.relative_to(HOUSE).parts[0] not in rooms]
    assert len(modules) > 100
    found = {path.relative_to(HOUSE.parent).as_posix(): naming_lines(path) for path in modules}
    assert {name for name, lines in found.items() if lines} == NAMING
    assert len(NAMING) <= 3


def test_a_name_would_be_seen(tmp_path):
    for line in (
        'KIND = "game"',
        'f"game: {x}"',
        "LINEAR = 1",
        "from qcoord_hw.families.games.scoring import GameScoring",
    ):
        path = tmp_path / "module.py"
        path.write_text(f"{line}\n")
        assert naming_lines(path)
    path.write_text("from qcoord_hw.theory.linear_computation.task import LinearTask\n")
    assert not naming_lines(path)


# One way

CONTRACT = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][
    0
]
LAYERS = [layer.replace("qcoord_hw.", "").split(" | ") for layer in reversed(CONTRACT["layers"])]
"""From low to high, as import-linter has them; the registry finds families from below them all."""

MODULES, CLIMBS = 15, 6

GAME = {
    "name": "mine",
    "prob": [["1/4", "1/4"], ["1/4", "1/4"]],
    "win": [[[[1, 0], [0, 1]]] * 2, [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]],
}
TASK = {"name": "my-task", "field": 2, "servers": {"A": [[1]], "B": [[1]]}}
STATE = {"name": "pair", "systems": {"A": 2, "B": 2, "C": 1}, "ket": {"000": 1, "110": 1}}
LOADED = ("execution.run", "families.games.circuits", "families.linear_computation.circuits")
GIVEN = {
    "a name": ("chsh", {}),
    "a name of another family": ("sum-2-f2", {}),
    "a game file": (GAME, {}),
    "a task file": (TASK, {}),
    "a state file": (STATE, {"network": "cascade"}),
}


class Begun(BaseException):
    """All that was given is there."""


@cache
def module_of(code):
    """Return the module of ours that some code stands in; None for anybody else's."""
    if not code.co_filename.startswith(f"{HOUSE}{os.sep}"):
        return None
    return Path(code.co_filename).relative_to(HOUSE).with_suffix("").as_posix().replace("/", ".")


@cache
def level_of(module):
    room = module.split(".")[0]
    return 0 if room == "registry" else next(k for k, names in enumerate(LAYERS) if room in names)


@cache
def is_own(module):
    """Whether a module is theory, or stands in the folder of one family."""
    rooms = module.split(".")
    return rooms[0] == "theory" or (rooms[0] == "families" and len(rooms) > 2)


def followed(given, parameters):
    """Follow `qc.run` from its call until what was given stands as circuits and a description.

    Where it is executed is another question; with `_execute` the target is looked for.

    Returns:
        The modules whose functions are entered, in the order in which they first are; and the calls that go
        from a module straight into one of a higher layer. What an import runs is not followed there, nor what
        a family does in its own folder, or has done for it from there: both are their own business. Last, who
        calls straight into a higher layer, wherever that stands: in families and theory as well.
    """
    modules, calls, every = [], [], set()

    def follow(frame, event, argument):
        module = module_of(frame.f_code) if event == "call" else None
        if module is None:
            return
        caller = module_of(frame.f_back.f_code)
        if caller is not None and frame.f_code.co_name != "<module>" and level_of(module) > level_of(caller):
            every.add((caller, module))
        if is_own(module):
            return
        if (module, frame.f_code.co_name) == ("api.running", "_execute"):
            sys.setprofile(None)
            raise Begun
        callers, caller = [], frame
        while caller is not None and caller.f_code is not followed.__code__:
            if caller.f_code.co_name == "<module>":  # an import
                return
            name = module_of(caller.f_code)
            if name is not None and is_own(name):
                return
            callers += [name] * (name is not None)
            caller = caller.f_back
        if len(callers) > 1 and level_of(module) > level_of(callers[1]):
            calls.append((callers[1], module))
        if module not in modules:
            modules.append(module)

    sys.setprofile(follow)
    try:
        with pytest.raises(Begun):
            running.run(given, shots=10, seed=1, parameters=parameters)
    finally:
        sys.setprofile(None)
    return modules, calls, every


@pytest.mark.parametrize("what", GIVEN)
def test_what_is_given_goes_one_way(what, tmp_path):
    """At most 15 modules are passed, and at most 6 of them first after one of a lower layer (a climb).

    Within families and theory, too, at most 6 modules are called straight from one of a lower layer.
    """
    given, parameters = GIVEN[what]
    for room in LOADED:  # before anything is followed: what imports run is of no matter
        importlib.import_module(f"qcoord_hw.{room}")
    if isinstance(given, dict):
        path = tmp_path / "given.json"
        path.write_text(json.dumps(given))
        given = str(path)
    modules, calls, every = followed(given, parameters)
    assert modules[0] == "api.running"
    assert {"api.building", "sources", "registry", "execution.run_description"} <= set(modules)
    assert len(modules) <= MODULES, modules
    climbs = [
        pair for pair in zip(modules, modules[1:], strict=False) if level_of(pair[1]) > level_of(pair[0])
    ]
    assert len(climbs) <= CLIMBS, climbs
    assert calls == []
    assert len(every) <= CLIMBS, every
