"""What a pipe gets is as wide as `$COLUMNS` says, the list of experiments too."""

from __future__ import annotations

import pytest

from qcoord_hw.catalogue import catalogue_names, load_spec
from qcoord_hw.cli import main
from qcoord_hw.registry import every


@pytest.mark.parametrize("columns", [50, 60, 80, 200])
def test_the_list_keeps_to_the_columns(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    begin = [line.split()[0] for line in lines if not line.startswith(" ")]
    named = {one.name: one.title for family in every() for one in family.named()}
    assert begin == [*catalogue_names(), *named]  # no name is broken
    words = "".join("".join(lines).split())
    for name in begin:
        assert "".join((named.get(name) or load_spec(name).title).split()) in words
