"""`qcoord compare` and `qcoord export`, as a person calls them."""

from __future__ import annotations

import csv
import io
import json

import pytest

import qcoord_hw as qc
from qcoord_hw import cli
from tests.calls import call, refused


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def pair(runs):
    return [qc.run("chsh", target=t, shots=100, seed=1, runs=runs).path for t in ("aer", "fake_manila")]


def test_compare_prints_a_table_and_draws_a_figure(pair, capsys, tmp_path):
    figure = tmp_path / "figure.svg"
    status, out, err = call(capsys, "compare", *pair, "--plot", figure)
    assert (status, err) == (0, "")
    assert "differences from run 1" in out
    assert f"figure: {figure}" in out
    assert figure.read_text().startswith("<?xml")
    status, out, _ = call(capsys, "compare", *pair, "--plot", figure, "--json", "--confidence", ".9")
    found = json.loads(out)
    assert status == 0
    assert found["plot"] == str(figure)
    assert [run["target"] for run in found["runs"]] == ["aer", "fake_manila"]
    assert {row["confidence"] for row in found["differences"]} == {0.9}
    for key in ("created", "calibrated", "shots", "seed"):
        assert all(key in run for run in found["runs"])


def test_compare_refuses_in_one_line(pair, capsys, tmp_path):
    assert "one run" in refused(capsys, "compare", pair[0])
    assert "nothing fits" in refused(capsys, "compare", pair[0], "nonsense")
    assert "plot: " in refused(capsys, "compare", *pair, "--plot", tmp_path / "x.jpg")
    assert "plot: " in refused(capsys, "compare", *pair, "--plot", pair[0] / "x.png")
    assert "confidence" in refused(capsys, "compare", *pair, "--confidence", "1")
    other = qc.run("ghz-3", shots=10, seed=1, runs=tmp_path / "runs").path
    assert "one experiment" in refused(capsys, "compare", pair[0], other)
    (other / "counts.jsonl").write_bytes(b"{}\n")
    assert "damaged" in refused(capsys, "compare", other, other)


def test_a_run_is_compared_with_itself(pair, capsys):
    status, out, _ = call(capsys, "compare", pair[0], pair[0], pair[1])
    assert status == 0
    assert "same draws" in out


def test_export_writes_a_file_or_standard_output(pair, capsys, tmp_path):
    file = tmp_path / "run.csv"
    status, out, _ = call(capsys, "export", pair[1], "--csv", file, "--json")
    found = json.loads(out)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert status == 0
    assert found == {"ok": True, "run": str(pair[1]), "csv": str(file), "rows": len(rows)}
    status, out, err = call(capsys, "export", pair[1], "--csv", "-")
    assert (status, out, err) == (0, file.read_text(), "")
    assert sum(int(row["count"]) for row in rows) == 400
    status, out, _ = call(capsys, "export", pair[1], "--csv", file)
    assert out == f"{file}: {len(rows)} rows\n"
    status, out, _ = call(capsys, "export", pair[1], "--csv", "-", "--estimates")
    names = [row["name"] for row in csv.DictReader(io.StringIO(out))]
    assert names == ["win_probability", "chsh_s", "win_probability_mitigated"]


def test_export_refuses_in_one_line(pair, capsys, tmp_path):
    assert "csv: '-' with --json" in refused(capsys, "export", pair[0], "--csv", "-", "--json")
    assert "lies in a record" in refused(capsys, "export", pair[0], "--csv", pair[0] / "counts.jsonl")
    assert "a folder that exists" in refused(capsys, "export", pair[0], "--csv", tmp_path)
    assert "nothing fits" in refused(capsys, "export", "nonsense", "--csv", tmp_path / "x.csv")
    assert "confidence" in refused(capsys, "export", pair[0], "--csv", "-", "--confidence", "2")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SystemExit) as stopped:
        cli.main(["export", str(pair[0])])
    assert stopped.value.code == 2
