"""Several runs beside each other: object, table and figure say the same, at any number of runs."""

from __future__ import annotations

import copy
import io
import math
import os
from dataclasses import replace

import matplotlib.pyplot as plt
import pytest
from rich.console import Console

import qcoord_hw as qc
from qcoord_hw import api
from qcoord_hw.errors import InputError
from qcoord_hw.report import tables
from qcoord_hw.report.comparison import Simultaneous, difference_words, differences, print_differences
from qcoord_hw.report.comparison_figure import MAX_LABELS, MAX_PANELS, comparison_figure
from qcoord_hw.report.output_files import write_figure
from qcoord_hw.statistics import words

EVIL = '<script>alert("x")</script> & [bold]$x$\x1b[31m\n=1+1'


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def clean(runs):
    return qc.run("chsh", shots=400, seed=1, runs=runs)


@pytest.fixture(scope="module")
def noisy(runs):
    return qc.run("chsh", target="fake_torino", shots=400, seed=1, runs=runs)


@pytest.fixture(scope="module")
def later(runs):
    return qc.run("chsh", target="fake_torino", shots=100, seed=2, layout=(0, 1), runs=runs)


def printed(comparison, width=100):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_differences(comparison, console)
    return console.file.getvalue()


def made_up(run, low, best, high, **changes):
    """Return a summary of one estimate, as differences needs it."""
    estimate = qc.Estimate("w", low, best, high, "m", 0.95, 10).to_json()
    same = {
        "play": "game",
        "experiment": "e",
        "family": "f",
        "parameters": {},
        "spec_id": "s",
        "target": "t",
        "seed": run,
    }
    return (
        same | {"state": "sealed", "run": f"r{run}", "created": f"t{run}", "estimates": [estimate]} | changes
    )


def test_the_table_tells_runs_of_one_target_apart(clean, noisy, later):
    found = qc.compare(clean.path, noisy.path, later.path)
    text = printed(found)
    for run in (clean, noisy, later):
        summary = run.summary
        assert run.path.name in text
        assert summary["created"][:19].replace("T", " ") in text
        for estimate in run.estimates:
            assert words.interval(estimate.__dict__) in text
    assert "2025-02-26 20:26:08" in text
    assert "layout 0 1" in text
    assert "none" in text  # an ideal run has nothing to mitigate
    for row in found.differences:
        assert row.words() in text
    assert {row.name for row in found.differences} == {"win_probability", "chsh_s"}
    assert found.comparisons == 4
    assert max(map(len, text.splitlines())) <= tables.WIDTH


@pytest.mark.parametrize("width", [60, 80, 100])
def test_many_runs_fit_any_width(clean, noisy, width):
    found = differences([clean.summary] + [noisy.summary | {"run": f"runs/r{k}"} for k in range(11)])
    text = printed(found, width)
    assert max(map(len, text.splitlines())) <= width
    assert f"{noisy['win_probability'].best:.4f}" in text
    assert f"{noisy['win_probability'].high:.4f}]" in text
    if width == tables.WIDTH:
        assert "\n12 fake_torino " in text


def test_all_differences_hold_together_at_the_level(clean, noisy, later):
    found = qc.compare(clean.path, noisy.path, later.path, confidence=0.9)
    m = found.comparisons
    level = 1 - 0.1 / m
    by_level = {run.path: qc.load_run(run.path, confidence=level) for run in (clean, noisy, later)}
    for row in found.differences:
        together = row.simultaneous
        assert together.confidence == pytest.approx(level)
        assert together.low < row.low <= row.best <= row.high < together.high
        a = by_level[clean.path][row.name]
        b = next(by_level[r.path][row.name] for r in (noisy, later) if str(r.path) == row.run)
        down = math.hypot(b.best - b.low, a.high - a.best)
        assert together.low == pytest.approx(b.best - a.best - down)
    text = printed(found)
    assert f"of {m} differences, {0.1 * m:.2g} would miss by chance" in text
    assert f"not at {100 * level:.6g}%" in text


def test_one_difference_needs_no_adjustment():
    found = differences([made_up(1, 0.5, 0.6, 0.7), made_up(2, 0.8, 0.9, 1.0)])
    (row,) = found.differences
    assert found.comparisons == 1
    assert row.simultaneous == Simultaneous(row.low, row.high, row.confidence, row.differ)
    assert difference_words(row) == "differ"
    assert "chance" not in printed(
        replace(found, runs=[r | {"kind": "", "shots": 1, "layout": None} for r in found.runs])
    )


def test_a_difference_that_may_be_chance_stands_in_brackets():
    summaries = [made_up(1, 0.5, 0.6, 0.7), made_up(2, 0.65, 0.75, 0.85), made_up(3, 0.8, 0.9, 1.0)]

    def again(level):
        assert level == pytest.approx(0.975)
        return [
            made_up(
                k,
                s["estimates"][0]["best"] - 0.15,
                s["estimates"][0]["best"],
                s["estimates"][0]["best"] + 0.15,
            )
            for k, s in enumerate(summaries)
        ]

    found = differences(summaries, again)
    assert [difference_words(row) for row in found.differences] == ["(differ)", "differ"]
    alone = differences(summaries)
    assert [row.simultaneous for row in alone.differences] == [None, None]


def test_only_simulators_repeat_themselves(clean):
    (row, *_) = differences([clean.summary, clean.summary]).differences
    assert not row.independent
    assert difference_words(row) == "same draws"
    assert row.simultaneous is None
    a, b = (made_up(k, 0.5, 0.6, 0.7, target="ibm_torino", options={}, seed=1) for k in (1, 2))
    assert differences([a, b]).differences[0].independent
    assert not differences([a, a]).differences[0].independent


