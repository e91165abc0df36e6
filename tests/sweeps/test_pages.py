"""A sweep is drawn against what was swept, written as a table, and read again from its folder."""

from __future__ import annotations

import csv
import io
import json

import pytest

import qcoord_hw as qc
from qcoord_hw.cli import main
from qcoord_hw.errors import RecordError


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    scales = [0, 1]
    return qc.sweep(
        "chsh", targets=["fake_torino"], noise_scale=scales, shots=[20, 40], seeds=[1], runs=runs, workers=1
    )


def read(table):
    return list(csv.DictReader(io.StringIO(table.read_text())))


@pytest.mark.slow
def test_curves_stand_against_each_number_that_was_swept(swept):
    noise, shots = swept.diagrams()
    assert noise.across == "noise, times that of the calibration"
    assert shots.across == "shots per circuit"
    assert [one.name for one in noise.series] == [
        "fake_torino, shots per circuit 20",
        "fake_torino, shots per circuit 40",
    ]
    points = {(x, best) for one in noise.series for x, _, best, _ in one.points}
    assert points == {(point.noise_scale, point.estimates[0].best) for point in swept.points}
    assert {mark.name for mark in noise.marks} == {"theory", "classical bound"}


@pytest.mark.slow
def test_a_folder_is_as_good_as_the_sweep(swept):
    again = qc.load_sweep(swept.sweep)
    assert [point.run for point in again.points] == [point.run for point in swept.points]
    assert again.already == len(swept.points)
    compared = qc.compare(swept.sweep)
    assert [run["run"] for run in compared.runs] == [point.run for point in swept.points]


def test_commands_take_the_folder_and_write_beside_it(swept, tmp_path, capsys):
    page, table = tmp_path / "page.html", tmp_path / "table.csv"
    assert main(["report", swept.sweep, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["html"].endswith("derived/report.html")
    assert len(told["points"]) == 4
    assert main(["compare", swept.sweep, "--html", str(page), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["html"] == str(page)
    assert "4 runs compared" in page.read_text()
    assert main(["export", swept.sweep, "--csv", str(table), "--estimates", "--json"]) == 0
    assert len({row["run"] for row in read(table)}) == 4


def test_a_table_has_a_row_for_each_estimate(swept, tmp_path):
    from qcoord_hw.api import write_sweep

    write_sweep(swept, csv=tmp_path / "points.csv", plot=tmp_path / "curves.svg", html=tmp_path / "page.html")
    rows = read(tmp_path / "points.csv")
    assert len(rows) == sum(len(point.estimates) for point in swept.points)
    assert {float(row["noise_scale"]) for row in rows} == {0.0, 1.0}
    assert {float(row["bound"]) for row in rows if row["name"] == "win_probability"} == {0.75}
    for point in swept.points:
        assert point.target in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize("option", ["html", "plot", "csv"])
def test_places_are_checked_before_anything_is_computed(option, tmp_path, capsys, runs_dir):
    place = str(tmp_path / "no" / "where.svg")
    assert main(["sweep", "chsh", "--shots", "10", f"--{option}", place]) == 2
    assert capsys.readouterr().err.startswith(f"qcoord: error: {option}: ")
    assert not runs_dir.exists()


def test_what_is_no_sweep_is_refused_in_one_line(tmp_path):
    with pytest.raises(RecordError, match="sweep: .* is none; allowed is the folder of a sweep"):
        qc.load_sweep(tmp_path)


def test_points_without_a_run_are_told(swept, tmp_path):
    import shutil

    from qcoord_hw import api

    copy = tmp_path / "sweep-copied"
    shutil.copytree(swept.sweep, copy)
    shutil.rmtree(copy / swept.points[0].run.rpartition("/")[2])
    found = qc.load_sweep(copy)
    assert (found.already, found.failed, found.ok) == (3, 1, False)
    assert "not finished" in found.points[0].error
    assert "Points without a run" in api.write_sweep_report(found).read_text()
