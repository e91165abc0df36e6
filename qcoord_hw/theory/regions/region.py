"""Rate regions: upward-closed polyhedra in a few named rates, by half-spaces and by corners.

A rate that is large enough stays so when it grows, and no rate is negative: every region is its corners plus
the non-negative orthant. `polyhedra` goes from one description to the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from qcoord_hw.errors import InputError
from qcoord_hw.spec import short_repr
from qcoord_hw.theory.digest import digest
from qcoord_hw.theory.formats import FORMAT, KEY
from qcoord_hw.theory.regions.constraint import NOT_NEGATIVE, Constraint, Term, combined, plain
from qcoord_hw.theory.regions.polyhedra import TIGHT, clipped, facets, undominated, vertices
from qcoord_hw.theory.regions.resources import resource_inequalities
from qcoord_hw.theory.regions.scored import scored

FloatArray = npt.NDArray[np.float64]
Point = Mapping[str, float] | Sequence[float]
Status = Literal["feasible", "infeasible", "undetermined", "not_covered"]

BOUNDARY = 1e-6
"""Of every rate: tuples so close to the boundary of a region are on it. Printed text has six digits."""

Where = Literal["inside", "boundary", "outside", "undetermined"]


@dataclass(frozen=True)
class RateRegion:
    """An upward-closed region of non-negative rates; build it by `from_constraints` or `from_corners`.

    Attributes:
        rates: names, in the order of the coordinates.
        constraints: all half-spaces, those of non-negative rates included where nothing implies them.
        corners: the vertices, in bits, sorted; empty if a bound is infinite.
    """

    rates: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    corners: tuple[tuple[float, ...], ...]

    @classmethod
    def from_constraints(cls, rates: Sequence[str], constraints: Iterable[Constraint]) -> RateRegion:
        """Return the region of some half-spaces and rates that are not negative.

        Args:
            rates: the names.
            constraints: with non-negative coefficients; kept as they are, redundant ones too.
        """
        given = tuple(constraints)
        full = given + tuple(_not_negative(r) for r in rates if not _implied(r, given))
        normals, bounds = _arrays(rates, full)
        if not np.isfinite(bounds).all():
            return cls(tuple(rates), full, ())
        return cls(tuple(rates), full, _sorted(vertices(normals, bounds)))

    @classmethod
    def from_corners(cls, rates: Sequence[str], points: npt.ArrayLike, source: str) -> RateRegion:
        """Return the convex hull of points and of everything above them.

        Args:
            rates: the names.
            points: shape (N, number of rates), at least one, not negative.
            source: what every half-space says of itself.
        """
        points = np.asarray(points, dtype=float).reshape(-1, len(rates))
        kept = undominated(np.maximum(points, 0))
        found = []
        for normal, bound in reversed(facets(kept)):
            named = tuple((r, float(c)) for r, c in zip(rates, normal, strict=True) if c > 0)
            found.append(Constraint(named, bound, bound, source))
        full = (*found, *(_not_negative(r) for r in rates if not _implied(r, found)))
        # Corners are among the points: computed anew they would suffer where facets are nearly parallel.
        normals, bounds = _arrays(rates, full)
        tight = kept @ normals.T - bounds < TIGHT
        ranks = [np.linalg.matrix_rank(normals[row], tol=TIGHT) for row in tight]
        return cls(tuple(rates), full, _sorted(kept[np.array(ranks) == len(rates)]))

    def margin(self, point: Point) -> float:
        """Return the smallest slack of the constraints: positive inside, negative outside.

        Args:
            point: a value by name for every rate, or the values in order.
        """
        return min(self.slacks(point))

    def slacks(self, point: Point) -> list[float]:
        """Return the slack of each constraint, in their order."""
        normals, bounds = _arrays(self.rates, self.constraints)
        return [float(s) for s in normals @ self._coordinates(point) - bounds]

    def moved_slacks(self, point: Point) -> tuple[float, float, float]:
        """Return the arguments of `where` for a point: slacks of all constraints but that rates are >= 0."""
        counted = [c for c in self.constraints if c.source != NOT_NEGATIVE]
        if not counted:
            return math.inf, math.inf, math.inf
        normals, bounds = _arrays(self.rates, counted)
        value, step = normals @ self._coordinates(point), BOUNDARY * normals.sum(axis=1)
        proved = np.array([c.lower for c in counted])
        below, above, possible = value - step - bounds, value + step - bounds, value + step - proved
        return float(below.min()), float(above.min()), float(possible.min())

    def contains(self, point: Point, tolerance: float = 0.0) -> bool:
        """Return whether the point is in the region, up to a tolerance in the slack."""
        return self.margin(point) >= -tolerance

    def distance(self, point: Point) -> float:
        """Return the Euclidean distance of a point to the region; 0 inside, infinite to an empty region."""
        normals, bounds = _arrays(self.rates, self.constraints)
        if not np.isfinite(bounds).all():
            return math.inf
        missing = bounds - normals @ self._coordinates(point)
        scale = float(missing.max())
        if scale <= 0:
            return 0.0
        from scipy.optimize import nnls  # slow to import

        # Least distance programming: min |z| with normals @ z >= missing [LawsonHanson1974, chapter 23].
        system = np.vstack([normals.T, missing / scale])
        target = np.zeros(len(self.rates) + 1)
        target[-1] = 1
        residual = target - system @ nnls(system, target)[0]
        return scale * float(np.linalg.norm(residual[:-1])) / float(residual[-1])

    def least(self, rates: Iterable[tuple[str, float]]) -> float:
        """Return the least value in the region of a combination of rates with non-negative coefficients."""
        if not self.corners:
            return math.inf
        weights = np.zeros(len(self.rates))
        for name, coefficient in rates:
            weights[self._index(name)] = coefficient
        return float((np.array(self.corners) @ weights).min())

    def behind(self, rates: Iterable[tuple[str, float]]) -> tuple[Term, ...]:
        """Return terms of the constraints that add up to the least value of a combination of rates.

        Args:
            rates: (name, coefficient) pairs, not negative.
        """
        from scipy.optimize import nnls

        weights = np.zeros(len(self.rates))
        for name, coefficient in rates:
            weights[self._index(name)] = coefficient
        normals, bounds = _arrays(self.rates, self.constraints)
        corners = np.array(self.corners)
        best = corners[(corners @ weights).argmin()]
        # By duality the combination is one of the constraints that are tight there.
        tight = np.flatnonzero(normals @ best - bounds < TIGHT)
        shares = nnls(normals[tight].T, weights)[0]
        return combined((y, self.constraints[k].terms) for y, k in zip(shares, tight, strict=True))

    def projection(self, rates: Sequence[str]) -> RateRegion:
        """Return the projection onto some rates: what is possible when the others are as large as needed."""
        columns = [self._index(name) for name in rates]
        if not self.corners:
            return RateRegion.from_constraints(
                rates, [c for c in self.constraints if {name for name, _ in c.rates} <= set(rates)]
            )
        sources = sorted({c.source for c in self.constraints if c.source != NOT_NEGATIVE})
        points = np.array(self.corners)[:, columns]
        return RateRegion.from_corners(rates, points, f"projection of: {'; '.join(sources)}")

    def boundary(
        self, rate_x: str, rate_y: str, extent: tuple[float, float] | None = None
    ) -> tuple[tuple[float, float], ...]:
        """Return the polygon of a projection, for a plot.

        Args:
            rate_x: the horizontal rate.
            rate_y: the vertical rate.
            extent: the largest x and y drawn; by default 1.25 times the largest corner, and at least 1.

        Returns:
            The polygon's points in order, closed at the upper right by the extent; empty if a bound is
            infinite or the extent shows nothing of the region.
        """
        lower_left = self.projection((rate_x, rate_y)).corners
        if not lower_left:
            return ()
        if extent is None:
            largest = np.max(lower_left, axis=0)
            extent = (max(1.0, 1.25 * float(largest[0])), max(1.0, 1.25 * float(largest[1])))
        corners = [(x, y) for x, y in lower_left]
        line = [(corners[0][0], math.inf), *corners, (math.inf, corners[-1][1])]
        inside = [p for p in clipped(line, extent)]
        return (*inside, extent) if inside else ()

    def to_json(self) -> dict[str, Any]:
        """Return constraints and corners in the shape of `qcoord theory region --json`."""
        return {
            "constraints": [c.to_json() for c in self.constraints],
            "corners": [dict(zip(self.rates, corner, strict=True)) for corner in self.corners],
        }

    def _index(self, name: str) -> int:
        if name not in self.rates:
            raise InputError(f"rate: {short_repr(name)}; allowed are {', '.join(self.rates)}")
        return self.rates.index(name)

    def _coordinates(self, point: Point) -> FloatArray:
        if isinstance(point, Mapping):
            for name in point:
                self._index(name)
            for name in self.rates:
                if name not in point:
                    raise InputError(f"rate: {name} is missing; needed are {', '.join(self.rates)}")
            point = [point[name] for name in self.rates]
        values = np.array(point, dtype=float)
        if values.shape != (len(self.rates),) or not np.isfinite(values).all():
            raise InputError(f"rates: {short_repr(point)}; allowed are {len(self.rates)} finite numbers")
        return values


@dataclass(frozen=True)
class RegionAnswer:
    """What is known about one state in one network.

    Attributes:
        network: its name on the command line.
        state: the state's name.
        status: `feasible`, `infeasible`, `undetermined` or `not_covered`.
        why: one line, with the figures that decided.
        criteria: region by criterion; empty where no rates suffice or none are known.
        details: whatever the network's module documents: entropies, isometries, schemes.
        quantities: with classical links, named rates: `lower` and `upper` in bits.
        frontier: with classical links, points `R0`, `R1`, `lower`, `upper` in bits.
        certificate: what proves it, for `auxiliary.checker`; the target at least.
        seconds: how long it took.
        placed: where a rate tuple lies that was asked about, by criterion; see `membership`.
        at: that rate tuple, by name.
        holders: who has each system of the state in this network.
        notes: one line each: what the file of the state held that was not as the answer takes it.
    """

    network: str
    state: str
    status: Status
    why: str
    criteria: dict[str, RateRegion]
    details: dict[str, Any] = field(default_factory=dict)
    quantities: dict[str, Any] = field(default_factory=dict)
    frontier: tuple[dict[str, Any], ...] = ()
    certificate: Any = None
    seconds: float = 0.0
    placed: dict[str, dict[str, Any]] = field(default_factory=dict)
    at: dict[str, float] | None = None
    holders: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def membership(self, point: Point) -> dict[str, dict[str, Any]]:
        """Return for each criterion where a rate tuple is: `where`, `inside` and `margin`.

        `where` is `inside`, `boundary` (within `BOUNDARY` of it in every rate), `outside` where a certified
        lower bound is broken, and `undetermined` between. `inside` says the same as True (boundary included),
        False and None. `slacks` are those of the constraints, in their order and in bits, and `margin` is
        the smallest.
        """
        answers: dict[str, dict[str, Any]] = {}
        for name, region in self.criteria.items():
            found = where(*region.moved_slacks(point))
            slacks = region.slacks(point)
            answers[name] = {**found, "margin": plain(min(slacks)), "slacks": plain(slacks)}
        return answers

    @property
    def terms(self) -> list[dict[str, Any]]:
        """What adds up to the right side of each constraint but those of rates that are not negative.

        Entries have `criterion`, `constraint` (the left side as text), `rates`, `>=` and `terms`, a list of
        `name`, `coefficient`, `value` and `unit`: the right side is the sum of coefficient times value.
        Where the lower end of a bracket has a formula of its own there are `lower` and `lower_terms` too.
        Where terms add up to less than 0, which no side is, `sum` (`lower_sum`) says to what.
        """
        return [
            constraint.terms_json(name)
            for name, region in self.criteria.items()
            for constraint in region.constraints
            if constraint.source != NOT_NEGATIVE
        ]

    @property
    def scores(self) -> dict[str, dict[str, str]]:
        """What each criterion scores: its `definition` and `words`."""
        found = {name: scored(self.network, name) for name in self.criteria}
        return {name: one.to_json() for name, one in found.items() if one is not None}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; complex numbers are [re, im] and infinity is the string "inf".

        The certificate has a `digest` of the rest of it, `sha256`. That proves nothing; it tells a copy
        with a number changed from the certificate that was made, also where the proof would still hold.
        """
        certificate = plain(self.certificate)
        if certificate is not None:
            certificate[KEY] = FORMAT
            certificate["sha256"] = digest(certificate)
        criteria = {name: region.to_json() for name, region in self.criteria.items()}
        asked = {} if self.at is None else {"at": plain(self.at), "membership": plain(self.placed)}
        lines = resource_inequalities(self.network, criteria)
        return {
            "ok": True,
            "network": self.network,
            "state": self.state,
            "status": self.status,
            "why": self.why,
            "criteria": criteria,
            "scores": self.scores,
            "terms": self.terms,
            "details": plain(self.details),
            "frontier": plain(self.frontier),
            "quantities": plain(self.quantities),
            "certificate": certificate,
            "seconds": self.seconds,
            "holders": self.holders,
            "notes": list(self.notes),
            **asked,
            **({"resource_inequalities": lines} if lines else {}),
        }