def test_runs_of_other_experiments_are_refused(clean, runs):
    other = qc.run("ghz-3", shots=20, seed=1, runs=runs)
    with pytest.raises(InputError, match="experiments chsh, ghz-3"):
        qc.compare(clean.path, other.path)


# The figure


def panels(figure):
    return [axes for axes in figure.axes if axes.get_title(loc="left")]


def test_a_panel_an_estimate_with_theory_and_bound(clean, noisy, later):
    found = qc.compare(clean.path, noisy.path, later.path)
    figure = comparison_figure(found)
    titles = [axes.get_title(loc="left").split("\n")[0] for axes in panels(figure)]
    assert titles == ["Win probability", "CHSH S", "Win probability, readout mitigated"]
    first, _, last = panels(figure)
    labels = [label.get_text() for label in first.get_xticklabels()]
    assert labels[0] == f"1 aer\n{clean.summary['created'][:10]}"
    times = {label.split("\n")[1] for label in labels[1:]}  # one target on one day: the hour tells
    assert times == {r.summary["created"][:19].replace("T", " ") for r in (noisy, later)}
    points = first.containers[0][0]
    assert points.get_ydata().tolist() == [r["win_probability"].best for r in (clean, noisy, later)]
    assert last.containers[0][0].get_xdata().tolist() == [1, 2]
    marks = {round(float(line.get_segments()[0][0][1]), 6) for line in first.collections[1:]}
    assert marks == {round(clean["win_probability"].theory.value, 6), 0.75}
    assert "95% intervals" in figure.get_suptitle()
    assert not plt.get_fignums()


def test_stars_stand_where_the_table_says_differ():
    summaries = [made_up(k, b - 0.01, b, b + 0.01, title="t") for k, b in ((1, 0.5), (2, 0.9), (3, 0.505))]
    found = differences(summaries, lambda level: summaries)
    (axes,) = panels(comparison_figure(found))
    assert [(t.get_position()[0], t.get_text()) for t in axes.texts if t.get_text() == "*"] == [(1, "*")]


def test_at_most_six_panels_and_none_that_says_nothing(runs):
    given = {"inputs": 2}
    a, b = (qc.run("example-1-f2", shots=50, seed=s, runs=runs, parameters=given) for s in (1, 2))
    figure = comparison_figure(qc.compare(a.path, b.path))
    assert len(panels(figure)) == MAX_PANELS
    titles = [axes.get_title(loc="left") for axes in panels(figure)]
    assert not any("Leakage" in title for title in titles)
    assert f"{MAX_PANELS} of 7 estimates" in figure.get_suptitle()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_figure_is_written_whole_in_each_format(clean, noisy, tmp_path, suffix):
    path = tmp_path / f"figure.{suffix}"
    path.write_text("old")
    qc.compare(clean.path, noisy.path, plot=path)
    assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [path.name]


@pytest.mark.slow
def test_forty_runs_huge_labels_and_evil_ones_are_drawn(clean, tmp_path):
    evil = copy.deepcopy(clean.summary) | {"title": EVIL * 50, "target": "漢" + EVIL * 50, "created": EVIL}
    found = differences([evil | {"run": f"{EVIL}{k}".replace("/", "")} for k in range(40)])
    write_figure(comparison_figure(found), tmp_path / "many.png")
    figure = comparison_figure(found)
    assert len(panels(figure)[-1].get_xticklabels()) == 40 > MAX_LABELS
    assert max(figure.get_size_inches()) < 30
    few = differences([evil, evil])
    write_figure(comparison_figure(few), tmp_path / "few.png")
    for one in (found, few):
        text = printed(one)
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= 2 * tables.WIDTH  # a CJK letter is two columns wide
    nothing = differences([s | {"estimates": []} for s in few["runs"]])
    write_figure(comparison_figure(nothing), tmp_path / "none.svg")
    assert "no estimate to draw" in printed_texts(comparison_figure(nothing))


def printed_texts(figure):
    return [text.get_text() for text in figure.texts]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("figure.gif", "allowed are files that end in"),
        ("none/figure.png", "a folder that exists"),
        ("folder.png", "a folder that exists"),
        ("x" * 300 + ".png", "no file's name"),
    ],
)
def test_bad_places_are_refused_before_anything_is_read(tmp_path, name, reason):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match=reason):
        api.compare("there is", "no such run", plot=tmp_path / name)


def test_a_figure_never_lands_in_a_record(clean, noisy, tmp_path):
    for place in (clean.path / "figure.png", clean.path / "circuits" / "figure.png"):
        with pytest.raises(InputError, match="plot: .*lies in a record"):
            qc.compare(clean.path, noisy.path, plot=place)
    link = tmp_path / "link.png"
    link.symlink_to(clean.path / "seal.png")
    with pytest.raises(InputError, match="lies in a record"):
        qc.compare(clean.path, noisy.path, plot=link)
    (clean.path / "derived").mkdir(exist_ok=True)
    qc.compare(clean.path, noisy.path, plot=clean.path / "derived" / "figure.png")
    assert qc.verify(clean.path)["ok"]


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="no folder in which not even root may write")
def test_a_folder_that_cannot_be_written_is_said(clean, noisy):
    with pytest.raises(InputError, match="plot: cannot write"):
        qc.compare(clean.path, noisy.path, plot="/proc/figure.png")
