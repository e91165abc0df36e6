"""An exported file says by itself who won: every headline comes back from the CSV and the theory."""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.api import build, export_csv
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.spec import read_spec

SHOTS = 24
GAMES, COMPUTATIONS, STATES = (
    [name for name, path in catalogue_paths().items() if path.parent.name == family]
    for family in ("nonlocal-game", "linear-computation", "coordination")
)

OTHERS = {
    "three rounds": ("chsh", {"parameters": {"rounds": 3}}),
    "drawn": ("biased-chsh", {"random_questions": True, "shots": 200}),
    "noisy digits": ("sum-2-f3", {"target": "fake_torino"}),
    "noisy trits": ("cglmp-3", {"target": "fake_torino"}),
}


def rows_by_run(path):
    found = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["run"]].append(row)
    return found


def numbers(row, name):
    """Return `name_1`, `name_2`, .. or `name1`, `name2`, .. as far as they are filled in."""
    cells = [row.get(f"{name}{i}") for i in range(1, 20)]
    return tuple(cell if cell == "leak" else int(cell) for cell in cells if cell)


def game_estimate(rows, game, rounds):
    """The weighted share of what is won, a circuit and round; every circuit asks one question a round."""
    cells = defaultdict(Counter)
    for row in rows:
        asked, said = numbers(row, "question_"), numbers(row, "answer_")
        worth = 0 if "leak" in said else game.table[(*asked, *said)]
        assert float(row["win"]) == pytest.approx(float(worth))
        cells[row["circuit"], row["round"], asked][worth] += int(row["count"])
    asked_in = Counter(asked for *_, asked in cells)
    assert {int(row["round"]) for row in rows} == set(range(rounds))
    total = mean = 0.0
    for (*_, asked), tally in cells.items():
        weight = float(game.prob[asked]) / asked_in[asked]
        total += weight
        mean += weight * float(sum(worth * n for worth, n in tally.items())) / sum(tally.values())
    return mean / total


def success(rows, task):
    """The share of shots whose outputs are V w, of the inputs that count."""
    shots = right = 0
    for row in rows:
        given = [list(map(int, row[f"w{i}"].split())) for i in range(1, 9) if row.get(f"w{i}")]
        expected = task.field.matmul(np.array(given), np.ascontiguousarray(task.matrix.T)).ravel()
        won = row["y"] != "leak" and list(map(int, row["y"].split())) == expected.tolist()
        assert int(row["win"]) == won
        if row["check"] == "0":
            shots += int(row["count"])
            right += won * int(row["count"])
    return right / shots


