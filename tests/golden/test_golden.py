"""The catalogue against its golden OpenQASM 3 files, as parsed circuits, and its table of needs."""

from __future__ import annotations

import golden
import pytest

from qcoord_hw.catalogue import catalogue_needs, catalogue_paths
from qcoord_hw.execution.formats import parse_qasm
from qcoord_hw.execution.needs import DEVICES, needs_of
from qcoord_hw.execution.run_description import program_of
from qcoord_hw.families.experiment import build_experiment
from qcoord_hw.spec import read_spec

pytestmark = pytest.mark.usefixtures("work_clock")


LONG = (
    *("broadcast-magic-square", "broadcast-n3", "broadcast-n3-random", "cascade-example-1-n2"),
    *("example-1-f2-batched", "example-1-f3", "example-1-f4", "example-1-f5", "example-3-f3"),
    *("five-dimensional-f3", "five-dimensional-f4", "five-dimensional-f4-beyond", "six-servers-f4"),
    *("g14", "magic-pentagram", "rac-4", "sum-3-f5", "sum-4-f5"),
)
"""Seconds each; of each there is a smaller one of its kind, which is built every time."""


@pytest.mark.usefixtures("as_written")
@pytest.mark.few([name for name in catalogue_paths() if name not in LONG])
@pytest.mark.parametrize("name", catalogue_paths())
def test_an_entry_is_built_as_it_is_written_down(name):
    path = catalogue_paths()[name]
    experiment = build_experiment(read_spec(path))
    assert golden.matches(path.with_suffix(".qasm"), experiment)
    needed = dict(catalogue_needs()[name])
    assert set(needed.pop("fits")) == set(DEVICES)
    assert needs_of(program_of(experiment)) == needed


@pytest.mark.parametrize("name", catalogue_paths())
def test_names_are_unique_and_folders_are_families(name):
    path = catalogue_paths()[name]
    spec = read_spec(path)
    assert spec.name == name == path.stem
    assert spec.family == path.parent.name


def test_a_changed_gate_is_noticed(tmp_path):
    path = catalogue_paths()["chsh"]
    experiment = build_experiment(read_spec(path))
    copy = tmp_path / "chsh.qasm"
    text = path.with_suffix(".qasm").read_text()
    for changed in (text, text.replace("ry(-pi/4)", "ry(-pi/5)", 1), text.replace("h shared[0];\n", "", 1)):
        copy.write_text(changed)
        parse_qasm(changed)
        assert golden.matches(copy, experiment) == (changed == text)
    copy.unlink()
    assert not golden.matches(copy, experiment)
