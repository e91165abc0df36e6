"""What every test gets: a seeded generator of its own, and an empty folder for its runs."""

from __future__ import annotations

import hashlib
import math
import os
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from qcoord_hw import pytest_plugin

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["QCOORD_CACHE"] = "off"  # neither a test nor a process that it starts meets the user's cache

PACKAGE = Path(pytest_plugin.__file__).parent
DEFAULT_SEED = 20250127
GOLDEN = (math.sqrt(5) - 1) / 2
WRITTEN_BY = (2, 6)
"""The Qiskit of `runs/reference` and of the golden circuits."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seed`, which replays the random draws of a session."""
    parser.addoption("--seed", type=int, default=DEFAULT_SEED, help="session seed of the rng fixture")


def pytest_configure(config: pytest.Config) -> None:
    """Let the doctests of the package have the fixtures below, although they live outside tests/."""
    config.pluginmanager.register(Everywhere(), "qcoord_hw-fixtures")
    if not config.pluginmanager.is_registered(pytest_plugin):  # it is where qcoord_hw was installed
        config.pluginmanager.register(pytest_plugin, "qcoord")
    # pytest compiles every module of a package that offers a plugin anew, for its asserts, in each process.
    config.pluginmanager.rewrite_hook._must_rewrite.discard("qcoord_hw")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the cases of a test that is marked `few` over the suites (CONTRIBUTING.md, "Tests")."""
    cases: dict[tuple[object, ...], list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("few") and not any(map(item.get_closest_marker, ("slow", "exhaustive"))):
            cases.setdefault((item.parent, item.originalname), []).append(item)
    for mine in cases.values():
        for item, suite in zip(mine, suites(mine), strict=True):
            if suite:
                item.add_marker(suite)


def suites(cases: list[pytest.Item]) -> list[str]:
    """Return for each case of one test the marker of its suite, empty for the fast one.

    A single case was asked for by its id, and is not kept back.
    """
    if len(cases) == 1:
        return [""]
    asked = cases[0].get_closest_marker("few")
    fast, slow = asked.args[0], asked.kwargs.get("slow")
    names = [case.callspec.id for case in cases]
    fast = spread(names, fast) if isinstance(fast, int) else fast
    left = [name for name in names if name not in fast]
    slow = left if slow is None else spread(left, slow) if isinstance(slow, int) else slow
    if unknown := {*fast, *slow} - set(names):
        raise pytest.UsageError(f"{cases[0].nodeid}: {asked}: no case is called {sorted(unknown)}")
    return ["" if name in fast else "slow" if name in slow else "exhaustive" for name in names]


def spread(names: list[str], number: int) -> list[str]:
    """Return so many of the names, the first among them.

    They are those whose multiples of the golden ratio are least: evenly far from each other, in step with no
    other list that the cases are a product of.
    """
    ranked = sorted(range(len(names)), key=lambda k: k * GOLDEN % 1)
    return [names[k] for k in ranked[:number]]


def pytest_report_header(config: pytest.Config) -> str:
    """Print the session seed."""
    seed = config.getoption("seed")
    return f"session seed: {seed} (replay with --seed {seed})"


@pytest.fixture(scope="session")
def as_written() -> None:
    """Skip a test of circuits that are kept here, where Qiskit is older than what wrote them.

    It cannot read their QPY, and its synthesis of states is another.
    """
    if tuple(map(int, version("qiskit").split(".")[:2])) < WRITTEN_BY:
        pytest.skip(f"needs the Qiskit that wrote the circuits, {'.'.join(map(str, WRITTEN_BY))}")


class Everywhere:
    """Fixtures of every item pytest collects, and which modules have any."""

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out modules of the package whose docstrings have no example: to search all takes long."""
        if collection_path.suffix != ".py" or not collection_path.is_relative_to(PACKAGE):
            return None
        return ">>>" not in collection_path.read_text(encoding="utf-8") or None

    @pytest.fixture(autouse=True)
    def runs_dir(self, qcoord_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The folder that $QCOORD_RUNS names during the test; it does not exist yet, and no run was begun."""
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        return qcoord_runs

    @pytest.fixture
    def work_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let a search's time limit be a budget of work: seconds that this process computes, not that pass.

        What a search finds is then the same however busy the machine is. Nothing that waits for another
        process may run under this clock, which stands still meanwhile.
        """
        monkeypatch.setattr(time, "monotonic", time.process_time)

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """A generator that depends on the session seed and the test's id only, not on the order of tests."""
        digest = hashlib.sha256(request.node.nodeid.encode()).digest()
        words = np.frombuffer(digest, dtype="<u4").tolist()
        return np.random.default_rng([request.config.getoption("seed"), *words])