def where(below: float, above: float, possible: float) -> dict[str, Any]:
    """Return where a rate tuple is: `where` and `inside`, as in `RegionAnswer.membership`.

    Args:
        below: slack, in the region that is reached, of the tuple less `BOUNDARY` in every rate.
        above: the same of the tuple with `BOUNDARY` more.
        possible: its slack in the region that is proved to hold all tuples.
    """
    words: Where = "outside"
    if below > 0:
        words = "inside"
    elif above >= 0:
        words = "boundary"
    elif possible >= 0:
        words = "undetermined"
    return {"inside": None if words == "undetermined" else words != "outside", "where": words}


def hull(regions: Iterable[RateRegion], source: str) -> RateRegion:
    """Return the convex hull of regions in the same rates: what time sharing between them reaches."""
    regions = [region for region in regions if region.corners]
    if not regions or any(region.rates != regions[0].rates for region in regions):
        raise ValueError("a hull needs finite regions in the same rates")
    corners = [corner for region in regions for corner in region.corners]
    found = RateRegion.from_corners(regions[0].rates, corners, source)
    return replace(found, constraints=tuple(_explained(c, regions) for c in found.constraints))


def _explained(constraint: Constraint, regions: Iterable[RateRegion]) -> Constraint:
    """Return a constraint of a hull with the terms of the region that it touches."""
    if constraint.source == NOT_NEGATIVE:
        return constraint
    touched = min(regions, key=lambda region: region.least(constraint.rates))
    return replace(constraint, terms=touched.behind(constraint.rates))


