"""The recipes of CONTRIBUTING, followed: what they add appears everywhere, and no step can be left out."""

from __future__ import annotations

import pytest

from tests.recipes import estimator, family, game, network, vendor
from tests.recipes.house import is_named, recipe

RECIPES = {
    "estimator": estimator.RECIPE,
    "family": family.RECIPE,
    "game": game.RECIPE,
    "network": network.RECIPE,
    "vendor": vendor.RECIPE,
}


@pytest.fixture(autouse=True)
def _jobs_of_the_vendor(tmp_path, monkeypatch):
    monkeypatch.setenv("OWN_DEVICE_JOBS", str(tmp_path / "jobs"))


@pytest.mark.parametrize("name", RECIPES)
def test_it_names_every_file(name):
    followed, chapter = RECIPES[name], recipe(RECIPES[name].title)
    assert [step.file for step in followed.steps if not is_named(step.file, chapter)] == []


@pytest.mark.few(0)
@pytest.mark.parametrize("name", RECIPES)
def test_what_it_adds_appears_everywhere(name, tmp_path):
    RECIPES[name].appears(RECIPES[name].follow(tmp_path / "house"))


@pytest.mark.few(0, slow=8)
@pytest.mark.parametrize(
    ("name", "left_out"), [(name, file) for name, followed in RECIPES.items() for file in followed.noticed]
)
def test_a_step_left_out_is_noticed(name, left_out, tmp_path):
    house = RECIPES[name].follow(tmp_path / "house", left_out)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        RECIPES[name].appears(house)


@pytest.mark.slow
@pytest.mark.parametrize("left_out", [False, True])
@pytest.mark.parametrize("name", [name for name, followed in RECIPES.items() if followed.asked])
def test_our_tests_ask_for_what_it_adds_to_them(name, left_out, tmp_path):
    assert RECIPES[name].asked
    file, cases = RECIPES[name].asked
    house = RECIPES[name].follow(tmp_path / "house", file if left_out else "")
    assert house.pytest(file, "-k", cases) == (1 if left_out else 0)
