"""What pytest finds where qcoord_hw is installed: the fixture `qcoord_runs`."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def qcoord_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all runs during a test, its own and still to be made: `$QCOORD_RUNS` names it."""
    path = tmp_path / "runs"
    monkeypatch.setenv("QCOORD_RUNS", str(path))
    return path
