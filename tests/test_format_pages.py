"""The pages of file formats: every example is read, every command prints what stands there."""

from __future__ import annotations

import json
import re
import shlex
from fractions import Fraction

import pytest

from qcoord_hw.cli.program import main
from qcoord_hw.families.linear_computation.parameters import read_inputs
from qcoord_hw.spec import read_spec
from qcoord_hw.theory.games.expression import NOTATIONS
from qcoord_hw.theory.games.files import read_game
from qcoord_hw.theory.games.named_expressions import EXPRESSIONS, named_expression
from qcoord_hw.theory.games.notations import NOTATIONS as PUBLISHED
from qcoord_hw.theory.linear_computation.task import read_task
from qcoord_hw.theory.states import read_state
from tests.format_pages import FOLDER, PAGES, examples

PAGE, FILES = PAGES["bell-expressions"], examples("bell-expressions")
OURS = {name: json.loads(text) for name, text in FILES.items() if '"expression"' in text}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_notation_has_an_example():
    assert {next(iter(data["expression"])) for data in OURS.values()} == set(NOTATIONS)
    assert {re.search(r"--from (\w+)", command)[1] for command in commands()} == set(PUBLISHED)


@pytest.mark.parametrize("name", OURS)
def test_files_of_ours_are_read(folder, name):
    game = read_game(folder / name)
    assert game.local_bound == Fraction(OURS[name].get("local_bound", game.local_bound))


def commands():
    return [block.partition("\n")[0] for block in re.findall(r"```console\n\$ (.*?)```", PAGE, re.S)]


def test_commands_print_what_stands_there_and_what_they_write_is_read(folder, capsys):
    blocks = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.S)
    assert len(blocks) == len(PUBLISHED)
    for command, printed in blocks:
        program, *arguments = shlex.split(command)
        assert program == "qcoord"
        assert main(arguments) == 0
        assert capsys.readouterr().out == printed
        if "-o" in arguments:
            read_game(folder / arguments[arguments.index("-o") + 1])


def test_names_of_the_page_are_all_there_are():
    (paragraph,) = re.findall(r"## By name\n\n(.*?)\n\n", PAGE, re.S)
    named = [word for word in re.findall(r"`([^`]+)`", paragraph) if word != "cglmp-4"]
    assert {re.split(r":|-\d", word)[0] for word in named} == set(EXPRESSIONS)
    for word in named:
        assert named_expression(word).terms


READERS = {"games": read_game, "states": read_state, "linear-tasks": read_task, "specs": read_spec}


@pytest.mark.parametrize(("page", "name"), [(page, name) for page in READERS for name in examples(page)])
def test_every_other_example_is_read(tmp_path, page, name):
    path = tmp_path / name
    path.write_text(examples(page)[name])
    assert (read_inputs if name == "data.json" else READERS[page])(path)


def test_every_format_has_a_page_that_others_point_to():
    """Games, Bell expressions, states, tasks, stabilizers and specs; the README names each page."""
    readme = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
    assert {"games", "bell-expressions", "states", "linear-tasks", "stabilizers", "specs"} <= set(PAGES)
    for page in PAGES:
        assert f"docs/formats/{page}.md" in readme
        assert len(examples(page)) >= 2
