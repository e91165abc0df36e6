"""What a terminal is told while a command works, and that nothing is left of it."""

from __future__ import annotations

import io
import re
import sys
import time

import pytest

from qcoord_hw import watching
from qcoord_hw.cli import listing, main, theory, working
from qcoord_hw.cli.common import console, progress_bar, say, say_path, tell


class Terminal(io.StringIO):
    """Standard error of somebody who watches."""

    def isatty(self):
        """Whether it is one."""
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(watching, "PATIENCE", 0.0)

    def here():  # called in a test: before it pytest sets its own
        made = Terminal()
        monkeypatch.setattr(sys, "stderr", made)
        return made

    return here


def wait_for(terminal, words):
    for _ in range(2000):
        if words in terminal.getvalue():
            return
        time.sleep(0.005)
    raise AssertionError(terminal.getvalue())


def left(terminal):
    """What a terminal shows in the end: each return and clearing takes the line away."""
    return terminal.getvalue().rpartition(working.CLEAR)[2]


SCHUMACHER = ["theory", "schumacher", "--spectrum", ".5,.5", "--n", "5", "--rate", "1"]


@pytest.mark.parametrize(
    ("arguments", "name", "home", "command"),
    [
        (["states"], "states", listing, "_states"),
        (SCHUMACHER, "theory schumacher", theory, "_theory_schumacher"),
    ],
)
def test_a_command_says_what_it_does_until_it_answers(
    capsys, monkeypatch, terminal, arguments, name, home, command
):
    terminal = terminal()
    usual = getattr(home, command)

    def later(options):
        wait_for(terminal, f"qcoord {name}: ")
        usual(options)
        assert left(terminal) == ""  # gone before the answer

    monkeypatch.setattr(home, command, later)
    assert main(arguments) == 0
    assert re.search(rf"qcoord {name}: \d+ s", terminal.getvalue())
    assert left(terminal) == ""


class Options:
    json = False


SAYS = {
    "say": lambda: say("words"),
    "say_path": lambda: say_path("page", "x.html"),
    "tell": lambda: tell("note", "words"),
    "console": console,
    "progress_bar": lambda: progress_bar(Options, "chsh").__enter__(),
}


@pytest.mark.parametrize("name", SAYS)
def test_whatever_is_said_comes_after_it(capsys, terminal, name):
    terminal = terminal()
    with working.working("qcoord x", 80):
        wait_for(terminal, "qcoord x: ")
        SAYS[name]()
        assert working._now == []
        before = terminal.getvalue()
        assert before.endswith("words\n") or working.CLEAR in before[-80:] or name == "progress_bar"


def test_nothing_is_said_in_a_pipe_or_with_json(capsys, terminal):
    terminal = terminal()
    with working.working("", 80):
        assert working._now == []
    assert main(["states", "--json"]) == 0
    assert terminal.getvalue() == ""
