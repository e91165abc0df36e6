"""`qcoord threshold`: the contract, the factor against forecasts and runs around it, and what has none."""

from __future__ import annotations

import json

import pytest
from qiskit.providers.fake_provider import GenericBackendV2

from qcoord_hw import api
from qcoord_hw.execution.forecast import Forecast
from qcoord_hw.execution.mechanisms import MECHANISMS
from qcoord_hw.execution.run_description import describe, program_of
from qcoord_hw.report.plan import Outlook
from tests.cli.test_cli import call, call_json

FACTS = {
    "chsh": ((7.45, 17.9, 36.3), ((8, 2, 85, 5), (27, 3, 57, 13), (10, 8, 73, 9))),
    "magic-square": ((2.87, 5.41, 12.1), ((14, 2, 74, 10), (26, 3, 58, 13), (23, 6, 62, 9))),
    "g14": ((0.72, 1.25, 2.80), ((18, 3, 64, 15), (32, 5, 47, 16), (28, 10, 50, 13))),
    "example-1-f4": ((3.51, 6.26, 14.1), ((20, 5, 68, 9), (29, 7, 50, 16), (20, 13, 57, 13))),
    "example-1-f3": ((0.72, 1.06, 2.64), None),
    "cascade-ghz2": ((6.02, 16.5, 32.6), None),
}
"""Experiment -> factor and shares (%) on fake_torino, fake_fez and fake_boston, found by other code, without
idle noise."""

ALONE = {
    ("chsh", "fake_torino"): (76, 284, 8.4, 155),
    ("chsh", "fake_fez"): (57, 521, 30, 141),
    ("magic-square", "fake_torino"): (14, 104, 3.5, 20),
    ("example-1-f4", "fake_torino"): (14.5, 61, 4.8, 35),
    ("example-1-f4", "fake_boston"): (71, 117, 25, 114),
}
"""The same for one mechanism alone."""

KEYS = (
    *("ok", "experiment", "target", "layout", "figure", "title", "ideal", "value", "loss", "bound"),
    *("factor", "mechanisms", "curve", "falling", "evaluations", "idle_noise", "noise"),
)


def agrees(found, name, target):
    """Check an answer against the facts."""
    factors, shares = FACTS[name]
    place = ("fake_torino", "fake_fez", "fake_boston").index(target)
    assert found.factor.value == pytest.approx(factors[place], rel=0.03)
    assert found.factor.lower <= found.factor.value <= found.factor.upper <= found.factor.lower * 1.002
    if shares:
        assert [100 * m.share for m in found.mechanisms] == pytest.approx(shares[place], abs=4)
    if alone := ALONE.get((name, target)):
        assert [m.factor for m in found.mechanisms] == pytest.approx(alone, rel=0.03)


@pytest.fixture(scope="module")
def chsh():
    done = []
    found = api.threshold(
        "chsh", target="fake_torino", progress=lambda *both: done.append(both), idle_noise=False
    )
    return found, done


def test_chsh_on_torino(chsh):
    found, done = chsh
    agrees(found, "chsh", "fake_torino")
    assert tuple(found) == KEYS
    assert found.falling
    assert not found.factor.capped
    assert found.loss == pytest.approx(found.ideal - found.value)
    assert [one for one, _ in done] == [*range(1, found.evaluations + 1)]
    assert all(one <= planned for one, planned in done)


def test_the_ends_are_on_the_two_sides_by_forecasts_and_runs(chsh):
    found, _ = chsh
    for factor, verdict in ((found.factor.lower, "above"), (found.factor.upper, "below")):
        built = api.build("chsh", target=f"fake_torino_x{factor}")
        description, program = describe(built.experiment), program_of(built.experiment)
        where = f"fake_torino_x{factor}"
        forecast = Forecast.of(description, program, built.spec, where, idle_noise=False)
        expected = Outlook(forecast).main.best
        assert list(forecast.prepared.layout) == found.layout
        assert expected == pytest.approx(dict(found.curve)[factor], abs=1e-7)
        assert (expected > found.bound) == (verdict == "above")
    for factor, verdict in ((0.97, "above"), (1.03, "below")):
        target = f"fake_torino_x{factor * found.factor.value}"
        run = api.run("chsh", target=target, shots=10**5, seed=3, idle_noise=False)
        assert run["win_probability"].verdict == verdict


@pytest.mark.slow
def test_ghz_on_a_small_device_as_json_with_a_figure(capsys, tmp_path):
    file = tmp_path / "curve.svg"
    found = call_json(capsys, "threshold", "ghz-3", "--target", "fake_manila", "--plot", file)
    assert tuple(found) == KEYS
    assert tuple(found["factor"]) == ("value", "lower", "upper", "capped")
    assert [m["name"] for m in found["mechanisms"]] == list(MECHANISMS)
    assert all(tuple(m) == ("name", "factor", "share", "bracket") for m in found["mechanisms"])
    assert sum(m["share"] for m in found["mechanisms"]) == pytest.approx(1, abs=0.03)
    assert file.read_text().startswith("<?xml")


