"""What `qcoord list` says of the devices that an entry needs is what its circuits need."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import golden
import pytest

from qcoord_hw.catalogue import catalogue_needs, catalogue_paths
from qcoord_hw.cli import main
from qcoord_hw.execution.needs import snapshots
from qcoord_hw.report import listing

QUICK = ("chsh", "sum-2-f3", "cascade-ghz2")


@pytest.fixture(scope="module")
def devices(as_written):
    return snapshots()


@pytest.mark.few(QUICK)
@pytest.mark.parametrize("name", catalogue_paths())
def test_the_table_says_where_an_entry_fits(name, devices):
    assert golden.entry_needs(name, devices) == catalogue_needs()[name]


def test_list_tells_it_and_loads_no_qiskit(capsys):
    assert main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["experiments"]
    assert {row["name"]: row["needs"] for row in rows} == catalogue_needs()
    code = (
        "import sys; from qcoord_hw.cli import main; main(['list', '--json']); "
        "sys.exit(any(m.split('.')[0] in ('qiskit', 'scipy', 'galois', 'rustworkx') for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def fits_nowhere() -> set[str]:
    return {name for name, needed in catalogue_needs().items() if None not in needed["fits"].values()}


def test_list_marks_what_fits_nowhere(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")  # no line is broken
    known = dict(catalogue_needs())
    known["chsh"] = known["chsh"] | {"fits": dict.fromkeys(known["chsh"]["fits"], "too large")}
    monkeypatch.setattr(listing, "catalogue_needs", lambda: known)
    assert main(["list"]) == 0
    marked = {line.split()[0] for line in capsys.readouterr().out.splitlines() if "fits no device" in line}
    assert marked == fits_nowhere() | {"chsh"}


def test_the_document_says_what_fits_nowhere():
    page = (Path(__file__).parents[2] / "docs" / "hardware.md").read_text(encoding="utf-8")
    told = re.search(r"<!-- nowhere:begin -->(.*)<!-- nowhere:end -->", page, re.DOTALL)
    assert told
    assert set(re.findall(r"`([a-z0-9-]+)`", told[1])) == fits_nowhere()
    everywhere = all(set(needed["fits"].values()) == {None} for needed in catalogue_needs().values())
    assert ("Every entry finds a place on each of the four." in told[1]) == everywhere
