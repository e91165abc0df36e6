"""Figures say in words what they draw, nothing in them is cut or hidden, everybody tells them apart."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import qcoord_hw as qc
from qcoord_hw.charts import GRID, PAPER, SERIES
from qcoord_hw.diagrams import (
    BOUND,
    DATA,
    THEORY,
    Area,
    Bar,
    Chip,
    Coupling,
    Curves,
    Histograms,
    Interval,
    Mark,
    Region,
    Rows,
    Series,
    Spot,
)
from qcoord_hw.drawings import figure_of
from qcoord_hw.report.device_map import device_map
from qcoord_hw.report.embedded import embedded

NUMBERS = [0.1234, 0.5678, 0.9012, 0.3456]
PATH = {k: (float(k % 5), float(k // 5)) for k in range(20)}
KINDS = {
    "rows": Rows(
        "Rows of something",
        "share",
        tuple(Interval(f"row {k}", v - 0.01, v, v + 0.01, 0.7531, 0.2531) for k, v in enumerate(NUMBERS)),
        (Mark("a bound", 0.5, BOUND),),
    ),
    "ladder": Rows(
        "Ladder", "dits per qudit", tuple(Interval(f"scheme {v}", v, v, v) for v in NUMBERS), bars=True
    ),
    "histograms": Histograms(
        "Answers",
        "share of shots",
        {
            f"x={x},y={y}": tuple(
                Bar(f"{k:02b}", (v / 2, v, v * 1.1), v * 1.02, k % 2 == 0) for k, v in enumerate(NUMBERS)
            )
            for x in range(2)
            for y in range(2)
        },
        "wins",
        "loses",
    ),
    "many bars": Histograms(
        "Answers",
        "share",
        {f"x={x}": tuple(Bar(f"{k:04b}", (0.0, 0.1, 0.2)) for k in range(16)) for x in range(5)},
    ),
    "curves": Curves(
        "Win probability against noise",
        "noise, times that of the calibration",
        "probability to win",
        tuple(
            Series(f"fake_device_{k}, shots 2000", tuple((float(x), v - 0.02, v, v + 0.02) for x in range(4)))
            for k, v in enumerate(NUMBERS)
        ),
        (Mark("theory", 0.8536, THEORY, "-"), Mark("classical bound", 0.75, BOUND)),
    ),
    "named": Curves(
        "CHSH S", "run", "CHSH S",
        (Series("95% intervals", ((0.0, 2.1, 2.2, 2.3), (1.0, 2.4, 2.5, 2.6))),), (),
        ("1 fake_torino", "2 fake_sherbrooke"), joined=False,
    ),
    "plane": Region(
        "Rates R1 and R0",
        "R0 (bits per copy)",
        "R1 (bits per copy)",
        (Area("possible", ((0.0, 0.7502), (0.36, 0.3902))), Area("needed", ((0.0, 0.2408),), "proved")),
        (Spot("asymptotic corner", 0.36, 0.3902, "asymptotic"), Spot("used by this circuit", 0.5, 0.5)),
    ),
    "line": Region(
        "Rate R0",
        "R0 (bits per copy)",
        "",
        (Area("possible", ((2.8464, 0.0),)), Area("needed", ((0.1245, 0.0),), "proved")),
        (Spot("used by this circuit", 3.3219, 0.0),),
    ),
    "chip": Chip(
        "a chip",
        dict.fromkeys(range(20), 0.0123),
        tuple(Coupling(k, k + 1, 0.004 + k / 1e4) for k in range(19) if k % 5 != 4),
        (6, 7),
        positions=PATH,
    ),
    "two qubits": Chip(
        "used", {4: 0.0123, 9: None}, (Coupling(4, 9, 0.0045),), (4, 9), False, {4: (0.0, 0.0), 9: (1.0, 0.0)}
    ),
}  # fmt: skip


def boxes(figure):
    """Return each text that is drawn of a figure, with where it stands."""
    drawn = []
    draw = Text.draw

    def noted(text, renderer):
        draw(text, renderer)
        if text.get_text().strip() and text.get_visible():
            drawn.append((text.get_text(), text.get_window_extent(renderer)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", noted)
        FigureCanvasAgg(figure).draw()
    return drawn


def overlap(one, other):
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(0.0, width) * max(0.0, height)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_in_a_figure_is_cut_or_hidden(name):
    figure = figure_of(KINDS[name])
    shown = boxes(figure)
    assert shown
    for words, box in shown:
        inside = overlap(box, figure.bbox) / (box.width * box.height)
        assert inside > 0.97, f"{words!r} is cut"
    for (one, a), (other, b) in itertools.combinations(shown, 2):
        assert overlap(a, b) < 0.12 * min(a.width * a.height, b.width * b.height), f"{one!r} hides {other!r}"


@pytest.mark.parametrize("name", KINDS)
def test_the_words_of_a_figure_have_its_numbers(name):
    diagram = KINDS[name]
    words = diagram.words()
    wanted = re.findall(r"0\.\d{4}\b", repr(diagram)) if name in ("rows", "ladder", "plane") else []
    wanted += {"line": ["2.8464", "0.1245", "3.3219"], "named": ["2.2", "2.6"], "chip": ["0.012"]}.get(
        name, []
    )
    wanted += {
        "curves": ["0.1234", "0.8536"],
        "histograms": ["0.5678", "loses"],
        "two qubits": ["0.0045"],
    }.get(name, [])
    assert [number for number in wanted if number.rstrip("0") not in words] == []
    assert diagram.title in words
    assert figure_of(diagram).words == words


def test_what_is_not_known_is_called_unknown():
    for name in ("plane", "line"):
        assert "unknown" in [words for words, _ in boxes(figure_of(KINDS[name]))]
        assert "unknown" in KINDS[name].words()
    closed = Region("closed", "x", "y", (Area("a", ((0.0, 1.0),)), Area("b", ((0.0, 1.0 + 1e-9),), "proved")))
    assert "unknown" not in closed.words()
    assert "unknown" not in [words for words, _ in boxes(figure_of(closed))]


def test_corners_are_labelled_with_their_rates():
    shown = [words for words, _ in boxes(figure_of(KINDS["plane"]))]
    for corner in ("(0, 0.7502)", "(0.36, 0.3902)", "(0, 0.2408)", "(0.5, 0.5)"):
        assert corner in shown


def light(colour):
    value = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def perceived(colour):
    """Return a linear colour in CIELAB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ colour
    f = np.cbrt(np.clip(xyz / [0.9505, 1.0, 1.089], 0, 1))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# What three kinds of colour blindness make of a colour, in linear light [Machado et al. 2009].
