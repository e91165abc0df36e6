"""Every coupling of a chip: the batches, what is found on each pair, and the set that violates."""

from __future__ import annotations

import copy
import csv
import dataclasses
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import qiskit_ibm_runtime.fake_provider.backends as snapshots

import qcoord_hw as qc
from qcoord_hw.cli import main
from qcoord_hw.execution.calibrations import read_chip
from qcoord_hw.execution.edges import colours, couplings, shares_qubits
from qcoord_hw.report.chip_map import positions
from qcoord_hw.report.edge_comparison import edge_differences
from qcoord_hw.report.edges import UNTESTED
from qcoord_hw.report.plan_answer import EdgeBill
from qcoord_hw.statistics.binomial import clopper_pearson
from tests.execution.forgeries import read_intent, sign

FILES = Path(snapshots.__file__).parent
NULL_READOUT = (1 - 0.5**0.25) / 2
"""Error of each readout at which the best CHSH strategy reaches S = 2 and no more."""


def named(value: float, name: str, unit: str = "") -> dict:
    return {"name": name, "unit": unit, "value": value}


def chip(edges: list[tuple[int, int]], readout: float = 0.01, bad: tuple[tuple[int, int], ...] = ()) -> dict:
    """Return properties of a chip of perfect gates; those on bad edges leave nothing of an entangled pair."""
    size = 1 + max(map(max, edges))
    qubit = [named(1e6, "T1", "us"), named(1e6, "T2", "us"), named(readout, "readout_error")]
    one = [(name, [q], 0.0) for q in range(size) for name in ("rz", "sx", "x")]
    two = [("cz", list(pair), 0.5 if e in bad else 0.0) for e in edges for pair in (e, e[::-1])]
    gates = [
        {"gate": g, "qubits": q, "parameters": [named(error, "gate_error")]} for g, q, error in one + two
    ]
    return {"backend_name": "ibm_test", "qubits": [qubit] * size, "gates": gates}


def line(size: int) -> list[tuple[int, int]]:
    return [(k, k + 1) for k in range(size - 1)]


