"""The page of counts of others: every example is imported, and what it says of the object is so."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from qcoord_hw.cli.program import main

PAGE = (Path(__file__).parents[1] / "docs" / "formats" / "counts.md").read_text()
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.S))
COMMANDS = re.findall(r"```console\n\$ (.*?)\n```", PAGE)
FORMATS = {
    "game.csv": "csv",
    "published.csv": "csv",
    "linear.json": "json rows",
    "coordination.json": "json rows",
    "bits.csv": "csv",
    "result.json": "qiskit result",
    "runtime.json": "runtime json",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_example_is_imported_by_a_command_of_the_page(folder, runs_dir, capsys):
    read = {}
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "qcoord"
        assert main([*arguments, "--json"]) == 0, capsys.readouterr().err
        found = json.loads(capsys.readouterr().out)
        assert found["kind"] == "imported"
        assert {"file", "sha256", "bit_order", "format", "rows", "backend", "columns"} == set(found["source"])
        unknown = ("layout", "calibrated", "locality", "usage", "gates", "seed")
        assert [key for key in unknown if found[key] is not None] == []
        assert found["unknown"] == ["layout", "calibration", "locality", "usage", "circuits", "seed"]
        few = found["experiment"] == "broadcast-epr"  # of four cases the example has one
        assert len(found["cautions"]) == few
        assert "counted in this circuit" not in str(found)
        if found["source"]["file"] == "linear.json":
            assert {e["name"]: e["best"] for e in found["estimates"]}["leakage"] == 3 / 120
        read[found["source"]["file"]] = found["source"]["format"]
    assert read == FORMATS
    assert set(FILES) - set(read) == {"two-vertices.json"}