BLIND = {
    "none": np.eye(3),
    "protan": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]],
    "deutan": [[0.3673, 0.8606, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritan": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}  # fmt: skip


@pytest.mark.parametrize("kind", BLIND)
def test_data_theory_and_bound_are_told_apart_by_everybody(kind):
    seen = [perceived(np.array(BLIND[kind]) @ light(colour)) for colour in (DATA, THEORY, BOUND)]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 40


def test_colours_of_words_are_dark_enough_for_paper_and_no_two_lines_look_alike():
    def luminance(colour):
        return float(light(colour) @ [0.2126, 0.7152, 0.0722])

    for colour in (DATA, THEORY, BOUND, *(colour for colour, _, _ in SERIES)):
        assert (luminance(PAPER) + 0.05) / (luminance(colour) + 0.05) > 4.5
    assert luminance(GRID) > 0.5
    assert len({(marker) for _, marker, _ in SERIES}) == len(SERIES)


def test_a_figure_in_a_page_has_the_pages_colours_and_nothing_from_outside():
    one, other = embedded(KINDS["plane"], "f1"), embedded(KINDS["plane"], "f2")
    for colour in (DATA, THEORY, BOUND, GRID, PAPER):
        assert colour not in one.svg
    assert "http" not in one.svg
    css = (Path(qc.__file__).parent / "report" / "templates" / "report.css").read_text()
    for part in (one, *(embedded(KINDS[name], "f3") for name in ("curves", "chip"))):
        for name in set(re.findall(r"var\(--(\w+)\)", part.svg)):
            assert css.count(f"--{name}:") == 2, f"{name} is not given, light and dark"
        assert not re.search(r"(?:fill|stroke): #(?!000000)", part.svg)
    ids = [set(re.findall(r'\bid="([^"]+)"', part.svg)) for part in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one.svg))
    assert used <= ids[0]
    assert one.words in one.svg.replace("&#x27;", "'")


def test_a_map_of_a_device_has_the_errors_of_what_is_chosen():
    gate = {"name": "cz", "qubits": [0, 1], "duration": None, "error": 0.01}
    back = {"name": "cz", "qubits": [1, 0], "duration": None, "error": 0.002}
    lone = {"name": "sx", "qubits": [2], "duration": None, "error": 0.5}
    qubits = [{"index": k, "t1": None, "t2": None, "p10": 0.02, "p01": 0.04} for k in range(3)]
    chip = device_map({"device": "mine", "qubits": qubits, "gates": [gate, back, lone]}, (0, 1), whole=True)
    assert chip.couplings == (Coupling(0, 1, 0.002),)
    assert "qubit 0: readout error 0.03" in chip.words()
    assert "coupling 0-1: gate error 0.002" in chip.words()
    assert device_map({"device": "mine", "qubits": qubits, "gates": [lone]}, (2,), whole=True) is None
    figure_of(chip)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    names = {"chsh": "aer", "two-node-n2": "aer", "sum-2-f2": "aer", "no-communication-ghz": "aer"}
    return {n: qc.run(n, target=target, shots=64, seed=2, runs=folder) for n, target in names.items()}


def titled(result, words):
    return next(diagram for diagram in result.diagrams() if words in diagram.title)


def test_correlators_and_questions_stand_beside_ideal_circuits(runs):
    result = runs["chsh"]
    for row, x, y in zip(titled(result, "Correlators").rows, (0, 0, 1, 1), (0, 1, 0, 1), strict=True):
        assert row.theory == pytest.approx((-1) ** (x * y) / 2**0.5)
    asked = titled(result, "Questions")
    for row, question in zip(asked.rows, result.summary["questions"], strict=True):
        assert (row.low, row.best, row.high) == pytest.approx(
            (question["low"], question["best"], question["high"])
        )
        assert row.theory == pytest.approx(np.cos(np.pi / 8) ** 2)
    histograms = titled(result, "Answers")
    for bars in histograms.panels.values():
        assert sum(bar.limits[1] for bar in bars) == pytest.approx(1)
        assert sum(bar.theory for bar in bars) == pytest.approx(1)


def test_the_mean_over_blocks_is_what_was_counted(runs):
    for name in ("chsh", "sum-2-f2"):
        blocks = titled(runs[name], "Drift").series[0].points
        whole = runs[name].estimates[0].best
        assert np.mean([best for _, _, best, _ in blocks]) == pytest.approx(whole)


def test_the_ladder_has_every_rate_and_what_survived(runs):
    result = runs["sum-2-f2"]
    ladder = titled(result, "Ladder")
    values = [row.best for row in ladder.rows]
    assert values == sorted(values)
    known = {rate["value"] for rate in result.summary["rates"].values()}
    assert known | {result["surviving_rate"].best} == set(values)
    assert ladder.axis == "dits per qudit"


def test_the_region_of_a_run_has_its_counted_rates_in_it(runs):
    region = titled(runs["two-node-n2"], "Rates R1 and R0")
    counted = next(spot for spot in region.spots if spot.kind == "counted")
    assert (counted.x, counted.y) == (0.5, 0.5)
    corners = [spot for spot in region.spots if spot.kind == "asymptotic"]
    assert (corners[-1].x + corners[-1].y, corners[-1].y) == pytest.approx((0.7502085, 0.3901597), abs=1e-6)
    assert region.has_gap
    assert "best trace norm of any code there at n = 2: 0.2252 to 0.245" in counted.name
    line = titled(runs["no-communication-ghz"], "Rate R0")
    assert line.axis == ""
    assert [spot.x for spot in line.spots if spot.kind == "counted"] == [1.0]


def test_no_axis_has_two_units(runs):
    for result in runs.values():
        for estimate in result.summary["estimates"]:
            assert " or " not in estimate["axis"]
        for diagram in result.diagrams():
            assert " or " not in getattr(diagram, "axis", "")


def test_figures_that_are_written_carry_their_words(runs, tmp_path):
    from qcoord_hw.report.output_files import write_figure

    for ending in (".png", ".svg", ".pdf"):
        write_figure(runs["chsh"].plot(), tmp_path / f"figure{ending}")
    assert b"Win probability: 0." in (tmp_path / "figure.png").read_bytes()
    assert "Win probability: 0." in (tmp_path / "figure.svg").read_text()
