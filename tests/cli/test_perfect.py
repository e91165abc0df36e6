"""The command line for perfect games and small strategies: exact values, runs that always win, the search."""

from __future__ import annotations

import json

import numpy as np
import pytest

from qcoord_hw.theory.games.catalogue import GAMES
from tests.calls import call, call_json
from tests.parity_games import bipartite, complete, facet_4322, incidence, relabelled

pytestmark = pytest.mark.usefixtures("work_clock")


def write(path, game):
    path.write_text(json.dumps(game.to_json()))
    return path


@pytest.fixture
def facet(tmp_path):
    return write(tmp_path / "facet.json", facet_4322())


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["K3,3", "K5", "ghz"])
def test_a_perfect_game_is_exact_checked_and_won_in_every_shot(capsys, tmp_path, rng, name):
    made = {"K3,3": lambda: incidence(bipartite(3, 3), {0}), "K5": lambda: incidence(complete(5), {0})}
    path = write(tmp_path / "own.json", relabelled(made.get(name, GAMES["ghz-4"])(), rng))
    answer = call_json(capsys, "theory", "game", path)
    quantum = answer["quantum"]
    assert quantum["kind"] == "exact"
    assert quantum["upper"] - quantum["lower"] < 1e-6
    assert "Pauli" in quantum["source"]
    assert quantum["notes"] == []
    saved = tmp_path / "answer.json"
    saved.write_text(json.dumps(answer))
    checked = call_json(capsys, "theory", "check", saved)
    assert checked["holds"]
    assert not any("pauli" in path for path in checked["not_checked"])
    word = quantum["pauli_solution"]["stabilizers"][0]
    quantum["pauli_solution"]["stabilizers"][0] = "+-"[word[0] == "+"] + word[1:]
    saved.write_text(json.dumps(answer))
    status, _, err = call(capsys, "theory", "check", saved)
    assert status == 2
    assert "pauli_solution" in err
    run = call_json(capsys, "run", path, "--shots", "40", "--seed", "5")
    (estimate,) = run["estimates"]
    assert (estimate["best"], estimate["theory"]["value"], estimate["theory"]["kind"]) == (1, 1, "exact")
    assert call(capsys, "verify", run["run"], "--execute")[0] == 0


@pytest.mark.slow
def test_what_is_not_perfect_is_said_with_its_reason(capsys, tmp_path):
    path = write(tmp_path / "own.json", incidence([(0, 1), (1, 2), (2, 0)], {0}))
    answer = call_json(capsys, "theory", "game", path, "--time-limit", "2")
    assert answer["quantum"]["notes"][0].startswith("no strategy wins always: ")
    saved = tmp_path / "answer.json"
    saved.write_text(json.dumps(answer))
    checked = call_json(capsys, "theory", "check", saved)
    assert checked["holds"]
    assert not any("refutation" in path for path in checked["not_checked"])
    answer["quantum"]["refutation"]["steps"] = answer["quantum"]["refutation"]["steps"][1:]
    saved.write_text(json.dumps(answer))
    assert call(capsys, "theory", "check", saved)[0] == 2
    path = write(tmp_path / "planar.json", incidence(complete(4), {0}))
    answer = call_json(capsys, "theory", "game", path, "--time-limit", "1")
    note, stops = answer["quantum"]["notes"]
    assert stops.startswith("open: ")
    assert "no perfect strategy over Pauli operators" in note
    assert "says nothing" in note
    path = write(tmp_path / "chsh.json", relabelled(GAMES["chsh"](), np.random.default_rng(0)))
    out = call(capsys, "theory", "game", path, "--time-limit", "5")[1]
    assert "strategy       " in out


@pytest.mark.slow
def test_the_search_takes_dimension_seed_and_time(capsys, facet):
    run = ("run", facet, "--shots", "20", "--time-limit", "2")
    small = call_json(capsys, *run, "--dimension", "1", "--seed", "2")
    assert small["usage"] == {} or all(link["qubits"] == 0 for link in small["usage"].values())
    first, again = (call_json(capsys, *run, "--dimension", "2", "--seed", "7") for _ in range(2))
    assert first["estimates"] == again["estimates"]
    assert {link["qubits"] for link in first["usage"].values()} == {1}
    fresh = call_json(capsys, *run, "--dimension", "2")
    repeated = call_json(capsys, *run, "--dimension", "2", "--seed", str(fresh["seed"]))
    assert fresh["estimates"] == repeated["estimates"]
    for option, value in (("--dimension", "0"), ("--dimension", "9"), ("--time-limit", "0")):
        status, out, err = call(capsys, "run", facet, option, value)
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert err.startswith(f"qcoord: error: {option[2:]}: ")
    assert call(capsys, "run", "chsh", "--dimension", "2")[0] == 2


def test_two_binary_questions_make_qubits(capsys, facet):
    quantum = call_json(capsys, "theory", "game", facet, "--seed", "3", "--level", "1")["quantum"]
    assert quantum["local_dimension"] == 2
    assert 24 * quantum["lower"] - 7 == pytest.approx(2**0.5, abs=1e-6)
    assert "see-saw" in quantum["source"]
