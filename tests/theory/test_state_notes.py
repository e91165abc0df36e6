"""What a file held that the answer takes otherwise is noted: norms, traces, sums that were not 1."""

from __future__ import annotations

import json

import pytest

import qcoord_hw as qc
from qcoord_hw import cli
from qcoord_hw.errors import InputError
from qcoord_hw.theory.states import state_from_json

PAIR = {"A": 2, "B": 2}
HALF = 1 / 2**0.5


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ({"systems": PAIR, "ket": {"00": 3, "11": 4}}, ("ket: norm 5 in the file, divided out",)),
        ({"systems": PAIR, "ket": {"00": 0.7071, "11": 0.7071}}, ("ket: norm 0.999990409954",)),
        ({"systems": PAIR, "ket": {"00": 1e-90, "11": [0, 1e-90]}}, ("ket: norm 1.4142135623",)),
        ({"systems": PAIR, "ket": {"00": HALF, "11": HALF}}, ()),
        ({"systems": PAIR, "ket": {"00": 1}}, ()),
        ({"systems": {"A": 2}, "density": [[0.5, 0], [0, 0.5 + 5e-10]]}, ("density: trace 1.0000000005",)),
        (
            {"systems": {"A": 2}, "density": [[1 + 4e-10, 0], [0, -4e-10]]},
            ("density: eigenvalue -4e-10 in the file, set to 0",),
        ),
        ({"systems": {"A": 2}, "density": [[0.5, 0], [0, 0.5]]}, ()),
        (
            {
                "systems": {"X": 2, "B": 2},
                "classical": ["X"],
                "ensemble": [{"p": 0.5, "x": {"X": x}, "ket": {"0": 1, "1": 1}} for x in (0, 1)],
            },
            ("ensemble[0].ket: norm 1.414213562", "ensemble[1].ket: norm 1.414213562"),
        ),
        (
            {
                "systems": {"X": 2},
                "classical": ["X"],
                "ensemble": [{"p": 0.5 + 4e-10, "x": {"X": x}} for x in (0, 1)],
            },
            ("ensemble: sum of probabilities 1.0000000008 in the file, divided out",),
        ),
    ],
)
def test_what_was_not_1_is_noted(data, notes):
    state = state_from_json(data)
    assert len(state.notes) == len(notes)
    assert all(found.startswith(note) for found, note in zip(state.notes, notes, strict=True))
    again = state_from_json(state.to_json())
    assert again.notes == state.notes
    assert state_from_json(json.loads(state.to_text())).notes == state.notes


def test_many_notes_are_cut_short():
    entries = [{"p": "1/10", "x": {"X": x}, "ket": {"0": 2}} for x in range(10)]
    state = state_from_json({"systems": {"X": 10, "B": 2}, "classical": ["X"], "ensemble": entries})
    assert len(state.notes) == 4
    assert state.notes[-1] == "and 7 more that were not 1 in the file, divided out"


@pytest.mark.parametrize("notes", ["text", [1], ["two\nlines"], [""], ["x"] * 9, {"a": 1}, ["\x1b[31m"]])
def test_notes_in_a_file_are_lines_of_text(notes):
    with pytest.raises(InputError, match="^notes: "):
        state_from_json({"systems": PAIR, "ket": {"00": 1}, "notes": notes})


def test_every_answer_says_so(tmp_path, runs_dir, capsys):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"systems": PAIR, "ket": {"00": 3, "11": 4}}))
    note, here = "ket: norm 5 in the file, divided out", ("--network", "two-node")
    commands = (
        ("theory", "region", str(path), *here),
        ("show", str(path), *here),
        ("plan", str(path), *here, "--target", "aer"),
        ("run", str(path), *here, "--shots", "20"),
    )
    for command in commands:
        assert cli.main([*command, "--json"]) == 0
        assert note in json.loads(capsys.readouterr().out)["notes"], command
        assert cli.main([*command]) == 0
        assert note in capsys.readouterr().out, command
    assert note in qc.load_run("latest").summary["notes"]
