"""Random tables with given margins: `scipy.stats.random_table`, whose package takes long to be imported."""

from __future__ import annotations

from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import scipy

IntArray = npt.NDArray[np.int64]


def random_tables(rows: IntArray, columns: IntArray, size: int, rng: np.random.Generator) -> IntArray:
    """Return random tables with given sums, shape (size, rows, columns), as `scipy.stats.random_table` does.

    Args:
        rows: sums of the rows.
        columns: sums of the columns; all together as much as those of the rows.
        size: how many tables.
        rng: what they are drawn with.
    """
    sampler = _sampler()
    if sampler is None:
        from scipy.stats import random_table

        return np.asarray(random_table(rows, columns).rvs(size=size, random_state=rng), dtype=np.int64)
    rows, columns = (np.ascontiguousarray(sums, dtype=np.int64) for sums in (rows, columns))
    total, cells = int(rows.sum()), len(rows) * len(columns)
    draw = sampler.rvs_rcont2 if total > np.log(total + 1) * cells else sampler.rvs_rcont1  # as scipy chooses
    return np.asarray(draw(rows, columns, total, size, rng), dtype=np.int64)


@cache
def _sampler() -> ModuleType | None:
    """Return the compiled module behind `random_table`, without its package; None where it is not found."""
    spec = PathFinder.find_spec("rcont", [str(Path(scipy.__path__[0]) / "stats" / "_rcont")])
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module if hasattr(module, "rvs_rcont1") and hasattr(module, "rvs_rcont2") else None
