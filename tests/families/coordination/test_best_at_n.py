"""The best possible at n of every protocol: never beaten by its own code, checked, and told with figures."""

import json

import numpy as np
import pytest

import qcoord_hw as qc
from qcoord_hw.api import build
from qcoord_hw.api.theory import check_answer
from qcoord_hw.catalogue import catalogue_paths
from qcoord_hw.cli import main
from qcoord_hw.families.coordination.best_at_n import best_at_n
from qcoord_hw.families.coordination.best_view import best_line, best_panel, best_rows
from qcoord_hw.report.revision import without_new_words

KEYS = {"figure", "task", "lower", "upper", "certified", "source", "certificate"}
QUICK = ("mac-n2", "two-node-n2", "cascade-ghz2")
NAMES = [name for name, path in catalogue_paths().items() if path.parent.name == "coordination"]
EXACT = {
    "mac-n2": 0.9,
    "mac-n3": 0.972,
    "mac-n4": 0.972,
    "mac-n4-low": 0.8748,
    "mac-n6": 0.944784,
    "broadcast-compressed": 0.972,
}
"""Fidelities that are reached: of the projections too, whose own are P^2."""


def holds(best, exact, usage):
    """The bracket is one, its certificate is accepted, and this code is not better than it."""
    assert set(best) - {"further"} == KEYS
    assert best["lower"] <= best["upper"]
    assert check_answer({"best_at_n": best, "usage": usage}).violations == ()
    own = exact.get(f"{best['figure']}_exact", exact.get(best["figure"]))
    if best["figure"] == "fidelity":
        assert best["certified"] in ("upper", "both")
        assert own <= best["upper"] + 1e-9
        assert own <= best["lower"] + 1e-9
    else:
        assert best["certified"] in ("lower", "both")
        assert best["lower"] <= own + 1e-9
        assert best["upper"] <= own + 2e-6


@pytest.mark.few(QUICK, slow=12)
@pytest.mark.parametrize("name", NAMES)
def test_every_entry_of_the_catalogue_has_it(name):
    experiment = build(name, seed=0).experiment
    best = json.loads(json.dumps(best_at_n(experiment.play, experiment.usage).to_json()))
    holds(best, experiment.play.exact, experiment.usage)
    stem = name.removesuffix("-projection")
    if stem in EXACT:
        assert best["lower"] == best["upper"] == pytest.approx(EXACT[stem], abs=1e-9)
        if stem == name:
            assert experiment.play.exact["fidelity_exact"] == pytest.approx(best["upper"], abs=1e-9)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("given", "parameters"),
    [
        ("epr", {"network": "two-node"}),
        ("isotropic:fidelity=0.7", {"network": "two-node"}),
        ("w", {"network": "cascade"}),
        ("ghz", {"network": "cascade", "protocol": "compressed", "n": 2, "m1": 1, "m2": 2}),
        ("two-pairs:p=0.8,q=0.7", {"network": "multiple-access", "n": 2, "m": 1}),
        ("ghz", {"network": "quantum-broadcast"}),
        ("noisy-ghz:visibility=1/5", {"network": "no-communication", "M": 4}),
    ],
)
def test_users_own_have_it(given, parameters):
    experiment = build(given, parameters=parameters, seed=0).experiment
    best = json.loads(json.dumps(best_at_n(experiment.play, experiment.usage).to_json()))
    holds(best, experiment.play.exact, experiment.usage)


def test_a_users_source_has_it(tmp_path):
    spec = tmp_path / "own.toml"
    spec.write_text(
        'name = "own"\ntitle = "own"\nfamily = "coordination"\n[parameters]\nnetwork = "two-node"\nn = 2\n'
        'codebook = "random"\nM0 = 1\nM1 = 2\nseed = 3\n'
        "p_u = [0.5, 0.5]\np_x_given_u = [[0.9, 0.1], [0.3, 0.7]]\n"
        "theta_B = [[0, 0, 1], [0.6, 0.8, 0]]\n"
    )
    experiment = build(str(spec), seed=0).experiment
    best = json.loads(json.dumps(best_at_n(experiment.play, experiment.usage).to_json()))
    holds(best, experiment.play.exact, experiment.usage)
    assert best["lower"] > 0.05
    assert best["certified"] == "both"
    assert best["upper"] < experiment.play.exact["trace_norm_exact"]
    again = best_at_n(experiment.play, experiment.usage).to_json()
    assert json.loads(json.dumps(again)) == best


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return [qc.run("two-node-n2", shots=20, seed=seed, runs=folder) for seed in (1, 2)]


def test_it_is_told_where_a_run_is(two_runs, capsys):
    first, second = two_runs
    best = first.summary["best_at_n"]
    assert set(best) == KEYS
    assert best["lower"] >= 0.225
    line = "best possible at n = 2"
    assert line in first.html()
    assert [own.get_title(loc="left") for own in first.plot().axes if "counted" in own.get_title(loc="left")]
    sections = {row["section"]: row for row in qc.compare(first, second)["side_by_side"]}
    assert any(section.startswith(line) for section in sections)
    assert main(["show", "mac-n2"]) == 0
    shown = capsys.readouterr().out
    assert "best      counted " in shown
    line = "this code fidelity 0.9 / best possible at n = 2: 0.9 / asymptotic Q1 0.468996"
    assert line in " ".join(shown.split())


def test_show_prints_what_the_checker_takes(tmp_path, capsys):
    assert main(["show", "two-node-n2", "--json"]) == 0
    text = capsys.readouterr().out
    file = tmp_path / "answer.json"
    file.write_text(text)
    assert main(["theory", "check", str(file)]) == 0
    answer = json.loads(text)
    answer["best_at_n"]["lower"] += 0.001
    file.write_text(json.dumps(answer))
    assert main(["theory", "check", str(file)]) == 2
    assert "best_at_n.lower" in capsys.readouterr().err


def test_a_report_of_before_is_not_another_one():
    computed = {"ok": True, "best_at_n": {"lower": 0.1}}
    assert without_new_words({"ok": True}, computed) == {"ok": True}
    assert without_new_words({"ok": True, "best_at_n": {"lower": 0.2}}, computed) == computed
    older, sealed = {"kind": "bits", "lower": 0.1}, {"kind": "bits", "lower": 0.1, "sha256": "0"}
    assert without_new_words({"certificate": older}, {"certificate": sealed}) == {"certificate": older}
    assert without_new_words({"source": {}}, {"source": {"sha256": "0"}}) == {"source": {"sha256": "0"}}


def test_words_of_a_bracket():
    best = {"figure": "trace_norm", "task": "preparation", "lower": 0.1, "upper": 0.2, "certified": "lower"}
    best |= {"source": "s", "certificate": {}}
    assert best_rows(best)[0]["lower"] == 0.1
    used = [{"name": "a", "unit": "bits", "value": 1}, {"name": "b", "unit": "log2_dim", "value": 1}]
    line = best_line(best, {"trace_norm_exact": 0.3}, 2, used, [{"name": "R1", "value": 0.4}])
    assert line == (
        "counted a 1 / this code trace norm 0.3 / best possible at n = 2: 0.1 to 0.2 / asymptotic R1 0.4"
    )
    rows = best_panel(best, {"trace_norm_exact": 0.3}, 2, line).rows
    assert np.allclose([row.limits for row in rows], [[0.3] * 3, [0.1, 0.15, 0.2], [0, 0, 0]])
