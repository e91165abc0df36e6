"""Corners and facets of a polyhedron that holds, with a point, everything above it.

Both are found by trying all small subsets, which is exact to rounding, does not mind degenerate or repeated
points, and is fast for the few constraints that theorems have.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SAME = 1e-9
"""Corners closer than this are one; a corner may miss a constraint by this much."""

TIGHT = 1e-8
"""Slack below which a corner is on a constraint."""


def vertices(normals: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return the vertices of {x : normals @ x >= bounds}, shape (K, n)."""
    n = normals.shape[1]
    chosen = np.array(list(itertools.combinations(range(len(normals)), n)))
    square, right = normals[chosen], bounds[chosen]
    unique = np.linalg.svd(square, compute_uv=False)[:, -1] > 1e-11
    points = np.linalg.solve(square[unique], right[unique][:, :, None])[:, :, 0]
    points = points[(points @ normals.T >= bounds - SAME).all(axis=1)]
    return _distinct(np.where(np.abs(points) < 1e-12, 0.0, points))


def facets(points: FloatArray) -> list[tuple[FloatArray, float]]:
    """Return (normal, bound) of the facets of hull(points) + orthant, largest coefficient 1.

    Facets x_i >= 0 and those that pass through the origin, which follow from these, are left out.
    """
    count, n = points.shape
    # In homogeneous coordinates a point is (x, 1) and a direction in which the region extends is (e_i, 0).
    lifted = np.vstack([np.hstack([points, np.ones((count, 1))]), np.eye(n, n + 1)])
    chosen = np.array([c for c in itertools.combinations(range(len(lifted)), n) if c[0] < count])
    _, singular, right = np.linalg.svd(lifted[chosen])
    planes = right[singular[:, -1] > 1e-11, -1]
    planes = planes * np.where(planes[:, :n].sum(axis=1) < 0, -1, 1)[:, None]
    planes = planes[(planes[:, :n] >= -1e-10).all(axis=1) & (planes[:, :n].max(axis=1) > 1e-10)]
    normals = planes[:, :n] / planes[:, :n].max(axis=1, keepdims=True)
    normals = np.where(normals < SAME, 0, np.round(normals, 13))  # 1 is written as 1
    bounds = (normals @ points.T).min(axis=1)
    # The plane has to pass through the points it was made from, and no point may lie below it.
    tight = np.abs(bounds + planes[:, n] / planes[:, :n].max(axis=1)) < TIGHT
    both = _distinct(np.hstack([normals, bounds[:, None]])[tight & (bounds > 1e-12)])
    return [(row[:n], float(row[n])) for row in both]


def undominated(points: FloatArray) -> FloatArray:
    """Return the points that no other point is below in every coordinate, each once."""
    points = _distinct(points)
    below: npt.NDArray[np.bool_] = np.all(points[:, None, :] <= points[None, :, :] + SAME, axis=2)
    np.fill_diagonal(below, False)
    # Of two that are equal up to rounding the first stays.
    mutual = below & below.T & (np.arange(len(points))[:, None] > np.arange(len(points))[None, :])
    return np.asarray(points[~(below & ~mutual).any(axis=0)])


def _distinct(rows: FloatArray) -> FloatArray:
    """Return the rows, each once up to `SAME`, in lexicographic order."""
    kept: list[FloatArray] = []
    for row in rows[np.lexsort(rows.T[::-1])] if len(rows) else rows:
        if not any(np.abs(row - other).max() <= SAME for other in kept):
            kept.append(row)
    return np.array(kept).reshape(len(kept), rows.shape[1])


def clipped(line: Sequence[tuple[float, float]], extent: tuple[float, float]) -> list[tuple[float, float]]:
    """Return a descending line, from x0 straight up to y1 straight right, cut to x <= and y <= extent."""
    clipped: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        if x0 > extent[0] or y1 > extent[1]:
            continue
        slope = (y1 - y0) / (x1 - x0) if math.isfinite(y0) and math.isfinite(x1) and x1 > x0 else 0.0
        if y0 > extent[1]:
            x0, y0 = (x0 + (extent[1] - y0) / slope if slope else x0), extent[1]
        if x1 > extent[0]:
            x1, y1 = extent[0], (y0 + (extent[0] - x0) * slope)
        for point in ((x0, y0), (x1, y1)):
            if not clipped or point != clipped[-1]:
                clipped.append(point)
    return clipped