def bracketed(inner: RateRegion, outer: RateRegion) -> tuple[RateRegion, RateRegion]:
    """Return both bounds on one unknown region, each constraint with the bracket the other one leaves."""
    return (
        replace(inner, constraints=tuple(replace(c, lower=outer.least(c.rates)) for c in inner.constraints)),
        replace(outer, constraints=tuple(replace(c, upper=inner.least(c.rates)) for c in outer.constraints)),
    )


def _not_negative(rate: str) -> Constraint:
    return Constraint(((rate, 1.0),), 0.0, 0.0, NOT_NEGATIVE)


def _implied(rate: str, constraints: Iterable[Constraint]) -> bool:
    """Return whether a constraint on this rate alone keeps it from being negative.

    One in which another rate stands cannot: that rate may grow to make up for it.
    """
    return any([name for name, _ in c.rates] == [rate] and c.bound >= 0 for c in constraints)


def _arrays(rates: Sequence[str], constraints: Sequence[Constraint]) -> tuple[FloatArray, FloatArray]:
    """Return the normals, shape (M, number of rates), and the bounds, shape (M,)."""
    normals = np.zeros((len(constraints), len(rates)))
    for row, constraint in zip(normals, constraints, strict=True):
        for name, coefficient in constraint.rates:
            row[rates.index(name)] = coefficient
    return normals, np.array([c.bound for c in constraints], dtype=float)


def _sorted(points: FloatArray) -> tuple[tuple[float, ...], ...]:
    return tuple(sorted(tuple(float(x) for x in point) for point in points))
