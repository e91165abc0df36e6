"""What is mistyped is refused in one line that names what may be meant: flags, commands, targets, names."""

from __future__ import annotations

import argparse

import pytest

from qcoord_hw.cli.program import _parser
from tests.calls import refused


def leaves(parser, words=()):
    """Yield the words of each command with its parser."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not inner:
        yield words, parser
    for action in inner:
        for name, sub in action.choices.items():
            yield from leaves(sub, (*words, name))


def flags_of(parser):
    while parser.later:
        parser.later.pop(0)(parser)
    return [flag for flag in parser._option_string_actions if len(flag) > 5]


COMMANDS = {" ".join(words): words for words, _ in leaves(_parser())}


@pytest.mark.few(5)
@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_found_by_what_is_nearly_it(command, capsys):
    words = COMMANDS[command]
    (parser,) = [parser for found, parser in leaves(_parser()) if found == words]
    flags = flags_of(parser)
    assert "--json" in flags
    for flag in flags:
        for typed in (flag[:-2] + flag[-1], flag[:3] + flag[4:]):
            if typed in flags:
                continue
            line = refused(capsys, *words, "x", typed)
            assert line.startswith(f"qcoord {command}: error: ")
            assert "did you mean --" in line
    typed = flags[-1][:-2] + flags[-1][-1]
    assert f"(did you mean {flags[-1]}?)" in refused(capsys, *words, "x", f"{typed}=1")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rnu chsh", "run"),
        ("versify latest", "verify"),
        ("theory gmae chsh", "game"),
        ("--versoin", "--version"),
        ("run chsh --target aerr", "aer"),
        ("run chsh --target fake_torin", "fake_torino"),
        ("plan chsh --target fake_torinoo", "fake_torino"),
        ("run chhs", "chsh"),
        ("theory game chhs", "chsh"),
        ("theory region werne --network two-node", "werner"),
        ("theory region epr --network two-nod", "two-node"),
        ("show epr --network cascad", "cascade"),
        ("theory region epr --netwrk cascade", "--network"),
        ("theory game chsh --level 1+A", "1+AB"),
    ],
)
def test_what_may_be_meant_is_named(typed, meant, capsys):
    line = refused(capsys, *typed.split())
    assert f"(did you mean {meant}?)" in line


def test_what_is_like_nothing_is_not_guessed_at(capsys):
    for typed in ("xyzzy chsh", "run chsh --xyzzy 3", "run chsh --target zzz"):
        assert "did you mean" not in refused(capsys, *typed.split())
