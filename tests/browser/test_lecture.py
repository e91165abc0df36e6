"""The page of `qcoord play --page`: what is shown after 200 rounds is what the game's table says."""

from __future__ import annotations

import re

import pytest

from qcoord_hw.theory.games.catalogue import GAMES
from tests.browser.looking import THEMES, WIDTHS, faults, shown
from tests.calls import call_json

ROUNDS = 200
STRATEGIES = {"chsh": ((0, 1), (0, 0)), "magic-square": ((0, 1, 2), (3, 0, 1))}


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """Name -> page and data, each made once."""
    made = {}

    def page(capsys, name):
        if name not in made:
            path = tmp_path_factory.mktemp(name) / "page.html"
            arguments = ("--rounds", 400, "--seed", 5, "--runs", path.parent / "runs")
            made[name] = path, call_json(capsys, "play", name, "--page", path, *arguments)
        return made[name]

    return page


@pytest.mark.slow
@pytest.mark.parametrize("name", STRATEGIES)
def test_two_hundred_rounds_are_worth_what_the_table_says(browser, lecture, capsys, name):
    path, data = lecture(capsys, name)
    game, own = GAMES[name](), STRATEGIES[name]
    wins = dict.fromkeys(("audience", "best", "quantum"), 0)
    recorded = sorted((tuple(data["questions"][q]), tuple(answers)) for q, answers in data["rounds"])
    with shown(browser, path, 390, "light") as (page, asked):
        page.locator("#stage button").focus()
        for k in range(ROUNDS):
            question = []
            for player in range(2):
                assert page.locator("#question").count() == 0  # covered until its player is there
                page.keyboard.press("Enter")
                question.append(int(page.locator("#question").inner_text()))
                page.keyboard.press(str(own[player][question[player]]))
            said = page.locator("#told").inner_text()
            quantum = tuple(int(a) for a in re.findall(r"Quantum team: \w+ (\d+), \w+ (\d+)", said)[0])
            recorded.remove((tuple(question), quantum))  # each used once
            answers = {
                "audience": [own[p][question[p]] for p in range(2)],
                "best": [data["strategy"][p][question[p]] for p in range(2)],
                "quantum": quantum,
            }
            for team, given in answers.items():
                wins[team] += int(game.win[(*question, *given)])
            assert ("lost" in said.split("Quantum")[0]) is not game.win[(*question, *answers["audience"])]
            page.keyboard.press("Enter")
            assert k + 1 < ROUNDS or asked == [path.as_uri()]
        for team, won in wins.items():
            text = page.locator(f"[data-team={team}] .value").inner_text()
            assert text.startswith(f"{won / ROUNDS:.3f} [")
            assert text.endswith(f"{won} of {ROUNDS} won")


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_hidden_or_too_pale(browser, lecture, capsys, width, theme):
    module = pytest.importorskip("axe_playwright_python", reason="needs axe-core, an extra of dev")
    from pathlib import Path

    axe = (Path(module.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    for name in STRATEGIES:
        assert faults(browser, lecture(capsys, name)[0], width, theme, axe) == []