@pytest.fixture
def target(tmp_path):
    def write(properties: dict) -> str:
        (tmp_path / "chip.json").write_text(json.dumps(properties))
        return f"properties:{tmp_path / 'chip.json'}"

    return write


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A ring of six with two bad couplings: a set of three pairs, and one pair alone."""
    place = tmp_path_factory.mktemp("ring")
    (place / "ring.json").write_text(json.dumps(chip([*line(6), (0, 5)], bad=((0, 1), (2, 3)))))
    where = f"properties:{place / 'ring.json'}"
    return qc.run("chsh", target=where, shots=600, seed=2, runs=place / "runs", every_edge=True)


@pytest.fixture
def planted(made, runs_dir):
    return qc.load_run(shutil.copytree(made.path, runs_dir / made.path.name))


@pytest.mark.parametrize("name", ["torino", "nighthawk", "sherbrooke"])
def test_batches_share_no_qubit_and_are_as_few_as_they_can_be(name):
    edges = couplings(read_chip(f"properties:{FILES / name / f'props_{name}.json'}"))
    batch = colours(edges)
    assert not shares_qubits(zip(edges, batch, strict=True))
    assert len(set(batch)) == max(Counter(q for edge in edges for q in edge).values())


def test_any_graph_is_coloured(rng):
    for _ in range(30):
        drawn = {(min(e), max(e)) for e in rng.integers(0, 9, (14, 2)).tolist() if e[0] != e[1]}
        batch = colours(sorted(drawn))
        assert not shares_qubits(zip(sorted(drawn), batch, strict=True))
        assert len(set(batch)) <= 1 + max(Counter(q for edge in drawn for q in edge).values())
    assert shares_qubits([((0, 1), 0), ((1, 2), 0)])


def test_every_coupling_has_its_figures_and_bad_ones_are_found(planted):
    edges = planted.summary["edges"]
    assert (edges["couplings"], edges["batches"], edges["violating"]) == (6, 2, 4)
    assert [pair["qubits"] for pair in edges["pairs"] if not pair["violates"]] in (
        [[a, b], [c, d]] for a, b in ((0, 1), (1, 0)) for c, d in ((2, 3), (3, 2))
    )
    assert edges["largest"]["pairs"] == [[0, 5], [3, 4], [4, 5]]
    assert edges["largest"]["qubits"] == [0, 3, 4, 5]
    assert (
        "with confidence 95 % every one of these 3 pairs violates its bound" in edges["largest"]["statement"]
    )
    level = 1 - 0.05 / 6
    for number in range(6):
        tile = planted.record.tile(number)
        wins = 0
        for chunk in tile.plan:
            x, y = divmod(chunk.setting, 2)
            wins += sum(n for w, n in tile.counts[chunk.id].items() if (w[0] != w[1]) == bool(x & y))
        (pair,) = (p for p in edges["pairs"] if p["qubits"] == tile.intent["target"]["layout"])
        win, s = pair["estimates"]
        assert win["best"] == wins / 2400
        assert [win[key] for key in ("low", "best", "high")] == pytest.approx(
            clopper_pearson(wins, 2400, level)
        )
        assert [s[key] for key in ("low", "best", "high")] == pytest.approx(
            [8 * win[key] - 4 for key in ("low", "best", "high")]
        )
        assert pair["p_value_holm"] >= pair["p_value"]


def test_it_is_a_run_as_any_other(planted, capsys, tmp_path):
    counts, path = planted.record.counts, planted.path
    assert qc.verify(path, execute=True).ok
    assert qc.replay(path).record.counts == counts
    assert main(["report", str(path)]) == 0
    assert "largest connected set: 3 pairs on 4 qubits (0 3 4 5)" in capsys.readouterr().out
    assert qc.verify(path).report == "compared"
    page = (path / "derived" / "report.html").read_text()
    assert page.count("<line x1") == 6
    for pair in planted.summary["edges"]["pairs"]:
        assert f"{min(pair['qubits'])}-{max(pair['qubits'])}" in page
        assert f"{pair['estimates'][1]['best']:.4f}" in page
    assert qc.export_csv(path, tmp_path / "counts.csv").written > 6
    with (tmp_path / "counts.csv").open() as file:
        assert {row["layout"] for row in csv.DictReader(file)} == {
            " ".join(map(str, pair["qubits"])) for pair in planted.summary["edges"]["pairs"]
        }
    assert len(planted.plot().axes) == 1
    assert qc.compare(path, qc.replay(path)).runs
    (path / "seal.json").unlink()
    kept = (path / "counts.jsonl").read_bytes().split(b"\n")
    (path / "counts.jsonl").write_bytes(b"\n".join(kept[:50]) + b"\n" + kept[50][:20])
    assert qc.load_run(path).summary["state"] == "unfinished"
    assert qc.collect(path).record.counts == counts


@pytest.mark.parametrize("change", ["batch", "missing", "moved"])
def test_what_a_record_says_of_its_batches_is_checked(planted, change):
    intent = read_intent(planted.path)
    places = [intent["target"], *intent["target"]["tiles"]]
    if change == "batch":
        places[0]["batch"] = 1 - places[0]["batch"]
    elif change == "missing":
        del places[1]["batch"]
    else:
        for place in places:
            place["batch"] = 0
    sign(planted.path, intent)
    with pytest.raises(qc.QcoordError, match="target.batch"):
        qc.verify(planted.path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chsh"], "every-edge: target aer has no coupling map"),
        (
            ["magic-square", "--target", "CHIP"],
            "every-edge: circuits of 4 qubits; allowed are circuits of two qubits with a gate",
        ),
        (["ghz-3", "--target", "CHIP"], "every-edge: circuits of 3 qubits"),
        (["chsh", "--rate", "0.5", "--target", "CHIP"], "every-edge: no gate joins two qubits; allowed are"),
        (["chsh", "--target", "CHIP", "--layout", "0,1"], "layout: [0, 1]; with every_edge allowed is none"),
        (["chsh", "--target", "CHIP", "--tiles", "2"], "tiles: 2; with every-edge allowed is none"),
    ],
)
def test_what_has_no_couplings_of_two_players_is_refused(arguments, says, target, runs_dir, capsys):
    where = target(chip(line(4)))
    given = [where if word == "CHIP" else word for word in arguments]
    assert main(["run", *given, "--shots", "8", "--every-edge"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert says in told.err
    assert not runs_dir.exists()


def test_the_bill_is_that_of_the_batches(target, capsys):
    command = ["plan", "chsh", "--target", target(chip(line(4))), "--shots", "100", "--every-edge"]
    assert main([*command, "--json"]) == 0
    bill = json.loads(capsys.readouterr().out)["edges"]
    assert (bill["couplings"], bill["batches"], bill["executions"]) == (3, 2, 800)
    assert (bill["jobs"], bill["overhead_seconds"], bill["expected_above"]) == (1, 2.0, 3)
    assert bill["qpu_seconds"] == pytest.approx(800 * 250e-6, rel=1e-3)
    assert main(command) == 0
    assert re.search(r"every edge +3 couplings in 2 batches: 800 executions", capsys.readouterr().out)


def test_two_runs_are_compared_coupling_by_coupling(made, target, tmp_path):
    """Another pair is bad, and one coupling is gone: what differs is what was changed, and no other."""
    edges = [e for e in [*line(6), (0, 5)] if e != (3, 4)]
    other = qc.run(
        *("chsh",),
        target=target(chip(edges, bad=((0, 1), (4, 5)))),
        shots=600,
        seed=3,
        runs=tmp_path,
        every_edge=True,
    )
    found = qc.compare(made, other)
    common = sorted(map(list, edges))
    names = [e["name"] for e in made.summary["edges"]["pairs"][0]["estimates"]]
    assert [row["qubits"] for row in found.edges["pairs"]] == [e for e in common for _ in names]
    assert {tuple(row["qubits"]) for row in found.edges["pairs"] if row["differ"]} == {(2, 3), (4, 5)}
    assert found.edges["differing"] == 2 * len(names)
    each = [{tuple(sorted(p["qubits"])): p for p in r.summary["edges"]["pairs"]} for r in (made, other)]
    for row in found.edges["pairs"]:
        a, b = (
            next(e for e in own[tuple(row["qubits"])]["estimates"] if e["name"] == row["name"])
            for own in each
        )
        assert row["best"] == pytest.approx(b["best"] - a["best"])
        alone = [
            np.hypot(b["best"] - b["low"], a["high"] - a["best"]),
            np.hypot(b["high"] - b["best"], a["best"] - a["low"]),
        ]
        assert [row["best"] - row["low"], row["high"] - row["best"]] > alone  # Bonferroni over both figures
    assert json.loads(json.dumps(found.to_json()))["edges"] == found.edges
    assert (
        f"5 couplings in common, {5 * len(names)} differences: {2 * len(names)} of them differ"
        in found.table()
    )
    assert "2-3" in found.table()
    turned = copy.deepcopy(other.summary)  # on another day the other qubit may come first
    for pair in turned["edges"]["pairs"]:
        pair["qubits"].reverse()
    again = edge_differences([made.summary, turned], lambda level: [made.summary, turned], [True])
    assert (again["couplings"], len(again["pairs"])) == (5, 5 * len(names))
    same = qc.compare(made, made)
    assert same.edges["differing"] == 0
    assert "same draws, so that none is evidence" in same.table()
    alone = qc.run("chsh", target=target(chip(line(3))), shots=60, seed=1, runs=tmp_path)
    assert qc.compare(alone, made).edges is None


def test_a_bell_expression_is_asked_on_every_edge(target, runs_dir):
    found = qc.run("tilted-chsh:alpha=1/2", target=target(chip(line(3))), shots=2000, seed=1, every_edge=True)
    names = [estimate["name"] for estimate in found.summary["edges"]["pairs"][0]["estimates"]]
    assert "expression" in names
    assert found.summary["edges"]["violating"] == 2


def test_where_nothing_is_tested_nothing_is_said_of_bounds(target, runs_dir):
    run = qc.run(
        "broadcast-epr", target=target(chip(line(3))), shots=30, seed=1, every_edge=True, runs=runs_dir
    )
    edges = run.summary["edges"]
    assert {pair["p_value"] for pair in edges["pairs"]} == {None}
    assert edges["test"] == edges["largest"]["statement"] == UNTESTED
    assert "violate the bound" not in run.table()


def test_the_map_keeps_qubits_apart_and_couplings_alike():
    edges = couplings(read_chip(f"properties:{FILES / 'torino' / 'props_torino.json'}"))
    where = positions(edges)
    points = np.array(list(where.values()))
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + 9 * np.eye(len(points))
    assert apart.min() > 0.5
    lengths = [np.hypot(*np.subtract(where[a], where[b])) for a, b in edges]
    assert max(lengths) < 1.6
    assert positions([(0, 1), (2, 3)])[3] != positions([(0, 1), (2, 3)])[0]


def _runs(where: str, seeds: range, shots: int):
    built = qc.run("chsh", target=where, shots=shots, seed=seeds[0], every_edge=True)
    yield built
    for seed in seeds[1:]:
        yield qc.run("chsh", target=where, shots=shots, seed=seed, every_edge=True)


@pytest.mark.slow
def test_all_intervals_hold_together_in_95_percent(target, runs_dir):
    properties = chip(line(6), readout=0.03, bad=((2, 3),))
    where = target(properties)
    much = qc.run("chsh", target=where, shots=4_000_000, seed=1, every_edge=True).summary["edges"]
    truth = {tuple(pair["qubits"]): pair["estimates"][0]["best"] for pair in much["pairs"]}
    held = 0
    for found in _runs(where, range(100, 200), 200):
        figures = {tuple(p["qubits"]): p["estimates"][0] for p in found.summary["edges"]["pairs"]}
        held += all(one["low"] <= truth[pair] <= one["high"] for pair, one in figures.items())
    assert held >= 92  # of 100 at 95 %: fewer have probability .06


@pytest.mark.slow
def test_a_chip_at_the_bound_has_no_violating_set(target, runs_dir):
    where = target(chip(line(6), readout=NULL_READOUT))
    found = [run.summary["edges"]["violating"] for run in _runs(where, range(100), 300)]
    assert sum(number > 0 for number in found) <= 9


@pytest.mark.slow
def test_planted_bad_couplings_are_found_whatever_the_seed(target, runs_dir):
    bad = ((1, 2), (4, 5))
    where = target(copy.deepcopy(chip(line(8), bad=bad)))
    for found in _runs(where, range(20), 600):
        edges = found.summary["edges"]
        assert {tuple(sorted(p["qubits"])) for p in edges["pairs"] if not p["violates"]} == set(bad)
        assert edges["largest"]["pairs"] == [[2, 3], [3, 4]] or edges["largest"]["pairs"] == [[5, 6], [6, 7]]


def test_the_page_names_the_keys(made):
    page = (Path(__file__).parents[2] / "docs" / "every-edge.md").read_text()
    keys = page[page.index("## Keys of `--json`") :]
    edges = made.summary["edges"]
    told = {*edges, *edges["pairs"][0], *edges["pairs"][0]["estimates"][0], *edges["largest"]}
    told |= {field.name for field in dataclasses.fields(EdgeBill)}
    assert {key for key in told if f"`{key}`" not in keys} == set()
