"""The package `examples/own_device`, as if it were installed, and its jobs in a folder of the test's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "examples" / "own_device"
METADATA = "Metadata-Version: 2.1\nName: own_device\nVersion: 0.1.0\n"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Folders that make the package importable and its entry point known, as an installation would."""
    import tomllib

    folder = tmp_path_factory.mktemp("site")
    about = folder / "own_device-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA)
    stated = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in one.items()) for group, one in stated.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
    return [str(PACKAGE), str(folder)]


@pytest.fixture
def own_device(
    installed: list[str], tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The vendor `own`, in this process; yields the environment of others. Its jobs are in `device`."""
    path = os.pathsep.join([str(ROOT), *installed, str(tmp_path)])
    chosen = {
        "PYTHONPATH": path,
        "OWN_DEVICE_JOBS": str(tmp_path / "device"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "QCOORD_RUNS": str(runs_dir),
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    for folder in [*installed, str(tmp_path)]:
        monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr("qcoord_hw.execution.devices.typed._HERE", set())
    before = set(sys.modules)
    yield os.environ | chosen
    for name in set(sys.modules) - before:
        if name in ("own_device", "mylab") or name.startswith("mylab"):
            del sys.modules[name]
