"""Regions against linear and quadratic programs that scipy solves from scratch."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from qcoord_hw.errors import InputError
from qcoord_hw.theory.regions.constraint import NOT_NEGATIVE, Constraint, at_least
from qcoord_hw.theory.regions.region import RateRegion, RegionAnswer, bracketed, hull

FOUR = ("Q1", "E1", "Q2", "E2")


def link(q, total, first="Q1", second="E1"):
    return [at_least(q, "test", **{first: 1}), at_least(total, "test", **{first: 1, second: 1})]


def above_hull(points, point):
    """Whether a convex combination of the points lies below the point, by a linear program."""
    n = len(points)
    found = linprog(
        np.zeros(n), A_ub=points.T, b_ub=point + 1e-9, A_eq=np.ones((1, n)), b_eq=[1], bounds=[(0, None)] * n
    )
    return found.status == 0


def nearest(region, point):
    """The distance by a general solver from a corner."""
    found = minimize(
        lambda z: float(((z - point) ** 2).sum()),
        np.maximum(np.array(region.corners).max(axis=0), point),
        jac=lambda z: 2 * (z - point),
        constraints=[
            {
                "type": "ineq",
                "fun": lambda z, c=c: sum(k * z[region.rates.index(r)] for r, k in c.rates) - c.bound,
            }
            for c in region.constraints
        ],
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    return math.sqrt(found.fun)


def test_a_link_has_two_corners_and_the_json_of_the_command_line():
    region = RateRegion.from_constraints(("Q1", "E1"), link(1.5, 2.5))
    assert region.corners == ((1.5, 1.0), (2.5, 0.0))
    data = json.loads(json.dumps(region.to_json(), allow_nan=False))
    assert data["constraints"][1] == {
        "rates": {"Q1": 1, "E1": 1},
        ">=": 2.5,
        "lower": 2.5,
        "upper": 2.5,
        "source": "test",
    }
    assert data["corners"] == [{"Q1": 1.5, "E1": 1.0}, {"Q1": 2.5, "E1": 0.0}]
    # Q1 >= 1.5 keeps Q1 from being negative; nothing keeps E1 from it.
    assert [c.rates for c in region.constraints if c.source == NOT_NEGATIVE] == [(("E1", 1.0),)]


def test_margin_and_membership():
    region = RateRegion.from_constraints(("Q1", "E1"), link(1.5, 2.5))
    assert region.margin({"Q1": 2, "E1": 1}) == pytest.approx(0.5)
    assert region.margin((2, 0.25)) == pytest.approx(-0.25)
    assert region.margin((3, -0.125)) == pytest.approx(-0.125)
    assert region.contains((1.5, 1.0))
    assert not region.contains((1.5, 0.9))
    assert region.contains((1.5, 0.9), tolerance=0.11)


@pytest.mark.parametrize(
    ("point", "said"), [({"Q1": 1}, "E1"), ({"Q1": 1, "E1": 1, "Q2": 1}, "Q2"), ((1,), "2")]
)
def test_a_wrong_point_is_refused(point, said):
    region = RateRegion.from_constraints(("Q1", "E1"), link(1.5, 2.5))
    with pytest.raises(InputError, match=said):
        region.margin(point)
    with pytest.raises(InputError, match="nan"):
        region.margin((math.nan, 1))


def test_distance_agrees_with_a_general_solver(rng):
    for _ in range(12):
        region = RateRegion.from_corners(FOUR, rng.random((6, 4)) * 2, "test")
        point = rng.random(4) * 1.2 - 0.4
        margin, distance = region.margin(point), region.distance(point)
        assert (distance == 0) == (margin >= 0)
        assert distance == pytest.approx(nearest(region, point), abs=2e-6)


def test_distance_of_simple_points():
    region = RateRegion.from_constraints(("Q1", "E1"), link(1.0, 2.0))
    assert region.distance((0, 5)) == pytest.approx(1)
    assert region.distance((1.25, 0.25)) == pytest.approx(math.sqrt(2) / 4)
    assert region.distance((2, -3)) == pytest.approx(3)
    assert region.distance((1.0, 1.0 - 1e-12)) == pytest.approx(0, abs=1e-11)
    assert region.distance((7, 7)) == 0


def test_a_hull_holds_what_the_linear_program_says(rng):
    for trial in range(10):
        points = rng.random((9, 4))
        if trial % 2:
            points = np.round(points * 3) / 3  # many coincidences and flat faces
        region = RateRegion.from_corners(FOUR, points, "test")
        assert min(region.margin(p) for p in points) > -1e-9
        for corner in region.corners:
            assert np.abs(points - np.array(corner)).max(axis=1).min() < 1e-9
        for _ in range(25):
            candidate = rng.random(4)
            if abs(region.margin(candidate)) > 1e-7:
                assert region.contains(candidate) == above_hull(points, candidate)


def test_a_hull_has_no_redundant_half_space(rng):
    region = RateRegion.from_corners(FOUR, rng.random((8, 4)), "test")
    for constraint in region.constraints:
        rest = [c for c in region.constraints if c is not constraint]
        rows = [[-dict(c.rates).get(r, 0) for r in FOUR] for c in rest]
        target = [dict(constraint.rates).get(r, 0) for r in FOUR]
        found = linprog(target, A_ub=rows, b_ub=[-c.bound for c in rest], bounds=[(None, None)] * 4)
        assert found.status == 3 or found.fun < constraint.bound - 1e-7  # unbounded, or lower


def test_a_hull_of_products_of_links_keeps_their_facets():
    one = RateRegion.from_constraints(FOUR, link(1, 2) + link(0.5, 1.5, "Q2", "E2"))
    assert len(one.corners) == 4
    same = hull([one, one], "hull")
    assert same.corners == pytest.approx(np.array(one.corners), abs=1e-12)
    facets = {(c.rates, round(c.bound, 12)) for c in same.constraints}
    assert facets == {(c.rates, round(c.bound, 12)) for c in one.constraints}
    # Corners that differ by less than 1e-9 are one.
    nudged = RateRegion.from_corners(FOUR, np.array(one.corners) + 1e-11, "nudged")
    assert len(hull([one, nudged], "hull").constraints) == len(one.constraints)


def test_a_hull_of_two_corners_cuts_between_them():
    region = RateRegion.from_corners(("Q1", "E1"), [(0, 2), (1, 0)], "test")
    [facet] = [c for c in region.constraints if len(c.rates) == 2]
    assert dict(facet.rates) == {"Q1": 1, "E1": 0.5}
    assert facet.bound == pytest.approx(1)
    assert region.contains((0.5, 1), 1e-12)
    assert not region.contains((0.49, 1))


def test_the_origin_alone_gives_the_orthant():
    region = RateRegion.from_corners(FOUR, [(0, 0, 0, 0), (1, 0, 2, 0)], "test")
    assert region.corners == ((0, 0, 0, 0),)
    assert {c.source for c in region.constraints} == {NOT_NEGATIVE}
    assert len(region.constraints) == 4


def test_projection_and_polygon():
    region = RateRegion.from_constraints(FOUR, link(1, 2) + link(0.5, 1.5, "Q2", "E2"))
    flat = region.projection(("Q2", "E2"))
    assert flat.corners == ((0.5, 1.0), (1.5, 0.0))
    assert region.boundary("Q1", "E1", (3, 3)) == ((1, 3), (1, 1), (2, 0), (3, 0), (3, 3))
    assert region.boundary("Q1", "E1", (1.5, 0.75)) == ((1.25, 0.75), (1.5, 0.5), (1.5, 0.75))
    assert region.boundary("Q1", "E1", (0.5, 3)) == ()
    assert region.boundary("Q1", "Q2")[0] == (1, 1.0)
    with pytest.raises(InputError, match="R0"):
        region.boundary("Q1", "R0")


def test_an_infinite_bound_leaves_no_corner():
    region = RateRegion.from_constraints(("R0",), [Constraint((("R0", 1),), math.inf, math.inf, "test")])
    assert region.corners == ()
    assert region.margin((5,)) == -math.inf
    assert region.distance((5,)) == math.inf
    assert region.to_json()["constraints"][0][">="] == "inf"
    assert region.boundary("R0", "R0") == ()


def test_brackets_come_from_the_other_bound():
    inner = RateRegion.from_constraints(("Q1", "E1"), link(1, 2))
    outer = RateRegion.from_constraints(("Q1", "E1"), link(0.5, 1.0))
    inside, outside = bracketed(inner, outer)
    assert [(c.lower, c.bound, c.upper) for c in inside.constraints[:2]] == [(0.5, 1, 1), (1, 2, 2)]
    assert [(c.lower, c.bound, c.upper) for c in outside.constraints[:2]] == [(0.5, 0.5, 1), (1, 1, 2)]
    answer = RegionAnswer("test", "test", "feasible", "", {"generation_inner": inside})
    said = [answer.membership(p)["generation_inner"]["inside"] for p in ((2, 1), (0.75, 1), (0.25, 9))]
    assert said == [True, None, False]


def test_an_answer_is_plain_json():
    answer = RegionAnswer(
        "test", "state", "infeasible", "why", {}, {"V": np.array([[1j]]), "w": {0: np.float64(np.inf)}}
    )
    assert json.loads(json.dumps(answer.to_json(), allow_nan=False))["details"] == {
        "V": [[[0, 1]]],
        "w": {"0": "inf"},
    }


@pytest.mark.parametrize("gap", [1e-5, 1e-7, 1e-8, 1e-9, 1e-11])
def test_points_that_nearly_coincide(gap, rng):
    """Nearly parallel facets once gave a corner at 3e9."""
    base = np.array(RateRegion.from_constraints(FOUR, link(0, 1) + link(0.4, 1.3, "Q2", "E2")).corners)
    points = np.vstack([base + gap * rng.random((1, 4)) for _ in range(3)] + [base])
    region = RateRegion.from_corners(FOUR, points, "test")
    assert min(region.margin(p) for p in points) > -1e-9
    for corner in region.corners:
        assert np.abs(points - np.array(corner)).max(axis=1).min() < 1e-9
    lower = hull([RateRegion.from_corners(FOUR, base, "base")], "hull")
    assert min(lower.margin(corner) for corner in region.corners) > -1e-9
    assert min(region.margin(corner) for corner in lower.corners) > -1e-8
