"""A sweep of one number is a curve, and says where its verdict is lost."""

from __future__ import annotations

import pytest

from qcoord_hw.report.sweep import SweepPoint, SweepResult
from qcoord_hw.report.sweep_curve import Lost, curves_of, lost_of
from qcoord_hw.statistics.estimate import Estimate
from qcoord_hw.theory.value import Value


def point(best: float, half: float = 0.01, better: str = "more", target: str = "aer", **fields) -> SweepPoint:
    estimate = Estimate(
        "win_probability",
        best - half,
        best,
        best + half,
        method="clopper-pearson",
        confidence=0.95,
        shots=100,
        bound=Value(0.75, "exact", "a test"),
        better=better,
    )
    return SweepPoint("run", "chsh", target, None, 1, 100, fields, (estimate,))


def falling(*values: float, **fields) -> list[SweepPoint]:
    return [point(value, distance=k, **fields) for k, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "kept", "lost", "verdict", "below"),
    [
        ((0.85, 0.80, 0.755, 0.745, 0.70), 1, 2, "inconclusive", 3),
        ((0.85, 0.80, 0.77), 2, None, None, None),
        ((0.70, 0.69), None, 0, "below", 0),
        ((0.85, 0.70, 0.80), 0, 1, "below", 1),
    ],
)
def test_it_is_lost_where_the_first_verdict_is_not_that_the_bound_is_beaten(
    values, kept, lost, verdict, below
):
    points = falling(*values)
    expected = Lost("chsh on aer", "distance", kept, lost, verdict, below)
    assert lost_of(points) == [expected]
    assert lost_of(points[::-1]) == [expected]  # in whatever order they were asked for


def test_less_may_be_better():
    (found,) = lost_of([point(value, better="less", distance=k) for k, value in enumerate((0.70, 0.80))])
    assert (found.kept, found.lost, found.verdict, found.below) == (0, 1, "above", 1)


def test_all_else_makes_curves_of_their_own():
    points = falling(0.85, 0.70, transport="swap") + falling(
        0.85, 0.84, transport="swapping", target="fake_x"
    )
    field, curves = curves_of(points)
    assert field == "distance"
    assert [curve.name for curve in curves] == [
        "chsh on aer, transport swap",
        "chsh on fake_x, transport swapping",
    ]
    assert [one.lost for one in lost_of(points)] == [1, None]


def test_two_numbers_or_none_are_no_curve():
    two = [point(0.8, distance=k, rounds=n) for k in (0, 1) for n in (1, 2)]
    for points in (
        two,
        [point(0.8)],
        [point(0.8, distance=3)],
        [point(0.8, flag=True), point(0.8, flag=False)],
    ):
        assert curves_of(points) is None
        assert lost_of(points) is None
        assert (
            "lost"
            not in SweepResult.of(
                "runs/s", points, dict.fromkeys(("computed", "finished", "already", "failed"), 0)
            ).to_json()
        )


def test_a_sweep_says_and_draws_it():
    counted = {"computed": 3, "finished": 0, "already": 0, "failed": 0}
    found = SweepResult.of("runs/s", falling(0.85, 0.80, 0.70), counted)
    assert "chsh on aer: the bound is beaten up to distance 1, below at 2" in found.table()
    assert found.to_json()["lost"] == [
        {"series": "chsh on aer", "field": "distance", "kept": 1, "lost": 2, "verdict": "below", "below": 2}
    ]
    (axes,) = found.plot().axes
    assert axes.get_xlabel() == "distance"
    drawn = axes.containers[0].lines[0].get_xydata()
    assert drawn.tolist() == [[0, 0.85], [1, 0.80], [2, 0.70]]