@pytest.mark.slow
def test_links_are_repeated_and_stay_as_they_are(capsys, tmp_path):
    """Links are as a plan has them; the same circuits at the factor, over them, are about at the bound."""
    file = tmp_path / "links.toml"
    file.write_text('["Alice->Bob"]\ndepolarising = 0.02\nlength_km = 3.0\nmemory_t2_ms = 5.0\n')
    asked = ("--target", "fake_manila", "--links", file)
    found = call_json(capsys, "threshold", "chsh", *asked)
    plan = call_json(capsys, "plan", "chsh", *asked)
    assert tuple(found) == (*KEYS, "links")
    assert found["links"] == plan["links"]
    assert found["links"]["costs"]["Alice->Bob"] == {
        "depolarising": 0.02,
        "length_km": 3.0,
        "memory_t2_ms": 5.0,
    }
    assert found["links"]["expected"] == pytest.approx(found["value"], abs=1e-6)
    at = f"fake_manila_x{found['factor']['value']}"
    there = call_json(capsys, "plan", "chsh", "--target", at, "--links", file)
    assert there["expected"] == pytest.approx(found["bound"], abs=1e-3)
    status, text, _ = call(capsys, "threshold", "chsh", *asked)
    assert status == 0
    assert "Alice->Bob: depolarising 0.02, length_km 3, memory_t2_ms 5" in text


def test_text_says_the_same_in_100_columns(chsh, capsys, monkeypatch):
    found, asked = chsh[0], {}
    monkeypatch.setattr(api, "threshold", lambda spec, **named: asked.update(named) or found)
    status, text, err = call(
        *(capsys, "threshold", "chsh", "--target", "fake_torino", "--no-idle-noise", "--layout", "1,2"),
        *("--rounds", "2", "--seed", "5", "--plot", "x.svg", "--links", "links.toml"),
    )
    assert (status, err) == (0, "")
    assert {key: value for key, value in asked.items() if key != "progress"} == {
        "target": "fake_torino",
        "seed": 5,
        "layout": (1, 2),
        "parameters": {"rounds": 2},
        "links": "links.toml",
        "plot": "x.svg",
        "idle_noise": False,
    }
    assert text.split() == [*found.table().split(), "figure:", "x.svg"]
    assert max(map(len, found.table().splitlines())) <= 100
    assert f"{found.factor.value:.4g} times all errors" in text
    for one in found.mechanisms:
        assert f"{100 * one.share:.1f} %" in text
    for factor, value in found.curve:
        assert f"{value:.4f}" in text, factor


def test_rows_and_figure(chsh):
    found, _ = chsh
    assert [row["errors"] for row in found.rows()] == ["all", *MECHANISMS]
    assert [row["value"] for row in found.rows()[1:]] == [m.factor for m in found.mechanisms]
    axes = found.plot().axes[0]
    assert axes.get_xscale() == "log"
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert drawn["expected"] == [list(point) for point in found.curve if point[0] > 0]
    assert {y for _, y in drawn["bound"]} == {found.bound}
    assert drawn["threshold 7.45"][0][0] == found.factor.value
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chsh", "--target", "aer"), "target: aer states no errors"),
        (("chsh", "--target", "ibm_torino"), "target: ibm_torino is a device"),
        (("chsh", "--target", "fake_nowhere"), "target: unknown 'fake_nowhere'"),
        (
            ("chsh", "--target", "fake_manila_x0"),
            "target: the errors of fake_manila_x0 take nothing",
        ),
        (("two-node-n1", "--target", "fake_manila"), "threshold: two-node-n1 has no bound to lose"),
        (("chsh", "--target", "fake_manila", "--rate", "0"), "threshold: chsh does not beat its bound 0.75"),
        (("chsh", "--target", "fake_manila", "--plot", "x.txt"), "plot: 'x.txt'"),
        (("chsh", "--target", "fake_manila", "--layout", "0,4"), "layout: "),
        (("nothing", "--target", "fake_manila"), "experiment: unknown 'nothing'"),
    ],
)
def test_what_has_no_threshold_is_one_line(capsys, arguments, said):
    status, out, err = call(capsys, "threshold", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"qcoord: error: {said}")
    assert err.count("\n") == 1


def test_figures_that_are_sampled_are_refused(capsys, monkeypatch):
    monkeypatch.setattr("qcoord_hw.execution.expectation.MAX_LISTED", 3)
    status, _, err = call(capsys, "threshold", "chsh", "--target", "fake_manila")
    assert status == 2
    assert "the figure of chsh on fake_manila has to be sampled" in err


def test_a_verdict_that_is_lost_has_its_factor_below_1(chsh):
    found = api.threshold("chsh", target="fake_torino_x10", idle_noise=False)
    assert found.value < found.bound
    assert found.layout == chsh[0].layout
    assert found.factor.value == pytest.approx(chsh[0].factor.value / 10, rel=1e-4)
    assert 0 < found.factor.lower < found.factor.value < found.factor.upper < 1
    alone = {m.name: m.factor for m in found.mechanisms}
    assert 0 < alone.pop("readout") < 1
    assert set(alone.values()) == {None}  # without any of these it is lost, too
    assert "lost without it, too" in found.table()


def test_a_backend_that_states_its_errors_has_a_threshold():
    assert api.threshold("chsh", target=GenericBackendV2(2, seed=1)).factor.lower > 1


@pytest.mark.few(0, slow=6)
@pytest.mark.parametrize("target", ["fake_torino", "fake_fez", "fake_boston"])
@pytest.mark.parametrize("name", FACTS)
def test_the_table(name, target):
    agrees(api.threshold(name, target=target, idle_noise=False), name, target)
