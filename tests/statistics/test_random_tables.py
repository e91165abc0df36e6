"""Random tables against scipy's own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import random_table

from qcoord_hw.statistics import random_tables as module
from qcoord_hw.statistics.random_tables import random_tables


@pytest.mark.parametrize("scale", [1, 40])  # scipy takes another algorithm where many are dealt
def test_they_are_those_of_scipy(rng, scale, monkeypatch):
    columns = scale * rng.integers(0, 9, 4)
    rows = np.bincount(rng.integers(0, 5, columns.sum()), minlength=5)
    seed = int(rng.integers(2**32))
    expected = random_table(rows, columns).rvs(size=50, random_state=np.random.default_rng(seed))
    found = random_tables(rows, columns, 50, np.random.default_rng(seed))
    np.testing.assert_array_equal(found, expected)
    assert module._sampler() is not None
    monkeypatch.setattr(module, "_sampler", lambda: None)
    np.testing.assert_array_equal(random_tables(rows, columns, 50, np.random.default_rng(seed)), expected)
