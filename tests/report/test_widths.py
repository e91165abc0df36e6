"""No table cuts or breaks a number, in a terminal of any width or on a page."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

import qcoord_hw as qc
from qcoord_hw.report import tables
from qcoord_hw.report.comparison import differences, print_differences
from qcoord_hw.report.html import page
from qcoord_hw.report.sweep import print_sweep
from qcoord_hw.report.terminal import WholeWords
from qcoord_hw.spec import spec_from_mapping

NUMBER = re.compile(r"(?<![\w.+-])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])")
WIDTHS = [20, 23, 32, 47, 64, 80, 99, 100, 101, 150]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    runs = tmp_path_factory.mktemp("widths")
    made = [
        ("magic-square-cv", {"target": "fake_torino"}),
        ("chsh", {"target": "fake_torino", "options": {"tiles": 2}}),
        (
            "sum-2-f3",
            {"parameters": {"inputs": [[[0, 1], [2, 1]], [[2, 2], [0, 1]]]}},
        ),
        ("two-node-n1", {}),
        ("mac-n2", {}),
    ]
    return [qc.run(name, shots=37, seed=3, runs=runs, **options) for name, options in made]


def printed(action, value, width):
    file = io.StringIO()
    action(value, Console(file=file, width=width, force_terminal=False, color_system=None))
    return file.getvalue()


def numbers(text):
    return sorted(NUMBER.findall(text))


def cells(table):
    return [str(cell) for column in table.columns for cell in column.cells]


def collected(action, value, monkeypatch):
    """The cells of every table that is printed."""
    found = []
    usual = WholeWords.__rich_console__

    def look(self, console, options):
        found.extend(cells(self))
        return usual(self, console, options)

    with monkeypatch.context() as patch:
        patch.setattr(WholeWords, "__rich_console__", look)
        printed(action, value, 200)
    return found


def assert_whole(action, value, monkeypatch):
    wide = [number for cell in collected(action, value, monkeypatch) for number in NUMBER.findall(cell)]
    assert wide
    for width in WIDTHS:
        text = printed(action, value, width)
        assert max(map(len, text.splitlines())) <= width
        found = numbers(text)
        for number in set(wide):
            assert found.count(number) >= wide.count(number), (width, number)


def test_numbers_of_a_run_are_whole_at_every_width(results, monkeypatch):
    for result in results:
        assert_whole(tables.print_summary, result.summary, monkeypatch)


def test_numbers_of_an_overview_are_whole(results, monkeypatch):
    assert_whole(tables.print_overview, [result.summary for result in results], monkeypatch)


@pytest.mark.slow
def test_numbers_of_a_comparison_are_whole(results, monkeypatch, tmp_path):
    for one in (results[0], results[2], results[3]):
        spec = spec_from_mapping(one.record.intent["spec"], "spec")  # of the same inputs
        again = qc.run(spec, shots=41, seed=4, runs=tmp_path)
        assert_whole(print_differences, differences([one.summary, again.summary]), monkeypatch)


@pytest.mark.slow
def test_numbers_of_a_sweep_are_whole(monkeypatch, tmp_path):
    found = qc.sweep(
        ["chsh"], targets=["aer", "fake_manila"], shots=[20], seeds=[1], runs=tmp_path, workers=1
    )
    assert_whole(print_sweep, found, monkeypatch)


def test_every_table_of_a_page_may_scroll_and_breaks_at_spaces(results):
    for result in results:
        html = page(result.summary, result.record.intent)
        style, body = html.split("</style>", 1)
        assert "<table" in body
        before = re.findall(r"(<div [^>]*>|<h2>[^<]*</h2>)\s*<table", body)
        assert len(before) == body.count("<table")
        for tag in before:
            assert re.fullmatch(r'<div class="scroll" tabindex="0" role="region" aria-label="[^"]+">', tag)
        for selectors, rules in re.findall(r"([^{}]+)\{([^{}]*)\}", style):
            names = {name.strip() for name in re.sub(r"/\*.*?\*/", "", selectors, flags=re.S).split(",")}
            if names & {"th", "td", "thead th", "table", ".n", "tr"}:
                assert "nowrap" not in rules
                assert "hidden" not in rules
                assert "ellipsis" not in rules
        rest = re.sub(r'<span class="whole">[^<]*</span>|<svg.*?</svg>|<pre.*?</pre>', "", body, flags=re.S)
        assert not re.search(r"\de-\d", rest)
