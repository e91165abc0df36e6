"""Pages in a real browser: nothing cut, nothing that the eye or the keyboard cannot reach."""

from __future__ import annotations

import base64
import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.cli import main
from qcoord_hw.statistics.words import found_words, number
from tests.browser.looking import THEMES, WIDTHS, faults, shown, unreached

RUNS = {"game": "chsh", "linear": "sum-2-f2", "coordination": "two-node-n2"}
PLAYED = {"play": "chsh", "play-grid": "magic-square", "play-three": "ghz-3", "play-scores": "cglmp-3"}
PAGES = (*RUNS, *PLAYED, "play-table", "compare", "sweep", "plan", "atlas", "reproduce")


@pytest.fixture(scope="session")
def axe() -> str:
    module = pytest.importorskip("axe_playwright_python", reason="needs axe-core, an extra of dev")
    return (Path(module.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def own_game(folder):
    """Return the path of a game without a rule: 16 answers of a player, a long name, some answers win."""
    rng = np.random.default_rng(5)
    path = folder / "game.json"
    win = rng.integers(2, size=(3, 2, 16, 2)).tolist()
    prob = [["1/6"] * 2] * 3
    path.write_text(json.dumps({"name": "a-game-of-a-long-name-" * 3, "prob": prob, "win": win}))
    return path


def played(given, path, runs):
    """Return what `qcoord play --json` prints, with its page written."""
    out = io.StringIO()
    with redirect_stdout(out):
        arguments = ["--page", str(path), "--rounds", "50", "--seed", "5", "--runs", str(runs), "--json"]
        assert main(["play", str(given), *arguments]) == 0
    return json.loads(out.getvalue())


def written(folder, name):
    """Return the page of that name, and the numbers that it has to show."""
    path = folder / f"{name}.html"
    runs = folder / "runs"
    if name in RUNS:
        target = "aer" if name == "coordination" else "fake_torino"
        result = qc.run(RUNS[name], target=target, shots=100, seed=1, runs=runs)
        path.write_text(result.html(), encoding="utf-8")
        return path, [found_words(e.to_json()) for e in result.estimates]
    if name == "play-table" or name in PLAYED:
        given = own_game(folder) if name == "play-table" else PLAYED[name]
        found = played(given, path, runs)
        numbers = [f"{found['classical']['value']:.6g}", *map(str, found["questions"][0])]
        return path, [*numbers, *(" ".join(words.split()) for words in found["rule"])]
    if name == "atlas":
        options = {
            "experiments": ["chsh", "sum-2-f2"],
            "targets": ["fake_torino"],
            "runs": runs,
            "workers": 1,
        }
        found = qc.atlas(**options, html=path)
        return path, [f"{cell.factor:.2g}" for cell in found.cells]
    if name == "reproduce":
        found = qc.reproduce("nator-46", html=path)
        return path, [found for row in found.rows_found for found in re.findall(r"\d+\.\d+", row.ours)]
    if name == "plan":
        plan = qc.plan("chsh", target="fake_torino", html=path)
        return path, [number(plan.expected), number(plan.theory), str(plan.executions)]
    found = qc.sweep(
        "chsh", targets=["fake_torino"], noise_scale=[0, 1, 2], shots=[50], seeds=[1, 2], runs=runs, workers=1
    )
    if name == "sweep":
        path.write_text(found.html(), encoding="utf-8")
        return path, [found_words(point.estimates[0].to_json()) for point in found.points]
    comparison = qc.compare(*found.points[:3], html=path)
    return path, [found_words(e) for run in comparison.runs for e in run["estimates"]]


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Name -> the page and what it has to show; each is made once, when it is asked for."""
    made = {}

    def page(name):
        if name not in made:
            made[name] = written(tmp_path_factory.mktemp(name), name)
        return made[name]

    return page


def data_of(path):
    link = re.search(r'href="data:application/json;base64,([^"]+)"', path.read_text(encoding="utf-8"))
    return json.loads(base64.b64decode(link[1]))


def test_a_page_in_a_browser(browser, pages):
    path, wanted = pages("game")
    assert faults(browser, path, 390, "dark") == []
    with shown(browser, path, 390, "light") as (page, _):
        text = " ".join(page.locator("main").inner_text().split())
    assert [words for words in wanted if words not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_hidden_or_too_pale(browser, pages, axe, name, width, theme):
    path, _ = pages(name)
    assert faults(browser, path, width, theme, axe) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_its_numbers_and_every_control_has_the_keyboard(browser, pages, name, width):
    path, wanted = pages(name)
    with shown(browser, path, width, "light") as (page, _):
        text = " ".join(page.locator("main").inner_text().split())
    assert wanted
    assert [words for words in wanted if words not in text] == []
    assert unreached(browser, path, width, "light") == (0, 0)
    assert data_of(path)["ok"]


SPOILT = {
    "cut": (
        "</header>",
        '<div style="overflow:hidden;width:3rem;white-space:nowrap">0.123456789 and 2.5</div></header>',
    ),
    "broken": ("</header>", '<p style="width:2rem;word-break:break-all">0.123456789123</p></header>'),
    "wide": ("</header>", '<div style="width:3000px">1</div></header>'),
    "heading": ("</header>", "<h4>deep</h4></header>"),
    "words": ('role="img" aria-label="', 'role="img" data-label="'),
    "contrast": ("svg text.axis { fill: var(--muted)", "svg text.axis { fill: #aaaaaa"),
    "keyboard": ('class="scroll" tabindex="0"', 'class="scroll"'),
    "request": ("</header>", '<img alt="1" src="http://127.0.0.1:9/x.png"></header>'),
}


@pytest.mark.slow
@pytest.mark.parametrize("spoilt", SPOILT)
def test_the_inspection_finds_what_is_wrong(browser, pages, tmp_path, spoilt):
    old, new = SPOILT[spoilt]
    text = pages("game")[0].read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "spoilt.html"
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert faults(browser, path, 390, "light") != []
