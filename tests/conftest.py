"""What every test gets: a seeded generator of its own, and an empty folder for its runs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

DEFAULT_SEED = 20250127


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seed`, which replays the random draws of a session."""
    parser.addoption("--seed", type=int, default=DEFAULT_SEED, help="session seed of the rng fixture")


def pytest_configure(config: pytest.Config) -> None:
    """Let the doctests of the package have the fixtures below, although they live outside tests/."""
    config.pluginmanager.register(Everywhere(), "qcoord_hw-fixtures")


def pytest_report_header(config: pytest.Config) -> str:
    """Print the session seed."""
    seed = config.getoption("seed")
    return f"session seed: {seed} (replay with --seed {seed})"


class Everywhere:
    """Fixtures of every item pytest collects."""

    @pytest.fixture(autouse=True)
    def runs_dir(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The folder that $QCOORD_RUNS names during the test; it does not exist yet, and no run was begun."""
        path = tmp_path / "runs"
        monkeypatch.setenv("QCOORD_RUNS", str(path))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        return path

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """A generator that depends on the session seed and the test's id only, not on the order of tests."""
        digest = hashlib.sha256(request.node.nodeid.encode()).digest()
        words = np.frombuffer(digest, dtype="<u4").tolist()
        return np.random.default_rng([request.config.getoption("seed"), *words])