def functional(rows, play, estimator):
    """Offset and parities of what was read; a stratum's settings are told by preparation, case and basis."""
    tallies = defaultdict(Counter)
    for row in rows:
        setting = play.settings[int(row["setting"])]
        assert (int(row["preparation"]), row["basis"]) == (setting.preparation, setting.basis)
        assert len(row["outcome"]) == len(row["basis"])
        cases = set(map(int, row["case"].split()))
        assert cases
        assert setting.case is None or cases == {setting.case}
        tallies[int(row["setting"])][row["outcome"]] += int(row["count"])
    value = estimator.offset
    for term in estimator.terms:
        for weight, pooled in term.strata:
            together = sum((tallies[s] for s in pooled), Counter())
            shots = sum(together.values())
            for outcome, n in together.items():
                parities = [
                    math.prod(1 - 2 * int(bit) for q, bit in enumerate(outcome) if mask >> q & 1)
                    for mask in term.masks
                ]
                value += weight * n / shots * float(np.dot(term.coefficients, parities))
    return value


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Give the result of an experiment and the rows of its file, each once."""
    folder, found = tmp_path_factory.mktemp("outcomes"), {}

    def of(key):
        if key not in found:
            name, options = OTHERS.get(key, (key, {}))
            if name in COMPUTATIONS:
                options = options | {"parameters": {"inputs": 3}}
            result = qc.run(name, seed=5, runs=folder / "runs", **{"shots": SHOTS} | options)
            export_csv(result.path, folder / "run.csv")
            found[key] = result, rows_by_run(folder / "run.csv")[result.path.name]
        return found[key]

    return of


QUICK = ("magic-square-cv", "ghz-4", "sequential-chsh", "three rounds", "drawn", "noisy trits")


@pytest.mark.few(QUICK, slow=9)
@pytest.mark.parametrize("key", [*GAMES, "three rounds", "drawn", "noisy trits"])
def test_a_file_says_who_won_a_game(exported, key):
    result, rows = exported(key)
    play = build(
        result.record.intent["spec"]["name"], parameters=result.summary["parameters"]
    ).experiment.play
    if key == "drawn":
        best = sum(float(r["win"]) * int(r["count"]) for r in rows) / sum(int(r["count"]) for r in rows)
    else:
        best = game_estimate(rows, play.game, play.rounds)
    assert best == pytest.approx(result.estimates[0].best, abs=1e-12)


@pytest.mark.few(("sum-2-f4", "noisy digits"), slow=6)
@pytest.mark.parametrize("key", [*COMPUTATIONS, "noisy digits"])
def test_a_file_says_which_outputs_are_right(exported, key):
    from qcoord_hw.families.linear_computation.user_task import task_of

    result, rows = exported(key)
    task = task_of(read_spec(catalogue_paths()[result.record.intent["spec"]["name"]]))
    assert success(rows, task) == pytest.approx(result.estimates[0].best, abs=1e-12)
    assert len({row["y"] for row in rows}) >= 1


@pytest.mark.few(("cascade-ghz2", "mac-n2", "two-node-n1", "broadcast-n1-feed-forward"), slow=3)
@pytest.mark.parametrize("key", STATES)
def test_a_file_says_how_close_a_state_comes(exported, key):
    result, rows = exported(key)
    play = build(key, seed=5).experiment.play
    table = {(row["case"], row["estimate"]): row for row in result.summary["cases"]}
    low = {"fidelity_dfe": 0, "fidelity_bound": -1, "trace_norm_witness": -2}
    for estimator in play.estimators:
        found = functional(rows, play, estimator)
        best = table[estimator.case, estimator.name]["best"]
        reach = low[estimator.name], 2 if estimator.name.startswith("trace") else 1
        assert min(max(found, reach[0]), reach[1]) == pytest.approx(best, abs=1e-9)


def test_layout_and_calibration_are_those_of_the_tile(exported):
    result, rows = exported("noisy digits")
    assert {row["layout"] for row in rows} == {" ".join(map(str, result.summary["layout"]))}
    assert {row["calibrated"] for row in rows} == {result.summary["calibrated"]}


def test_runs_of_all_families_stand_in_one_file(exported, tmp_path):
    keys = ("three rounds", "noisy digits", "mac-n2")
    found = export_csv([exported(key)[0].path for key in keys], tmp_path / "all.csv")
    assert found["runs"] == [str(exported(key)[0].path) for key in keys]
    together = rows_by_run(tmp_path / "all.csv")
    for key in keys:
        result, alone = exported(key)
        assert [
            {name: cell for name, cell in row.items() if name in alone[0]}
            for row in together[result.path.name]
        ] == alone
        assert not any(
            row[name] for row in together[result.path.name] for name in row.keys() - alone[0].keys()
        )


def test_every_tile_has_its_own_layout(tmp_path):
    options = {"target": "fake_torino", "shots": 20, "options": {"tiles": 3}}
    result = qc.run("chsh", seed=1, runs=tmp_path / "runs", **options)
    export_csv(result.path, tmp_path / "run.csv")
    layouts = {}
    for row in rows_by_run(tmp_path / "run.csv")[result.path.name]:
        layouts.setdefault(int(row["tile"]), set()).add(row["layout"])
    told = [" ".join(map(str, tile["layout"])) for tile in result.summary["tiles"]]
    assert layouts == {number: {layout} for number, layout in enumerate(told)}


def test_a_file_needs_a_run(tmp_path):
    with pytest.raises(qc.errors.InputError, match="at least one run"):
        export_csv([], tmp_path / "x.csv")
