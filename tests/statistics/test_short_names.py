"""What a figure is called in a table, where it says nothing of its own."""

from __future__ import annotations

import pytest

from qcoord_hw.statistics.estimate import Estimate


@pytest.mark.parametrize(
    ("title", "short"),
    [("Win probability", "win probability"), ("CHSH S", "CHSH S"), ("I3322", "I3322"), ("S", "S")],
)
def test_only_a_word_is_written_small(title, short):
    assert Estimate("x", 0.0, 0.5, 1.0, "exact", 0.95, 10, title=title).short == short
