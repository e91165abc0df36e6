"""The catalogue against its golden OpenQASM 3 files, as parsed circuits."""

from __future__ import annotations

import pytest

from qcoord_hw import golden
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.execution.formats import parse_qasm
from qcoord_hw.spec import read_spec


def test_every_entry_matches_its_golden_file():
    assert golden.differing() == []


@pytest.mark.parametrize("name", catalogue_paths())
def test_names_are_unique_and_folders_are_families(name):
    path = catalogue_paths()[name]
    spec = read_spec(path)
    assert spec.name == name == path.stem
    assert spec.family == path.parent.name


def test_a_changed_gate_is_noticed(tmp_path):
    path = catalogue_paths()["chsh"]
    copy = tmp_path / "chsh.toml"
    copy.write_text(path.read_text())
    text = path.with_suffix(".qasm").read_text()
    for changed in (text, text.replace("ry(-pi/4)", "ry(-pi/5)", 1), text.replace("h shared[0];\n", "", 1)):
        copy.with_suffix(".qasm").write_text(changed)
        parse_qasm(changed)
        assert golden._matches(copy) == (changed == text)
    copy.with_suffix(".qasm").unlink()
    assert not golden._matches(copy)
