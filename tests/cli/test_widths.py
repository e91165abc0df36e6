"""Every command at 40, 80 and 200 columns: no number is broken, no two columns touch, nothing runs over."""

from __future__ import annotations

import json
import re
from hashlib import sha256

import pytest

import qcoord_hw as qc
from qcoord_hw.cli.program import _parser
from tests.calls import call

WIDTHS = (200, 80, 40)
DRAWN = re.compile("[\u2500-\u257f]")

QUICK = {
    "list": [["list", "--fits", "fake_torino"]],
    "states": [["states"]],
    "show": [["show", "tilted"], ["show", "two-node-n1", "--parameters"]],
    "theory schumacher": [["theory", "schumacher", "--spectrum", ".8,.2", "--n", "100", "--rate", ".75"]],
}
SLOW = {
    "list": [["list"]],
    "runs": [["runs"]],
    "targets": [["targets"]],
    "show": [["show", "ghz-6"], ["show", "example-1-f2"], ["show", "mac-n2"], ["show", "cglmp-3"]],
    "run": [
        ["run", "chsh", "--shots", "20", "--seed", "1"],
        ["run", "chsh", "sum-2-f2", "--shots", "9", "--seed", "1"],
    ],
    "status": [["status"]],
    "submit": [["submit", "--help"]],
    "collect": [["collect", "{game}"]],
    "report": [["report", "{game}"], ["report", "{linear}"], ["report", "{coordination}"]],
    "verify": [["verify", "{game}"], ["verify", "{coordination}"]],
    "replay": [["replay", "{game}"]],
    "compare": [["compare", "{game}", "{again}"]],
    "export": [["export", "{game}", "--csv", "{folder}/{width}.csv"]],
    "plan": [["plan", "chsh", "--target", "fake_manila"], ["plan", "sum-2-f2", "--target", "fake_torino"]],
    "threshold": [["threshold", "chsh", "--target", "fake_manila"]],
    "choose": [["choose", "chsh", "--target", "fake_manila"]],
    "sweep": [
        ["sweep", "chsh", "--targets", "fake_manila", "--noise-scale", "0,1", "--seeds", "1", "--shots", "9"]
    ],
    "atlas": [["atlas", "--experiments", "chsh", "--targets", "fake_manila", "--workers", "1"]],
    "play": [["play", "magic-square", "--rounds", "2", "--seed", "3"], ["play", "{game}", "--rounds", "3"]],
    "theory game": [["theory", "game", "chsh", "--win", ".8", "--correlation", "--level", "1"]],
    "theory linear": [["theory", "linear", "example-1-f3"], ["theory", "linear", "example-2-f2"]],
    "theory region": [
        ["theory", "region", "{state}", "--network", "two-node"],
        ["theory", "region", "example-1", "--network", "cascade"],
    ],
    "theory check": [["theory", "check", "{answer}"]],
    "theory second-link": [["theory", "second-link", "example-2", "--message", "2", "--ebits", "1"]],
    "theory resolvability": [["theory", "resolvability", "{state}", "--n", "1,2", "--rate", ".8"]],
    "theory codebook": [["theory", "codebook", "{state}", "--n", "1", "--at", "R0=.5,R1=.8"]],
    "theory binning": [["theory", "binning", "example-2", "--n", "1", "--rate", "1"]],
    "theory redistribution": [["theory", "redistribution", "ghz"]],
    "convert": [["convert", "7", "--from", "sliwa", "-o", "{folder}/{width}.json"]],
    "import": [["import", "{counts}", "--experiment", "chsh"]],
    "reproduce": [["reproduce", "--list"], ["reproduce", "nator-46"]],
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Runs and files that the commands are given, by name."""
    folder = tmp_path_factory.mktemp("widths")
    runs = folder / "runs"
    made = {"folder": folder}
    for name, spec, target in (
        ("game", "chsh", "fake_torino"),
        ("again", "chsh", "aer"),
        ("linear", "sum-2-f2", "aer"),
        ("coordination", "two-node-n1", "aer"),
    ):
        made[name] = qc.run(spec, target=target, shots=20, seed=3, runs=runs).path
    files = {
        "state": {"systems": {"A": 2, "B": 2}, "classical": ["A"], "ensemble": []},
        "answer": qc.theory_game("chsh", level="1").to_json(),
    }
    files["state"]["ensemble"] = [
        {"p": "1/2", "x": {"A": 0}, "ket": {"0": 1}},
        {"p": "1/2", "x": {"A": 1}, "ket": {"0": 1, "1": 1}},
    ]
    for name, data in files.items():
        made[name] = folder / f"{name}.json"
        made[name].write_text(json.dumps(data), encoding="utf-8")
    made["counts"] = folder / "counts.csv"
    rows = [
        f"{x},{y},{b},{c},{40 + 30 * ((b ^ c) == (x & y))}"
        for x in (0, 1)
        for y in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
    ]
    made["counts"].write_text("\n".join(["question_1,question_2,answer_1,answer_2,count", *rows]))
    return made


def commands():
    """Every command as it is typed: `list`, `theory game`."""
    names = set()
    for action in _parser()._actions:
        for name, sub in (getattr(action, "choices", None) or {}).items():
            under = [k for one in sub._actions if one.metavar == "KIND" for k in one.choices]
            names |= {f"{name} {kind}" for kind in under} or {name}
    return names


def test_every_command_is_looked_at():
    assert commands() == set(QUICK) | set(SLOW)


def tokens(text, hidden):
    """The words with a digit, without what punctuation a heading adds, paths, names of runs and times."""
    text = "\n".join(line for line in text.splitlines() if not DRAWN.search(line))
    for name in sorted(hidden, key=len, reverse=True):  # a narrow table folds them
        text = re.sub(r"\s*".join(map(re.escape, name)), " ", text)
    text = re.sub(r"\d[\d.]*\s+(?:s|ms)\b|\d{4}-\d\d-\d\d\S*", " ", text)
    return {word.strip(".,:;()[]") for word in text.split() if re.search(r"\d", word) and "/" not in word}


def fits(line, width):
    """Whether a line is as wide as the terminal, but for drawings, paths, and usage of an option."""
    if re.fullmatch(r" +\[--?[^\]]*\]", line):
        return True
    return len(line.rstrip()) <= width or DRAWN.search(line) or ": /" in line or line.startswith("/")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(arguments, id=" ".join(arguments), marks=marks)
        for walk, marks in ((QUICK, ()), (SLOW, pytest.mark.slow))
        for each in walk.values()
        for arguments in each
    ],
)
def test_a_command_keeps_to_the_columns(capsys, monkeypatch, request, tmp_path, arguments):
    given = request.getfixturevalue("recorded") if "{" in " ".join(arguments) else {"folder": tmp_path}
    runs = given["folder"] / "runs"
    monkeypatch.setenv("QCOORD_RUNS", str(runs))
    said = {}
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        status, said[width], err = call(capsys, *(a.format(width=width, **given) for a in arguments))
        assert (status, err) == (0, "")
        assert [line for line in said[width].splitlines() if not fits(line, width)] == []
    here = sorted(runs.iterdir()) if runs.is_dir() else []
    digest = sha256(given["counts"].read_bytes()).hexdigest() if "counts" in given else "none"
    hidden = [*map(str, [*here, given["folder"]]), *(path.name for path in here), digest]
    told = {width: tokens(text, hidden) for width, text in said.items()}
    for width in WIDTHS[1:]:
        assert told[width] - told[WIDTHS[0]] == set()  # nothing is broken, nothing touches
        assert told[WIDTHS[0]] - told[width] == set()  # nothing is cut
