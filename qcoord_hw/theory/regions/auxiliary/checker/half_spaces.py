"""Regions as an answer prints them: half-spaces, corners, and where a rate tuple lies.

A region is compared with the inequalities that a theorem gives, evaluated by the checker; its corners with
the vertices that follow. A convex hull has no such list: there every corner has to be a point that is
reached, every reached point has to satisfy every half-space, and every vertex of the half-spaces has to be in
the hull.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog

from qcoord_hw.theory.claims import Findings, is_number, near
from qcoord_hw.theory.regions.auxiliary.checker.side import Floats

TOLERANCE = 1e-9
BOUNDARY = 1e-6
"""Of every rate: a tuple so close to the boundary is on it."""

CLOSE = 1e-7
"""Distance up to which two corners are the same."""

MOST_CONSTRAINTS, MOST_CORNERS = 24, 60
NOT_NEGATIVE = "rates are not negative"
FIELDS = {"rates", ">=", "lower", "upper", "source"}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Half:
    """The half-space: sum of these rates >= a bound that lies between `lower` and `upper`; bits."""

    rates: tuple[str, ...]
    bound: float
    lower: float
    upper: float
    cites: str


def settled(value: float, cites: str, *rates: str) -> Half:
    """Return a half-space that a theorem settles; below 0 it says nothing."""
    value = max(0.0, value)
    return Half(rates, value, value, value, cites)


def check_region(f: Findings, path: Path, names: Sequence[str], halves: Sequence[Half]) -> Floats:
    """Compare a printed region with the half-spaces that it should have; return the vertices of these.

    Args:
        f: what is found.
        path: of the region, with `constraints` and `corners`.
        names: of the rates.
        halves: in the order in which they should stand; rates that none of them keeps from being negative
            follow.
    """
    alone = {half.rates[0] for half in halves if len(half.rates) == 1}
    full = [*halves, *(settled(0.0, NOT_NEGATIVE, name) for name in names if name not in alone)]
    listed = f.get(*path, "constraints")
    if not isinstance(listed, list) or len(listed) != len(full):
        f.wrong((*path, "constraints"), f"not a list of {len(full)}")
        listed = []
    for k in range(len(listed)):
        here, half = (*path, "constraints", k), full[k]
        check_rates(f, here, dict.fromkeys(half.rates, 1.0))
        for key, value in ((">=", half.bound), ("lower", half.lower), ("upper", half.upper)):
            f.close((*here, key), value, TOLERANCE)
        check_source(f, here, half.cites)
        if set(f.get(*here)) != FIELDS:
            f.wrong(here, f"other fields than {', '.join(sorted(FIELDS))}")
    normals = np.array([[float(name in half.rates) for name in names] for half in full])
    found = vertices(normals, np.array([half.bound for half in full]))
    check_corners(f, (*path, "corners"), names, found)
    return found


def check_corners(f: Findings, path: Path, names: Sequence[str], expected: Floats) -> None:
    """Require that the corners printed are these points, each once."""
    points = read_corners(f, path, names)
    if points is None:
        return
    if len(points) != len(expected):
        f.wrong(path, f"{len(points)} corners; there are {len(expected)}")
    for k, point in enumerate(points):
        gap = np.abs(expected - point).max(axis=1).min(initial=np.inf)
        f.require(bool(gap <= CLOSE), (*path, k), "no vertex of the region is there")
    for point in expected:
        gap = np.abs(points - point).max(axis=1).min(initial=np.inf)
        if not gap <= CLOSE:
            f.wrong(path, "a vertex of the region is missing")
    f.confirm(*path)


def check_hull(
    f: Findings, path: Path, names: Sequence[str], reached: Floats, outer: Floats, cites: str
) -> Floats:
    """Check a printed convex hull; return its corners.

    Args:
        f: what is found.
        path: of the region.
        names: of the rates.
        reached: points that are reached, shape (N, rates).
        outer: vertices of the region that holds all tuples: the lower end of each constraint is the least
            value there.
        cites: what the source has to name.
    """
    none = np.zeros((0, len(names)))
    corners = read_corners(f, (*path, "corners"), names)
    listed = f.get(*path, "constraints")
    if corners is None or not len(corners) or not isinstance(listed, list) or not listed:
        f.wrong(path, "no constraints or corners")
        return none
    if len(listed) > MOST_CONSTRAINTS:
        f.wrong((*path, "constraints"), f"{len(listed)} of them; allowed are {MOST_CONSTRAINTS}")
        return none
    normals, bounds = np.zeros((len(listed), len(names))), np.zeros(len(listed))
    for k in range(len(listed)):
        here = (*path, "constraints", k)
        rates, bound = f.get(*here, "rates"), f.get(*here, ">=")
        fits = isinstance(rates, dict) and rates and set(rates) <= set(names) and is_number(bound)
        if not fits or not all(is_number(c) and 0 < c <= 1 for c in rates.values()):
            f.wrong(here, "no half-space with coefficients above 0, at most 1")
            return none
        normals[k] = [float(rates.get(name, 0)) for name in names]
        bounds[k] = float(bound)
        f.confirm(*here, "rates")
        least = float((corners @ normals[k]).min())
        f.close((*here, ">="), least, TOLERANCE)
        f.close((*here, "upper"), least, TOLERANCE)
        zero = bool(least == 0 and len(rates) == 1 and f.get(*here, "source") == NOT_NEGATIVE)
        f.close((*here, "lower"), 0.0 if zero else float((outer @ normals[k]).min()), TOLERANCE)
        check_source(f, here, NOT_NEGATIVE if zero else cites)
        worst = float((reached @ normals[k]).min())
        if not worst >= bounds[k] - CLOSE:
            f.wrong(here, f"a point that is reached has {worst:.9g}")
        if not abs(normals[k].max() - 1) <= TOLERANCE:
            f.wrong(here, "its largest coefficient is not 1")
    for k, corner in enumerate(corners):
        gap = np.abs(reached - corner).max(axis=1).min()
        f.require(bool(gap <= CLOSE), (*path, "corners", k), "is no point that is reached")
    for vertex in vertices(normals, bounds):
        if np.abs(corners - vertex).max(axis=1).min() > CLOSE and not _in_hull(corners, vertex):
            f.wrong(path, f"its constraints allow {np.round(vertex, 6).tolist()}, beyond its corners")
    f.confirm(*path, "corners")
    return corners


def check_source(f: Findings, here: Path, cites: str) -> None:
    """Require that a constraint names its source."""
    source = f.get(*here, "source")
    f.require(isinstance(source, str) and cites in source, (*here, "source"), f"does not name {cites}")


def read_corners(f: Findings, path: Path, names: Sequence[str]) -> Floats | None:
    """Return the corners printed, shape (K, rates); None, with a line, where they are malformed."""
    listed = f.get(*path)
    if not isinstance(listed, list) or len(listed) > MOST_CORNERS:
        f.wrong(path, f"not a list of at most {MOST_CORNERS}")
        return None
    for k, corner in enumerate(listed):
        if (
            not isinstance(corner, dict)
            or set(corner) != set(names)
            or not all(map(is_number, corner.values()))
        ):
            f.wrong((*path, k), f"not an object of numbers {', '.join(names)}")
            return None
    return np.array([[float(c[name]) for name in names] for c in listed]).reshape(len(listed), len(names))


def vertices(normals: Floats, bounds: Floats) -> Floats:
    """Return the vertices of {x: normals @ x >= bounds}, shape (K, n)."""
    n = normals.shape[1]
    found: list[Floats] = []
    for chosen in itertools.combinations(range(len(normals)), n):
        square = normals[list(chosen)]
        if np.linalg.cond(square) > 1e10:
            continue
        point = np.linalg.solve(square, bounds[list(chosen)])
        if (normals @ point >= bounds - TOLERANCE).all() and not any(
            np.abs(point - other).max() <= CLOSE / 10 for other in found
        ):
            found.append(point)
    return np.array(found).reshape(len(found), n)


def check_membership(f: Findings, name: str, names: Sequence[str], at: Floats) -> None:
    """Check where the rate tuple asked about is said to be, from the constraints of one criterion."""
    path: Path = ("membership", name)
    slacks, steps, proved = [], [], []
    for constraint in f.get("criteria", name, "constraints"):
        normal = np.array([float(constraint["rates"].get(rate, 0)) for rate in names])
        value = float(normal @ at)
        slacks.append(value - _real(constraint[">="]))
        if constraint["source"] != NOT_NEGATIVE:
            steps.append((value - _real(constraint[">="]), BOUNDARY * float(normal.sum())))
            proved.append(value + BOUNDARY * float(normal.sum()) - _real(constraint["lower"]))
    check_slacks(f, path, slacks)
    f.close((*path, "margin"), min(slacks), TOLERANCE)
    below, above = (min((s + sign * step for s, step in steps), default=np.inf) for sign in (-1, 1))
    check_where(f, path, below, above, min(proved, default=np.inf))


def check_slacks(f: Findings, path: Path, slacks: Sequence[float]) -> None:
    """Require these slacks of the constraints, in their order."""
    listed = f.get(*path, "slacks")
    if not isinstance(listed, list) or len(listed) != len(slacks):
        f.wrong((*path, "slacks"), f"not a list of {len(slacks)}")
        return
    for k, slack in enumerate(slacks):
        f.close((*path, "slacks", k), slack, TOLERANCE)
    f.confirm(*path, "slacks")


def check_where(f: Findings, path: Path, below: float, above: float, possible: float) -> None:
    """Require the words for a tuple, from its slack lowered and raised, and its slack in the outer region."""
    allowed = {_where(below + e, above + e, possible + e) for e in (-TOLERANCE, 0.0, TOLERANCE)}
    words = f.get(*path, "where")
    said = isinstance(words, str) and words in allowed
    f.require(said, (*path, "where"), f"it is {' or '.join(sorted(allowed))}")
    should = None if words == "undetermined" else words in ("inside", "boundary")
    f.equal((*path, "inside"), should)


def _where(below: float, above: float, possible: float) -> str:
    if below > 0:
        return "inside"
    if above >= 0:
        return "boundary"
    return "undetermined" if possible >= 0 else "outside"


def check_rates(f: Findings, here: Path, should: dict[str, float]) -> None:
    """Require these coefficients of a constraint."""
    rates = f.get(*here, "rates")
    fits = isinstance(rates, dict) and set(rates) == set(should)
    holds = fits and all(near(rates[name], c, TOLERANCE) for name, c in should.items())
    f.require(holds, (*here, "rates"), f"they are {should}")


def _in_hull(corners: Floats, point: Floats) -> bool:
    """Return whether a mixture of corners is nowhere above the point."""
    if not len(corners):
        return False
    mixed = linprog(
        np.zeros(len(corners)),
        A_ub=corners.T,
        b_ub=point + CLOSE,
        A_eq=np.ones((1, len(corners))),
        b_eq=[1.0],
        bounds=(0, None),
    )
    return bool(mixed.status == 0)


def _real(value: Any) -> float:
    return np.inf if value == "inf" else float(value)
